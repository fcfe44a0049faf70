"""What a region asks of a park, and what the park may answer.

    proposed -> accepted | countered | refused          the park, until its time to answer is over
    countered -> accepted | proposed                    the region: takes the counter, or asks anew
    proposed, countered -> withdrawn                    the region
    proposed -> lapsed                                  nobody answered in time: nothing is agreed

A park may refuse within its limits: what it cannot reach, what costs it more than it is paid and has agreed to bear,
and, as often as agreed, for a reason of its own. It may counter with something looser that still asks something of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import numpy as np

from backend.kernel.errors import Conflict, Refused
from backend.optimisation.rules.plan import Plan, Status
from backend.optimisation.rules.planning import Task, none_found, plan
from backend.optimisation.rules.solver import solve
from backend.optimisation.rules.targets import Target


class State(StrEnum):
    """How far asking has come."""

    PROPOSED = "proposed"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Reason(StrEnum):
    """Why a park refuses."""

    OUT_OF_REACH = "out_of_reach"
    TOO_DEAR = "too_dear"
    OTHER = "other"


@dataclass(frozen=True)
class Standing:
    """What a target means to a park.

    natural: what its own plan comes to; least: the lowest it can come to at all [the target's unit]
    cost: what keeping to it adds to its plan, None where it cannot [currency]
    """

    natural: float
    least: float
    cost: float | None


@dataclass(frozen=True)
class Mandate:
    """What a park has agreed to as a member of the region.

    bears: what a target may cost it beyond what it is paid [currency]
    refusals_left: how often it may still refuse for a reason of its own; counters_most: counters to one target
    """

    bears: float = 0.0
    refusals_left: int = 3
    counters_most: int = 2


@dataclass(frozen=True)
class Ask:
    """A target on its way between a region and a park.

    pays: what the region offers for it [currency]
    counter, wants: what the park would do instead [the target's unit], and for how much [currency]
    """

    target: Target
    pays: float
    answer_by: datetime
    state: State = State.PROPOSED
    counters: int = 0
    counter: float | None = None
    wants: float | None = None
    reason: Reason | None = None
    remark: str = ""


def standing(task: Task, target: Target) -> Standing:
    """Return what a target means to a park: from its plan, from that plan with the target kept, and its least."""
    free = plan(replace(task, targets=()))
    target.check(task.plant, task.horizon)
    kept = plan(replace(task, targets=(target,)))
    fits = kept.status != Status.RELAXED and free.status != Status.RELAXED
    cost = max(kept.cost - free.cost, 0.0) if fits else None
    return Standing(target.reached(free, task.plant), least(task, target), cost)


def least(task: Task, target: Target) -> float:
    """Return the lowest a site can come to, whatever it costs [the target's unit]; infinite where it has no plan."""
    sheet = replace(task, targets=()).sheet()
    total = replace(target, most=np.finfo(float).max).write(sheet, task.plant)
    arrays = sheet.arrays()
    cost = np.zeros(arrays.cost.size)
    cost[total] = 1.0
    found = solve(replace(arrays, cost=cost, offset=0.0), task.limits)
    if found.values is None:
        if found.ended == "infeasible":
            return float("inf")
        raise none_found(found.ended, task.limits.seconds)
    return float(found.values[total[0]]) + (0.0 if target.kind == "peak" else target.so_far)


def from_plan(found: Plan, task: Task, like: Target, room: float = 0.0) -> Target:
    """Return a target that a joint plan keeps, with some room above what it comes to (a share of it)."""
    return replace(like, most=like.reached(found, task.plant) * (1 + room))


def accept(ask: Ask, at: datetime) -> Ask:
    """Let a park accept what is proposed."""
    _open(ask, State.PROPOSED, at)
    return replace(ask, state=State.ACCEPTED)


def counter(ask: Ask, amount: float, wants: float, *, facts: Standing, mandate: Mandate, at: datetime) -> Ask:
    """Let a park offer something looser than asked [the target's unit], for a price [currency].

    Raises Refused for what is no counter: tighter than asked, out of its own reach, or what it would do anyway.
    """
    _open(ask, State.PROPOSED, at)
    if ask.counters >= mandate.counters_most:
        raise Refused(
            f"this target was countered {ask.counters} times already",
            field="counter",
            value=amount,
            remedy="accept it, or refuse it with a reason",
        )
    if not np.isfinite(amount) or amount <= ask.target.most:
        raise _no_counter(
            amount, f"is not above what is asked, {ask.target.most:g}", "accept the target instead"
        )
    if amount < facts.least:
        raise _no_counter(
            amount, f"is below the {facts.least:.1f} that can be reached", "offer at least that"
        )
    if amount >= facts.natural:
        raise _no_counter(
            amount, f"asks nothing: the plan as it is comes to {facts.natural:.1f}", "offer less than that"
        )
    if not (np.isfinite(wants) and wants >= 0):
        raise Refused("a price is a number from 0 up", field="wants", value=wants, remedy="give one")
    return replace(ask, state=State.COUNTERED, counter=amount, wants=wants, counters=ask.counters + 1)


def _no_counter(amount: float, message: str, remedy: str) -> Refused:
    return Refused(f"a counter of {amount:g} {message}", field="counter", value=amount, remedy=remedy)


def refuse(ask: Ask, reason: Reason, remark: str, *, facts: Standing, mandate: Mandate, at: datetime) -> Ask:
    """Let a park refuse, where its limits allow it.

    Raises Refused where the reason does not hold: it could reach the target, is paid enough, or has no refusals left.
    """
    _open(ask, State.PROPOSED, at)
    if reason == Reason.OUT_OF_REACH and facts.cost is not None and ask.target.most >= facts.least:
        raise _no_refusal(
            reason, f"the target can be reached: down to {facts.least:.1f}", "accept it, or counter"
        )
    if reason == Reason.TOO_DEAR and facts.cost is not None and facts.cost <= ask.pays + mandate.bears:
        raise _no_refusal(
            reason,
            f"it costs {facts.cost:.2f}, of which {ask.pays:.2f} is paid and {mandate.bears:.2f} agreed to be borne",
            "accept it, or counter",
        )
    if reason == Reason.OTHER and not remark.strip():
        raise Refused(
            "a reason of one's own is said in words", field="remark", remedy="say what stands against it"
        )
    if reason == Reason.OTHER and mandate.refusals_left <= 0:
        raise _no_refusal(reason, "none of the agreed refusals is left", "accept it, or counter")
    return replace(ask, state=State.REFUSED, reason=reason, remark=remark.strip())


def _no_refusal(reason: Reason, message: str, remedy: str) -> Refused:
    return Refused(f"this refusal is outside the limits agreed: {message}", field="reason", value=str(reason),
                   remedy=remedy)  # fmt: skip


def agree(ask: Ask) -> Ask:
    """Let the region take a park's counter: it becomes the target."""
    _in(ask, State.COUNTERED)
    assert ask.counter is not None and ask.wants is not None, "a counter has an amount and a price"
    return replace(ask, state=State.ACCEPTED, target=replace(ask.target, most=ask.counter), pays=ask.wants)


def revise(ask: Ask, most: float, pays: float, answer_by: datetime) -> Ask:
    """Let the region ask anew after a counter; it may not ask for more than before."""
    _in(ask, State.COUNTERED)
    if not (np.isfinite(most) and most >= ask.target.most):
        raise Refused(
            f"{most:g} asks for more than the {ask.target.most:g} before",
            field="most",
            value=most,
            remedy="meet the park, or withdraw and propose a new target",
        )
    if not (np.isfinite(pays) and pays >= ask.pays):
        raise Refused(
            f"{pays:g} is less than was offered", field="pays", value=pays, remedy="offer at least that"
        )
    return replace(
        ask, state=State.PROPOSED, target=replace(ask.target, most=most), pays=pays, answer_by=answer_by,
        counter=None, wants=None,
    )  # fmt: skip


def withdraw(ask: Ask) -> Ask:
    """Let the region take back what is not settled."""
    _in(ask, State.PROPOSED, State.COUNTERED)
    return replace(ask, state=State.WITHDRAWN)


def lapse(ask: Ask, at: datetime) -> Ask:
    """Return a target nobody answered in time as lapsed, any other as it is."""
    due = ask.state == State.PROPOSED and at >= ask.answer_by
    return replace(ask, state=State.LAPSED) if due else ask


def _open(ask: Ask, state: State, at: datetime) -> None:
    _in(ask, state)
    if at >= ask.answer_by:
        raise Conflict(
            f"the time to answer was over at {ask.answer_by:%Y-%m-%d %H:%M} UTC",
            field="answer_by",
            remedy="ask the region to propose it again",
        )


def _in(ask: Ask, *states: State) -> None:
    if ask.state not in states:
        raise Conflict(
            f"this target is {ask.state}", field="state", value=str(ask.state), remedy="load it again"
        )
