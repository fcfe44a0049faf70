"""Working time: which part of a stretch of time a calendar counts. Pure; days may have 23 or 25 hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.kernel.errors import Refused

ROUND_THE_CLOCK_DAYS = 3_660
"""Nobody's service level reaches further than ten years; a calendar that is never open is noticed by it."""


@dataclass(frozen=True)
class Calendar:
    """When service is given. hours: weekday (Monday 0) -> [(from, to)] local times; holidays: days without."""

    zone: str
    hours: Mapping[int, Sequence[tuple[time, time]]]
    holidays: frozenset[date] = field(default_factory=frozenset)

    @classmethod
    def read(
        cls, zone: str, weekly: Mapping[str, Sequence[Sequence[str]]], holidays: Sequence[str]
    ) -> Calendar:
        """Return a calendar from its stored form; raises Refused where it cannot be read."""
        try:
            hours = {
                int(day): tuple((_time(first), _time(last)) for first, last in spans)
                for day, spans in weekly.items()
            }
            return cls(zone, hours, frozenset(date.fromisoformat(one) for one in holidays))
        except (ValueError, TypeError) as error:
            raise Refused(f"this calendar cannot be read: {error}", field="weekly", value=str(weekly)[:200],
                          remedy='write {"0": [["09:00", "17:30"]]} for Mondays') from None  # fmt: skip

    def open_spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches of service inside [start, end), in order, as UTC instants."""
        zone = ZoneInfo(self.zone)
        on = start.astimezone(zone).date() - timedelta(days=1)
        last = end.astimezone(zone).date()
        while on <= last:
            if on not in self.holidays:
                for first, until in self.hours.get(on.weekday(), ()):
                    opens = datetime.combine(on, first, zone).astimezone(UTC)
                    closes_on = on if until > first else on + timedelta(days=1)
                    closes = datetime.combine(closes_on, until, zone).astimezone(UTC)
                    span = max(opens, start), min(closes, end)
                    if span[0] < span[1]:
                        yield span
            on += timedelta(days=1)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Return how much service time lies in [start, end)."""
        return sum((b - a for a, b in self.open_spans(start, end)), timedelta())

    def after(self, start: datetime, service: timedelta) -> datetime | None:
        """Return the instant at which `service` time has passed since `start`; None where it never does."""
        left, at = service, start
        for _ in range(ROUND_THE_CLOCK_DAYS // 30):
            ahead = at + timedelta(days=30)
            for opens, closes in self.open_spans(at, ahead):
                if closes - opens >= left:
                    return opens + left
                left -= closes - opens
            at = ahead
        return None


def merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return stretches of time in order, those that touch as one."""
    found: list[tuple[datetime, datetime]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


class RoundTheClock(Calendar):
    """The calendar of emergencies: always."""

    def __init__(self) -> None:
        super().__init__("UTC", {})

    def open_spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield all of it."""
        if start < end:
            yield start, end

    def after(self, start: datetime, service: timedelta) -> datetime | None:
        """Return the instant simply that much later."""
        return start + service


def _time(said: str) -> time:
    return time(23, 59, 59, 999_999) if said == "24:00" else time.fromisoformat(said)
