"""Half-open periods of time, and the days, months and hours of a site's zone (23, 24 or 25 hours long)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.kernel.errors import Refused


@dataclass(frozen=True, order=True)
class Period:
    """[start, end): aware UTC instants. An end of None means 'until further notice'."""

    start: datetime
    end: datetime | None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise Refused("a period needs instants with a time zone", field="start")
        if self.end is not None and self.end < self.start:
            raise Refused("a period cannot end before it starts", field="end", value=self.end.isoformat())

    def meet(self, other: Period) -> Period | None:
        """Return what both periods share, or None."""
        start = max(self.start, other.start)
        ends = [end for end in (self.end, other.end) if end is not None]
        end = min(ends) if ends else None
        return None if end is not None and end <= start else Period(start, end)

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)


def day(on: date, zone: str) -> Period:
    """Return the local day `on` in `zone` as UTC instants."""
    return Period(_midnight(on, zone), _midnight(on + timedelta(days=1), zone))


def month(on: date, zone: str) -> Period:
    """Return the local month that holds `on`."""
    first = on.replace(day=1)
    return Period(_midnight(first, zone), _midnight((first + timedelta(days=32)).replace(day=1), zone))


def year(on: date, zone: str) -> Period:
    """Return the local year that holds `on`."""
    first = on.replace(month=1, day=1)
    return Period(_midnight(first, zone), _midnight(first.replace(year=first.year + 1), zone))


def utc_months(period: Period) -> Iterator[Period]:
    """Cut a period with an end where UTC months begin: the parts that lie in one partition each."""
    at, end = period.start.astimezone(UTC), period.end
    assert end is not None, "a period without an end has no last month"
    while at < end:
        first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = min((first + timedelta(days=32)).replace(day=1), end)
        yield Period(at, following)
        at = following


def local_date(instant: datetime, zone: str) -> date:
    """Return the calendar day at `instant` in `zone`."""
    return instant.astimezone(ZoneInfo(zone)).date()


def _midnight(on: date, zone: str) -> datetime:
    return datetime.combine(on, time(), ZoneInfo(zone)).astimezone(UTC)
