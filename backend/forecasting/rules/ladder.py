"""The ladder of methods: the best the input allows is taken, and it is said why not a better one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from backend.forecasting.rules.days import LocalClock
from backend.forecasting.rules.foreseen import Foreseen, Method, NoForecast, Passed, Why, tidy
from backend.forecasting.rules.kinds import Kind, Source
from backend.forecasting.rules.model import Model
from backend.forecasting.rules.naive import naive
from backend.forecasting.rules.series import Floats, Past, Weather
from backend.forecasting.rules.sun import dark


@dataclass(frozen=True)
class Needs:
    """What a rung asks of the past.

    history_h: how far back it must reach [h]
    stale_h: how long the last known value may lie back [h]
    known_share: of the last `window_h` hours
    """

    history_h: float
    stale_h: float
    window_h: float
    known_share: float


NEEDS = {
    Method.MODEL: Needs(history_h=15 * 24, stale_h=30, window_h=7 * 24, known_share=0.5),
    Method.MODEL_WITHOUT_WEATHER: Needs(history_h=15 * 24, stale_h=30, window_h=7 * 24, known_share=0.5),
    Method.LAST_WEEK: Needs(history_h=8 * 24, stale_h=72, window_h=7 * 24, known_share=0.6),
    Method.PREVIOUS_DAY: Needs(history_h=2 * 24, stale_h=30, window_h=24, known_share=0.6),
    Method.PROFILE: Needs(history_h=3 * 24, stale_h=14 * 24, window_h=56 * 24, known_share=0.1),
}
FLAT_H = 24.0
"""One value for so long is a stuck meter, unless the value is nothing at all (a building may stand empty)."""
_NOTHING = 0.002
"""Modules that never gave more than this share of their best at an hour in four weeks lie in the dark then."""
WEATHER_STALE_H = 36.0
"""Weather foretold longer ago is not used: a model fed with it looks surer than it is."""


def forecast(
    model: Model | Why | None,
    past: Past,
    weather: Weather | None,
    *,
    kind: Kind,
    issued_at: datetime,
    steps: int,
) -> Foreseen:
    """Foresee `steps` steps from the first that starts at or after `issued_at`.

    Of the past only steps that had ended by `issued_at` are read, whatever else `past` holds.
    model: as `train` made it, for the same step length; None, or why there is none, starts at last week
    raises NoForecast when no rung can stand
    """
    known = past.known(issued_at)
    start = _first_start(past, issued_at)
    model = model.within(kind) if isinstance(model, Model) else model
    passed: list[Passed] = []
    for method in Method:
        why = _why_not(method, model, known, weather, start, steps, issued_at)
        if why is not None:
            passed.append(why)
            continue
        values = _made_by(method, model, known, weather, start, steps, issued_at)
        values = _dark(tidy(values, kind), known, kind, start)
        if not np.isfinite(values).all():
            passed.append(Passed(method, Why.GAPS))
            continue
        return Foreseen(start, past.step_min, values, method, tuple(passed))
    raise _refusal(tuple(passed))


def _dark(values: Floats, known: Past, kind: Kind, start: datetime) -> Floats:
    """Return quantiles that are nothing while modules lie in the dark: by the sun, or by habit."""
    if kind.source is not Source.PV:
        return values
    steps = len(values)
    if kind.pv is not None:
        down = dark(LocalClock(start, known.step_min, steps, known.zone, known.country), kind.pv)
    else:
        per_day = 1440 // known.step_min
        seen = np.nan_to_num(known.values[-28 * per_day :])
        slot = np.arange(-len(seen), 0) % per_day
        highest = np.zeros(per_day)
        np.maximum.at(highest, slot, seen)
        gap = int((start - known.end) / timedelta(minutes=known.step_min))
        down = (highest <= _NOTHING * highest.max())[(gap + np.arange(steps)) % per_day]
    return np.where(down[:, None], 0.0, values)


def _first_start(past: Past, issued_at: datetime) -> datetime:
    step = timedelta(minutes=past.step_min)
    return past.start - step * ((past.start - issued_at) // step)


def _why_not(
    method: Method, model: Model | Why | None, known: Past, weather: Weather | None, start: datetime, steps: int,
    issued_at: datetime,
) -> Passed | None:  # fmt: skip
    """Return why a rung cannot be taken, None when it can."""
    if method in (Method.MODEL, Method.MODEL_WITHOUT_WEATHER):
        if not isinstance(model, Model):
            return Passed(method, model or Why.NO_MODEL)
        if model.step_min != known.step_min:
            return Passed(
                method, Why.MODEL_OTHER_STEP, {"step_min": known.step_min, "model_min": model.step_min}
            )
        if not model.has(with_weather=method is Method.MODEL):
            return Passed(method, Why.NO_WEATHER if weather is None else Why.MODEL_WITHOUT)
    if method is Method.MODEL and isinstance(model, Model):
        found = _weather_lacks(model, weather, start, steps, issued_at)
        if found is not None:
            return found
    return _past_lacks(method, known, issued_at)


def _weather_lacks(
    model: Model, weather: Weather | None, start: datetime, steps: int, issued_at: datetime
) -> Passed | None:
    if weather is None:
        return Passed(Method.MODEL, Why.NO_WEATHER)
    age_h = (issued_at - weather.issued_at) / timedelta(hours=1)
    if age_h < 0:
        return Passed(Method.MODEL, Why.WEATHER_LATER, {"hours": -age_h})
    if age_h > WEATHER_STALE_H:
        return Passed(Method.MODEL, Why.WEATHER_STALE, {"hours": age_h, "limit_hours": WEATHER_STALE_H})
    given = weather.on(start, model.step_min, steps)
    share = min(float(np.isfinite(given[name]).mean()) if name in given else 0.0 for name in model.columns)
    if share < 0.9:
        return Passed(Method.MODEL, Why.WEATHER_SHORT, {"share": share, "limit_share": 0.9})
    return None


def _past_lacks(method: Method, known: Past, issued_at: datetime) -> Passed | None:
    needs, per_h = NEEDS[method], 60 / known.step_min
    there = np.isfinite(known.values)
    if not there.any():
        return Passed(method, Why.TOO_SHORT, {"hours": 0.0, "limit_hours": needs.history_h})
    first, last = int(there.argmax()), len(there) - 1 - int(there[::-1].argmax())
    history_h = (len(there) - first) / per_h
    if history_h < needs.history_h:
        return Passed(method, Why.TOO_SHORT, {"hours": history_h, "limit_hours": needs.history_h})
    age_h = (issued_at - known.end) / timedelta(hours=1) + (len(there) - 1 - last) / per_h
    if age_h > needs.stale_h:
        return Passed(method, Why.STALE, {"hours": age_h, "limit_hours": needs.stale_h})
    share = float(there[-int(min(needs.window_h * per_h, len(there))) :].mean())
    if share < needs.known_share:
        return Passed(method, Why.GAPS, {"share": share, "limit_share": needs.known_share})
    flat_h = _flat_h(known.values[there], per_h)
    if flat_h >= FLAT_H and method is not Method.PROFILE:
        return Passed(
            method, Why.FLAT, {"hours": flat_h, "limit_hours": FLAT_H, "value": float(known.values[last])}
        )
    return None


def _flat_h(values: Floats, per_h: float) -> float:
    """Return how long the last known value has stood still [h]; nothing at all does not count."""
    if values[-1] == 0:
        return 0.0
    moved = np.flatnonzero(values != values[-1])
    return float((len(values) - 1 - moved[-1]) if moved.size else len(values)) / per_h


def _made_by(
    method: Method, model: Model | Why | None, known: Past, weather: Weather | None, start: datetime, steps: int,
    issued_at: datetime,
) -> Floats:  # fmt: skip
    if method in (Method.MODEL, Method.MODEL_WITHOUT_WEATHER):
        assert isinstance(model, Model)
        return model.quantiles(known, weather if method is Method.MODEL else None, start=start, steps=steps)
    gap = int((start - known.end) / timedelta(minutes=known.step_min))
    padded = np.concatenate([known.values, np.full(gap + steps, np.nan)])
    clock = LocalClock(known.start, known.step_min, len(padded), known.zone, known.country)
    return naive(method, padded, clock, len(known.values))[gap:]


def _refusal(passed: tuple[Passed, ...]) -> NoForecast:
    last = passed[-1]
    flat = [one for one in passed if one.why is Why.FLAT]
    words = {
        Why.TOO_SHORT: ("the measured past is too short", "wait for three days of readings, or import older ones"),
        Why.STALE: ("the last measured value is too old", "see why the meter is silent"),
        Why.GAPS: ("most of the measured past is missing", "see why readings are missing, or import them"),
    }  # fmt: skip
    message, remedy = words.get(
        last.why, ("the input cannot carry a forecast", "look at the point's readings")
    )
    return NoForecast(message, missing=flat[0].why if flat else last.why, passed=passed, remedy=remedy)
