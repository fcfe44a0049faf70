"""How good forecasts really were: what was issued against what was then measured, by lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.forecasting.models.packing import unpack_floats
from backend.forecasting.queries import forecasts as queries
from backend.forecasting.queries import targets
from backend.forecasting.rules import QUANTILES
from backend.forecasting.rules.backtest import pinball
from backend.forecasting.rules.days import LocalClock
from backend.forecasting.rules.foreseen import BAND_80, MEDIAN
from backend.forecasting.rules.naive import same_hours
from backend.forecasting.service import reading
from backend.kernel import clock
from backend.kernel.periods import Period
from backend.kernel.scope import Scope

Floats = NDArray[np.float64]
LEADS_H = (1, 6, 24, 48, 168)
"""Accuracy is told up to these leads [h]: from issue to the start of a step."""
BEFORE = timedelta(days=28)
"""So much of the past the forecasts by yesterday and last week may look back into."""


@dataclass(frozen=True)
class Accuracy:
    """How far issued forecasts missed at leads up to `lead_h` hours (from the bound before) [unit].

    mae: of the median; pinball: mean over the quantiles; coverage_80: share of amounts inside the 80 % band
    skill_day, skill_week: 1 - mae / that of the same hours of the day, or week, before; None where none can be told
    values: how many amounts were judged
    """

    lead_h: int
    mae: float
    pinball: float
    coverage_80: float
    skill_day: float | None
    skill_week: float | None
    values: int


def accuracy(session: Session, scope: Scope, *, target_id: UUID, period: Period) -> list[Accuracy]:
    """Return how good the forecasts issued for a period were, against what is known now; empty where none is judged."""
    assert period.end is not None, "accuracy is told of a period with an end"
    (one,) = reading.series_of(session, scope, [targets.target(session, scope, target_id)])
    end = reading.floor_to(min(period.end, clock.now()), one.step)
    start = reading.floor_to(period.start - BEFORE, max(one.step, timedelta(hours=1)))
    if end <= period.start:
        return []
    values = reading.known_now(session, scope, [one], start=start, end=end)[target_id].values
    past = one.past(start, values)
    local = LocalClock(past.start, past.step_min, len(values), past.zone, past.country)
    first = -int((start - period.start) // one.step)
    rows = []
    for row in queries.issued(session, scope, target_id, start=period.start, end=end):
        rows.append(_missed(row, one, values, local, start, first))
    return _by_lead([one for one in rows if len(one)])


def _missed(
    row: object, one: reading.Series, values: Floats, local: LocalClock, start: object, first: int
) -> Floats:
    """Return lead [h], errors of median, day, week, pinball and whether inside the band, a row each amount judged."""
    said = unpack_floats(row.quantiles, len(QUANTILES))  # type: ignore[attr-defined]
    place = int((row.starts_at - start) / one.step) + np.arange(len(said))  # type: ignore[attr-defined]
    take = (place >= first) & (place < len(values))
    place, said = place[take], said[take]
    there = np.isfinite(values[place])
    place, said = place[there], said[there]
    if not len(place):
        return np.empty((0, 6))
    actual = values[place]
    issued = (row.issued_at - start) / one.step  # type: ignore[attr-defined]
    origin = int(issued)
    lead_h = (place - issued) * (one.step / timedelta(hours=1))
    day, week = (same_hours(values, local, place, origin, days) - actual for days in (1, 7))
    inside = (said[:, BAND_80[0]] <= actual) & (actual <= said[:, BAND_80[1]])
    return np.column_stack(
        [lead_h, said[:, MEDIAN] - actual, day, week, pinball(actual, said), inside.astype(float)]
    )


def _by_lead(parts: list[Floats]) -> list[Accuracy]:
    if not parts:
        return []
    rows, below, found = np.concatenate(parts), 0, []
    for bound in LEADS_H:
        some = rows[(rows[:, 0] >= below) & (rows[:, 0] < bound)]
        below = bound
        if len(some):
            found.append(
                Accuracy(
                    bound, float(np.abs(some[:, 1]).mean()), float(some[:, 4].mean()), float(some[:, 5].mean()),
                    _skill(some, 2), _skill(some, 3), len(some),
                )
            )  # fmt: skip
    return found


def _skill(rows: Floats, column: int) -> float | None:
    """Return the skill against a naive forecast, on the amounts it could say; None where that is not told."""
    there = np.isfinite(rows[:, column])
    naive = np.abs(rows[there, column]).mean() if there.any() else 0.0
    return float(1 - np.abs(rows[there, 1]).mean() / naive) if naive > 0 else None
