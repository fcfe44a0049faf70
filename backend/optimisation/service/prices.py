"""Prices of what a plant buys and sells: from the tariffs of its contracts, with the month's peak as measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.billing.rules.tariff import Peak, Span
from backend.billing.service import prices as billing
from backend.kernel import clock, units
from backend.kernel.errors import Refused
from backend.kernel.periods import Period, local_date, month
from backend.kernel.scope import Scope
from backend.optimisation.rules import hours
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.model.units import SaleModel, Traded
from backend.optimisation.rules.plan import Input, Quality
from backend.optimisation.rules.units.exchange import DemandCharge
from backend.optimisation.service.counted import counted

QUARTER_US = 900_000_000
OLDEST_PEAK = timedelta(days=2)
"""Meters silent for longer do not tell the month's peak."""


@dataclass
class Bought:
    """What a traded unit costs over the steps. tariff: which version was used, None for a price of the model."""

    price: Floats
    charges: tuple[DemandCharge, ...] = ()
    inputs: list[Input] = field(default_factory=list)
    tariff: dict[str, Any] | None = None


def bought(
    session: Session,
    scope: Scope,
    *,
    organisation_id: UUID,
    unit: Traded,
    planned: Horizon,
    made_at: datetime,
) -> Bought:
    """Return a unit's prices; raises NotFound for an unknown tariff or contract, Refused where it has no prices."""
    name = f"price of {unit.name}"
    if unit.price is not None:
        fixed = np.full(planned.steps, unit.price)
        return Bought(
            fixed, inputs=[Input(name, made_at, Quality.ASSUMED, remark="a price of the plant model")]
        )
    zone = str(planned.zone)
    first = local_date(planned.start, zone).replace(day=1)
    last = local_date(planned.at(planned.steps), zone)
    register = "export" if isinstance(unit, SaleModel) else "import"
    wanted = billing.Wanted(unit.tariff, unit.contract, unit.facts, register)
    priced = billing.prices(
        session, scope, organisation_id=organisation_id, wanted=wanted, span=Span(first, last + timedelta(days=1))
    )  # fmt: skip
    found = priced.marginal
    at = (clock.to_us(planned.start) - found.grid.start_us) // QUARTER_US
    window = slice(at, at + hours.quarters(planned))
    per_unit = _per_unit(unit, found.unit)
    price = hours.to_steps(found.prices[window], planned) / per_unit
    version = priced.tariff.version_on(local_date(planned.start, zone))
    made = Bought(-price if register == "export" else price, tariff={
        "unit": unit.name, "code": priced.tariff.code, "name": dict(priced.tariff.name),
        "revision": priced.version.revision, "from": version.from_.isoformat(),
    })  # fmt: skip
    remark = f"tariff {priced.tariff.code}, from {version.from_}"
    made.inputs.append(
        Input(name, priced.version.created_at, Quality.AGREED, remark="; ".join((remark, *found.remarks)))
    )
    if isinstance(unit, SaleModel):
        return made
    for peak in found.peaks:
        _charge(session, scope, made, unit, peak, _Where(planned, window, first, found.grid.starts, made_at))
    return made


@dataclass(frozen=True)
class _Where:
    planned: Horizon
    window: slice
    month: date
    starts: Any
    made_at: datetime


def _per_unit(unit: Traded, billed: str) -> float:
    """Return how many units of the carrier are in one unit the tariff bills."""
    if unit.per_billed != 1.0 or units.unit(billed).dimension != units.unit("kWh").dimension:
        return unit.per_billed
    return units.convert(1.0, billed, "kWh")


def _charge(session: Session, scope: Scope, made: Bought, unit: Traded, peak: Peak, where: _Where) -> None:
    """Add a demand charge: this month's with its peak so far, next month's with the same, which is assumed."""
    zone = str(where.planned.zone)
    name = f"peak of {unit.name} so far"
    so_far, known_at = peak.least, None
    if unit.meters:
        period = Period(clock.from_us(int(where.starts[0])), where.planned.start)
        amounts = counted(
            session, scope, point_ids=unit.meters, period=period, times=unit.per_billed
        )  # fmt: skip
        highest = _highest(amounts.rates, peak.counts[: len(amounts.rates)], peak.minutes)
        if highest is not None and amounts.until is not None:
            so_far, known_at = max(so_far, highest), amounts.until
        elif where.made_at - period.start > OLDEST_PEAK:
            raise Refused(
                f"one of its meters has counted nothing since {local_date(period.start, zone)}", field=name,
                remedy="look why it is silent, or bind the meters that count what is bought",
            )  # fmt: skip
    if known_at is None:
        why = "nothing was counted this month yet" if unit.meters else "no meter tells it"
        made.inputs.append(Input(
            name, where.made_at, Quality.ASSUMED, remark=f"{why}: what the tariff charges anyway"
        ))  # fmt: skip
    else:
        made.inputs.append(Input(name, known_at, Quality.MEASURED, OLDEST_PEAK, f"{so_far:,.0f} kW"))
    counts = hours.to_steps(peak.counts[where.window].astype(float), where.planned) > 0
    edge = clock.to_us(_month_end(where.month, zone))
    is_next = np.array([clock.to_us(where.planned.at(step)) >= edge for step in range(where.planned.steps)])
    for mask, is_later in ((counts & ~is_next, False), (counts & is_next, True)):
        if mask.any():
            made.charges += (DemandCharge(peak.price, so_far, mask),)
            if is_later:
                remark = "next month's peak is taken to reach this month's"
                made.inputs.append(
                    Input(f"next month's peak of {unit.name}", where.made_at, Quality.ASSUMED, remark=remark)
                )


def _highest(rates: Floats, counts: Any, minutes: int) -> float | None:
    """Return the highest mean over windows of `minutes` on the clock; None where each has a gap."""
    width = max(minutes // 15, 1)
    whole = len(rates) // width * width
    if not whole or not np.isfinite(rates[:whole]).any():
        return None
    means = np.where(counts[:whole], rates[:whole], np.nan).reshape(-1, width).mean(axis=1)
    return float(np.nanmax(means)) if np.isfinite(means).any() else 0.0  # none of them is charged for


def _month_end(first: date, zone: str) -> datetime:
    end = month(first, zone).end
    assert end is not None, "a month has an end"
    return end
