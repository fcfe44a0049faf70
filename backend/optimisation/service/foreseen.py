"""What is foreseen for the steps of a plan: forecasts, else the hours before, said openly; and the weather."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.forecasting import service as forecasting
from backend.forecasting.service import skies
from backend.kernel import clock, units
from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.optimisation.rules import hindcast, hours, margins
from backend.optimisation.rules.hindcast import Foreseen
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.model import Demand, PlantModel
from backend.optimisation.rules.model.units import RenewableModel
from backend.optimisation.rules.plan import Input, Quality
from backend.optimisation.service.counted import counted

OLDEST_FORECAST = timedelta(hours=6)
"""A forecast issued longer ago is not planned with: its fallback is, or the plan is refused."""
OLDEST_COUNT = timedelta(days=2)
"""Meters silent for longer tell nothing of what comes."""
WEEKS, DAYS = 4, 7
EVERY_RUN = 2**62
"""No number of a weather run is higher: all that came by then."""
QUARTERS_OF_DAY = 96


@dataclass(frozen=True)
class Seen:
    """Quantiles on steps [unit per hour], and what they rest on."""

    foreseen: Foreseen
    input: Input


@dataclass(frozen=True)
class Asked:
    """What is asked for: by a forecast, by meters; how far apart the hours before are that resemble one another."""

    name: str
    target: UUID | None
    meters: Sequence[UUID]
    every: timedelta
    times: int


def demand(session: Session, scope: Scope, one: Demand, planned: Horizon, made_at: datetime) -> Seen:
    """Return what a demand will be."""
    asked = Asked(one.name, one.target, one.meters, timedelta(days=7), WEEKS)
    if one.target is None and not one.meters:
        flat = Foreseen(hindcast.LEVELS, np.full((len(hindcast.LEVELS), planned.steps), one.base))
        return Seen(flat, Input(one.name, made_at, Quality.ASSUMED, remark="a figure of the plant model"))
    seen = _seen(session, scope, asked, planned, made_at)
    values = np.maximum(seen.foreseen.values * one.times + one.base, 0.0)
    return Seen(Foreseen(seen.foreseen.levels, values), seen.input)


def offered(
    session: Session, scope: Scope, unit: RenewableModel, planned: Horizon, made_at: datetime
) -> Seen:
    """Return what sun or wind will offer."""
    asked = Asked(unit.name, unit.target, unit.meters, timedelta(days=1), DAYS)
    seen = _seen(session, scope, asked, planned, made_at)
    return Seen(Foreseen(seen.foreseen.levels, np.clip(seen.foreseen.values, 0, unit.most)), seen.input)


def margin(seen: Sequence[tuple[Seen, bool]], kept: float) -> Floats:
    """Return what to keep in hand for the errors of several forecasts together; True: of a supply."""
    each = [
        (margins.margin_of_supply if is_supply else margins.margin)(
            one.foreseen.levels, one.foreseen.values, kept
        )
        for one, is_supply in seen
    ]
    return margins.pooled(*each)


def _seen(session: Session, scope: Scope, asked: Asked, planned: Horizon, made_at: datetime) -> Seen:
    """Return a forecast; where there is none that may be planned with, the hours before, with the reason."""
    why = "no forecast is named"
    if asked.target is not None:
        found, why = _forecast(session, scope, asked, planned, made_at)
        if found is not None:
            return found
        if not asked.meters:
            raise Refused(
                why, field=asked.name, remedy="look at the forecast's page, or name meters to fall back on"
            )
    return _before(session, scope, asked, planned, made_at, why)


def _forecast(
    session: Session, scope: Scope, asked: Asked, planned: Horizon, made_at: datetime
) -> tuple[Seen | None, str]:
    start, end = planned.start, planned.at(planned.steps)
    assert asked.target is not None
    found = forecasting.at(
        session, scope, target_ids=[asked.target], start=start - timedelta(hours=1), end=end, known_at=made_at
    ).get(asked.target)  # fmt: skip
    if found is None:
        return None, "no forecast was issued"
    age = made_at - found.issued_at
    if age > OLDEST_FORECAST:
        return None, f"the last forecast was issued {age.total_seconds() / 3600:.0f} h before"
    per_hour = units.convert(1.0, found.unit, "kWh") if _is_energy(found.unit) else 1.0
    rates = found.values.T * per_hour * 60 / found.step_minutes
    offsets = (start - found.start) // hours.QUARTER + np.arange(hours.quarters(planned))
    places = offsets * 15 // found.step_minutes
    if places[0] < 0:
        return None, f"the forecast begins at {found.start.astimezone(planned.zone):%Y-%m-%d %H:%M}"
    if places[-1] >= rates.shape[1]:
        return None, f"the forecast ends at {found.end.astimezone(planned.zone):%Y-%m-%d %H:%M}"
    values = hours.to_steps(rates[:, places], planned)
    is_naive = bool(found.passed)
    remark = f"rung {found.method}"
    quality = Quality.FALLBACK if is_naive else Quality.FORECAST
    known = Input(asked.name, found.issued_at, quality, OLDEST_FORECAST, remark)
    return Seen(Foreseen(tuple(forecasting.LEVELS), values), known), ""


def _before(
    session: Session, scope: Scope, asked: Asked, planned: Horizon, made_at: datetime, why: str
) -> Seen:
    """Return the same hours of the weeks or days before."""
    end = planned.at(planned.steps)
    back = asked.every
    while planned.start - back + (end - planned.start) > made_at:  # hours that are not over yet tell nothing
        back += asked.every
    edge = hours.quarter(made_at)
    first = planned.start - back - (asked.times - 1) * asked.every - hours.LONGEST_SHIFT
    read = counted(session, scope, point_ids=asked.meters, period=Period(first, edge))
    past = np.full((asked.times, hours.quarters(planned)), np.nan)
    for nth in range(asked.times):
        places = hours.alike(planned, back + nth * asked.every, first)
        there = (places >= 0) & (places < read.rates.size)
        past[nth, there] = read.rates[places[there]]
    if read.until is None:
        raise Refused(
            f"{why}, and its meters counted nothing in the {asked.times * asked.every.days} days before",
            field=asked.name, remedy="look why its meters are silent",
        )  # fmt: skip
    found = hindcast.hindcast(past, asked.name)
    unit = "weeks" if asked.every.days == 7 else "days"
    remark = f"{why}: middle of the same hours of {asked.times} {unit} before"
    values = hours.to_steps(found.values, planned)
    known = Input(asked.name, read.until, Quality.FALLBACK, OLDEST_COUNT, remark)
    return Seen(Foreseen(found.levels, values), known)


def _is_energy(unit: str) -> bool:
    return units.unit(unit).dimension == units.unit("kWh").dimension


def outdoor(
    session: Session, scope: Scope, model: PlantModel, planned: Horizon, made_at: datetime
) -> tuple[Floats, Input]:
    """Return the outdoor temperature of each step [°C]: of the weather forecast, else as yesterday and as it is now."""
    source = model.outdoor
    assert source is not None
    why = ""
    if source.place is not None:
        found = _weather(session, scope, source.place, planned, made_at)
        if found is not None:
            return found
        why = "no weather forecast covers these hours: "
    if source.thermometer is None:
        raise Refused(
            f"{why}nothing is known of the weather",
            field="outdoor",
            remedy="name a thermometer to fall back on",
        )
    return _as_yesterday(session, scope, source.thermometer, planned, made_at, why)


def _weather(
    session: Session, scope: Scope, place: UUID, planned: Horizon, made_at: datetime
) -> tuple[Floats, Input] | None:
    end = planned.at(planned.steps)
    found = skies.known_at(session, scope, place, start=planned.start, end=end, at=made_at, up_to=EVERY_RUN)
    if found is None or "temperature_c" not in found.columns:
        return None
    own = np.asarray(found.columns["temperature_c"], dtype=float)
    places = (
        np.arange(hours.quarters(planned)) * 15 + (planned.start - found.start) // timedelta(minutes=1)
    ) // found.step_min
    if places[-1] >= own.size or np.isnan(own[places]).any():
        return None
    known = Input(
        "outdoor temperature", found.issued_at, Quality.FORECAST, timedelta(hours=24), "weather forecast"
    )
    return hours.to_steps(own[places], planned), known


def _as_yesterday(
    session: Session, scope: Scope, thermometer: UUID, planned: Horizon, made_at: datetime, why: str
) -> tuple[Floats, Input]:
    edge = hours.quarter(made_at)
    at_us, values, _quality = metering.readings(
        session, scope, point_id=thermometer, period=Period(edge - timedelta(days=1), made_at)
    )
    good = np.isfinite(values)
    at_us, values = at_us[good], values[good]
    if not at_us.size:
        raise Refused(
            f"{why}the thermometer said nothing for a day",
            field="outdoor.thermometer",
            remedy="look why it is silent",
        )
    start_us = clock.to_us(edge - timedelta(days=1))
    course = np.interp(start_us + (np.arange(QUARTERS_OF_DAY) + 0.5) * 9e8, at_us, values)
    moved = course + (values[-1] - course[-1])
    offset = (planned.start - edge) // hours.QUARTER
    quarters = moved[(np.arange(hours.quarters(planned)) + offset) % QUARTERS_OF_DAY]
    known = Input(
        "outdoor temperature", clock.from_us(int(at_us[-1])), Quality.FALLBACK, timedelta(hours=3),
        f"{why}as yesterday, moved to the {values[-1]:.1f} °C of now",
    )  # fmt: skip
    return hours.to_steps(quarters, planned), known
