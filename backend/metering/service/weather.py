"""The outdoor temperature of each local day, as the nearest thermometer says it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from backend.kernel import clock, periods
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.metering.models import Point
from backend.metering.queries import around as queries

FEWEST_HOURS = 18
"""A day of which fewer hours are known has no mean."""


def outdoor_days(
    session: Session, scope: Scope, *, points: Sequence[Point], period: Period, zone: str
) -> dict[date, float]:
    """Return local day -> mean outdoor temperature [°C] where most of the points stand; nothing where none is measured.

    Only who owns the points knows it; a day with fewer than FEWEST_HOURS hours is left out.
    """
    found = queries.outdoors(session, scope, [point.key for point in points])
    if not found or period.end is None:
        return {}
    ((key, _count),) = Counter(found.values()).most_common(1)
    _, start, mean = queries.temperatures(
        session, scope, [key], clock.to_us(period.start), clock.to_us(period.end)
    )
    by_day: dict[date, list[float]] = defaultdict(list)
    for at_us, value in zip(start.tolist(), mean.tolist(), strict=True):
        by_day[periods.local_date(clock.from_us(at_us), zone)].append(value)
    return {day: sum(some) / len(some) for day, some in by_day.items() if len(some) >= FEWEST_HOURS}
