"""What a register counts between readings, and which of its readings cannot be true. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Events = Sequence[tuple[int, float, float]]
"""(instant [µs], final value of the old, first value of the new register), ascending."""

FARTHEST = 1_000
"""A glitch of more readings than this is not told from a register that was set anew."""


def moves(at_us: Ints, value: Floats, dial: float | None, events: Events) -> Floats:
    """Return how far the register moved between neighbours [unit]; negative where unexplained."""
    step = _between(at_us, value, events)
    return step if dial is None else np.where(_rolled(step, dial), step + dial, step)


def without_glitches(at_us: Ints, value: Floats, dial: float | None, events: Events) -> tuple[Ints, Floats]:
    """Leave out readings the register contradicts: dips that return, spikes that come back, however long.

    Where the register steps back, what follows is a dip if a later reading leaps back to at least the value
    before; what went before is a spike if it leapt up from no more than the value after. A register that was
    set anew counts up from there little by little: no leap, so its step back stays, and is a break.
    """
    step = _between(at_us, value, events)
    falls = np.flatnonzero(step < 0)
    if len(value) < 3 or not len(falls):
        return at_us, value
    shown = np.concatenate((value[:1], value[0] + np.cumsum(step))) if len(events) else value
    keep = np.ones(len(value), dtype=bool)
    for after in falls + 1:
        if not keep[after]:
            continue
        before = int(after) - 1
        while before > 0 and not keep[before]:
            before -= 1
        fall = shown[before] - shown[after]
        if not keep[before] or fall <= 0:
            continue
        leap = fall / 2
        if dial is not None and _rolled(np.array([-fall]), dial)[0]:
            leap = max(leap, dial / 2)
        if not _drop_dip(shown, keep, before, int(after), leap):
            _drop_spike(shown, keep, before, int(after), leap)
    return at_us[keep], value[keep]


def is_odd(value: Floats) -> bool:
    """Tell whether readings should be looked at together with many more around them, to find long glitches.

    They should where the register steps back, or leaps: by more than a hundredth of what it shows, and by
    ten times as much as between all the other readings together.
    """
    step = np.diff(value)
    if not len(step):
        return False
    i = int(np.argmax(step))
    others = float(step.sum() - step[i])
    return bool((step < 0).any() or (step[i] > abs(value[i]) / 100 and step[i] > 10 * others))


def _between(at_us: Ints, value: Floats, events: Events) -> Floats:
    """Return what was counted between neighbours, over exchanges and resets in their order [unit]."""
    step = np.diff(value)
    counted: dict[int, tuple[float, float]] = {}
    for instant, final, initial in events:
        i = int(np.searchsorted(at_us, instant, side="left")) - 1
        if 0 <= i < len(step):
            so_far, begun_at = counted.get(i, (0.0, float(value[i])))
            counted[i] = (so_far + (final - begun_at), initial)
    for i, (so_far, begun_at) in counted.items():
        step[i] = so_far + (value[i + 1] - begun_at)
    return step


def _rolled(step: Floats, dial: float) -> NDArray[np.bool_]:
    """Tell which steps back are a register that went past the end of its dial: by less than half of it."""
    return (step < 0) & (step + dial < dial / 2)


def _drop_dip(shown: Floats, keep: NDArray[np.bool_], before: int, after: int, leap: float) -> bool:
    """Drop what lies between a fall and the reading that leaps back over it; False where none does."""
    back = np.flatnonzero(shown[after + 1 : after + 1 + FARTHEST] >= shown[before])
    if not len(back):
        return False
    end = after + 1 + int(back[0])
    if shown[end] - shown[end - 1] < leap:
        return False
    keep[after:end] = False
    return True


def _drop_spike(shown: Floats, keep: NDArray[np.bool_], before: int, after: int, leap: float) -> bool:
    """Drop what lies between a leap up and the fall that takes it back; False where none does.

    Of several readings up there it must take back nine tenths of the leap; one alone it may take back in part.
    """
    low = max(0, before - FARTHEST)
    under = low + np.flatnonzero(keep[low:before] & (shown[low:before] <= shown[after]))
    if not len(under):
        return False
    start = int(under[-1])
    up = start + 1 + int(np.argmax(keep[start + 1 : before + 1]))
    height = shown[up] - shown[start]
    if up != before and (height < leap or shown[after] - shown[start] > height / 10):
        return False
    keep[start + 1 : after] = False
    return True
