"""How a machine stands before the first step: on or off, and for how long; from readings, or from the plan before."""

from __future__ import annotations

import numpy as np

from backend.optimisation.rules.horizon import Flags, Ints
from backend.optimisation.rules.plan import Plan

HOUR_US = 3.6e9


def held_h(at_us: Ints, on: Flags, *, is_on: bool, now_us: int, asked_h: float) -> float:
    """Return for how long a machine has surely been as it is now [h], as far back as readings go, `asked_h` at most.

    at_us, on: readings of the last `asked_h` hours, in order. It changed between the last reading that says otherwise
    and the one after it: what lies between them is not counted, since a point may be read only when it changes.
    """
    other = np.flatnonzero(on != is_on)
    if not other.size:
        return asked_h
    after = int(other[-1]) + 1
    changed_us = int(at_us[after]) if after < at_us.size else now_us
    return float((now_us - changed_us) / HOUR_US)


def planned_h(before: Plan, unit: str, passed_h: float) -> tuple[bool, float] | None:
    """Return whether a plan has a machine run `passed_h` into it, and for how long then [h]; None where it is silent.

    What it stood in before the plan's first step counts on, so that plan after plan a minimum time comes to its end.
    """
    values = before.quantities.get((unit, "on"))
    ends = before.horizon.ends_h
    if values is None or not 0 <= passed_h < float(ends[-1]):
        return None
    on = values > 0.5
    here = int(np.searchsorted(ends, passed_h, side="right"))
    other = np.flatnonzero(on[: here + 1] != on[here])
    if other.size:
        return bool(on[here]), passed_h - float(ends[int(other[-1])])
    was_on, since_h = before.stood.get(unit, (None, 0.0))
    return bool(on[here]), passed_h + (since_h if was_on is not None and was_on == bool(on[here]) else 0.0)
