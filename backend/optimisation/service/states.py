"""How a plant stands now: contents of stores, what runs and since when; from readings, else the plan before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import clock, units
from backend.kernel.errors import Refused
from backend.kernel.ids import show
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.optimisation.rules.model import State
from backend.optimisation.rules.model.units import BatteryModel, Stored, Switched
from backend.optimisation.rules.plan import Input, Plan, Quality
from backend.optimisation.rules.standing import held_h, planned_h

NEAR = 0.02
"""A content so little outside a store's limits is a sensor's error: the limit is planned with [of the capacity]."""


@dataclass(frozen=True)
class Now:
    """When, how old a reading may be, and the plan before, to fall back on."""

    at: datetime
    oldest: timedelta
    before: Plan | None


def content(session: Session, scope: Scope, store: Stored, now: Now) -> tuple[float, Input]:
    """Return what is in a store [unit]; raises Refused where neither a reading nor a plan before tells."""
    name = f"content of {store.name}"
    why = "no point tells it"
    if store.level is not None:
        read = _latest(session, scope, store.level)
        why = f"point {show(store.level)} has no reading"
        if read is not None:
            at, value, unit = read
            if now.at - at <= now.oldest:
                held = value / 100 * store.size if unit == "%" else _in_unit(value, unit, store)
                within, remark = _within(store, held)
                return within, Input(name, at, Quality.MEASURED, now.oldest, remark)
            why = f"it was read {_ago(now.at - at)} ago"
    return _as_planned(store, now, name, why)


def _in_unit(value: float, unit: str, store: Stored) -> float:
    return units.convert(value, unit, "m3" if store.output == "water" else "kWh")


def _within(store: Stored, held: float) -> tuple[float, str]:
    """Return a content that may be planned with: just outside its limits it stands at them."""
    edge = (1 - store.depth) / 2 if isinstance(store, BatteryModel) else 0.0
    low, high = edge * store.size, (1 - edge) * store.size
    limited = min(max(held, low), high)
    if limited != held and abs(limited - held) <= NEAR * store.size:
        return limited, f"{held / store.size:.1%} read, planned with {limited / store.size:.1%}"
    return held, f"{held / store.size:.0%}" if store.size else ""


def _as_planned(store: Stored, now: Now, name: str, why: str) -> tuple[float, Input]:
    expected = None if now.before is None else _expected(now.before, (store.name, "content"), now.at)
    if expected is None or now.before is None:
        raise Refused(
            f"{why}, and no plan before tells what is in it",
            field=name,
            remedy="mend its sensor, or bind one",
        )
    return expected, Input(
        name, now.before.made_at, Quality.FALLBACK, timedelta(hours=6), f"{why}: as the plan before expected"
    )


def state(session: Session, scope: Scope, unit: Switched, now: Now) -> tuple[State, Input]:
    """Return whether a unit runs and since when; where nothing tells it may be either, and that is said."""
    name, why = f"state of {unit.name}", "no point tells it"
    if unit.state is not None:
        read = _latest(session, scope, unit.state)
        why = f"point {show(unit.state)} has no reading"
        if read is not None:
            at, value, _unit = read
            if now.at - at <= now.oldest:
                since = _since(session, scope, unit, value > 0.5, now.at)
                return State(value > 0.5, since), Input(
                    name, at, Quality.MEASURED, now.oldest, "on" if value > 0.5 else "off"
                )
            why = f"it was read {_ago(now.at - at)} ago"
    planned = None if now.before is None else planned_h(now.before, unit.name, _passed_h(now.before, now.at))
    if planned is not None and now.before is not None:
        remark = f"{why}: as the plan before expected"
        return State(*planned), Input(name, now.before.made_at, Quality.FALLBACK, timedelta(hours=6), remark)
    return State(None), Input(name, now.at, Quality.ASSUMED, remark=f"{why}: it may be on or off")


def warmth(session: Session, scope: Scope, name: str, point_id: UUID | None, now: Now) -> tuple[float, Input]:
    """Return a room's temperature [°C]; raises Refused where no fresh reading tells."""
    read = _latest(session, scope, point_id) if point_id is not None else None
    if read is None or now.at - read[0] > now.oldest:
        why = "no point tells it" if read is None else f"it was read {_ago(now.at - read[0])} ago"
        raise Refused(f"{why}", field=f"temperature of {name}", remedy="mend its thermometer, or bind one")
    return read[1], Input(
        f"temperature of {name}", read[0], Quality.MEASURED, now.oldest, f"{read[1]:.1f} °C"
    )


def _latest(session: Session, scope: Scope, point_id: UUID) -> tuple[datetime, float, str] | None:
    """Return when a point was read last, its value, its unit; None where there is no good reading."""
    found = metering.latest_values(session, scope, point_ids=[point_id])
    if not found or found[0].value is None or not np.isfinite(found[0].value):
        return None
    if found[0].quality == metering.Quality.BAD:
        return None
    return found[0].read_at, found[0].value, metering.point(session, scope, point_id).unit


def _since(session: Session, scope: Scope, unit: Switched, is_on: bool, at: datetime) -> float:
    """Return for how long a unit has been as it is [h], as far back as its minimum times ask."""
    assert unit.state is not None
    asks = unit.min_up_h if is_on else unit.min_down_h
    if not asks:
        return float("inf")
    period = Period(at - timedelta(hours=asks), at)
    at_us, values, _quality = metering.readings(session, scope, point_id=unit.state, period=period)
    return held_h(at_us, values > 0.5, is_on=is_on, now_us=clock.to_us(at), asked_h=asks)


def _expected(before: Plan, key: tuple[str, str], at: datetime) -> float | None:
    """Return what a plan said of a quantity at an instant; None where it says nothing of it."""
    values = before.quantities.get(key)
    passed = _passed_h(before, at)
    if values is None or not 0 <= passed < float(before.horizon.ends_h[-1]):
        return None
    return float(values[int(np.searchsorted(before.horizon.ends_h, passed, side="right"))])


def _passed_h(before: Plan, at: datetime) -> float:
    return (at - before.horizon.start).total_seconds() / 3600


def _ago(age: timedelta) -> str:
    minutes = age.total_seconds() / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
