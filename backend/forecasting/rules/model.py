"""Models that learn: one for the hours just ahead, one for the days, each with and without weather."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from backend.forecasting.rules.calibration import Stretch, lean, stretch
from backend.forecasting.rules.days import LocalClock
from backend.forecasting.rules.engine import Engine, Learning, learn
from backend.forecasting.rules.features import NEAR_H, Panel, Places, build, targets
from backend.forecasting.rules.foreseen import MEDIAN, QUANTILES, NoForecast, Why, tidy
from backend.forecasting.rules.kinds import Kind, Source
from backend.forecasting.rules.series import Floats, Ints, Past, Weather
from backend.forecasting.rules.sun import dark, sun_columns

DAY_H, FAR_DAYS = 25, 7
"""Up to three hours ahead one engine foresees, up to a day (which may have 25 hours) another, to seven days a third."""
LEAST_DAYS = 21
"""So many days must be known for a model to be trained."""
_LEAST_ROWS = 100
_BLOCK_DAYS = 14
HINDSIGHT_DAYS = 28
_FORMAT, _OF_TREES = 3, 2
"""Raised whenever what a model looks at or how it is corrected changes.

Models of format 2, of trees only, are read and corrected as they were, so that what they said can be said again.
"""
OPENINGS = tuple(f'{{"format": {known},' for known in (_OF_TREES, _FORMAT))
"""So begins the text of every model that can be read; all of one length."""
_HINDSIGHT_DAYS_OF_TREES = 14


class OldModel(ValueError):
    """A model was written in another format: it cannot be read, and is trained anew."""


@dataclass(frozen=True, eq=False)
class Model:
    """What was learnt from the past of one point, or of several alike; it serves any of them.

    kind: what it foresees; columns: the weather it knows
    engines: by lead time: 'near', 'day', 'week', and with weather 'near+weather', …
    trained_until: end of the past it has seen (UTC)
    format: how it is written
    """

    step_min: int
    kind: Kind
    columns: tuple[str, ...]
    engines: Mapping[str, Engine]
    trained_until: datetime
    format: int = _FORMAT

    def has(self, *, with_weather: bool) -> bool:
        """Return whether the model has learnt to foresee with weather, or without."""
        return any(("+weather" in name) == with_weather for name in self.engines)

    def within(self, kind: Kind) -> Model:
        """Return the model under the limits of `kind`: they may have been changed since it learnt."""
        return replace(self, kind=replace(self.kind, floor=kind.floor, ceiling=kind.ceiling))

    def quantiles(self, past: Past, weather: Weather | None, *, start: datetime, steps: int) -> Floats:
        """Return quantiles of `steps` steps from `start`, shape (steps, quantiles), ordered and within limits.

        past: known values only; since the model was trained they also tell how wide its bands must be
        weather: None foresees without it
        """
        return np.asarray(self.together([past], weather, start=start, steps=steps)[0])

    def together(
        self, pasts: Sequence[Past], weather: Weather | None, *, start: datetime, steps: int
    ) -> Floats:
        """Return quantiles of points on the same steps, as `quantiles` does, shape (points, steps, quantiles)."""
        origin = max(len(past.values) for past in pasts)
        end = pasts[0].start + timedelta(minutes=self.step_min) * origin
        gap = int((start - end) / timedelta(minutes=self.step_min))
        panel = panel_of(pasts, self._known(weather), self.kind, ahead=gap + steps)
        at = np.arange(origin + gap, origin + gap + steps)
        places = Places(np.full(steps, origin), at)
        raw = self._corrected(panel, places, self.raw(panel, places))
        return night(tidy(raw, self.kind), panel, self.kind, at)

    def _known(self, weather: Weather | None) -> Weather | None:
        """Return of the weather the columns the model has learnt from, None where one of them is missing."""
        if weather is None or not self.columns or not set(self.columns) <= set(weather.columns):
            return None
        return replace(weather, columns={name: weather.columns[name] for name in self.columns})

    def raw(self, panel: Panel, places: Places) -> Floats:
        """Return quantiles as the trees give them, shape (points, pairs, quantiles)."""
        found = np.empty((len(panel.values), len(places.at), len(QUANTILES)))
        suffix = "+weather" if panel.weather is not None and self.columns else ""
        near, far = panel.is_near(places), panel.lead_h(places) > DAY_H
        for name, mine in (("near", near), ("day", ~near & ~far), ("week", far)):
            if mine.any():
                table = build(panel, Places(places.origin[mine], places.at[mine]))
                said = self.engines[name + suffix].predict(table.columns)
                said = said.reshape(len(panel.values), -1, len(QUANTILES))
                found[:, mine] = table.base[..., None] + table.scale[..., None] * said
        return np.asarray(np.sort(found, axis=-1))

    def _corrected(self, panel: Panel, places: Places, raw: Floats) -> Floats:
        """Correct quantiles by what forecasts of the last weeks, made since training, would have missed."""
        origin, per_day = int(places.origin[0]), panel.per_day
        ahead = min(len(places.at), per_day)
        days = _HINDSIGHT_DAYS_OF_TREES if self.format == _OF_TREES else HINDSIGHT_DAYS
        seen = int((self.trained_until - panel.clock.start) / timedelta(minutes=self.step_min))
        origins = origin - ahead * np.arange(1, days * per_day // ahead + 1)
        origins = origins[(origins >= seen) & (origins > 0)]
        if not origins.size:
            return Stretch().apply(raw)
        then = Places(np.repeat(origins, ahead), (origins[:, None] + np.arange(ahead)).ravel())
        was = night(tidy(self.raw(panel, then), self.kind), panel, self.kind, then.at)
        age_days, leans = (origin - then.origin) / per_day, self.format != _OF_TREES
        return corrected(panel, Made(then, was), Made(places, raw), age_days, leans=leans)

    def to_text(self) -> str:
        """Return the model as JSON; its trees are LightGBM's own text, packed."""
        kind = {"source": self.kind.source, "carrier": self.kind.carrier, "floor": self.kind.floor,
                "ceiling": self.kind.ceiling, "pv": None if self.kind.pv is None else vars(self.kind.pv)}  # fmt: skip
        return json.dumps(
            {
                "format": self.format, "step_min": self.step_min, "kind": kind, "columns": list(self.columns),
                "trained_until": self.trained_until.isoformat(),
                "engines": {name: engine.as_dict() for name, engine in self.engines.items()},
            }
        )  # fmt: skip

    @classmethod
    def from_text(cls, text: str) -> Model:
        """Read what `to_text` wrote; another format raises OldModel."""
        said = json.loads(text)
        if said.get("format") not in (_OF_TREES, _FORMAT):
            raise OldModel(f"a model of format {said.get('format')} cannot be read: train it anew")
        return cls(
            said["step_min"], Kind.from_dict(said["kind"]), tuple(said["columns"]),
            {name: Engine.from_dict(engine) for name, engine in said["engines"].items()},
            datetime.fromisoformat(said["trained_until"]), said["format"],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Made:
    """Quantiles made at places, shape (points, pairs, quantiles)."""

    places: Places
    values: Floats


def corrected(panel: Panel, was: Made, now: Made, age_days: Floats, *, leans: bool = True) -> Floats:
    """Return quantiles of `now` as earlier ones teach, of which it is known by now what came.

    age_days: how long ago each of them was made, shape (pairs,); leans: whether medians may move, too
    """
    came, then, today = (
        panel.values[:, was.places.at],
        panel.day_before(was.places),
        panel.day_before(now.places),
    )
    far, found = ~panel.is_near(was.places), []
    for n in range(len(came)):
        share = lean(was.values[n, far, MEDIAN], came[n, far], then[n, far]) if leans else 0.0
        leant = _leant(panel, was.places, was.values[n], then[n], share)
        drawn = stretch(leant, came[n], age_days)
        found.append(drawn.apply(_leant(panel, now.places, now.values[n], today[n], share)))
    return np.stack(found)


def _leant(panel: Panel, places: Places, values: Floats, before: Floats, share: float) -> Floats:
    """Move quantiles towards the day before, the less the further ahead; the hours just ahead know better."""
    days = np.ceil(panel.lead_h(places) / DAY_H)
    moved = np.where(panel.is_near(places), 0.0, share**days) * np.nan_to_num(before - values[:, MEDIAN])
    return values + (moved[:, None] if share else 0.0)


def night(values: Floats, panel: Panel, kind: Kind, at: Ints) -> Floats:
    """Return quantiles of places `at`, nothing where the modules' sun is down; shape (..., places, quantiles)."""
    if kind.source is Source.PV and kind.pv is not None:
        values = np.where(dark(panel.clock, kind.pv)[at, None], 0.0, values)
    return values


def panel_of(pasts: Sequence[Past], weather: Weather | None, kind: Kind, *, ahead: int = 0) -> Panel:
    """Return pasts on the same steps as one panel that reaches `ahead` steps beyond them."""
    first = pasts[0]
    values = np.full((len(pasts), len(first.values) + ahead), np.nan)
    for row, past in zip(values, pasts, strict=True):
        row[: len(past.values)] = past.values
    clock = LocalClock(first.start, first.step_min, values.shape[1], first.zone, first.country)
    columns = None if weather is None else weather.on(first.start, first.step_min, values.shape[1])
    sun = None
    if kind.source is Source.PV and kind.pv is not None:
        sun = sun_columns(clock, kind.pv, columns)
    return Panel(clock, values, columns, sun)


def train(
    past: Past, weather: Weather | None, kind: Kind, *, seed: int = 0, learning: Learning = Learning()
) -> Model:  # fmt: skip
    """Learn from a point's past. The same input and seed give the same model.

    weather: as measured or as foretold then; it must cover the past
    raises NoForecast when less than LEAST_DAYS are known
    """
    return train_together([past], weather, kind, seed=seed, learning=learning)


def train_together(
    pasts: Sequence[Past], weather: Weather | None, kind: Kind, *, seed: int = 0, learning: Learning = Learning()
) -> Model:  # fmt: skip
    """Learn one model from points alike, on the same steps and under one weather: each lends the others its days."""
    learning = replace(learning, seed=seed)
    panel = panel_of(pasts, weather, kind)
    known_days = np.isfinite(panel.values).sum(axis=1).max() / panel.per_day
    if known_days < LEAST_DAYS:
        raise NoForecast(
            f"{known_days:.0f} days are known, a model needs {LEAST_DAYS}",
            missing=Why.TOO_SHORT, passed=(), remedy="wait for readings, or import older ones",
        )  # fmt: skip
    columns = () if panel.weather is None else tuple(panel.weather)
    engines = {}
    for suffix, seen in (("+weather", panel), ("", replace(panel, weather=None, sun=_without(panel.sun)))):
        if (suffix and not columns) or (not suffix and columns and not learning.also_without_weather):
            continue
        for name, places in lessons(seen, learning).items():
            engines[name + suffix] = _taught(seen, places, learning)
    first = pasts[0]
    return Model(first.step_min, kind, columns, engines, max(past.end for past in pasts))


def _without(sun: Mapping[str, Floats] | None) -> dict[str, Floats] | None:
    return None if sun is None else {name: column for name, column in sun.items() if name != "pv_power"}


def _taught(panel: Panel, places: Places, learning: Learning) -> Engine:
    table = build(panel, places)
    wanted, known = targets(panel, table, places)
    if known.sum() < _LEAST_ROWS:
        raise NoForecast(
            f"{known.sum()} steps can be learnt from, a model needs {_LEAST_ROWS}",
            missing=Why.GAPS, passed=(), remedy="see why readings are missing, or import them",
        )  # fmt: skip
    block = np.tile(panel.day[places.at] // _BLOCK_DAYS, len(panel.values))
    return learn(table.names, table.columns[known], wanted[known], block[known], learning)


def lessons(panel: Panel, learning: Learning) -> dict[str, Places]:
    """Return the places to learn from: every step from its midnight and from other origins, thinned out."""
    draw = np.random.default_rng(learning.seed)
    per_day, steps = panel.per_day, panel.values.shape[1]
    days = steps // per_day
    first = min(28, max(7, days // 3)) * per_day
    at = np.arange(first, steps)
    most = max(50, learning.most_rows // len(panel.values))
    midnight = np.flatnonzero(np.diff(panel.day, prepend=-1) > 0)
    today = midnight[np.searchsorted(midnight, at, side="right") - 1]
    per_h = 60 / panel.clock.step_min
    near, day, far = max(1, int(NEAR_H * per_h)), int(DAY_H * per_h), FAR_DAYS * per_day
    some = np.sort(draw.choice(at, len(at) // 2, replace=False))
    lessons = {
        "near": Places(at - draw.integers(0, near, len(at)), at),
        "day": Places(np.r_[today, some - draw.integers(0, day, len(some))], np.r_[at, some]),
        "week": Places(np.maximum(some - draw.integers(day, far, len(some)), per_day), some),
    }
    return {name: _thinned(lessons[name], most, draw) for name in learning.leads}


def _thinned(places: Places, most: int, draw: np.random.Generator) -> Places:
    if len(places.at) <= most:
        return places
    kept = np.sort(draw.choice(len(places.at), most, replace=False))
    return Places(places.origin[kept], places.at[kept])
