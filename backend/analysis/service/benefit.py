"""What supply cost and earned, what use comes to in standard coal and CO2, and what measures return."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.models import Measure, OwnFactor, Purchase
from backend.analysis.queries import drivers as queries
from backend.analysis.queries.confined import ANALYSTS
from backend.analysis.rules import benefit as rules
from backend.analysis.rules import factors
from backend.analysis.rules.benefit import Investment, Return
from backend.analysis.rules.factors import Factor, Kind, Used
from backend.analysis.service import subject as subjects
from backend.analysis.service.subject import Subject
from backend.billing.service import earnings
from backend.kernel import clock, periods
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Kind as ScopeKind
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier
from backend.metering import service as metering

KEEPERS = (Role.MANAGER, Role.ADMINISTRATOR)
"""Those who keep accounts (see backend/billing): to others income and cost are not told."""


@dataclass(frozen=True)
class Earned:
    """A bill or note, or what is not billed yet, and the part of it that belongs to the period.

    bill_id None: a bill so far; net: without taxes, of all its days; counted: of the days in the period
    """

    bill_id: UUID | None
    year: int | None
    serial: int | None
    customer_id: UUID
    contract: str
    starts_on: date
    ends_on: date
    currency: str
    net: Decimal
    counted: Decimal


@dataclass(frozen=True)
class Spent:
    """What was bought through an intake in a month, without taxes, or the reason why that cannot be told."""

    point_id: UUID
    point: Any
    first: date
    until: date
    net: Decimal | None
    currency: str
    missing: int
    reason: str | None = None


@dataclass(frozen=True)
class Counted:
    """What an amount of a carrier counts as, of one kind, in a year, by one factor. value None: none is known."""

    carrier: Carrier
    kind: Kind
    year: int
    amount: float
    value: float | None
    used: Used | None


@dataclass(frozen=True)
class Benefit:
    """What came of [first, until). earned, billed, spent None: the asker does not keep the accounts.

    earned: bills these organisations issued; billed: bills others issued to them; spent: bought through intakes
    """

    subject: Subject
    first: date
    until: date
    earned: list[Earned] | None
    billed: list[Earned] | None
    spent: list[Spent] | None
    used: dict[Carrier, float]
    counted: list[Counted]
    measures: list[tuple[Measure, Return]]

    def sums(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return currency -> (income, cost)."""
        found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for one in self.earned or ():
            found[one.currency][0] += one.counted
        for one in self.billed or ():
            found[one.currency][1] += one.counted
        for cost in self.spent or ():
            if cost.net is not None:
                found[cost.currency][1] += cost.net
        return {currency: (pair[0], pair[1]) for currency, pair in sorted(found.items())}

    def total(self, kind: Kind) -> tuple[float, list[Carrier]]:
        """Return what all carriers count as together [kgce, kg], and those of which no factor is known."""
        mine = [one for one in self.counted if one.kind is kind]
        return sum(one.value or 0.0 for one in mine), sorted(
            {one.carrier for one in mine if one.value is None}
        )


def benefit_of(session: Session, scope: Scope, *, organisation_id: UUID, first: date, until: date) -> Benefit:
    """Return what an organisation's supply cost and earned in [first, until), and what its use counts as."""
    scope.demand(organisation_id, *ANALYSTS)
    one = subjects.subject(session, scope, organisation_id)
    earned = billed = spent = None
    if scope.kind is ScopeKind.SYSTEM or any(one.id in scope.where(role) for role in KEEPERS):
        earned = _bills(session, scope, one, first, until, to_them=False)
        billed = _bills(session, scope, one, first, until, to_them=True)
        spent = _spent(session, scope, one, first, until)
    own = own_factors_of(session, scope, one)
    used: dict[Carrier, float] = defaultdict(float)
    counted: list[Counted] = []
    for span in factors.stretches(first, until, own):
        for carrier, amount in subjects.sums(session, one, *span).items():
            used[carrier] += amount
            for kind in Kind:
                _count(counted, count(carrier, kind, span[0], amount, own))
    return Benefit(one, first, until, earned, billed, spent, dict(used), counted,
                   measures(session, scope, organisation_id=organisation_id))  # fmt: skip


