"""How well forecasts foresee: real series, rolling origins, against naive methods, statsforecast and plain LightGBM.

`script/bench foresight [SERIES …]` judges the series named (all without a name), keeps what was found under
`var/bench-foresight`, prints a JSON line a series and horizon and writes the table of backend/forecasting/README.md
from all that is kept. Test periods are those of the yardsticks beside the data.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from backend.forecasting.rules.backtest import pinball
from backend.forecasting.rules.calibration import Stretch
from backend.forecasting.rules.engine import Learning
from backend.forecasting.rules.features import Panel, Places
from backend.forecasting.rules.foreseen import BAND_80, MEDIAN, QUANTILES, NoForecast, tidy
from backend.forecasting.rules.model import HINDSIGHT_DAYS, Made, corrected, night, panel_of, train
from backend.forecasting.rules.series import Floats, Ints, Past
from tests.bench.common import say
from tests.bench.foresight_series import SERIES, Series, every_second, load
from tests.bench.foresight_table import write_table

FOLDER = Path(os.environ.get("ENERFIELD_HOME", "var"))
FOUND, PEERS = FOLDER / "bench-foresight", FOLDER / "bench-foresight-peers"
STATSFORECAST = "statsforecast==2.0.2"
SAMPLE = 6
"""Of many series of one kind every sixth is also given to the slower rivals."""
ORIGINS, ORIGINS_ALONE = 4, 24
"""statsforecast fits anew at every origin: so many a member, or of a single series, spread over the test period."""
HISTORY_DAYS = 35
THREADS = 1
LEARNING = Learning(most_rows=40_000, leads=("near", "day"), also_without_weather=False, threads=THREADS)
HORIZONS = {"day-ahead": "day-ahead", "1h": "1 h ahead"}


def main(names: list[str]) -> None:
    """Judge the series named, then write the table; 'day-ahead' or '1h' does only that horizon anew.

    'thin' takes every second member of series with several; 'table' judges nothing and writes what is kept.
    """
    FOUND.mkdir(parents=True, exist_ok=True)
    horizons = [HORIZONS[name] for name in names if name in HORIZONS] or list(HORIZONS.values())
    for name in [name for name in names if name in SERIES] or ([] if "table" in names else list(SERIES)):
        began = time.process_time()
        series = load(name)
        found = judge(every_second(series) if "thin" in names else series, horizons)
        if (FOUND / f"{name}.json").exists():
            found = json.loads((FOUND / f"{name}.json").read_text()) | found
        found["cpu_s"] = round(time.process_time() - began, 1)
        (FOUND / f"{name}.json").write_text(json.dumps(found))
        _say(name, found)
    write_table({name: json.loads((FOUND / f"{name}.json").read_text())
                 for name in SERIES if (FOUND / f"{name}.json").exists()})  # fmt: skip


def judge(series: Series, horizons: list[str]) -> dict[str, Any]:
    """Return scores of each method on each member, by horizon."""
    panel = panel_of(series.pasts, series.weather, series.kind)
    first, last = series.test
    at = np.arange(first, last)
    places = {
        "day-ahead": Places(_midnights(panel, at), at),
        "1 h ahead": Places(_hour_before(panel, at), at),
    }
    places = {horizon: places[horizon] for horizon in horizons}
    ours = dict(zip(places, _ours(series, panel, places), strict=True))
    found: dict[str, Any] = {
        "carrier": series.carrier,
        "weather": series.weather_said,
        "members": list(series.members),
    }
    naive = _naive(panel, at)
    for horizon, pairs in places.items():
        made = {"ours": ours[horizon]} | naive
        made |= _plain(series, panel, pairs, at, horizon)
        if horizon == "day-ahead":
            made |= _statsforecast(series, panel, pairs)
        found[horizon] = _scored(panel.values[:, at], made, panel, at)
    return found


def _midnights(panel: Panel, at: Ints) -> Ints:
    starts = np.flatnonzero(np.diff(panel.day, prepend=-1) > 0)
    return starts[np.searchsorted(starts, at, side="right") - 1]


def _hour_before(panel: Panel, at: Ints) -> Ints:
    """Return origins an hour before the end of each target."""
    return at - (60 // panel.clock.step_min - 1)


def _ours(series: Series, panel: Panel, horizons: dict[str, Places]) -> list[Floats]:
    """Return our quantiles, each member by a model of its own, trained anew every so often in the period."""
    leads = ("near", "day") if "day-ahead" in horizons else ("near",)
    found = [
        np.full((len(series.pasts), len(pairs.at), len(QUANTILES)), np.nan) for pairs in horizons.values()
    ]
    for n, past in enumerate(series.pasts):
        alone = panel_of([past], series.weather, series.kind)
        for kept, made in zip(found, _member(series, past, alone, horizons, leads), strict=True):
            kept[n] = made
    return found


def _member(series: Series, past: Past, panel: Panel, horizons: dict[str, Places], leads: tuple[str, ...]
            ) -> list[Floats]:  # fmt: skip
    """Return quantiles of one member, corrected by the misses of the four weeks before."""
    first, last = series.test
    edges = [*range(first, last, series.refit_days * panel.per_day), last]
    raw = [np.full((1, last - first, len(QUANTILES)), np.nan) for _ in horizons]
    for start, end in zip(edges, edges[1:], strict=False):
        until = past.start + timedelta(minutes=panel.clock.step_min) * start
        try:
            model = train(
                past.known(until), series.weather, series.kind, learning=replace(LEARNING, leads=leads)
            )
        except NoForecast:
            continue
        mine = slice(start - first, end - first)
        for kept, places in zip(raw, horizons.values(), strict=True):
            pairs = Places(places.origin[mine], places.at[mine])
            kept[:, mine] = night(tidy(model.raw(panel, pairs), series.kind), panel, series.kind, pairs.at)
    return [_corrected(series, panel, places, made)[0]
            for places, made in zip(horizons.values(), raw, strict=True)]  # fmt: skip


def _corrected(series: Series, panel: Panel, places: Places, raw: Floats) -> Floats:
    """Correct each day by the days before it (a forecast of the product does so at every origin)."""
    day, made = panel.day[places.at], np.empty_like(raw)
    for today in np.unique(day):
        now, was = day == today, (day < today) & (day >= today - HINDSIGHT_DAYS)
        was &= np.isfinite(raw[0, :, MEDIAN])
        made[:, now] = Stretch().apply(raw[:, now])
        if was.any():
            then, here = (
                Made(Places(places.origin[mine], places.at[mine]), raw[:, mine]) for mine in (was, now)
            )
            made[:, now] = corrected(panel, then, here, (today - day[was]).astype(float))
    return night(tidy(made, series.kind), panel, series.kind, places.at)


def _naive(panel: Panel, at: Ints) -> dict[str, Floats]:
    """Return the naive methods, with the spread of what they missed in the four weeks before, by hour."""
    made = {}
    for name, days in (("previous day", 1), ("previous week", 7)):
        back = days * panel.per_day
        point = panel.values[:, at - back]
        missed = np.stack([
            panel.values[:, at - n * panel.per_day] - panel.values[:, np.clip(at - n * panel.per_day - back, 0, None)]
            for n in range(1, 29)
        ])  # fmt: skip
        known = np.where(np.isfinite(missed), missed, np.nanmedian(missed))
        errors = np.moveaxis(np.quantile(known, QUANTILES, axis=0), 0, -1)
        errors -= errors[..., [MEDIAN]]
        made[name] = np.sort(np.maximum(point[..., None] + errors, 0), axis=-1)
    return made


def _plain(series: Series, panel: Panel, places: Places, at: Ints, horizon: str) -> dict[str, Floats]:
    """Return plain LightGBM as the yardsticks have it: 500 trees, lags, calendar, weather as given.

    Its quantiles: LightGBM's own, 100 trees each, on the sample. Trained once, on all before the test period.
    """
    first = series.test[0]
    step = panel.per_day if horizon == "day-ahead" else 60 // panel.clock.step_min
    begin = 14 * panel.per_day
    learnt, asked = np.arange(begin, first), at
    point = np.full((len(panel.values), len(at), 1), np.nan)
    spread = np.full((len(panel.values), len(at), len(QUANTILES)), np.nan)
    settings = {"verbose": -1, "num_threads": THREADS, "seed": 0}
    chosen = range(len(panel.values)) if horizon == "day-ahead" else range(0, len(panel.values), SAMPLE)
    for n in chosen:
        wanted = panel.values[n, learnt]
        ok = np.isfinite(wanted)
        if ok.sum() < 500:
            continue
        columns, ours = _plain_columns(panel, n, learnt[ok], step), _plain_columns(panel, n, asked, step)
        data = lgb.Dataset(columns, wanted[ok], params=settings, free_raw_data=False)
        point[n, :, 0] = lgb.train(settings, data, 500).predict(ours, num_threads=THREADS)
        if n % SAMPLE == 0:
            for q, level in enumerate(QUANTILES):
                trees = lgb.train(settings | {"objective": "quantile", "alpha": level}, data, 100)
                spread[n, :, q] = trees.predict(ours, num_threads=THREADS)
    return {"plain LightGBM": np.sort(spread, axis=-1), "plain LightGBM point": point}


def _plain_columns(panel: Panel, n: int, at: Ints, step: int) -> Floats:
    values, per_day = panel.values[n], panel.per_day
    lags = [step, step + 1, step + 2, per_day, 2 * per_day, 3 * per_day, 7 * per_day, 14 * per_day]
    found = [values[np.clip(at - max(lag, step), 0, None)] for lag in lags]
    clock = panel.clock
    found += [clock.minute_of_day[at] / 60, clock.weekday[at], clock.day[at] % 365.2425]
    found += [column[at] for column in (panel.weather or {}).values()]
    return np.column_stack(found)


def _statsforecast(series: Series, panel: Panel, places: Places) -> dict[str, Floats]:
    """Return AutoETS and MSTL of some origins, NaN at all others: fitted on the five weeks before."""
    origins = np.unique(places.origin)
    count = ORIGINS if len(panel.values) > 1 else ORIGINS_ALONE
    chosen = origins[np.linspace(0, len(origins) - 1, count).round().astype(int)]
    jobs, where = [], []
    for n in range(0, len(panel.values), SAMPLE if len(panel.values) > 1 else 1):
        for origin in chosen:
            history = panel.values[n, origin - HISTORY_DAYS * panel.per_day : origin]
            mine = np.flatnonzero(places.origin == origin)
            if np.isfinite(history).mean() > 0.8 and history.size:
                jobs.append({"history": _filled(history).tolist(), "ahead": len(mine)})
                where.append((n, mine))
    said = _peer({"per_day": panel.per_day, "levels": QUANTILES, "jobs": jobs})
    shape = (len(panel.values), len(places.at), len(QUANTILES))
    made = {name: np.full(shape, np.nan) for name in said}
    for name, answers in said.items():
        for (n, mine), values in zip(where, answers, strict=True):
            made[name][n, mine] = np.maximum(np.sort(np.array(values), axis=-1), 0)
    return made


def _filled(history: Floats) -> Floats:
    known = np.isfinite(history)
    return np.interp(np.arange(len(history)), np.flatnonzero(known), history[known])


def _peer(asked: dict[str, Any]) -> dict[str, Any]:
    python = PEERS / "bin/python"
    if not (PEERS / "ready").exists():
        venv.create(PEERS, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", STATSFORECAST], check=True)
        (PEERS / "ready").touch()
    script = Path(__file__).with_name("peers") / "foresight.py"
    ran = subprocess.run(
        [python, script], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return dict(json.loads(ran.stdout.strip().splitlines()[-1]))


def _scored(actual: Floats, made: dict[str, Floats], panel: Panel, at: Ints) -> dict[str, Any]:
    """Return for each method MAE, pinball and coverage by member; beside it ours on the same steps.

    Steps are judged where the value and both naive ones are known.
    """
    judged = np.isfinite(actual)
    for days in (1, 7):
        judged &= np.isfinite(panel.values[:, at - days * panel.per_day])
    found: dict[str, Any] = {}
    for name, values in made.items():
        rows = [_score(actual[n], values[n], made["ours"][n], judged[n]) for n in range(len(actual))]
        found[name] = {key: [row[key] for row in rows] for key in rows[0]}
    return found


def _score(actual: Floats, values: Floats, ours: Floats, judged: Floats) -> dict[str, float | None]:
    ok = judged.astype(bool) & np.isfinite(values).all(axis=-1)
    keys = ("mae", "pinball", "coverage", "ours_mae", "ours_pinball", "steps", "mean")
    if not ok.any():
        return dict.fromkeys(keys)
    came = actual[ok]
    middle = values[ok][:, 0 if values.shape[1] == 1 else MEDIAN]
    row = {"mae": np.abs(came - middle).mean(), "pinball": None, "coverage": None,
           "ours_mae": np.abs(came - ours[ok][:, MEDIAN]).mean(), "ours_pinball": pinball(came, ours[ok]).mean(),
           "steps": int(ok.sum()), "mean": came.mean()}  # fmt: skip
    if values.shape[1] > 1:
        inside = (values[ok][:, BAND_80[0]] <= came) & (came <= values[ok][:, BAND_80[1]])
        row |= {"pinball": pinball(came, values[ok]).mean(), "coverage": inside.mean()}
    return {key: None if value is None else float(value) for key, value in row.items()}


def _say(name: str, found: dict[str, Any]) -> None:
    for horizon in HORIZONS.values():
        for case, mae, naive, scores in _lines(found[horizon], found["members"]):
            skill = 1 - mae / naive
            say("foresight", f"{name} {case} {horizon}".replace("  ", " "), 100 * skill, "% skill", goal=25.0,
                met=bool(skill >= 0.25), mae=round(mae, 4), **scores)  # fmt: skip


def _lines(found: dict[str, Any], members: list[str]) -> Iterator[tuple[str, float, float, dict[str, Any]]]:
    ours, plain = found["ours"], found["plain LightGBM point"]
    for n, member in enumerate(members):
        if ours["mae"][n] is None:
            continue
        naive = min(found["previous day"]["mae"][n], found["previous week"]["mae"][n])
        yield member, ours["mae"][n], naive, {
            "naive_mae": round(naive, 4), "plain_mae": plain["mae"][n] and round(plain["mae"][n], 4),
            "pinball": round(ours["pinball"][n], 4), "coverage": round(ours["coverage"][n], 3)}  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
