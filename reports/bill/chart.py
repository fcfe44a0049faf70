"""The chart of use: a column a day, its price periods stacked, as paths in a picture without words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures import steps

WIDTH, HEIGHT = 1000.0, 220.0
"""Units of the picture; the template says how large it is."""

GAP = 0.28
"""Of a day's width between columns."""

COLOURS = {
    "sharp": "#7a1f1f", "peak": "#c4622d", "high": "#c4622d", "flat": "#e0a83e", "normal": "#e0a83e",
    "shoulder": "#e0a83e", "valley": "#5b8fa8", "low": "#5b8fa8", "off_peak": "#5b8fa8", "deep_valley": "#274e69",
}  # fmt: skip
"""The dearest is dark and warm, the cheapest dark and cool; in grey they still differ from their neighbours."""

OTHERS = ("#3b7a78", "#a7c4a0", "#7d6b91", "#c9b79c", "#55606b", "#b5838d")


@dataclass(frozen=True)
class Chart:
    """A picture with what stands beside it. marks: (value, how far up it stands, 0 to 1)."""

    svg: str
    marks: Sequence[tuple[float, float]]


def colours(periods: Sequence[str]) -> list[str]:
    """Return a colour for each price period: its own where it is a usual one, else the next of the others."""
    others = iter(OTHERS * (len(periods) // len(OTHERS) + 1))
    return [COLOURS.get(code) or next(others) for code in periods]


def chart(amounts: Sequence[Sequence[float]], shades: Sequence[str]) -> Chart:
    """Draw columns: a row a price period, a number a day. A day without use has no column."""
    days = len(amounts[0]) if amounts else 0
    marks = steps(max((sum(day) for day in zip(*amounts, strict=True)), default=0.0))
    top, wide = marks[-1], WIDTH / max(days, 1)
    feet = [0.0] * days
    paths = []
    for row, shade in zip(amounts, shades, strict=True):
        path = []
        for at, value in enumerate(row):
            if value > 0:
                left, low, tall = at * wide + wide * GAP / 2, feet[at] / top, value / top
                path.append(
                    f"M{left:.1f} {HEIGHT * (1 - low):.1f}h{wide * (1 - GAP):.1f}v{-HEIGHT * tall:.1f}"
                    f"h{-wide * (1 - GAP):.1f}z"
                )
                feet[at] += value
        paths.append(f'<path fill="{shade}" d="{"".join(path)}"/>')
    rules = "".join(f"M0 {HEIGHT * (1 - mark / top):.1f}h{WIDTH:.0f}" for mark in marks)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}">'
        f'<path d="{rules}" stroke="#c9d3d8" stroke-width="1" fill="none"/>{"".join(paths)}</svg>'
    )
    return Chart(svg, [(mark, mark / top) for mark in marks])
