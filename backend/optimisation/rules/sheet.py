"""One plan as sparse arrays: columns (what may be chosen), rows (what must hold), and the entries between them.

Units write whole blocks, one entry a step, so that nothing here loops over time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backend.optimisation.rules.horizon import Flags, Floats, Horizon, Ints, Values

DEMAND, COMFORT, NEED, RESERVE, MARGIN = 1.0, 0.5, 0.3, 0.05, 0.01
"""Which limits give first where not all can be kept: weights of one unit short, the lightest first."""

Key = tuple[str, str]
"""Unit (or carrier) and which of its quantities: ('battery', 'content')."""


@dataclass(frozen=True, eq=False)
class Port:
    """What a unit gives to a carrier's balance: column × factor [carrier's unit per hour]; below zero it takes."""

    unit: str
    carrier: str
    columns: Ints
    factor: Floats


@dataclass(frozen=True, eq=False)
class Opposites:
    """Two columns of a unit of which only one may be above zero at a step: charging and discharging.

    one_most, other_most: their bounds; lossless: doing both changes nothing, so that they may be set off
    """

    key: Key
    one: Ints
    other: Ints
    one_most: Floats
    other_most: Floats
    lossless: bool = False


@dataclass(frozen=True, eq=False)
class Soft:
    """What may give where no plan keeps everything: rows, or the bounds of columns.

    what, subject: kind of limit and whose; unit: of what it is short by, else that of `carrier`
    below, above: penalty on falling short and on exceeding [per unit and step], None where it cannot
    most: how far it may fall short at each step
    """

    what: str
    subject: str
    unit: str
    rows: Ints | None = None
    columns: Ints | None = None
    below: float | None = None
    above: float | None = None
    most: Values = np.inf
    carrier: str = ""


@dataclass(frozen=True, eq=False)
class Arrays:
    """The finished problem: minimise cost·x with row_lower <= A x <= row_upper, lower <= x <= upper.

    start, index, values: A by columns (CSC); integer: which columns are whole numbers; offset: added to the cost
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: Flags
    row_lower: Floats
    row_upper: Floats
    start: NDArray[np.int32]
    index: NDArray[np.int32]
    values: Floats
    offset: float


