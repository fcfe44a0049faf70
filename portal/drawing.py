"""Small pictures the server draws, so that the first paint needs no script: curves, bars, the map.

Everything is plain numbers in, SVG path data out. A missing value (None or NaN) breaks the line and
leaves a hatched gap: no data is never drawn as zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

Value = float | None


@dataclass(frozen=True)
class Scale:
    """Maps values to pixels, and the round numbers to write beside the axis."""

    low: float
    high: float
    top: float
    bottom: float
    ticks: tuple[float, ...] = ()

    def y(self, value: float) -> float:
        """Return the pixel row of `value`."""
        span = self.high - self.low or 1.0
        return self.bottom - (value - self.low) / span * (self.bottom - self.top)


@dataclass(frozen=True)
class Drawn:
    """Path data of one curve: line, the area below it, and rectangles (x, width) where nothing is known."""

    line: str
    area: str
    gaps: tuple[tuple[float, float], ...] = field(default=())


def known(values: Sequence[Value]) -> list[float]:
    """Return the values that are numbers."""
    return [value for value in values if value is not None and math.isfinite(value)]


def scale(values: Sequence[Value], *, top: float, bottom: float, zero: bool = True, ticks: int = 4) -> Scale:
    """Return a scale with round ends that holds all values (and zero, for amounts)."""
    numbers = known(values)
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        low, high = (low, low + 1) if low == 0 else (low - abs(low) * 0.1, high + abs(high) * 0.1)
    step = _nice((high - low) / max(ticks - 1, 1))
    first, last = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    count = round((last - first) / step)
    marks = tuple(round(first + step * index, 10) for index in range(count + 1))
    return Scale(first, last, top, bottom, marks)


def _nice(step: float) -> float:
    power = 10 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next(nice * power for nice in (1, 2, 2.5, 5, 10) if step <= nice * power * 1.0000001)


def curve(
    values: Sequence[Value], by: Scale, *, left: float, right: float, slots: int | None = None
) -> Drawn:
    """Draw one line; `slots` is how many values the whole width holds (a day that still runs has fewer)."""
    count = max(slots or len(values), 2)
    step = (right - left) / (count - 1)
    line, area, run = [], [], []
    for index, value in enumerate([*values, None]):
        if value is not None and math.isfinite(value):
            run.append((left + index * step, by.y(value)))
            continue
        if run:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            line.append(f"M{points}" if len(run) > 1 else f"M{points}h0.01")
            area.append(f"M{run[0][0]:.1f},{by.bottom:.1f}L{points}L{run[-1][0]:.1f},{by.bottom:.1f}Z")
            run = []
    return Drawn("".join(line), "".join(area), tuple(_gaps(values, left, step)))


def _gaps(values: Sequence[Value], left: float, step: float) -> list[tuple[float, float]]:
    """Return (x, width) of runs of unknown values."""
    gaps, start = [], None
    for index, value in enumerate([*values, 0.0]):
        missing = value is None or not math.isfinite(value)
        if missing and start is None:
            start = index
        elif not missing and start is not None:
            gaps.append((left + max(start - 0.5, 0) * step, (index - start) * step))
            start = None
    return gaps


def spark(values: Sequence[Value], before: Sequence[Value] = (), *, slots: int | None = None) -> dict:
    """Return what the spark macro draws: today's line over the one it is compared with, 240 by 44."""
    by = scale([*values, *before], top=4, bottom=42)
    count = slots or max(len(values), len(before))
    return {
        "now": curve(values, by, left=0, right=240, slots=count),
        "before": curve(before, by, left=0, right=240, slots=count).line if known(before) else "",
        "empty": not known(values) and not known(before),
    }
