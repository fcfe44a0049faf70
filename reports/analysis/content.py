"""What a view of analysis comes to: a document of tables, and charts drawn from their columns. Plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reports.tabular import Document

COLUMNS, LINE, HEAT, FLOW = "columns", "line", "heat", "flow"
"""Kinds of charts: columns or a line over the rows of a table, its numbers as shades, flows from node to node."""


@dataclass(frozen=True)
class Band:
    """A flow of a flow chart, by the places of its ends in `Chart.nodes`; amount [unit of the chart]."""

    source: int
    target: int
    amount: float
    shade: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart over a table of the document, so that picture and figures cannot differ.

    table: place of the table; across: column of the names along the axis; columns: those drawn
    faint: those of them that are the period compared with; shades: a carrier's name for each column, or ''
    nodes: (name, shade) and bands: of a flow chart, which draws these instead of columns
    """

    kind: str
    heading: str
    unit: str
    table: int = 0
    across: int = 0
    columns: Sequence[int] = ()
    faint: frozenset[int] = frozenset()
    shades: Sequence[str] = ()
    nodes: Sequence[tuple[str, str]] = ()
    bands: Sequence[Band] = ()


@dataclass(frozen=True)
class Report:
    """A view, made: what it says.

    stem: of the file's name, without days and ending; leading: so many tables stand before the charts on paper
    listed: the table that becomes CSV
    """

    stem: str
    document: Document
    charts: Sequence[Chart] = field(default_factory=tuple)
    leading: int = 0
    listed: int = 0
