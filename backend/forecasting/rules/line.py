"""A straight line through what a model looks at: it goes on where trees, which only repeat what they saw, stand still.

Fitted to the least absolute error by reweighted least squares, drawn towards nothing (ridge). Columns are taken in
units of their own spread; the hour of the day enters as three harmonics, the type of day as a level each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.forecasting.rules.features import Matrix
from backend.forecasting.rules.series import Floats

MOST_ROWS = 20_000
"""More rows say nothing more of some eighty figures; they are thinned out evenly."""
_RIDGE = 0.003
_ROUNDS = 8
_FAR = 6.0
"""What lies further from the middle than so many spreads counts as lying there."""
_DAY_TYPES = 4
_HARMONICS = 3


@dataclass(frozen=True, eq=False)
class Line:
    """Weights of columns, each taken as (column - centre) / spread.

    centre, spread: shape (names,); weights: shape (names + 1 + harmonics + types of day,)
    """

    hour: int
    day_type: int
    centre: Floats
    spread: Floats
    weights: Floats

    def predict(self, columns: Matrix) -> Floats:
        """Return what the line says of each row, shape (rows,)."""
        return np.asarray(self._drawn(columns) @ self.weights)

    def _drawn(self, columns: Matrix) -> Floats:
        own = np.clip(np.nan_to_num((columns - self.centre) / self.spread), -_FAR, _FAR).astype(float)
        turn = 2 * np.pi * columns[:, [self.hour]] / 24 * np.arange(1, _HARMONICS + 1)
        kind = columns[:, [self.day_type]] == np.arange(_DAY_TYPES)
        return np.hstack([own, np.ones((len(columns), 1)), np.sin(turn), np.cos(turn), kind])

    def as_dict(self) -> dict[str, Any]:
        """Return the line as plain values."""
        figures = {name: getattr(self, name).tolist() for name in ("centre", "spread", "weights")}
        return {"hour": self.hour, "day_type": self.day_type} | figures

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Line:
        """Read what `as_dict` said."""
        figures = {name: np.array(said[name], float) for name in ("centre", "spread", "weights")}
        return cls(said["hour"], said["day_type"], **figures)


def fit(names: tuple[str, ...], columns: Matrix, wanted: Floats) -> Line:
    """Fit a line. columns: (rows, names), NaN where unknown, 'hour' and 'day_type' among them; wanted: (rows,)."""
    every = -(-len(wanted) // MOST_ROWS)
    columns, wanted = columns[::every], wanted[::every]
    known = np.isfinite(columns)
    counts = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, columns, 0.0).sum(axis=0) / counts
    spread = np.sqrt(np.where(known, (columns - centre) ** 2, 0.0).sum(axis=0) / counts) + 1e-6
    line = Line(names.index("hour"), names.index("day_type"), centre, spread, np.zeros(0))
    return Line(line.hour, line.day_type, centre, spread, _weights(line._drawn(columns), wanted))


def _weights(drawn: Floats, wanted: Floats) -> Floats:
    """Return the weights of least absolute error: each round a row counts the less the further it was missed."""
    ridge = _RIDGE * len(wanted) * np.eye(drawn.shape[1])
    near = 0.02 * np.abs(wanted).mean() + 1e-3
    counts = np.ones(len(wanted))
    found: Floats = np.zeros(drawn.shape[1])
    for _ in range(_ROUNDS):
        counted = drawn * counts[:, None]
        found = np.asarray(np.linalg.solve(counted.T @ drawn + ridge, counted.T @ wanted), float)
        counts = 1 / np.maximum(np.abs(wanted - drawn @ found), near)
        counts /= counts.mean()
    return found
