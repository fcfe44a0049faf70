"""Being on and off: least load, starts, minimum times. Two binaries' form after Rajan and Takriti (2005).

D. Rajan, S. Takriti: Minimum up/down polytopes of the unit commitment problem with start-up costs, IBM Research
Report RC23628, 2005: with u (on) and v (start), Σ v over the minimum up time <= u_t and Σ v over the minimum down
time <= 1 - u before it describe the convex hull. Here the windows are in hours, over steps of any length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from backend.optimisation.rules.horizon import Floats, Ints, Values
from backend.optimisation.rules.sheet import Sheet, spread
from backend.optimisation.rules.units.base import Fault, number

_CLOSE = 1e-9
"""Hours that are equal but for rounding."""


@dataclass(frozen=True, eq=False)
class Commitment:
    """What holds for a unit's being on and off.

    least_load: lowest rate while on, share of the capacity
    start_cost, stop_cost: [currency]; hour_cost: while on [currency per hour]
    idle_inputs: taken while on, whatever the rate [unit per hour]: with a slope this is efficiency at part load
    min_up_h, min_down_h, max_up_h: once on or off, how long at least and at most [h]
    max_on_h: in the whole horizon [h]
    was_on: before the first step (None: may have been either, so no start is charged there); since_h: for how long
    """

    least_load: float = number(0.0, least=0, most=1)
    start_cost: Values = number(0.0, least=0)
    stop_cost: float = number(0.0, least=0)
    hour_cost: Values = number(0.0)
    idle_inputs: Mapping[str, Values] = number({})
    min_up_h: float = number(0.0, least=0)
    min_down_h: float = number(0.0, least=0)
    max_up_h: float = number(float("inf"), least=0, endless=True)
    max_on_h: float = number(float("inf"), least=0, endless=True)
    was_on: bool | None = False
    since_h: float = number(float("inf"), least=0, endless=True)

    def write(self, sheet: Sheet, name: str, rate: Ints, most: Floats) -> Ints:
        """Write on/off of a unit whose rate is given; returns the columns that are 1 while it is on."""
        lower, upper = self._carried_over(sheet)
        on = sheet.columns(
            (name, "on"), lower, upper, np.asarray(self.hour_cost) * sheet.horizon.hours, integer=True
        )
        rows = sheet.rows(-np.inf, 0)
        sheet.put(rows, rate, 1)
        sheet.put(rows, on, -most)
        if self.least_load > 0:
            rows = sheet.rows(0, np.inf)
            sheet.put(rows, rate, 1)
            sheet.put(rows, on, -self.least_load * most)
        for carrier, taken in self.idle_inputs.items():
            sheet.flow(name, carrier, on, -np.asarray(taken))
        if np.any(self.start_cost) or self.stop_cost or self.min_up_h or self.min_down_h:
            self._starts(sheet, name, on)
        self._longest(sheet, on)
        return on

    def _carried_over(self, sheet: Sheet) -> tuple[Floats, Floats]:
        """Return bounds that hold what began before the first step until its minimum time is over."""
        starts, free = sheet.horizon.starts_h, np.zeros(sheet.horizon.steps)
        lower = (starts < self.min_up_h - self.since_h - _CLOSE) if self.was_on is True else free
        upper = (starts >= self.min_down_h - self.since_h - _CLOSE) if self.was_on is False else free + 1
        return np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)

    def _starts(self, sheet: Sheet, name: str, on: Ints) -> None:
        """Write start_t >= on_t - on_(t-1), and the two families of windows."""
        steps = sheet.horizon.steps
        start = sheet.columns((name, "start"), 0, 1, np.asarray(self.start_cost) + self.stop_cost)
        before = 0.0 if self.was_on is None else float(self.was_on)
        lower = np.zeros(steps)
        lower[0] = -1.0 if self.was_on is None else -before
        rows = sheet.rows(lower, np.inf)
        sheet.put(rows, start, 1)
        sheet.put(rows, on, -1)
        sheet.put(rows[1:], on[:-1], 1)
        if (
            self.stop_cost
        ):  # stops are starts less what the state grew by: the starts' price holds stop_cost already
            sheet.offset += self.stop_cost * before
            sheet.charge(on[-1:], -self.stop_cost)
            if self.was_on is None:
                sheet.charge(on[:1], self.stop_cost)
        begins = sheet.horizon.starts_h
        if self.min_up_h:
            first = np.searchsorted(begins, begins - self.min_up_h + _CLOSE)
            rows = sheet.rows(-np.inf, 0)
            owner, member = spread(first, np.arange(steps))
            sheet.put(rows[owner], start[member], 1)
            sheet.put(rows, on, -1)
        if self.min_down_h:
            first = np.searchsorted(begins, begins - self.min_down_h + _CLOSE)
            earlier = first > 0
            rows = sheet.rows(-np.inf, np.where(earlier, 1.0, 1.0 - before))
            owner, member = spread(first, np.arange(steps))
            sheet.put(rows[owner], start[member], 1)
            sheet.put(rows[earlier], on[first[earlier] - 1], 1)

    def _longest(self, sheet: Sheet, on: Ints) -> None:
        """Write that no window longer than `max_up_h` is on throughout, nor the horizon for more than `max_on_h`."""
        hours, ends = sheet.horizon.hours, sheet.horizon.ends_h
        if np.isfinite(self.max_on_h):
            row = sheet.rows(-np.inf, self.max_on_h, 1)
            sheet.put(row, on, hours)
        if np.isfinite(self.max_up_h):
            first = np.searchsorted(sheet.horizon.starts_h, ends - self.max_up_h - _CLOSE) - 1
            last = np.flatnonzero(first >= 0)
            owner, member = spread(first[last], last)
            rows = sheet.rows(-np.inf, (last - first[last]).astype(float), last.size)
            sheet.put(rows[owner], on[member], 1)

    def faults(self) -> Iterator[Fault]:
        """Yield times that exclude each other."""
        if self.min_up_h > self.max_up_h:
            yield "min_up_h", self.min_up_h, f"is longer than max_up_h {self.max_up_h:g}", "lower it"
