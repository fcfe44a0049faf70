"""Duty rosters: shifts by day, a template of a week laid over real days, nobody on duty twice. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.kernel.errors import Refused

YEARS = range(2000, 2101)


@dataclass(frozen=True)
class Shift:
    """Somebody on duty in [start, end): at most a day by the clock on the wall, so 25 hours when clocks go back."""

    person_id: UUID
    duty: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise Refused("a shift ends after it begins, within a day", field="ends",
                          value=self.end.isoformat())  # fmt: skip


def on_day(person_id: UUID, duty: str, on: date, begins: str, ends: str, zone: str) -> Shift:
    """Return a shift of a local day; one that ends no later than it begins lasts past midnight.

    begins, ends: local wall time HH:MM; a shift over a change of the clocks is an hour shorter or longer
    """
    first, last = read_time(begins, "begins"), read_time(ends, "ends")
    if on.year not in YEARS:
        raise Refused("this day is too far away", field="on", value=on.isoformat())
    until = on if last > first else on + timedelta(days=1)
    there = ZoneInfo(zone)
    start, end = (datetime.combine(day, at, there) for day, at in ((on, first), (until, last)))
    return Shift(person_id, duty, start.astimezone(ZoneInfo("UTC")), end.astimezone(ZoneInfo("UTC")))


def read_time(said: str, field: str) -> time:
    """Return a time of day; raises Refused for anything but HH:MM."""
    try:
        return time.fromisoformat(said)
    except ValueError:
        raise Refused("this is not a time of day", field=field, value=said, remedy="write 08:00") from None


def again(shifts: Iterable[Shift], *, weeks: int, zone: str) -> list[Shift]:
    """Return shifts at the same local times some weeks later.

    One that lies in the hour the clocks leave out in spring does not take place.
    """
    there, later = ZoneInfo(zone), timedelta(weeks=weeks)

    def moved(at: datetime) -> datetime:
        local = at.astimezone(there)
        return datetime.combine(local.date() + later, local.time(), there).astimezone(ZoneInfo("UTC"))

    laid = [(one, moved(one.start), moved(one.end)) for one in shifts]
    return [Shift(one.person_id, one.duty, start, end) for one, start, end in laid if start < end]


def free_of(wanted: Sequence[Shift], there: Sequence[Shift]) -> tuple[list[Shift], list[Shift]]:
    """Return which wanted shifts may be added without anybody being on duty twice, and which may not; first come."""
    taken: dict[UUID, list[Shift]] = {}
    for one in there:
        taken.setdefault(one.person_id, []).append(one)
    added: list[Shift] = []
    left: list[Shift] = []
    for one in sorted(wanted, key=lambda shift: (shift.start, shift.end)):
        mine = taken.setdefault(one.person_id, [])
        if any(one.start < other.end and other.start < one.end for other in mine):
            left.append(one)
        else:
            mine.append(one)
            added.append(one)
    return added, left
