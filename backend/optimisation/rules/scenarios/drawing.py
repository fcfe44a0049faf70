"""Courses a day may take, drawn from the quantiles of forecasts: each step as they say, and steps that hang together.

A course is a path of correlated normal numbers, turned into the forecasts' own numbers by their quantiles (Gaussian
copula; P. Pinson et al., Wind Energy 12, 2009, 51-62). Many are drawn; few are kept, so that what is left lies as
near to all as it can (fast forward selection; H. Heitsch, W. Römisch, Computational Optimization and Applications 24,
2003, 187-206).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Floats, Horizon, Ints
from backend.optimisation.rules.margins import checked


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is foreseen of one series.

    levels: ascending, such as 0.05 … 0.95; values: quantiles, shape (levels, steps)
    least, most: what it can never be below and above
    """

    levels: tuple[float, ...]
    values: Floats
    least: float = 0.0
    most: float = float("inf")

    def at(self, chances: Floats) -> Floats:
        """Return the values below which the series stays with these probabilities, each of a step [paths, steps].

        Straight lines between the levels; the outermost ones go on as straight to 0 and 1.
        """
        values, levels = checked(self.levels, self.values), np.asarray(self.levels)
        upper = np.clip(np.searchsorted(levels, chances), 1, levels.size - 1)
        weight = (chances - levels[upper - 1]) / (levels[upper] - levels[upper - 1])
        step = np.arange(values.shape[1])
        drawn = (1 - weight) * values[upper - 1, step] + weight * values[upper, step]
        return np.asarray(np.clip(drawn, self.least, self.most))


@dataclass(frozen=True, eq=False)
class Dependence:
    """How forecast errors hang together.

    memory_h: after so long the correlation of a series with itself has fallen to 1/e [h]
    between: correlation of the series with one another, shape (series, series); none where not given
    """

    memory_h: float = 4.0
    between: Floats | None = None


def memory(scores: Floats, hours: float) -> float:
    """Return `memory_h` from past errors: from the correlation of each with the next.

    scores: standard normal numbers of where past values fell in their forecasts' quantiles, in order, NaN where not
        known; hours: from one to the next [h]
    returns: at least a tenth of a step
    """
    before, after = scores[:-1], scores[1:]
    known = ~(np.isnan(before) | np.isnan(after))
    if known.sum() < 3:
        raise Refused(
            "too few errors are known to say how long they last",
            field="scores",
            value=int(known.sum()),
            remedy="give at least four in a row, or a memory",
        )
    kept = float(np.corrcoef(before[known], after[known])[0, 1])
    return hours / -np.log(min(max(kept, 4.6e-5), 0.9999))


def paths(
    forecasts: Sequence[Forecast], horizon: Horizon, count: int, *, dependence: Dependence, seed: int
) -> Floats:
    """Return courses of all series, in pairs that mirror each other [count, series, steps].

    seed: the same draws the same, so that a plan can be made again
    """
    between = np.eye(len(forecasts)) if dependence.between is None else np.asarray(dependence.between, float)
    _check(forecasts, horizon, between)
    mid = (horizon.starts_h + horizon.ends_h) / 2
    over_time = np.exp(-np.abs(mid[:, None] - mid[None, :]) / dependence.memory_h)
    over_time = np.linalg.cholesky(over_time + 1e-9 * np.eye(mid.size))
    half = (count + 1) // 2
    free = np.random.default_rng(seed).standard_normal((half, len(forecasts), mid.size))
    tied = np.einsum("ij,njs->nis", _root(between), free) @ over_time.T
    chances = _normal(np.concatenate((tied, -tied))[:count])
    return np.stack([one.at(chances[:, nth]) for nth, one in enumerate(forecasts)], axis=1)


def _check(forecasts: Sequence[Forecast], horizon: Horizon, between: Floats) -> None:
    for nth, one in enumerate(forecasts):
        steps = np.asarray(one.values).shape[-1]
        if steps != horizon.steps:
            raise Refused(
                f"forecast {nth} has {steps} steps, the horizon {horizon.steps}",
                field=f"forecasts[{nth}]",
                value=steps,
                remedy="give one value for each step",
            )
    if between.shape != (len(forecasts),) * 2 or np.linalg.eigvalsh(between).min() < -1e-9:
        raise Refused(
            "these are no correlations of the series with one another",
            field="between",
            value=str(between.shape),
            remedy="give a symmetric table, 1 on its diagonal, a row for each series",
        )


def _root(between: Floats) -> Floats:
    """Return a root of a correlation matrix, also where series are the same one."""
    values, vectors = np.linalg.eigh(between)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _normal(scores: Floats) -> Floats:
    from scipy.special import ndtr  # here, since scipy takes a third of a second, and only drawing needs it

    return np.asarray(ndtr(scores))


def reduced(drawn: Floats, keep: int) -> tuple[Ints, Floats]:
    """Return which courses stand for all, and their probabilities, the likeliest first.

    drawn: equally likely, shape (paths, series, steps); series count alike, whatever their units
    Each course left out gives its probability to the nearest one kept.
    """
    count = drawn.shape[0]
    spread = drawn.std(axis=(0, 2), keepdims=True)
    flat = (drawn / np.where(spread > 0, spread, 1.0)).reshape(count, -1)
    squares = (flat**2).sum(axis=1)
    far = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * flat @ flat.T, 0.0))
    np.fill_diagonal(far, 0.0)
    nearest, chosen = np.full(count, np.inf), np.zeros(0, np.int64)
    for _ in range(min(keep, count)):
        left = np.minimum(far, nearest[:, None]).sum(axis=0)
        left[chosen] = np.inf
        chosen = np.append(chosen, int(left.argmin()))
        nearest = np.minimum(nearest, far[:, chosen[-1]])
    share = np.bincount(far[:, chosen].argmin(axis=1), minlength=chosen.size) / count
    order = np.argsort(-share, kind="stable")
    return chosen[order], share[order]
