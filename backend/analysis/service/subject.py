"""Whose use is looked at: an organisation and all below it, what they used each day, and the weather they had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.rules import factors
from backend.kernel import calendars, periods
from backend.kernel.errors import EnerfieldError
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, convert
from backend.metering import service as metering
from backend.metering.service import weather
from backend.network import service as network
from backend.tenancy import service as tenancy

WHOLE = 0.98
"""A day counts where so much of its intervals is there: what is missing is not taken for nothing."""


@dataclass(frozen=True)
class Subject:
    """Whose use it is. scope: sees these organisations alone, each customer for the time it was supplied.

    path: its organisations' ids from the top down, itself included
    """

    id: UUID
    name: str
    name_zh: str | None
    trade: str
    zone: str
    calendar: str
    path: tuple[UUID, ...]
    scope: Scope

    @property
    def organisations(self) -> frozenset[UUID]:
        """Return the ids of the organisation and all below it."""
        return self.scope.organisations


def subject(session: Session, scope: Scope, organisation_id: UUID) -> Subject:
    """Return an organisation as a subject; raises NotFound."""
    node = tenancy.organisation(session, scope, organisation_id)
    below = frozenset(one.id for one in tenancy.subtree(session, scope, organisation_id))
    zone = network.zone_of(session, scope, organisation_id) or "UTC"
    sites = [site for site, position in network.sites(session, scope) if position.organisation_id in below]
    calendar = sites[0].calendar if sites else "CN"
    path = tuple(UUID(hex=part) for part in str(node.path).split("."))
    confined = Scope.system(below, "what one organisation used")
    return Subject(node.id, node.name, node.name_zh, node.trade or "", zone, calendar, path, confined)


def span(one: Subject, first: date, until: date) -> Period:
    """Return local days [first, until) as instants."""
    return Period(periods.day(first, one.zone).start, periods.day(until, one.zone).start)


def days_of(first: date, until: date) -> list[date]:
    """Return the days of [first, until)."""
    return [first + timedelta(days=number) for number in range((until - first).days)]


def meters(session: Session, one: Subject, carrier: Carrier | None = None) -> Sequence[Any]:
    """Return the meters that count as the subject's use."""
    return [
        point
        for point in metering.total_points(
            session, one.scope, organisations=one.organisations, carrier=carrier, direction=metering.Direction.IN
        )
        if factors.is_counted(point.carrier, point.unit)
    ]  # fmt: skip


def carriers(session: Session, one: Subject) -> list[Carrier]:
    """Return the carriers the subject uses, in the usual order."""
    found = {point.carrier for point in meters(session, one)}
    return [carrier for carrier in factors.BASE_UNITS if carrier in found]


def daily_use(
    session: Session, one: Subject, carrier: Carrier, first: date, until: date, *, since: date | None = None
) -> dict[date, float]:
    """Return local day -> use [base unit of the carrier], of days that are whole; since: see `daily_uses`."""
    return daily_uses(session, one, meters(session, one, carrier), first, until, since=since).get(carrier, {})


def daily_uses(
    session: Session,
    one: Subject,
    points: Sequence[Any],
    first: date,
    until: date,
    *,
    since: date | None = None,
) -> dict[Carrier, dict[date, float]]:
    """Return carrier -> local day -> use [base unit] of meters, of days that are whole; read at once.

    A day is whole where every meter was read that counts in these days, or did since a day before them: one that fell
    silent is not taken for one that uses nothing.
    """
    period = span(one, first, until)
    found = metering.amounts_of_many(
        session, one.scope, points=points, grain=metering.Grain.DAY, period=period
    )
    earlier: Collection[UUID] = ()
    if since is not None and since < first:
        before = span(one, since, first)
        earlier = metering.sums_of_many(
            session, one.scope, points=points, period=before, zone=one.zone
        ).keys()
    by_carrier: dict[Carrier, list[Any]] = defaultdict(list)
    for point in points:
        if found.get(point.id) or point.id in earlier:
            by_carrier[point.carrier].append(point)
    return {carrier: _whole_days(one, carrier, some, found) for carrier, some in by_carrier.items()}


def _whole_days(
    one: Subject, carrier: Carrier, points: Sequence[Any], found: Mapping[UUID, Sequence[Any]]
) -> dict[date, float]:
    counted: dict[date, float] = defaultdict(float)
    used: dict[date, float] = defaultdict(float)
    for point in points:
        for amount in found[point.id]:
            day = periods.local_date(amount.start, one.zone)
            counted[day] += amount.intervals * point.interval_minutes / 60 / _hours(one, day)
            used[day] += convert(amount.amount, point.unit, factors.unit_of(carrier))
    return {day: used[day] for day in sorted(used) if counted[day] >= WHOLE * len(points)}


def _hours(one: Subject, day: date) -> float:
    whole = periods.day(day, one.zone)
    assert whole.end is not None, "a day has an end"
    return (whole.end - whole.start) / timedelta(hours=1)


def sums(session: Session, one: Subject, first: date, until: date) -> dict[Carrier, float]:
    """Return carrier -> use in [first, until) [base unit]; carriers of which nothing was counted are left out."""
    points = meters(session, one)
    counted = metering.sums_of_many(
        session, one.scope, points=points, period=span(one, first, until), zone=one.zone
    )
    found: dict[Carrier, float] = {}
    for point in points:
        if point.id in counted:
            amount = convert(counted[point.id], point.unit, factors.unit_of(point.carrier))
            found[point.carrier] = found.get(point.carrier, 0.0) + amount
    return {carrier: found[carrier] for carrier in factors.BASE_UNITS if carrier in found}


def temperatures(session: Session, scope: Scope, one: Subject, first: date, until: date) -> dict[date, float]:
    """Return local day -> mean outdoor temperature [°C] as the nearest thermometer the asker owns says it."""
    return weather.outdoor_days(
        session, scope, points=meters(session, one), period=span(one, first, until), zone=one.zone
    )


def workdays(one: Subject, days: Sequence[date]) -> Mapping[date, float]:
    """Return day -> 1 for a working day, else 0, by the site's calendar; nothing where it does not know a year."""
    try:
        calendar = calendars.CALENDARS[one.calendar]
        kinds = {day: calendar.kind(day) for day in days}
    except (EnerfieldError, KeyError):
        return {}
    working = (calendars.DayKind.WORKDAY, calendars.DayKind.MAKE_UP)
    return {day: float(kind in working) for day, kind in kinds.items()}
