"""What supply brought in, and what a meter's use costs at a tariff: for those who look back at both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.billing.queries import contracts, intervals
from backend.billing.queries import earnings as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules.charging import account_of
from backend.billing.rules.ledger import TAX
from backend.billing.rules.periods import BillingCalendar, part
from backend.billing.rules.tariff import Facts, Series, Span, compile, parse
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.kernel.units import quanta_per
from backend.metering import service as metering

MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Cost:
    """What a month of a meter's use costs.

    [first, until): local days; net: without taxes; missing: intervals that are not there and count as nothing used
    """

    first: date
    until: date
    net: Decimal
    currency: str
    missing: int


issued, running = queries.issued, queries.running
"""Rows of bills and notes, and of bills so far, whose days touch [first, until); see the queries."""


def taxes(parts: Sequence[Mapping[str, Any]]) -> Decimal:
    """Return what of a bill so far are taxes and surcharges; parts: its components (see BillSoFar)."""
    return sum((Decimal(one["amount"]) for one in parts if one.get("is_tax") and one["amount"]), Decimal(0))


def cost(
    session: Session, scope: Scope, *, point_id: UUID, tariff_id: UUID, facts: Mapping[str, str], first: date,
    until: date,
) -> list[Cost]:  # fmt: skip
    """Return what a meter's use of local days [first, until) costs at a tariff, month by month.

    raises Refused where the tariff has no price for a day, or does not fit the meter
    """
    point = metering.point(session, scope, point_id)
    scope.demand(point.organisation_id, *KEEPERS)
    found = contracts.newest_versions(session, scope, [tariff_id]).get(tariff_id)
    if found is None:
        raise Refused("there is no such tariff", field="tariff_id", remedy="choose one of your tariffs")
    tariff, calendar = parse(found.document), BillingCalendar()
    given = {name: Decimal(value) for name, value in facts.items()}
    costs, at = [], first
    while at < until:
        month = calendar.period(at)
        own = part(month, calendar, at, until)
        assert own is not None, "a day lies in its month"
        costs.append(_month(session, scope, point, tariff, own.span, Facts(given, Fraction(own.months))))
        at = month.end
    return costs


def _month(session: Session, scope: Scope, point: Any, tariff: Any, span: Span, facts: Facts) -> Cost:
    length_us = point.interval_minutes * MINUTE_US
    plan = compile(tariff, span, length_us)
    grid = plan.grid
    end_us = grid.start_us + len(grid) * grid.length_us
    read = intervals.starts_and_amounts(
        session, scope, [point.key], start_us=grid.start_us, end_us=end_us, minutes=point.interval_minutes
    )
    starts, counted = read.get(point.key, (np.zeros(0, np.int64), np.zeros(0, np.int64)))
    amounts = np.zeros(len(grid), dtype=np.int64)
    amounts[(starts - grid.start_us) // grid.length_us] = counted
    series = Series(grid.start_us, grid.length_us, {"import": amounts}, point.unit, quanta_per(point.unit))
    rating = plan.rate(series, facts)
    tax = sum(
        (line.amount.amount for line in rating.lines if account_of(line.kind, line.price) == TAX), Decimal(0)
    )
    return Cost(
        span.start, span.end, rating.total.amount - tax, rating.total.currency, len(grid) - len(starts)
    )
