"""How good methods were on days they had not seen, and when one may replace another."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from backend.forecasting.rules.days import LocalClock
from backend.forecasting.rules.engine import Learning
from backend.forecasting.rules.foreseen import BAND_80, MEDIAN, QUANTILES, Method, tidy
from backend.forecasting.rules.kinds import Kind
from backend.forecasting.rules.model import Model, train
from backend.forecasting.rules.naive import naive
from backend.forecasting.rules.series import Floats, Past, Weather

MARGIN = 0.02
"""A challenger must be better than the champion by this share: less is the luck of the days."""


@dataclass(frozen=True)
class Scores:
    """How far a method missed on held days.

    mae, pinball: mean absolute error of the median, mean pinball loss over QUANTILES; in the values' unit
    coverage_80: share of values inside the 80 % band
    skill: 1 - mae / that of the better of previous day and last week; NaN where those miss by nothing
    values: how many were judged; first, last: held days (UTC), for 'the same held days'
    """

    mae: float
    pinball: float
    coverage_80: float
    skill: float
    values: int
    first: datetime
    last: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the scores as plain values, instants as ISO text."""
        return asdict(self) | {"first": self.first.isoformat(), "last": self.last.isoformat()}


@dataclass(frozen=True)
class Folds:
    """Which days are held: `count` stretches of `days` local days each, trained on what lies before."""

    count: int = 3
    days: int = 7


def pinball(actual: Floats, values: Floats) -> Floats:
    """Return the pinball loss of each value, mean over QUANTILES, shape (steps,)."""
    over = actual[:, None] - values
    levels = np.array(QUANTILES)
    return np.asarray(np.maximum(levels * over, (levels - 1) * over).mean(axis=1))


def backtest(
    past: Past, weather: Weather | None, kind: Kind, folds: Folds = Folds(), *, seed: int = 0,
    learning: Learning = Learning()
) -> dict[Method, Scores]:  # fmt: skip
    """Return how each method did on the held days, day-ahead from each local midnight.

    Weather is taken as given: where it is the observed one, the scores say so of nothing else.
    """
    step = timedelta(minutes=past.step_min)
    clock = LocalClock(past.start, past.step_min, len(past.values), past.zone, past.country)
    midnights = [int(n) for n in np.flatnonzero(np.diff(clock.day) > 0) + 1]
    held = midnights[-(folds.count * folds.days + 1) :]
    models: dict[int, Model] = {}
    found: dict[Method, list[tuple[Floats, Floats]]] = {}
    for n, (origin, end) in enumerate(zip(held, held[1:], strict=False)):
        fold = n // folds.days
        if fold not in models:
            models[fold] = train(
                past.known(past.start + origin * step), weather, kind, seed=seed, learning=learning
            )
        actual = past.values[origin:end]
        for method in Method:
            values = _made(method, models[fold], past, weather, origin, end)
            if values is not None:
                found.setdefault(method, []).append((actual, tidy(values, kind)))
    span = (past.start + held[0] * step, past.start + held[-1] * step)
    return _scored(found, span)


def _made(
    method: Method, model: Model, past: Past, weather: Weather | None, origin: int, end: int
) -> Floats | None:
    step = timedelta(minutes=past.step_min)
    known = past.known(past.start + origin * step)
    if method is Method.MODEL and weather is None:
        return None
    if method in (Method.MODEL, Method.MODEL_WITHOUT_WEATHER):
        used = weather if method is Method.MODEL else None
        return model.quantiles(known, used, start=known.end, steps=end - origin)
    clock = LocalClock(past.start, past.step_min, end, past.zone, past.country)
    return naive(method, np.where(np.arange(end) < origin, past.values[:end], np.nan), clock, origin)


def _scored(
    found: dict[Method, list[tuple[Floats, Floats]]], span: tuple[datetime, datetime]
) -> dict[Method, Scores]:
    joined = {
        method: (np.concatenate([a for a, _ in pairs]), np.concatenate([v for _, v in pairs]))
        for method, pairs in found.items()
    }
    judged = np.all(
        [np.isfinite(actual) & np.isfinite(values).all(axis=1) for actual, values in joined.values()], axis=0
    )
    mae = {m: float(np.mean(np.abs(a - v[:, MEDIAN])[judged])) for m, (a, v) in joined.items()}
    naive_mae = min(mae[Method.LAST_WEEK], mae[Method.PREVIOUS_DAY])
    scores = {}
    for method, (actual, values) in joined.items():
        inside = (values[:, BAND_80[0]] <= actual) & (actual <= values[:, BAND_80[1]])
        scores[method] = Scores(
            mae[method], float(pinball(actual, values)[judged].mean()), float(inside[judged].mean()),
            1 - mae[method] / naive_mae if naive_mae > 0 else float("nan"), int(judged.sum()), *span,
        )  # fmt: skip
    return scores


def replaces(champion: Scores | None, challenger: Scores) -> bool:
    """Return whether the challenger may take the champion's place.

    It must be better by MARGIN in pinball loss without missing more in the median, on the same held days;
    different days raise ValueError, for then nothing was compared.
    """
    if champion is None:
        return True
    if (champion.first, champion.last) != (challenger.first, challenger.last):
        raise ValueError("champion and challenger were judged on different days")
    return challenger.pinball <= (1 - MARGIN) * champion.pinball and challenger.mae <= champion.mae
