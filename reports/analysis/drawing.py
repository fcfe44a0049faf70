"""Charts of a view as SVG: on paper with their own colours, on a page with those of its style (by class names).

Nothing known is drawn as nothing: a hatch for a missing shade, no column for a missing amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from reports.analysis import colours
from reports.analysis.content import COLUMNS, FLOW, HEAT, LINE, Chart
from reports.analysis.sankey import laid_out
from reports.analysis.words import short
from reports.figures import steps
from reports.tabular import Table

WIDE, NARROW = 860.0, 380.0
"""Widths of a picture for a desk or paper, and for a phone."""

FONT = "Noto Sans CJK SC, Noto Sans SC, DejaVu Sans"
HATCH = (
    '<defs><pattern id="no-data-{name}" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="no-data" width="2" height="6" fill="#b8c1c7"/></pattern></defs>'
)


TALL, FEW, MOST_CELLS = 11.0, 8, 1500
"""How high a row of a heat map is, and how many cells have a title each."""


@dataclass(frozen=True)
class Frame:
    """Where a chart is drawn: its size and the room for what stands beside it."""

    width: float
    height: float
    left: float = 64.0
    top: float = 28.0
    below: float = 24.0

    @property
    def right(self) -> float:
        """Return where the drawing ends."""
        return self.width - 12

    @property
    def foot(self) -> float:
        """Return the row of the axis."""
        return self.height - self.below


@dataclass(frozen=True)
class Grid:
    """Cells of a heat map: how wide and tall; name: of its hatch."""

    frame: Frame
    wide: float
    tall: float
    name: str

    def fill(self, step: int | None) -> str:
        """Return the colour of a step; hatched where nothing is known."""
        return f"url(#no-data-{self.name})" if step is None else colours.SCALE[step]


def svg(chart: Chart, table: Table, *, width: float = WIDE) -> str:
    """Return a chart as SVG with a title for those who hear it."""
    drawn = {COLUMNS: _columns, LINE: _line, HEAT: _heat, FLOW: _flow}[chart.kind]
    frame, body = drawn(chart, table, width)
    size = "desk" if width > NARROW else "phone"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" data-size="{size}" role="img" class="analysis-chart" '
        f'viewBox="0 0 {frame.width:.0f} {frame.height:.0f}" aria-label="{escape(chart.heading, quote=True)}" '
        f'font-family="{FONT}" font-size="11">{body}</svg>'
    )


def values(table: Table, column: int) -> list[float | None]:
    """Return a column's numbers; what is no number is not known."""
    return [float(row[column]) if _is_number(row[column]) else None for row in table.rows]  # type: ignore[arg-type]  # told


def _is_number(cell: object) -> bool:
    return cell is not None and not isinstance(cell, str) and hasattr(cell, "__float__")


def _axes(frame: Frame, unit: str, low: float, high: float) -> tuple[str, float]:
    """Return the rules with their numbers, and the highest mark; the lowest is its like below zero."""
    marks = steps(max(high, -low, 0.0))
    signed = [-mark for mark in reversed(marks[1:])] if low < 0 else []
    parts = [
        f'<text class="quiet" x="{frame.left - 6:.0f}" y="12" text-anchor="end" fill="#55656f">{escape(unit)}</text>'
    ]
    for mark in [*signed, *marks]:
        y = _row(frame, mark, marks[-1], low < 0)
        parts.append(
            f'<path class="rule" d="M{frame.left:.0f} {y:.1f}H{frame.right:.0f}" stroke="#d5dde1" fill="none"/>'
            f'<text class="quiet" x="{frame.left - 6:.0f}" y="{y + 4:.1f}" text-anchor="end" fill="#55656f">'
            f"{_short(mark)}</text>"
        )
    return "".join(parts), marks[-1]


def _row(frame: Frame, value: float, top: float, is_signed: bool) -> float:
    share = (value / top + 1) / 2 if is_signed else value / top
    return frame.foot - share * (frame.foot - frame.top)


def _short(mark: float) -> str:
    return f"{mark:,.10g}" if abs(mark) < 1e6 else f"{mark / 1e6:,.10g} M"


