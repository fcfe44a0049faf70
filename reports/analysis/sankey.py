"""Where the nodes and bands of a flow chart lie. Pure: numbers in, numbers and paths out.

Nodes stand in columns by how many bands lead to them; bands are as thick as what flows; in a column, what comes from
above stands above. Thin ones keep a hair's breadth, so that they are seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

from reports.analysis.content import Band, Chart
from reports.analysis.words import short

THICK, APART, TOP, LEAST = 11.0, 19.0, 20.0, 0.8
LETTER, LINE = 6.4, 13.0
"""About how wide a letter of a name is, a Chinese one twice so, and how high a line [px]."""


@dataclass(frozen=True)
class Node:
    """A node as it is drawn, with its name beside it."""

    x: float
    y: float
    width: float
    height: float
    shade: str
    label: str
    said: str
    text_x: float
    text_y: float
    anchor: str


@dataclass(frozen=True)
class Ribbon:
    """A band as it is drawn."""

    path: str
    shade: str
    said: str


@dataclass(frozen=True)
class Picture:
    """A flow chart, laid out in `height` px."""

    height: float
    nodes: Sequence[Node]
    bands: Sequence[Ribbon]


def ranks(count: int, bands: Sequence[Band]) -> list[int]:
    """Return the column of each node: one more than the furthest it is fed from. The bands must run in no circle."""
    found = [0] * count
    for _ in range(count + 1):
        moved = False
        for band in bands:
            if found[band.target] <= found[band.source]:
                found[band.target] = found[band.source] + 1
                moved = True
        if not moved:
            return found
    raise ValueError("the flows run in a circle")


def laid_out(chart: Chart, *, width: float) -> Picture:
    """Lay a flow chart out in a width [px]."""
    count, bands = len(chart.nodes), [band for band in chart.bands if band.amount > 0]
    rank = ranks(count, bands)
    last = max(rank, default=0)
    feeds = {band.source for band in bands}
    used = feeds | {band.target for band in bands}
    columns: dict[int, list[int]] = defaultdict(list)
    for node in range(count):
        if node in used:
            columns[last if node not in feeds else rank[node]].append(node)
    size = [max(_sum(bands, "source", node), _sum(bands, "target", node)) for node in range(count)]
    fullest = max((len(nodes) for nodes in columns.values()), default=1)
    height = max(fullest * (APART + 8.0) + 2 * TOP, 300.0 if width > 600 else 360.0)
    per = min(
        ((height - 2 * TOP - (len(nodes) - 1) * APART) / sum(size[node] for node in nodes) for nodes in
         columns.values() if sum(size[node] for node in nodes)), default=0.0,
    )  # fmt: skip
    top = _heights(columns, bands, size, per)
    step = (width - THICK - 2) / max(last, 1)
    place = {node: column * step for column, nodes in columns.items() for node in nodes}
    nodes = [
        _node(chart, node, place[node], top[node], size[node], per, width) for node in sorted(place)
    ]  # fmt: skip
    nodes = _legible(nodes)
    low = max((top[node] + max(size[node] * per, LEAST) for node in top), default=0.0)
    return Picture(max(low + TOP + 6, 60.0), nodes, _ribbons(chart, bands, place, top, per))


def _sum(bands: Sequence[Band], end: str, node: int) -> float:
    return sum(band.amount for band in bands if getattr(band, end) == node)


def _heights(
    columns: dict[int, list[int]], bands: Sequence[Band], size: Sequence[float], per: float
) -> dict[int, float]:
    """Return the top of each node; later columns in the order of what feeds them, losses last."""
    top: dict[int, float] = {}
    for column in sorted(columns):
        order = {}
        for node in columns[column]:
            fed = [
                (band.amount, top[band.source])
                for band in bands
                if band.target == node and band.source in top
            ]
            weight = sum(amount for amount, _ in fed)
            order[node] = sum(amount * at for amount, at in fed) / weight if weight else float(node) - 1e6
        at = TOP
        for node in sorted(columns[column], key=lambda one: (order[one], one)):
            top[node] = at
            at += max(size[node] * per, LEAST) + APART
    return top


def _node(
    chart: Chart, node: int, x: float, y: float, amount: float, per: float, width: float
) -> Node:  # fmt: skip
    name, shade = chart.nodes[node]
    tall, said = max(amount * per, LEAST), f"{name}: {short(amount)} {chart.unit}"
    shown = said if width > 600 else name
    if x < 1:
        return Node(x, y, THICK, tall, shade, shown, said, x + THICK + 5, y + tall / 2 + 4, "start")
    if x > width - 2 * THICK:
        return Node(x, y, THICK, tall, shade, shown, said, x - 5, y + tall / 2 + 4, "end")
    return Node(x, y, THICK, tall, shade, shown, said, x + THICK / 2, y - 5, "middle")


def _legible(nodes: Sequence[Node]) -> list[Node]:
    """Move names of nodes in between that would lie on others below their node, or leave them to its title.

    The names at both sides stand apart already; of the others the thicker nodes have the first choice.
    """
    taken = [_box(one) for one in nodes if one.anchor != "middle"]
    shown = {}
    for at, one in sorted(enumerate(nodes), key=lambda pair: -pair[1].height):
        if one.anchor != "middle":
            continue
        tries = (one, replace(one, text_y=one.y + one.height + LINE))
        free = next((tried for tried in tries if not any(_meet(_box(tried), box) for box in taken)), None)
        shown[at] = free or replace(one, label="")
        if free is not None:
            taken.append(_box(free))
    return [shown.get(at, one) for at, one in enumerate(nodes)]


Box = tuple[float, float, float, float]
"""Left, top, right, bottom [px]."""


def _box(one: Node) -> Box:
    wide = sum(LETTER * (2 if east_asian_width(letter) in "WF" else 1) for letter in one.label)
    left = one.text_x - {"start": 0.0, "middle": wide / 2, "end": wide}[one.anchor]
    return left, one.text_y - LINE + 3, left + wide, one.text_y + 3


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _ribbons(
    chart: Chart, bands: Sequence[Band], place: dict[int, float], top: dict[int, float], per: float
) -> list[Ribbon]:
    out, into, found = dict(top), dict(top), []
    for band in sorted(bands, key=lambda one: (top[one.source], top[one.target])):
        thick = max(band.amount * per, LEAST)
        x0, x1 = place[band.source] + THICK, place[band.target]
        y0, y1, middle = out[band.source], into[band.target], (x0 + x1) / 2
        out[band.source] += band.amount * per
        into[band.target] += band.amount * per
        path = (
            f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}V{y1 + thick:.1f}"
            f"C{middle:.1f} {y1 + thick:.1f} {middle:.1f} {y0 + thick:.1f} {x0:.1f} {y0 + thick:.1f}Z"
        )
        said = f"{chart.nodes[band.source][0]} → {chart.nodes[band.target][0]}: {short(band.amount)} {chart.unit}"
        found.append(Ribbon(path, band.shade, said))
    return found
