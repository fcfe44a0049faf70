"""Gaps between a register's readings, and how the amounts inside one may be shaped. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.metering.rules.glitches import Events, moves, without_glitches
from backend.metering.rules.shares import shares

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RegisterGap:
    """Two neighbouring readings far apart: (first_us, last_us), and what was counted between them [unit], >= 0."""

    first_us: int
    last_us: int
    moved: float


@dataclass(frozen=True)
class Shape:
    """How what a register moved over a gap is spread: a weight for each whole interval the gap touches.

    first_us, last_us: the readings on either side; weight: >= 0, from the interval that holds the first on
    rule: the estimator that says so (`rules.Rule`)
    """

    first_us: int
    last_us: int
    weight: Floats
    rule: int


def register_gaps(
    at_us: Ints, value: Floats, *, longer_us: int, dial: float | None, events: Events
) -> list[RegisterGap]:
    """Return the gaps longer than `longer_us` between readings that can be true; breaks are none."""
    if not (np.diff(at_us) > longer_us).any():
        return []
    at_us, value = without_glitches(at_us, value, dial, events)
    step, length = moves(at_us, value, dial, events), np.diff(at_us)
    chosen = np.flatnonzero((length > longer_us) & (step >= 0))
    return [RegisterGap(int(at_us[i]), int(at_us[i + 1]), float(step[i])) for i in chosen]


def starts_in(first_us: int, last_us: int, length_us: int) -> Ints:
    """Return the start of every interval that (first, last) touches [µs]."""
    return np.arange(first_us // length_us * length_us, last_us, length_us, dtype=np.int64)


def standings(shape: Shape, before: float, moved: float, length_us: int) -> tuple[Ints, Ints]:
    """Return the register at each border inside a shaped gap, whatever stretch is being made.

    before, moved: register at the first reading, and its move over the gap [quanta, float]
    returns: borders [µs]; register there [whole quanta]. The outermost two follow the weights, cut to the part
    of their interval that lies in the gap; what moves between them is split by largest remainder.
    """
    start = starts_in(shape.first_us, shape.last_us, length_us)
    weight = shape.weight.astype(np.float64)
    weight[0] *= (min(int(start[0]) + length_us, shape.last_us) - shape.first_us) / length_us
    if len(weight) > 1:
        weight[-1] *= (shape.last_us - int(start[-1])) / length_us
    border = start[1:]
    total = float(weight.sum())
    if not len(border) or total <= 0:
        return border[:0], border[:0]
    outer = np.array([weight[0], total - weight[-1]]) / total
    first, last = (int(one) for one in np.floor(before + moved * outer + 0.5))
    inner = np.cumsum(shares(max(last - first, 0), weight[1:-1])) if len(weight) > 2 else border[:0]
    return border, np.concatenate(([first], first + inner)).astype(np.int64)
