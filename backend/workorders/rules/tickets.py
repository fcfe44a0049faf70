"""Work and switching tickets: who may do what when, steps in their order. Pure.

A ticket is issued, approved by somebody else, worked off step by step, and finished; or it is void, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.kernel.errors import Conflict, Refused

MOST_STEPS = 100


class TicketKind(StrEnum):
    """Leave to work on a plant part, or a sequence of switching."""

    WORK = "work"
    SWITCHING = "switching"


class TicketStatus(StrEnum):
    """Where a ticket stands."""

    ISSUED = "issued"
    APPROVED = "approved"
    FINISHED = "finished"
    VOID = "void"


LETTER = {TicketKind.WORK: "WT", TicketKind.SWITCHING: "ST"}


def shown(kind: TicketKind, year: int, number: int) -> str:
    """Return a ticket's number as people say it: WT-2026-0007."""
    return f"{LETTER[kind]}-{year}-{number:04d}"


def steps_of(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the steps of a new ticket, none done; raises Refused where there is none, or too many."""
    said = [" ".join(one.split())[:500] for one in texts if one.strip()]
    if not 1 <= len(said) <= MOST_STEPS:
        raise Refused(f"a ticket has 1 to {MOST_STEPS} steps", field="steps", remedy="write one step a line")
    return [{"text": one, "done_at": None, "done_by": None} for one in said]


def demand_approver(status: TicketStatus, issued_by: UUID | None, approver: UUID | None) -> None:
    """Raise unless a ticket waits for approval, and somebody else than its issuer gives it."""
    if status is not TicketStatus.ISSUED:
        raise Conflict("only a ticket that was just issued is approved", field="status", value=status.value)
    if approver is None or approver == issued_by:
        raise Conflict("a second person approves a ticket", field="approved_by",
                       remedy="ask a colleague to check it")  # fmt: skip


def tick(
    status: TicketStatus, steps: Sequence[Mapping[str, Any]], place: int, *, at: datetime, by: str
) -> list[dict[str, Any]]:
    """Return the steps with one more done: the first that is not. place: from 0; done already: nothing changes."""
    if status is not TicketStatus.APPROVED:
        raise Conflict("steps are done on an approved ticket", field="status", value=status.value)
    if not 0 <= place < len(steps):
        raise Refused("there is no such step", field="place", value=place)
    if steps[place]["done_at"]:
        return [dict(one) for one in steps]
    following = done(steps)
    if place != following:
        raise Conflict(f"step {following + 1} comes first", field="place", value=place + 1,
                       remedy="do the steps in their order")  # fmt: skip
    return [
        dict(one) | ({"done_at": at.isoformat(), "done_by": by} if number == place else {})
        for number, one in enumerate(steps)
    ]


def done(steps: Sequence[Mapping[str, Any]]) -> int:
    """Return how many steps are done."""
    return sum(bool(one["done_at"]) for one in steps)


def demand_finished(status: TicketStatus, steps: Sequence[Mapping[str, Any]]) -> None:
    """Raise unless every step of an approved ticket is done."""
    if status is not TicketStatus.APPROVED:
        raise Conflict("only an approved ticket is finished", field="status", value=status.value)
    if done(steps) < len(steps):
        raise Conflict("not every step is done", field="steps", value=f"{done(steps)}/{len(steps)}",
                       remedy="do the rest, or make it void with a reason")  # fmt: skip


def demand_voidable(status: TicketStatus, reason: str) -> None:
    """Raise where a ticket is over already, or nobody says why."""
    if status in (TicketStatus.FINISHED, TicketStatus.VOID):
        raise Conflict("this ticket is over", field="status", value=status.value)
    if not reason.strip():
        raise Refused("say why the ticket is void", field="reason")
