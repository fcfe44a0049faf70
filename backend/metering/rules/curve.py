"""Curves for screens: never more points than the screen has, and never without the peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def thin(at_us: Ints, value: Floats, *, width: int) -> tuple[Ints, Floats]:
    """Return at most about `width` samples that keep each bucket's lowest and highest value.

    at_us ascending [microseconds]; value [any unit], NaN breaks the line and is kept where a
    bucket holds nothing else. Two samples a bucket, so width / 2 buckets of equal time.
    """
    if len(at_us) <= max(width, 4):
        return at_us, value
    buckets = max(width // 2, 2)
    span = int(at_us[-1] - at_us[0]) + 1
    bucket = (at_us - at_us[0]) * buckets // span
    first = np.flatnonzero(np.r_[True, np.diff(bucket) > 0])
    ends = np.append(first[1:], len(at_us))
    high, low = np.where(np.isnan(value), -np.inf, value), np.where(np.isnan(value), np.inf, value)
    top, bottom = np.maximum.reduceat(high, first), np.minimum.reduceat(low, first)
    owner = np.repeat(np.arange(len(first)), ends - first)
    is_top, is_bottom = high == top[owner], low == bottom[owner]
    nothing = np.isneginf(top)
    keep = np.zeros(len(at_us), dtype=bool)
    for hit in (is_top, is_bottom):
        places = np.flatnonzero(hit)
        keep[places[np.unique(owner[places], return_index=True)[1]]] = True
    keep[first[nothing]] = True
    return at_us[keep], value[keep]


def envelope(
    at_us: Ints, low: Floats, high: Floats, mean: Floats, *, width: int
) -> tuple[Ints, Floats, Floats, Floats]:
    """Merge neighbouring hours until at most `width` remain; lows and highs survive, means are averaged."""
    if len(at_us) <= width:
        return at_us, low, high, mean
    step = -(-len(at_us) // width)
    first = np.arange(0, len(at_us), step)
    counts = np.diff(np.append(first, len(at_us)))
    return (
        at_us[first],
        np.minimum.reduceat(low, first),
        np.maximum.reduceat(high, first),
        np.add.reduceat(mean, first) / counts,
    )
