"""Where organisations stand among others: made once for each period that is over, and read from then on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.models import PeerPlace, UseQuota
from backend.analysis.queries import drivers as said_queries
from backend.analysis.queries import fits as queries
from backend.analysis.queries.confined import ANALYSTS, analysed
from backend.analysis.rules import factors, intensity, peers
from backend.analysis.rules.peers import Basis, Member, Place, Told
from backend.analysis.service import drivers
from backend.analysis.service import subject as subjects
from backend.analysis.service.subject import Subject
from backend.kernel import clock, ids, periods
from backend.kernel.errors import Forbidden
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier
from backend.tenancy import service as tenancy
from backend.tenancy.models import OrganisationKind

MONTHS_BACK = 13
"""So many months are made when a region is first looked at: this one, and a year before it to compare with."""

A_YEAR = timedelta(days=366)
"""A meter that counted within it, and not in the period, is silent, and not gone."""

MOST_DAYS = 0.9
"""So many days of a period have a temperature, or nothing is said of its weather."""

Group = tuple[Carrier, Basis, str]
Weathered = tuple[Member, float | None, float | None]
"""A member with its heating and cooling degree days [K·d]."""


@dataclass(frozen=True)
class Ranked:
    """A place as those who run the meters see it. place: among all of the period, carrier, basis and product."""

    place: PeerPlace
    rank: Place


def make_places(session: Session, scope: Scope, *, first: date, until: date) -> int:
    """Make the places of all customers a system scope sees in [first, until), once; returns how many.

    What was made is not made again, whatever comes in late and whoever joins: two answers about one period could tell
    one member's use.
    """
    customers = [
        one for one in tenancy.organisations_by_id(session, scope, scope.organisations).values()
        if one.kind is OrganisationKind.CUSTOMER
    ]  # fmt: skip
    if not customers or (first, until) in queries.made_periods(session, scope, [one.id for one in customers]):
        return 0
    groups: dict[Group, list[Weathered]] = defaultdict(list)
    found: dict[UUID, Subject] = {}
    for customer in customers:
        one = found[customer.id] = subjects.subject(session, scope, customer.id)
        for group, member in _members(session, scope, one, first, until):
            groups[group].append(member)
    made, quotas = 0, dict[tuple[UUID, ...], Sequence[UseQuota]]()
    for group, some in groups.items():
        alike = _in_one_weather(group[0], some)
        everybody = [member for member, _by_weather in alike]
        for one_of_them, by_weather in alike:
            told = peers.told(one_of_them, everybody)
            subject = found[one_of_them.id]
            if subject.path not in quotas:
                quotas[subject.path] = said_queries.quotas(session, scope, subject.path)
            quota = _quota(quotas[subject.path], subject, group, first, until)
            session.add(_place(one_of_them, group, (first, until), told, quota, by_weather))
            made += 1
    session.flush()
    return made


def _members(
    session: Session, scope: Scope, one: Subject, first: date, until: date
) -> Iterable[tuple[Group, Weathered]]:
    """Yield what a customer counts as in each group, with its heating and cooling degree days [K·d]."""
    said = drivers.said(
        session, scope, organisation_id=one.id, below=one.organisations, first=first, until=until
    )
    sizes = [(Basis.AREA, "", said.area_m2), (Basis.HEADS, "", said.heads)]
    sizes += [
        (Basis.PRODUCT, f"{name} [{symbol}]", amount) for name, (amount, symbol) in said.products.items()
    ]
    if not any(size for _basis, _product, size in sizes):
        return
    points = subjects.meters(session, one)
    used = {
        carrier: sum(amounts.values())
        for carrier, amounts in subjects.daily_uses(
            session, one, points, first, until, since=first - A_YEAR
        ).items()
        if len(amounts) == (until - first).days
    }
    outdoors = subjects.temperatures(session, scope, one, first, until)
    heating, cooling = _degree_days(list(outdoors.values()), (until - first).days)
    for basis, product, size in sizes:
        for carrier, amount in used.items() if size else ():
            assert size is not None
            member = Member(one.id, one.trade, peers.size_band(said.area_m2), amount, size, product)
            yield (carrier, basis, product), (member, heating, cooling)


def _degree_days(warmth: Sequence[float], days: int) -> tuple[float | None, float | None]:
    """Return heating and cooling degree days of a period [K·d]; None where too few of its days have a temperature.

    Days without one are taken to be like the others: counted as nothing they would make the weather look mild.
    """
    if len(warmth) < MOST_DAYS * days:
        return None, None
    heating = sum(max(0.0, intensity.INDOOR_C - value) for value in warmth)
    cooling = sum(max(0.0, value - intensity.INDOOR_C) for value in warmth)
    return heating * days / len(warmth), cooling * days / len(warmth)


def _in_one_weather(carrier: Carrier, some: Sequence[Weathered]) -> list[tuple[Member, bool]]:
    """Return members with heat and cold as in the weather most of them had, and whether theirs is known."""
    if carrier not in (Carrier.HEAT, Carrier.STEAM, Carrier.COOLING):
        return [(member, False) for member, _heating, _cooling in some]
    own = [(member, cooling if carrier is Carrier.COOLING else heating) for member, heating, cooling in some]
    known = [days for _member, days in own if days is not None]
    usual = median(known) if known else 0.0
    return [
        (member, False) if days is None
        else (replace(member, use=peers.comparable(member.use, days, usual)), True)
        for member, days in own
    ]  # fmt: skip


def _quota(
    quotas: Sequence[UseQuota], one: Subject, group: Group, first: date, until: date
) -> tuple[float, str] | None:
    """Return what the nearest kept standard allows in so many days, and which it is."""
    carrier, basis, _product = group
    fitting = [
        row for row in quotas
        if (row.trade, row.carrier, row.basis) == (one.trade, carrier, basis) and row.from_on < until
    ]  # fmt: skip
    if not fitting:
        return None
    newest: UseQuota = max(fitting, key=lambda row: (one.path.index(row.organisation_id), row.from_on))
    year = (date(first.year + 1, 1, 1) - date(first.year, 1, 1)).days
    return newest.value * (until - first).days / year, newest.source


def _place(
    member: Member, group: Group, days: tuple[date, date], told: Told | None, quota: tuple[float, str] | None,
    by_weather: bool,
) -> PeerPlace:  # fmt: skip
    carrier, basis, product = group
    low, middle, high = told.quartiles if told else (None, None, None)
    return PeerPlace(
        id=ids.new_id(), organisation_id=member.id, carrier=carrier, basis=basis, product=product, first=days[0],
        until=days[1], value=member.value, unit=factors.unit_of(carrier), weather=by_weather,
        width=told.width if told else None, others=told.others if told else None, lower=low, middle=middle, upper=high,
        quarter=told.quarter if told else None, quota=quota[0] if quota else None,
        quota_source=quota[1] if quota else None, made_at=clock.now(),
    )  # fmt: skip


def periods_due(today: date, back: int = MONTHS_BACK) -> list[tuple[date, date]]:
    """Return the months that are over, the oldest first, and the last year that is."""
    end = today.replace(day=1)
    number = end.year * 12 + end.month - 1
    borders = [date((number - n) // 12, (number - n) % 12 + 1, 1) for n in range(back, -1, -1)]
    months = list(zip(borders, borders[1:], strict=False))
    return [*months, (date(end.year - 1, 1, 1), date(end.year, 1, 1))]


def today() -> date:
    """Return the local day where it is early: a month is over when it is over everywhere the product runs."""
    return periods.local_date(clock.now() - timedelta(hours=12), "UTC")


def ranking(
    session: Session, scope: Scope, *, organisation_id: UUID, first: date, until: date
) -> list[Ranked]:
    """Return where the customers at and below an organisation stood in very these days, the least use first.

    For those who run the meters: they see each value as it is.
    """
    scope.demand(organisation_id, *ANALYSTS)
    one = subjects.subject(session, scope, organisation_id)
    rows = queries.places(session, scope, one.organisations & analysed(scope), first, until)
    groups: dict[Group, list[PeerPlace]] = defaultdict(list)
    for row in rows:
        groups[row.carrier, row.basis, row.product].append(row)
    found = []
    for some in groups.values():
        members = [Member(row.organisation_id, "", None, row.value, 1.0) for row in some]
        ranks = peers.places(members)
        found += [Ranked(row, ranks[row.organisation_id]) for row in some]
    return found


def own_places(session: Session, scope: Scope, *, organisation_id: UUID) -> Sequence[PeerPlace]:
    """Return where one organisation stood, the latest period first: what it may know of others, and its own past."""
    if not (organisation_id in scope.where(Role.CUSTOMER) or organisation_id in analysed(scope)):
        raise Forbidden(
            "this is for the organisation itself", remedy="ask an administrator of the organisation"
        )
    return queries.places_of(session, scope, organisation_id)
