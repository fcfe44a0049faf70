"""Service-level clocks: a pure function of the event log, a calendar and a policy version. Nothing is stored.

A clock runs from the report (of the present cycle) until what stops it, counting the calendar's service time, less
the stretches on hold for a reason the policy lets pause. Replaying the same events gives the same clock; pausing can
only ever move a deadline later; another policy is applied from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.workorders.rules.calendar import Calendar, RoundTheClock


class Clock(StrEnum):
    """The two clocks of an order."""

    RESPONSE = "response"
    RESTORATION = "restoration"


@dataclass(frozen=True)
class Happened:
    """What the clocks need of an event: when it occurred, its command, reason, cycle; good_at: of a verification."""

    at: datetime
    command: str
    reason: str | None = None
    cycle: int = 1
    good_at: datetime | None = None


@dataclass(frozen=True)
class Target:
    """What a policy promises at a priority [min], and whether round the clock."""

    response_min: float
    restoration_min: float
    round_the_clock: bool = False


@dataclass(frozen=True)
class Policy:
    """A version of a service level. targets: priority -> target; pausing: hold reasons that stop the clocks."""

    targets: Mapping[int, Target]
    pausing: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """A clock at an instant.

    started_at: when it began; due_at: when the promise ends, as things stand; stopped_at: None while it runs
    used, promised: service time; is_paused: on hold for a pausing reason now
    """

    clock: Clock
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    used: timedelta
    promised: timedelta
    is_paused: bool

    @property
    def is_breached(self) -> bool:
        """Whether more service time went by than was promised."""
        return self.used > self.promised

    @property
    def left(self) -> timedelta:
        """Service time left; negative once breached."""
        return self.promised - self.used


STARTS = frozenset({"report", "reopen"})
STOPS: dict[Clock, frozenset[str]] = {
    Clock.RESPONSE: frozenset({"accept", "start", "cancel", "reject", "merge"}),
    Clock.RESTORATION: frozenset({"confirm", "confirm_by_hand", "cancel", "reject", "merge"}),
}
"""A failed verification or a decline starts a stopped clock again, as if it had run on."""
UNDOES: dict[Clock, frozenset[str]] = {
    Clock.RESPONSE: frozenset({"decline", "recall"}),
    Clock.RESTORATION: frozenset({"fail", "deny_by_hand"}),
}
PAUSES, RESUMES = frozenset({"hold", "postpone"}), frozenset({"resume", "take_up", "plan_again"})


def read(
    clock: Clock,
    events: Iterable[Happened],
    *,
    priority: int,
    policy: Policy,
    calendar: Calendar,
    now: datetime,
) -> Reading | None:
    """Return a clock as it stands at `now`; None before it starts.

    events: of the order, any order; those after `now` are left out
    """
    target = policy.targets.get(priority)
    told = sorted((one for one in events if one.at <= now), key=lambda one: (one.at, one.cycle))
    start = next((one for one in reversed(told) if one.command in STARTS), None)
    if start is None or target is None:
        return None
    told = [one for one in told if one.cycle == start.cycle and one.at >= start.at]
    minutes = target.response_min if clock is Clock.RESPONSE else target.restoration_min
    counting: Calendar = RoundTheClock() if target.round_the_clock else calendar
    stopped = _stopped(clock, told)
    until = stopped or now
    pauses = _pauses(told, policy.pausing, until)
    promised = timedelta(minutes=minutes)
    used = counting.worked(start.at, until) - sum((counting.worked(a, b) for a, b in pauses), timedelta())
    is_paused = stopped is None and bool(pauses) and pauses[-1][1] == until and _is_held(told, policy.pausing)
    due = _due(counting, start.at, pauses, promised)
    return Reading(clock, start.at, None if is_paused else due, stopped, used, promised, is_paused)


def _stopped(clock: Clock, told: Sequence[Happened]) -> datetime | None:
    """Return when a clock stopped: at the last stop that nothing undid."""
    stopped: datetime | None = None
    for one in told:
        if one.command in STOPS[clock] and stopped is None:
            stopped = one.good_at or one.at
        elif one.command in UNDOES[clock]:
            stopped = None
    return stopped


def _pauses(
    told: Sequence[Happened], pausing: frozenset[str], until: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the stretches on hold for a pausing reason, up to `until`."""
    found: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    for one in told:
        if one.at > until:
            break
        if one.command in PAUSES:
            if since is not None:
                found.append((since, one.at))
            since = one.at if one.reason in pausing else None
        elif since is not None and (one.command in RESUMES or one.command in ("cancel", "give_up")):
            found.append((since, one.at))
            since = None
    if since is not None:
        found.append((since, until))
    return [(a, b) for a, b in found if a < b]


def _is_held(told: Sequence[Happened], pausing: frozenset[str]) -> bool:
    last = next((one for one in reversed(told) if one.command in PAUSES | RESUMES), None)
    return last is not None and last.command in PAUSES and last.reason in pausing


def _due(
    calendar: Calendar, start: datetime, pauses: Sequence[tuple[datetime, datetime]], promised: timedelta
) -> datetime | None:
    """Return when `promised` service time will have passed since `start`, not counting the pauses."""
    left, at = promised, start
    for begins, ends in pauses:
        ran = calendar.worked(at, begins)
        if ran >= left:
            break
        left, at = left - ran, max(at, ends)
    return calendar.after(at, left)