def _names(frame: Frame, names: Sequence[str], pitch: float) -> str:
    """Return the names along the axis, as many as fit."""
    longest = max((_text_width(one) for one in names), default=0.0)
    every = max(1, -(-int(longest + 10) // max(int(pitch), 1)))
    return "".join(
        f'<text class="quiet" x="{frame.left + (at + 0.5) * pitch:.1f}" y="{frame.height - 7:.0f}" '
        f'text-anchor="middle" fill="#55656f">{escape(name)}</text>'
        for at, name in enumerate(names)
        if at % every == 0
    )


def _text_width(said: str) -> float:
    return sum(11.0 if ord(one) > 0x2E80 else 6.2 for one in said)


def _columns(chart: Chart, table: Table, width: float) -> tuple[Frame, str]:
    frame, rows = Frame(width, 260.0), [values(table, one) for one in chart.columns]
    known = [value for row in rows for value in row if value is not None]
    axes, top = _axes(frame, chart.unit, min(known, default=0.0), max(known, default=0.0))
    is_signed = min(known, default=0.0) < 0
    pitch = (frame.right - frame.left) / max(len(table.rows), 1)
    thick = min(pitch * 0.76 / max(len(rows), 1), 46.0)
    zero, parts = _row(frame, 0.0, top, is_signed), []
    for place, (column, row) in enumerate(zip(chart.columns, rows, strict=True)):
        shade, is_faint = _shade(chart, place), column in chart.faint
        for at, value in enumerate(row):
            left = frame.left + (at + 0.5) * pitch + (place - len(rows) / 2) * thick
            if value is not None:
                y = _row(frame, value, top, is_signed)
                parts.append(
                    f'<rect class="bar {shade}{" before" if is_faint else ""}" x="{left:.1f}" y="{min(y, zero):.1f}" '
                    f'width="{max(thick - 1, 0.8):.1f}" height="{max(abs(zero - y), 0.5):.1f}" '
                    f'fill="{colours.of(shade, faint=is_faint)}"><title>{escape(_said(table, chart, at, column))}'
                    "</title></rect>"
                )
    names = [str(row[chart.across]) for row in table.rows]
    return frame, axes + "".join(parts) + _names(frame, names, pitch)


def _line(chart: Chart, table: Table, width: float) -> tuple[Frame, str]:
    frame, rows = Frame(width, 260.0), [values(table, one) for one in chart.columns]
    known = [value for row in rows for value in row if value is not None]
    axes, top = _axes(frame, chart.unit, min(known, default=0.0), max(known, default=0.0))
    is_signed = min(known, default=0.0) < 0
    pitch, parts = (frame.right - frame.left) / max(len(table.rows), 1), []
    for place, (column, row) in enumerate(zip(chart.columns, rows, strict=True)):
        shade, is_faint, path, pen = _shade(chart, place), column in chart.faint, [], "M"
        for at, value in enumerate(row):
            if value is None:
                pen = "M"
                continue
            path.append(
                f"{pen}{frame.left + (at + 0.5) * pitch:.1f} {_row(frame, value, top, is_signed):.1f}"
            )
            pen = "L"
        dash = ' stroke-dasharray="4 3"' if is_faint else ""
        parts.append(
            f'<path class="line {shade}{" before" if is_faint else ""}" d="{"".join(path)}" fill="none" '
            f'stroke="{colours.of(shade, faint=is_faint)}" stroke-width="1.6"{dash}/>'
        )
    names = [str(row[chart.across]) for row in table.rows]
    return frame, axes + "".join(parts) + _names(frame, names, pitch)


def _heat(chart: Chart, table: Table, width: float) -> tuple[Frame, str]:
    """Draw a row of the table as a column of the picture: days across, hours down.

    Where there are many, cells of a shade are one path, so that a year of hours stays small; then none has a title.
    """
    count = len(chart.columns)
    tall = TALL if count > FEW else TALL * 1.6
    frame = Frame(width, 34.0 + tall * count + 24, left=44.0)
    grid = [values(table, one) for one in chart.columns]
    known = [value for row in grid for value in row if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    wide = (frame.right - frame.left) / max(len(table.rows), 1)
    steps_of = [[None if value is None else colours.step(value, low, high) for value in row] for row in grid]
    name = f"{width:.0f}-{count}"
    is_many = count * len(table.rows) > MOST_CELLS
    grid_of = Grid(frame, wide, tall, name)
    cells = _shaded(grid_of, steps_of) if is_many else _cells(grid_of, chart, table, steps_of)
    hours = [
        f'<text class="quiet" x="{frame.left - 6:.0f}" y="{frame.top + (down + 0.5) * tall + 4:.1f}" text-anchor="end" '
        f'fill="#55656f">{escape(table.columns[column].label)}</text>'
        for down, column in enumerate(chart.columns)
        if down % max(count // 8, 1) == 0
    ]
    names = [str(row[chart.across]) for row in table.rows]
    below = _legend(frame, chart.unit, low, high) + _names(frame, names, wide)
    return frame, HATCH.format(name=name) + cells + "".join(hours) + below


def _cells(grid: Grid, chart: Chart, table: Table, steps_of: Sequence[Sequence[int | None]]) -> str:
    """Draw a cell each, with what it says."""
    return "".join(
        f'<rect class="{"none" if step is None else f"shade s{step}"}" x="{grid.frame.left + at * grid.wide:.2f}" '
        f'y="{grid.frame.top + down * grid.tall:.1f}" width="{grid.wide + 0.15:.2f}" height="{grid.tall:.1f}" '
        f'fill="{grid.fill(step)}"><title>{escape(_said(table, chart, at, chart.columns[down]))}</title></rect>'
        for down, row in enumerate(steps_of)
        for at, step in enumerate(row)
    )


def _shaded(grid: Grid, steps_of: Sequence[Sequence[int | None]]) -> str:
    """Draw the cells of each shade as one path; what follows in a row at the same shade is one piece."""
    paths: dict[int | None, list[str]] = {}
    for down, row in enumerate(steps_of):
        at = 0
        while at < len(row):
            end = at + 1
            while end < len(row) and row[end] == row[at]:
                end += 1
            left, top = grid.frame.left + at * grid.wide, grid.frame.top + down * grid.tall
            across = (end - at) * grid.wide + 0.1
            piece = f"M{left:.1f} {top:.1f}h{across:.1f}v{grid.tall:.1f}h-{across:.1f}z"
            paths.setdefault(row[at], []).append(piece)
            at = end
    return "".join(
        f'<path class="{"none" if step is None else f"shade s{step}"}" d="{"".join(path)}" fill="{grid.fill(step)}"/>'
        for step, path in paths.items()
    )


def _legend(frame: Frame, unit: str, low: float, high: float) -> str:
    parts, wide = [], 14.0
    left = frame.right - wide * len(colours.SCALE) - _text_width(f"{short(high)} {unit}") - 8
    for at, shade in enumerate(colours.SCALE):
        parts.append(
            f'<rect class="shade s{at}" x="{left + at * wide:.1f}" y="5" width="{wide}" height="9" fill="{shade}"/>'
        )
    return "".join(parts) + (
        f'<text class="quiet" x="{left - 6:.1f}" y="13" text-anchor="end" fill="#55656f">{short(low)}</text>'
        f'<text class="quiet" x="{frame.right:.1f}" y="13" text-anchor="end" fill="#55656f">{short(high)} '
        f"{escape(unit)}</text>"
    )


def _flow(chart: Chart, table: Table, width: float) -> tuple[Frame, str]:
    del table  # the bands say it all
    picture = laid_out(chart, width=width)
    parts = [
        f'<path class="band {one.shade}" d="{one.path}" fill="{colours.of(one.shade)}" fill-opacity="0.42">'
        f"<title>{escape(one.said)}</title></path>"
        for one in picture.bands
    ]
    for node in picture.nodes:
        parts.append(
            f'<rect class="node {node.shade}" x="{node.x:.1f}" y="{node.y:.1f}" width="{node.width:.1f}" '
            f'height="{node.height:.1f}" fill="{colours.of(node.shade)}"><title>{escape(node.said)}</title></rect>'
            f'<text class="name" x="{node.text_x:.1f}" y="{node.text_y:.1f}" text-anchor="{node.anchor}" '
            f'fill="#17242c" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke">'
            f"{escape(node.label)}</text>"
        )
    return Frame(width, picture.height), "".join(parts)


def _shade(chart: Chart, place: int) -> str:
    return chart.shades[place] if place < len(chart.shades) else ""


def _said(table: Table, chart: Chart, at: int, column: int) -> str:
    value = table.rows[at][column]
    shown = f"{short(float(value))} {chart.unit}" if _is_number(value) else str(value or "–")  # type: ignore[arg-type]  # told
    return f"{table.rows[at][chart.across]} · {table.columns[column].label}: {shown}"
