"""Gradient-boosted trees and a line: a median made by three pairs that each left out a third, and the spread around it.

Each third is foreseen by the pair that has not seen it: what that missed by says how much trees and line are worth,
and teaches the spread. So the spread is that of a forecast, not that of a fit.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backend.forecasting.rules.features import Matrix
from backend.forecasting.rules.foreseen import MEDIAN, QUANTILES
from backend.forecasting.rules.line import Line, fit
from backend.forecasting.rules.series import Floats, Ints

if TYPE_CHECKING:
    import lightgbm as lgb  # a second of every process's start, and few ever learn: brought in where that is done

SPREAD_NAMES = (
    "hour", "weekday", "day_type", "lead_h", "season_sin", "season_cos", "spread", "restless_week", "restless_month",
    "restless_hour", "level_of_base", "recent_1", "like_1", "unusual_day", "unusual_last", "temperature_c_day",
    "ghi_wm2", "wind_ms", "clear_power", "pv_power",
)  # fmt: skip
"""Columns the spread is learnt from, where there are such; the median itself stands first."""

_BINS = 63  # half the time of LightGBM's 255, the same error


@dataclass(frozen=True)
class Learning:
    """How hard is learnt.

    rounds, rate, leaves, least_rows: trees of a median, their learning rate, leaves and rows a leaf needs
    spread_rounds: trees of each quantile of the spread
    most_rows: rows used at most; more are thinned out evenly
    leads: which engines are learnt; a model without one cannot foresee its lead times
    also_without_weather: also learn what to say when weather is missing
    threads: of the processor
    seed: of every draw; the same input and seed give the same model
    """

    rounds: int = 140
    rate: float = 0.09
    leaves: int = 31
    least_rows: int = 40
    spread_rounds: int = 40
    most_rows: int = 60_000
    leads: tuple[str, ...] = ("near", "day", "week")
    also_without_weather: bool = True
    threads: int = 1
    seed: int = 0

    @property
    def _shared(self) -> dict[str, Any]:
        return {
            "num_threads": self.threads, "seed": self.seed, "deterministic": True, "force_row_wise": True,
            "verbose": -1, "max_bin": _BINS,
        }  # fmt: skip

    @property
    def binning(self) -> dict[str, Any]:
        """Settings by which columns are binned: the same for all trees that share them."""
        return {"verbose": -1, "num_threads": self.threads, "max_bin": _BINS, "force_row_wise": True}

    def median(self, fold: int) -> dict[str, Any]:
        """Settings of one of the medians: least absolute error, as forecasts are judged.

        All but one draw where they split (P. Geurts et al., Extremely randomized trees, 2006): they err less alike.
        """
        return self._shared | {
            "objective": "regression_l1", "learning_rate": self.rate, "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_rows, "feature_fraction": 0.6, "bagging_fraction": 0.7, "bagging_freq": 1,
            "extra_trees": fold != _PLAIN,
        }  # fmt: skip

    def spread(self, level: float) -> dict[str, Any]:
        """Settings of one quantile of what the median misses by."""
        return self._shared | {
            "objective": "quantile", "alpha": level, "learning_rate": 0.1, "num_leaves": 15,
            "min_data_in_leaf": 2 * self.least_rows,
        }  # fmt: skip


FOLDS = 3
_PLAIN = 1
_CLIP = 8.0
_SHARES = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, eq=False)
class Engine:
    """Trees and lines: `medians` and `lines` to be averaged, `spreads` for each quantile but the median.

    names: columns of the median; the spread's are those of SPREAD_NAMES among them
    share: of the trees in the median, the rest is the lines'
    """

    names: tuple[str, ...]
    medians: tuple[lgb.Booster, ...]
    lines: tuple[Line, ...]
    share: float
    spreads: tuple[lgb.Booster, ...]

    def predict(self, columns: Matrix) -> Floats:
        """Return quantiles in units of the scale, relative to the base, shape (rows, quantiles)."""
        median = _mixed(
            self.share,
            lambda: np.mean([tree.predict(columns, num_threads=1) for tree in self.medians], axis=0),
            lambda: np.mean([line.predict(columns) for line in self.lines], axis=0),
        )
        seen = spread_columns(self.names, columns, median)
        found = np.repeat(median[:, None], len(QUANTILES), axis=1)
        for n, tree in zip(_OUTER, self.spreads, strict=True):
            found[:, n] += tree.predict(seen, num_threads=1)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the engine as plain values: each tree is LightGBM's own text, packed (zlib, base64)."""
        medians, spreads = (list(map(_packed, trees)) for trees in (self.medians, self.spreads))
        lines = [line.as_dict() for line in self.lines]
        return {
            "names": list(self.names),
            "medians": medians,
            "lines": lines,
            "share": self.share,
            "spreads": spreads,
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Engine:
        """Read what `as_dict` said."""
        medians, spreads = (tuple(map(_unpacked, said[name])) for name in ("medians", "spreads"))
        lines = tuple(map(Line.from_dict, said.get("lines", ())))  # trees stood alone before there were lines
        return cls(tuple(said["names"]), medians, lines, said.get("share", 1.0), spreads)


_OUTER = [n for n in range(len(QUANTILES)) if n != MEDIAN]


def learn(names: tuple[str, ...], columns: Matrix, wanted: Floats, block: Ints, how: Learning) -> Engine:
    """Learn a median and its spread.

    columns: shape (rows, names); wanted: shape (rows,), all known
    block: which stretch of time a row lies in; stretches are dealt out to the three models in turn
    """
    import lightgbm as lgb

    wanted = np.clip(wanted, -_CLIP, _CLIP)
    whole = lgb.Dataset(columns, wanted, params=how.binning, free_raw_data=False)
    whole.construct()
    trees, lines = [], []
    by_trees, by_lines = np.empty(len(wanted)), np.empty(len(wanted))
    for fold in range(FOLDS):
        left_out = block % FOLDS == fold
        seen = ~left_out if left_out.any() and not left_out.all() else np.ones(len(wanted), bool)
        part = whole.subset(np.flatnonzero(seen).tolist())
        tree = lgb.train(how.median(fold), part, how.rounds, keep_training_booster=True)
        line = fit(names, columns[seen], wanted[seen])
        if left_out.any():
            by_trees[left_out] = tree.predict(columns[left_out], num_threads=how.threads)
            by_lines[left_out] = line.predict(columns[left_out])
        trees.append(tree)
        lines.append(line)
    share = _share(wanted - by_trees, wanted - by_lines)
    median = share * by_trees + (1 - share) * by_lines
    spreads = _learn_spread(spread_columns(names, columns, median), wanted - median, how)
    for tree in (*trees, *spreads):
        tree.free_dataset()
    return Engine(names, tuple(trees), tuple(lines), share, tuple(spreads))


def _share(missed_by_trees: Floats, missed_by_lines: Floats) -> float:
    """Return the share of the trees at which their mean with the lines misses least."""
    missed = [np.abs(share * missed_by_trees + (1 - share) * missed_by_lines).mean() for share in _SHARES]
    return float(_SHARES[int(np.argmin(missed))])


def _mixed(share: float, trees: Callable[[], Floats], lines: Callable[[], Floats]) -> Floats:
    """Return the mean of trees and lines; what has no share is not asked."""
    if share in (0.0, 1.0):
        return trees() if share else lines()
    return share * trees() + (1 - share) * lines()


def _learn_spread(seen: NDArray[Any], missed: Floats, how: Learning) -> list[lgb.Booster]:
    import lightgbm as lgb

    data = lgb.Dataset(seen, missed, params=how.binning).construct()
    rounds = how.spread_rounds
    return [
        lgb.train(
            how.spread(QUANTILES[n]), data, rounds, keep_training_booster=True
        )  # without a detour by text
        for n in _OUTER
    ]


def spread_columns(names: tuple[str, ...], columns: Matrix, median: Floats) -> Matrix:
    """Return what the spread is learnt from, shape (rows, 1 + those of SPREAD_NAMES there are)."""
    chosen = [names.index(name) for name in SPREAD_NAMES if name in names]
    return np.column_stack([median.astype(np.float32), columns[:, chosen]])


def _packed(tree: lgb.Booster) -> str:
    text = tree.model_to_string(importance_type="split")
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def _unpacked(text: str) -> lgb.Booster:
    import lightgbm as lgb

    return lgb.Booster(model_str=zlib.decompress(base64.b64decode(text)).decode())
