"""A plan beside what was counted: energies from intervals, and what the difference costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import clock, ids
from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.optimisation import queries
from backend.optimisation.models import PlanOutcome
from backend.optimisation.rules import hours
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.model import Demand
from backend.optimisation.rules.model.units import SaleModel, Stored, Traded, UnitModel
from backend.optimisation.rules.outcome import Line, line
from backend.optimisation.service.counted import counted
from backend.optimisation.service.looking import Opened, opened

LOOK_BACK = timedelta(days=3)
"""Late readings may change what became of a plan for so long."""


def work_out(session: Session, scope: Scope, *, plan_id: UUID) -> PlanOutcome:
    """Work out what became of the hours of a plan that are over, and keep it; raises Refused where none is over yet."""
    one = opened(session, scope, queries.plan(session, scope, plan_id))
    start, end = one.kept.starts_at, min(hours.quarter(clock.now()), one.kept.ends_at)
    if end <= start:
        raise Refused(
            "no hour of this plan is over yet",
            field="plan_id",
            remedy="come back after its first quarter hour",
        )
    lines = _lines(session, scope, one, Period(start, end))
    kept = queries.outcome(session, scope, plan_id) or PlanOutcome(
        id=ids.new_id(), organisation_id=one.kept.organisation_id, plan_id=plan_id, starts_at=start
    )
    money = [each for each in lines if each.is_traded and each.planned_money is not None]
    kept.ends_at, kept.made_at, kept.lines = end, clock.now(), [each.said() for each in lines]
    kept.planned = sum(each.planned_money or 0.0 for each in money) if money else None
    kept.actual = sum(each.actual_money or 0.0 for each in money) if money else None
    kept.deviation = (
        kept.actual - kept.planned if kept.actual is not None and kept.planned is not None else None
    )
    session.add(kept)
    session.flush()
    return kept


def due(session: Session, scope: Scope) -> list[UUID]:
    """Return the accepted plans whose hours are under way or were over a little while ago."""
    since = clock.now() - LOOK_BACK
    return list(dict.fromkeys(one.plan_id for one in queries.accepted_since(session, scope, since)))


def series(
    session: Session, scope: Scope, one: Opened, unit: UnitModel | Demand, until: datetime
) -> tuple[Floats, Floats] | None:
    """Return (planned, actual) of a unit's main flow on the quarter hours until an instant; None where it has no meter.

    [unit per hour]; NaN where nothing was counted
    """
    if not unit.meters:
        return None
    period = Period(one.kept.starts_at, until)
    return _planned(one, unit)[: (until - one.kept.starts_at) // hours.QUARTER], _actual(
        session, scope, unit, period
    )


def _lines(session: Session, scope: Scope, one: Opened, period: Period) -> list[Line]:
    found = []
    assert period.end is not None
    for unit in (*one.model.units, *one.model.demands):
        both = series(session, scope, one, unit, period.end)
        if both is None:
            continue
        carrier = unit.carrier if isinstance(unit, Demand) else unit.output
        price = _price(one, unit, carrier)[: len(both[0])]
        found.append(line(unit.name, carrier, one.model.carriers[carrier], _sort(unit), both, price))
    return found


def _sort(unit: Any) -> str:
    if isinstance(unit, Demand):
        return "demand"
    return "sale" if isinstance(unit, SaleModel) else "supply" if isinstance(unit, Traded) else "unit"


def _planned(one: Opened, unit: UnitModel | Demand) -> Floats:
    """Return what was planned, by quarter hours."""
    if isinstance(unit, Demand):
        return hours.to_quarters(one.given.parts[unit.name], one.plan.horizon)
    flows: Mapping[Any, Floats] = one.plan.quantities if isinstance(unit, Stored) else one.plan.flows
    found = flows.get((unit.name, "discharge" if isinstance(unit, Stored) else unit.output))
    if found is None:  # out of service then
        return np.zeros(hours.quarters(one.plan.horizon))
    return hours.to_quarters(np.abs(found), one.plan.horizon)


def _actual(session: Session, scope: Scope, unit: UnitModel | Demand, period: Period) -> Floats:
    times = unit.per_billed if isinstance(unit, Traded) else 1.0
    rates = counted(session, scope, point_ids=unit.meters, period=period, times=times).rates
    return rates * unit.times + unit.base if isinstance(unit, Demand) else rates


def _price(one: Opened, unit: Any, carrier: str) -> Floats:
    if isinstance(unit, Traded):
        return hours.to_quarters(one.given.prices[unit.name], one.plan.horizon)
    none = np.full(one.plan.horizon.steps, np.nan)
    return hours.to_quarters(one.plan.prices.get(carrier, none), one.plan.horizon)
