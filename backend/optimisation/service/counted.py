"""What meters counted, as rates on quarter hours: the sum of several, with gaps where any of them has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import clock, units
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.optimisation.rules.horizon import Floats

QUARTER_US = 900_000_000


@dataclass(frozen=True)
class Counted:
    """rates: of each quarter hour [unit per hour], NaN where any meter has none.

    until: end of the newest interval, of the meter that lags most; None where one of them has none at all
    """

    rates: Floats
    until: datetime | None


def counted(
    session: Session, scope: Scope, *, point_ids: Sequence[UUID], period: Period, times: float = 1.0
) -> Counted:
    """Return the mean rates of meters together over a period with an end, kWh or m3 an hour.

    times: units of the carrier in one of the meters' units where these differ in kind (kWh in a m3 of gas)
    """
    assert period.end is not None, "a period that is over"
    start_us, end_us = clock.to_us(period.start), clock.to_us(period.end)
    size = (end_us - start_us) // QUARTER_US
    total, ends = np.zeros(size), list[int | None]()
    for point_id in point_ids:
        point = metering.point(session, scope, point_id)
        at_us, minutes, _method, amount = metering.interval_columns(
            session, scope, point_id=point_id, period=period
        )
        factor = times / units.quanta_per(point.unit) * _kwh(point.unit)
        total += _rates(at_us, minutes, amount * factor, start_us, size)
        ends.append(int((at_us + minutes.astype(np.int64) * 60_000_000).max()) if at_us.size else None)
    known = [end for end in ends if end is not None]
    return Counted(total, clock.from_us(min(known)) if known and len(known) == len(ends) else None)


def _kwh(unit: str) -> float:
    """Return how many kWh one unit is; 1 for what is no energy."""
    return (
        units.convert(1.0, unit, "kWh") if units.unit(unit).dimension == units.unit("kWh").dimension else 1.0
    )


def _rates(at_us: np.ndarray, minutes: np.ndarray, amount: Floats, start_us: int, size: int) -> Floats:
    """Return mean rates on quarter hours; longer intervals fill all they cover, shorter ones are added up."""
    found, covered = np.zeros(size), np.zeros(size)
    lengths = minutes.astype(np.int64)
    for length in np.unique(lengths):
        own = lengths == length
        first = (at_us[own] - start_us) // QUARTER_US
        for nth in range(max(int(length) // 15, 1)):
            places = first + nth
            inside = (places >= 0) & (places < size)
            share = min(15 / length, 1.0)
            np.add.at(found, places[inside], amount[own][inside] * share * 4)
            np.add.at(covered, places[inside], min(length, 15) / 15)
    return np.where(covered > 0.999, found, np.nan)
