"""The life of an alarm after ISA-18.2 (clause 5.4.2), as one table.

Suppression stands beside the state: a shelved, out-of-service or by design suppressed alarm lives the same
life, but nobody is asked to acknowledge it, so that one that ends while suppressed is closed at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from backend.kernel.errors import Conflict, Refused


class Happening(StrEnum):
    """What can happen to an alarm; also the kinds of its history."""

    RAISED = "raised"
    RAISED_AGAIN = "raised_again"
    WORSE = "worse"
    BETTER = "better"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    COMMENTED = "commented"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    WITHDRAWN = "withdrawn"


UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED, NORMAL = "unacknowledged", "acknowledged", "returned", "normal"

TABLE: dict[tuple[str, Happening], str] = {
    (UNACKNOWLEDGED, Happening.WORSE): UNACKNOWLEDGED,
    (UNACKNOWLEDGED, Happening.BETTER): UNACKNOWLEDGED,
    (UNACKNOWLEDGED, Happening.ACKNOWLEDGED): ACKNOWLEDGED,
    (UNACKNOWLEDGED, Happening.RETURNED): RETURNED,
    (UNACKNOWLEDGED, Happening.WITHDRAWN): NORMAL,
    (ACKNOWLEDGED, Happening.WORSE): UNACKNOWLEDGED,
    (ACKNOWLEDGED, Happening.BETTER): ACKNOWLEDGED,
    (ACKNOWLEDGED, Happening.RETURNED): NORMAL,
    (ACKNOWLEDGED, Happening.WITHDRAWN): NORMAL,
    (RETURNED, Happening.RAISED_AGAIN): UNACKNOWLEDGED,
    (RETURNED, Happening.ACKNOWLEDGED): NORMAL,
    (RETURNED, Happening.WITHDRAWN): NORMAL,
}
"""(state, what happens) -> next state. What stands here not leaves the state as it is, or is refused."""

LONGEST_SHELF = {1: timedelta(hours=8), 2: timedelta(hours=24), 3: timedelta(days=7), 4: timedelta(days=7)}
"""How long an operator may shelve an alarm of a priority."""

LONGEST_OUT_OF_SERVICE = timedelta(days=90)


def after(state: str, happening: Happening, *, is_suppressed: bool = False) -> str:
    """Return the next state; suppressed alarms are closed when they return.

    raises Conflict for an acknowledgement of what is acknowledged or closed already
    """
    if happening is Happening.RETURNED and is_suppressed:
        return NORMAL
    if happening is Happening.ACKNOWLEDGED and (state, happening) not in TABLE:
        raise Conflict(f"this alarm is {state} already", field="state", value=state)
    return TABLE.get((state, happening), state)


def moved(before: int, now: int) -> Happening:
    """Name a change of level codes: their size is the severity, 0 is normal."""
    if before == 0:
        return Happening.RAISED
    if now == 0:
        return Happening.RETURNED
    worse = abs(now) > abs(before) or before * now < 0
    return Happening.WORSE if worse else Happening.BETTER


def suppression(
    now: datetime, *, shelved_until: datetime | None, out_of_service_until: datetime | None, by_design: bool
) -> str | None:
    """Return why an alarm keeps quiet now, the weightiest reason first, or None."""
    if out_of_service_until is not None and now < out_of_service_until:
        return "out_of_service"
    if by_design:
        return "by_design"
    if shelved_until is not None and now < shelved_until:
        return "shelved"
    return None


def demand_end(now: datetime, until: datetime, longest: timedelta) -> None:
    """Refuse to keep an alarm quiet without an end, into the past, or for too long."""
    if until.tzinfo is None or until <= now:
        raise Refused("the end lies in the past", field="until", value=until.isoformat())
    if until > now + longest:
        hours = longest.total_seconds() / 3600
        raise Refused(
            f"at most {hours:g} hours are allowed here", field="until", value=until.isoformat(),
            remedy="take it out of service with a manager's authority, or mend the rule",
        )  # fmt: skip


def demand_reason(reason: str) -> str:
    """Refuse to keep an alarm quiet without saying why."""
    if not reason.strip():
        raise Refused("say why", field="reason")
    return reason.strip()[:500]


def open_states() -> Iterable[str]:
    """Every state but closed."""
    return (UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED)
