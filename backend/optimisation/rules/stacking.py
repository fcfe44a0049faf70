"""Several sheets as one problem: scenarios that share decisions, sites that share lines.

Each sheet keeps its own columns and rows; what they share is one column in the whole, and what flows between them is
an entry of one sheet's column in another's row.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from backend.optimisation.rules import directions
from backend.optimisation.rules.horizon import Floats, Ints, Values
from backend.optimisation.rules.sheet import Arrays, Key, Sheet
from backend.optimisation.rules.solver import Hint, Limits, Solution, solve


@dataclass(frozen=True, eq=False)
class Tie:
    """Entries of one sheet's columns in the rows of another: sheets by their number, values [columns]."""

    giver: int
    columns: Ints
    taker: int
    rows: Ints
    values: Values


@dataclass(frozen=True, eq=False)
class Stack:
    """Sheets that are solved together.

    weights: of each sheet's cost: probabilities of scenarios, 1 for sites
    shared: quantities that are one decision in all sheets
    hint: likely values of whole numbers, by sheet's number, unit and quantity
    """

    sheets: Sequence[Sheet]
    weights: Sequence[float]
    shared: tuple[Key, ...] = ()
    ties: tuple[Tie, ...] = ()
    hint: Mapping[tuple[int, Key], Floats] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Whole:
    """A stack's arrays; columns, rows: the numbers in it of each sheet's own."""

    arrays: Arrays
    columns: tuple[Ints, ...]
    rows: tuple[Ints, ...]


def solved(stack: Stack, limits: Limits) -> tuple[Solution, list[Solution]]:
    """Return the solution of all together, and each sheet's part of it.

    A part's cost is its own, unweighted; its gap is that of all together, its duals are those of its own problem.
    """
    began = time.perf_counter()
    found: list[Solution] = []

    def attempt() -> list[Solution]:
        whole = stacked(stack)
        left = max(limits.seconds - (time.perf_counter() - began), 0.001)
        found[:] = [solve(whole.arrays, replace(limits, seconds=left), _hint(stack, whole))]
        return [_part(stack, whole, nth, found[0]) for nth in range(len(stack.sheets))]

    parts = list(directions.guarded(stack.sheets, attempt))
    return found[0], parts


def stacked(stack: Stack) -> Whole:
    """Return sheets as one problem: blocks on the diagonal, shared columns under one another, ties between them."""
    own = [sheet.arrays() for sheet in stack.sheets]
    columns, width = _numbered(stack)
    heights = np.cumsum([0, *(one.row_lower.size for one in own)])
    rows = tuple(np.arange(first, last) for first, last in zip(heights, heights[1:], strict=False))
    cost, integer = np.zeros(width), np.zeros(width, bool)
    lower, upper = np.full(width, -np.inf), np.full(width, np.inf)
    for one, places, weight in zip(own, columns, stack.weights, strict=True):
        np.add.at(cost, places, weight * one.cost)
        lower[places], upper[places] = (
            np.maximum(lower[places], one.lower),
            np.minimum(upper[places], one.upper),
        )
        integer[places] |= one.integer
    entries = [
        (rows[nth][one.index], np.repeat(columns[nth], np.diff(one.start)), one.values)
        for nth, one in enumerate(own)
    ]
    entries += [
        (rows[tie.taker][tie.rows], columns[tie.giver][tie.columns],
         np.broadcast_to(np.asarray(tie.values, float), tie.rows.shape))
        for tie in stack.ties
    ]  # fmt: skip
    row, column, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    order = np.lexsort((row, column))
    start = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=width)))).astype(np.int32)
    offset = sum(weight * one.offset for one, weight in zip(own, stack.weights, strict=True))
    least = np.concatenate([one.row_lower for one in own])
    most = np.concatenate([one.row_upper for one in own])
    index, entered = row[order].astype(np.int32), values[order]
    arrays = Arrays(cost, lower, upper, integer, least, most, start, index, entered, offset)
    return Whole(arrays, columns, rows)


def _numbered(stack: Stack) -> tuple[tuple[Ints, ...], int]:
    """Return each sheet's columns' numbers in the whole, and how many there are: what is shared is the first's."""
    first, width = stack.sheets[0], 0
    numbers: list[Ints] = []
    for nth, sheet in enumerate(stack.sheets):
        own = np.ones(sheet.width, bool)
        places = np.empty(sheet.width, np.int64)
        for key in stack.shared if nth else ():
            own[sheet.places[key]] = False
            places[sheet.places[key]] = numbers[0][first.places[key]]
        count = int(own.sum())
        places[own] = np.arange(width, width + count)
        width += count
        numbers.append(places)
    return tuple(numbers), width


def _part(stack: Stack, whole: Whole, nth: int, found: Solution) -> Solution:
    if found.values is None:
        return found
    values, arrays = found.values[whole.columns[nth]], stack.sheets[nth].arrays()
    cost = float(arrays.cost @ values) + arrays.offset
    duals = None if found.duals is None else found.duals[whole.rows[nth]] / stack.weights[nth]
    return Solution(found.ended, values, duals, cost, cost - found.gap * abs(cost))


def _hint(stack: Stack, whole: Whole) -> Hint | None:
    known = {
        int(place): float(value)
        for (nth, key), values in stack.hint.items()
        if key in stack.sheets[nth].places
        for place, value in zip(whole.columns[nth][stack.sheets[nth].places[key]], values, strict=True)
    }
    if not known:
        return None
    return Hint(np.array(list(known)), np.array(list(known.values())))
