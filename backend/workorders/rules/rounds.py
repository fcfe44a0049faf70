"""Reading rounds and patrols: which month or day they are due, whether a reading can be right. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.kernel.errors import Refused
from backend.workorders.rules.roster import read_time

MOST_TIMES_USUAL = 5.0


@dataclass(frozen=True)
class Before:
    """What a register showed: value [its unit] at an instant."""

    value: float
    at: datetime


def doubt(
    value: float,
    at: datetime,
    last: Before | None,
    *,
    earlier: Before | None = None,
    dial: float | None = None,
) -> str | None:
    """Return why a reading can hardly be right, or None: 'not_a_register', 'backwards', 'too_much'.

    earlier: one before the last, which tells the usual use; a register may pass the end of its dial once, by less
    than half of it. More than five times the usual use per time is too much.
    """
    if value < 0 or (dial is not None and value >= dial):
        return "not_a_register"
    if last is None or at <= last.at:
        return None
    moved = value - last.value
    if moved < 0:
        if dial is None or moved + dial >= dial / 2:
            return "backwards"
        moved += dial
    if earlier is None or last.at <= earlier.at or last.value < earlier.value:
        return None
    usual = (last.value - earlier.value) / (last.at - earlier.at).total_seconds()
    is_much = usual > 0 and moved / (at - last.at).total_seconds() > MOST_TIMES_USUAL * usual
    return "too_much" if is_much else None


def window(on: date, begins: str, ends: str, zone: str) -> tuple[datetime, datetime]:
    """Return a day's window as instants; raises Refused where it does not end after it begins."""
    first, last = read_time(begins, "begins"), read_time(ends, "ends")
    if last <= first:
        raise Refused("the window ends after it begins", field="ends", value=ends)
    there = ZoneInfo(zone)
    return (
        datetime.combine(on, first, there).astimezone(ZoneInfo("UTC")),
        datetime.combine(on, last, there).astimezone(ZoneInfo("UTC")),
    )


def missed(
    stops: Sequence[str], passed: Mapping[UUID, datetime], *, ends_at: datetime, now: datetime
) -> list[str]:
    """Return the stops nobody passed, once the window of a patrol is over; none are missed before."""
    if now < ends_at:
        return []
    return [one for one in stops if UUID(one) not in passed]
