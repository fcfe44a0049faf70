"""When a point is known to be shut: nothing flows through it, by what was said or by its own valve. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Stretch = tuple[int, int]
"""[from, to) in microseconds since 1970, UTC."""


def closed_periods(at_us: Ints, value: NDArray[np.float64], until_us: int) -> list[Stretch]:
    """Return when a valve was shut (0): from a reading that says so until one that says otherwise, or `until_us`."""
    if not len(at_us):
        return []
    closed = value == 0
    turns = np.flatnonzero(np.diff(closed, prepend=not closed[0]))
    ends = [*at_us[turns[1:]].tolist(), until_us]
    return [(int(at_us[turn]), int(end)) for turn, end in zip(turns, ends, strict=True) if closed[turn]]


def shut_in(start_us: Ints, length_us: int, stretches: Sequence[Stretch]) -> NDArray[np.bool_]:
    """Tell which intervals lie wholly in stretches in which the point was shut; those that touch count as one."""
    shut = np.zeros(len(start_us), dtype=bool)
    for first, last in _joined(stretches):
        shut |= (start_us >= first) & (start_us + length_us <= last)
    return shut


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for first, last in sorted(stretches):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], last)
        elif last > first:
            found.append((first, last))
    return found