def count(carrier: Carrier, kind: Kind, on: date, amount: float, own: Sequence[Factor]) -> Counted:
    """Return what an amount counts as by the factor of a day."""
    used = factors.used(carrier, kind, on, own)
    value = None if used is None else amount * float(used.factor.value)
    return Counted(carrier, kind, on.year, amount, value, used)


def _count(counted: list[Counted], new: Counted) -> None:
    """Add what one stretch counts as; what one factor of one year says of several is one."""
    same = (new.carrier, new.kind, new.year, new.used)
    for place, one in enumerate(counted):
        if (one.carrier, one.kind, one.year, one.used) == same:
            value = None if one.value is None or new.value is None else one.value + new.value
            counted[place] = replace(one, amount=one.amount + new.amount, value=value)
            return
    counted.append(new)


def own_factors_of(session: Session, scope: Scope, one: Subject) -> list[Factor]:
    """Return the factors that an organisation or those above it say, each for the days it counts on."""
    rows = queries.own_factors(session, scope, one.path)
    depth = {id_: place for place, id_ in enumerate(one.path)}
    return factors.nearest([
        (depth[row.organisation_id],
         Factor(row.carrier, row.kind, row.from_on, row.value, row.source, is_own=True))
        for row in rows
    ])  # fmt: skip


def own_factors(session: Session, scope: Scope, *, organisation_id: UUID) -> Sequence[OwnFactor]:
    """Return the factors an organisation or those above it say."""
    one = subjects.subject(session, scope, organisation_id)
    return queries.own_factors(session, scope, one.path)


def _bills(
    session: Session, scope: Scope, one: Subject, first: date, until: date, *, to_them: bool
) -> list[Earned]:
    about: dict[str, Any] = {"nodes": one.organisations, "first": first, "until": until, "to_them": to_them}
    found = []
    for row in earnings.issued(session, scope, **about):
        net = row.total - row.tax
        counted = rules.share(row.starts_on, row.ends_on, first, until).part(net)
        found.append(Earned(row.id, row.year, row.serial, row.customer_id, row.number, row.starts_on, row.ends_on,
                            row.currency, net, counted))  # fmt: skip
    for row in earnings.running(session, scope, **about):
        net = row.amount - earnings.taxes(row.parts)
        counted = rules.share(row.starts_on, row.until, first, until).part(net)
        found.append(Earned(None, None, None, row.customer_id, row.number, row.starts_on, row.until, row.currency, net,
                            counted))  # fmt: skip
    return found


def _spent(session: Session, scope: Scope, one: Subject, first: date, until: date) -> list[Spent]:
    today = periods.local_date(clock.now(), one.zone)
    found = []
    for bought in queries.purchases(session, scope, one.organisations, first, until):
        start = max(first, bought.starts_on)
        end = min(until, bought.ends_on or until, today)
        if end > start:
            found += _bought(session, scope, bought, start, end)
    return found


def _bought(session: Session, scope: Scope, one: Purchase, first: date, until: date) -> list[Spent]:
    point = metering.point(session, scope, one.point_id)
    try:
        costs = earnings.cost(
            session,
            scope,
            point_id=one.point_id,
            tariff_id=one.tariff_id,
            facts=one.facts,
            first=first,
            until=until,
        )
    except EnerfieldError as error:
        return [Spent(point.id, point, first, until, None, "", 0, error.message)]
    return [Spent(point.id, point, c.first, c.until, c.net, c.currency, c.missing) for c in costs]


def measures(session: Session, scope: Scope, *, organisation_id: UUID) -> list[tuple[Measure, Return]]:
    """Return what was done to use less at an organisation and below, each with what it returns."""
    one = subjects.subject(session, scope, organisation_id)
    found = queries.measures(session, scope, one.organisations)
    return [
        (each, rules.returns(Investment(each.outlay, each.yearly, each.years, each.rate))) for each in found
    ]