@dataclass(eq=False)
class Sheet:
    """Takes blocks of columns, rows and entries while units are written down.

    margins: what must stay in hand, by carrier [carrier's unit per hour]
    """

    horizon: Horizon
    margins: Mapping[str, Floats] = field(default_factory=dict)
    balances: dict[str, Ints] = field(default_factory=dict)
    places: dict[Key, Ints] = field(default_factory=dict)
    ports: list[Port] = field(default_factory=list)
    opposites: list[Opposites] = field(default_factory=list)
    softs: list[Soft] = field(default_factory=list)
    emissions: list[tuple[Ints, Floats]] = field(default_factory=list)
    offset: float = 0.0
    width: int = 0
    height: int = 0
    _columns: list[tuple[Floats, Floats, Floats, Flags]] = field(default_factory=list)
    _rows: list[tuple[Floats, Floats]] = field(default_factory=list)
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    _in_hand: dict[str, list[tuple[Ints, Floats]]] = field(default_factory=dict)
    _later: list[tuple[Ints, Floats]] = field(default_factory=list)
    _missing: dict[str, Floats] = field(default_factory=dict)

    def columns(
        self,
        key: Key,
        lower: Values,
        upper: Values,
        cost: Values = 0.0,
        *,
        integer: bool = False,
        count: int | None = None,
    ) -> Ints:
        """Add a block of columns, one a step unless `count` says otherwise; returns their numbers.

        cost: [currency per 1 of the column]
        """
        size = self.horizon.steps if count is None else count
        block = np.arange(self.width, self.width + size)
        self._columns.append(
            (_fill(lower, size), _fill(upper, size), _fill(cost, size), np.full(size, integer))
        )
        self.width += size
        self.places[key] = block
        return block

    def rows(self, lower: Values, upper: Values, count: int | None = None) -> Ints:
        """Add a block of rows, one a step unless `count` says otherwise; returns their numbers."""
        size = self.horizon.steps if count is None else count
        block = np.arange(self.height, self.height + size)
        self._rows.append((_fill(lower, size), _fill(upper, size)))
        self.height += size
        return block

    def put(self, rows: Ints, columns: Ints, values: Values) -> None:
        """Add entries; what is put twice in one place adds up."""
        rows, columns = np.broadcast_arrays(rows, columns)
        self._entries.append((rows, columns, _fill(values, rows.size)))

    def unbound(self, columns: Ints) -> tuple[Floats, Floats]:
        """Take a block's bounds away and return them [columns]."""
        lower, upper, _, _ = self._columns[self._number(columns)]
        self._bound(columns, np.full(lower.size, -np.inf), np.full(lower.size, np.inf))
        return lower, upper

    def hold(self, columns: Ints, values: Floats) -> None:
        """Let a block's columns be nothing but these values."""
        self._bound(columns, values, values)

    def _bound(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        number = self._number(columns)
        _, _, cost, integer = self._columns[number]
        self._columns[number] = (lower, upper, cost, integer)

    def _number(self, columns: Ints) -> int:
        """Return which block columns are."""
        sizes = [int(block[0].size) for block in self._columns]
        return int(np.searchsorted(np.cumsum(sizes), columns[0], side="right"))

    def charge(self, columns: Ints, cost: Values) -> None:
        """Add to the cost of columns that are there already."""
        self._later.append((columns, _fill(cost, columns.size)))

    def flow(self, unit: str, carrier: str, columns: Ints, factor: Values = 1.0) -> None:
        """Let a column give `factor` of itself to a carrier's balance; below zero it takes."""
        factors = _fill(factor, columns.size)
        self.put(self.balances[carrier], columns, factors)
        self.ports.append(Port(unit, carrier, columns, factors))

    def in_hand(self, carrier: str, columns: Ints, factor: Values, constant: Values = 0.0) -> None:
        """Say how much more a unit could give: constant + factor × column [carrier's unit per hour]."""
        if carrier not in self.margins:
            return
        self._in_hand.setdefault(carrier, []).append((columns, _fill(factor, columns.size)))
        missing = self._missing.get(carrier, self.margins[carrier])
        self._missing[carrier] = missing - self.horizon.fill(constant)

    def keep_margins(self) -> None:
        """Write the rows by which each margin stays in hand, once every unit has said what it has."""
        for carrier, margin in self.margins.items():
            rows = self.rows(self._missing.get(carrier, margin), np.inf)
            self.softs.append(Soft("margin", carrier, "", rows=rows, below=MARGIN, carrier=carrier))
            for columns, factors in self._in_hand.get(carrier, []):
                self.put(rows, columns, factors)

    def only_one(self, pair: Opposites, steps: Ints) -> None:
        """Forbid, by a binary at each of these steps, that both of a pair are above zero."""
        chosen = self.columns(
            (f"{pair.key[0]}", f"{pair.key[1]}{self.width}"), 0, 1, integer=True, count=steps.size
        )
        first = self.rows(-np.inf, 0, steps.size)
        self.put(first, pair.one[steps], 1)
        self.put(first, chosen, -pair.one_most[steps])
        second = self.rows(-np.inf, pair.other_most[steps], steps.size)
        self.put(second, pair.other[steps], 1)
        self.put(second, chosen, pair.other_most[steps])

    def arrays(self) -> Arrays:
        """Return the problem by columns, entries sorted and those put twice added up."""
        none = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
        rows, columns, values = (np.concatenate(part) for part in zip(*(self._entries or none), strict=True))
        blocks = self._columns or [(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, bool))]
        lower, upper, cost, integer = (np.concatenate(part) for part in zip(*blocks, strict=True))
        for charged, more in self._later:
            np.add.at(cost, charged, more)
        bounds = self._rows or [(np.zeros(0), np.zeros(0))]
        row_lower, row_upper = (np.concatenate(part) for part in zip(*bounds, strict=True))
        place = columns * self.height + rows
        order = np.argsort(place, kind="stable")
        place, values = place[order], values[order]
        new = np.concatenate(([True], place[1:] != place[:-1]))[: place.size]
        if not new.all():
            values, place = np.add.reduceat(values, np.flatnonzero(new)), place[new]
        kept = values != 0
        values, place = values[kept], place[kept]
        counts = np.bincount(place // self.height, minlength=self.width)
        start = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        index = (place % self.height).astype(np.int32)
        return Arrays(cost, lower, upper, integer, row_lower, row_upper, start, index, values, self.offset)


def _fill(values: Values, size: int) -> Floats:
    return np.broadcast_to(np.asarray(values, dtype=float), (size,))


def spread(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Return every (t, k) with first[t] <= k <= last[t], as two arrays: windows without a loop."""
    counts = np.maximum(last - first + 1, 0)
    ends = np.cumsum(counts)
    owner = np.repeat(np.arange(first.size), counts)
    offset = np.arange(int(ends[-1]) if ends.size else 0) - np.repeat(ends - counts, counts)
    return owner, first[owner] + offset
