"""Whole quanta split by weights, losing and inventing none. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class SplitError(ValueError):
    """An amount cannot be split by these weights."""


def shares(total: int, weights: Floats) -> Ints:
    """Split a total by weights, by largest remainder: the parts are whole, not negative, and sum to the total.

    total: quanta, >= 0; weights: >= 0, finite; where all are zero the parts are as alike as can be.
    raises SplitError where the total or a weight is negative, or there is nothing to split a total into
    """
    count = len(weights)
    if total < 0 or (count and not (np.isfinite(weights).all() and weights.min() >= 0)):
        raise SplitError("weights must be finite and not negative, nor the amount negative")
    if not count:
        if total:
            raise SplitError("there is no interval to put the amount into")
        return np.empty(0, dtype=np.int64)
    highest = float(weights.max())
    share = weights / highest if highest > 0 else np.ones(count)
    ideal = total * (share / share.sum())
    parts = np.floor(ideal).astype(np.int64)
    rest = total - int(parts.sum())
    by_remainder = np.argsort(parts - ideal, kind="stable")
    if rest < 0:  # floats of more than 2^53 quanta round up, too
        for i in by_remainder[::-1]:
            taken = min(int(parts[i]), -rest)
            parts[i] -= taken
            rest += taken
        return parts
    every, some = divmod(rest, count)
    parts += every
    parts[by_remainder[:some]] += 1
    return parts


def split_exactly(amount: int, weights: Sequence[float]) -> list[int]:
    """Split a whole amount by weights that say something: as `shares`, but raises SplitError where all are zero."""
    if not any(weights):
        raise SplitError("the weights are all zero")
    return [int(part) for part in shares(amount, np.array(weights, dtype=np.float64))]
