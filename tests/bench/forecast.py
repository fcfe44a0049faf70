"""How fast forecasts are made: 1,000 points trained and foreseen seven days, against LightGBM bare.

`script/bench forecast [together|alone …]`. Seconds are the processor's: on an idle machine they are those of the wall.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import lightgbm as lgb
import numpy as np

from backend.forecasting.rules import Kind, Learning, Past, Weather, train_together
from backend.forecasting.rules.engine import FOLDS, spread_columns
from backend.forecasting.rules.features import NEAR_H, Places, Table, build, targets
from backend.forecasting.rules.foreseen import MEDIAN, QUANTILES
from backend.forecasting.rules.model import DAY_H, lessons, panel_of
from backend.forecasting.rules.series import Floats
from tests.bench.common import say

DAYS, AHEAD_DAYS, STEP_MIN = 90, 7, 60
LEARNING = Learning(also_without_weather=False)


def points_alike(count: int) -> tuple[list[Past], Weather]:
    """Return made-up loads, each with a size, a rhythm and noise of its own, and the weather until a week ahead."""
    draw = np.random.default_rng(5)
    start = datetime(2025, 3, 3, tzinfo=UTC)
    steps, hours = DAYS * 24, np.arange((DAYS + AHEAD_DAYS) * 24)
    warmth = 12 + 8 * np.sin(2 * np.pi * (hours - 9) / 24) + np.cumsum(draw.normal(0, 0.3, len(hours)))
    weather = Weather(start, STEP_MIN, {"temperature_c": warmth}, start + timedelta(days=DAYS))
    at = hours[:steps]
    work = np.where(at // 24 % 7 < 5, 1.0, 0.6)
    size, phase = draw.lognormal(3, 1, (count, 1)), draw.uniform(7, 11, (count, 1))
    shape = 1 + 0.5 * np.sin(2 * np.pi * (at - phase) / 24) + 0.02 * np.maximum(15.5 - warmth[:steps], 0)
    loads = size * work * shape * draw.lognormal(0, 0.1, (count, steps))
    return [Past(start, STEP_MIN, row, "Asia/Shanghai", "CN") for row in loads], weather


def bench_together() -> None:
    """1,000 points share one model."""
    _measure("1000 points, one model", 1000)


def bench_alone() -> None:
    """Each point has its own model."""
    _measure("a point of its own", 1)


def _measure(case: str, count: int) -> None:
    pasts, weather = points_alike(count)
    kind, steps = Kind(), AHEAD_DAYS * 1440 // STEP_MIN
    began = time.process_time()
    model = train_together(pasts, weather, kind, learning=LEARNING)
    trained = time.process_time()
    values = model.together(pasts, weather, start=pasts[0].end, steps=steps)
    took = time.process_time() - began
    assert np.isfinite(values).all() and (np.diff(values, axis=-1) >= 0).all()
    bare = _bare(pasts, weather, steps)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say("forecast", case, took, "s", limit=bare, points_per_s=round(count / took, 2), train_s=round(trained - began, 2),
        peak_mb=round(peak_mb), rows=LEARNING.most_rows, goal=0.8, met=bool(bare / took >= 0.8))  # fmt: skip


def _bare(pasts: list[Past], weather: Weather, steps: int) -> float:
    """Return what LightGBM alone takes to fit and predict what we let it [s]; making the matrices does not count."""
    panel = panel_of(pasts, weather, Kind())
    ahead = panel_of(pasts, weather, Kind(), ahead=steps)
    origin = len(pasts[0].values)
    lead_h = (np.arange(steps) + 1) * STEP_MIN / 60
    asked = {"near": lead_h <= NEAR_H, "day": (lead_h > NEAR_H) & (lead_h <= DAY_H), "week": lead_h > DAY_H}
    spent = 0.0
    for name, places in lessons(panel, LEARNING).items():
        table = build(panel, places)
        wanted, known = targets(panel, table, places)
        at = origin + np.flatnonzero(asked[name])
        said = build(ahead, Places(np.full(len(at), origin), at))
        spent += _bare_engine(table, np.clip(wanted, -8, 8), known, said)
    return spent


def _bare_engine(table: Table, wanted: Floats, known: Any, said: Table) -> float:
    columns, wanted = table.columns[known], wanted[known]
    fold = np.arange(len(wanted)) * 12 // len(wanted) % FOLDS
    narrow = spread_columns(table.names, columns, wanted)
    narrow_said = spread_columns(table.names, said.columns, said.base.ravel())
    began = time.process_time()
    data = lgb.Dataset(columns, wanted, params=LEARNING.binning, free_raw_data=False).construct()
    for n in range(FOLDS):
        part = data.subset(np.flatnonzero(fold != n).tolist())
        lgb.train(LEARNING.median(n), part, LEARNING.rounds).predict(said.columns, num_threads=1)
    data = lgb.Dataset(narrow, wanted, params=LEARNING.binning).construct()
    for n, level in enumerate(QUANTILES):
        if n != MEDIAN:
            lgb.train(LEARNING.spread(level), data, LEARNING.spread_rounds).predict(
                narrow_said, num_threads=1
            )
    return time.process_time() - began


BENCHES = {"together": bench_together, "alone": bench_alone}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or BENCHES:
        BENCHES[chosen]()
