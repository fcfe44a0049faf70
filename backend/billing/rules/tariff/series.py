"""What a rating is given: the intervals of one or many customers, and the facts of a contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from backend.billing.rules.tariff.grid import Grid
from backend.kernel import units
from backend.kernel.errors import Refused

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """Intervals of equal length, of one or many customers, by register.

    start_us: first start [µs UTC]; length_us: interval length
    registers: name -> amounts [quanta], shape (customers, intervals), or (intervals,) where it is the same for all:
      `import` (what was drawn), `export`, `reactive`, `reactive_export`, or any name a tariff uses
    unit, quanta: what is counted, and how many quanta one unit is (kWh and 1000: the quantum is 1 Wh)
    prices: name -> price of each interval [currency per unit, in millionths], shape (intervals,)
    """

    start_us: int
    length_us: int
    registers: Mapping[str, Ints]
    unit: str = "kWh"
    quanta: int = 1000
    prices: Mapping[str, Ints] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = {name: np.atleast_2d(amounts).shape[0] for name, amounts in self.registers.items()}
        if len(set(rows.values()) - {1}) > 1:
            raise Refused(f"registers are of different numbers of customers: {rows}", field="registers")

    @property
    def customers(self) -> int:
        """How many customers it holds."""
        rows = [np.atleast_2d(amounts).shape[0] for amounts in self.registers.values()]
        return next((number for number in rows if number != 1), 1)

    def amounts(self, register: str, grid: Grid) -> Ints:
        """Return a register's amounts on a grid, (customers, intervals) [quanta]; `net` is import less export.

        Raises Refused where it does not hold the whole grid, or lacks the register.
        """
        if register == "net":
            return self.amounts("import", grid) - self.amounts("export", grid)
        if register not in self.registers:
            raise Refused(
                f"no register '{register}' was handed in",
                field="registers",
                value=register,
                remedy="hand in " + ", ".join(self.registers) if self.registers else None,
            )
        amounts = np.atleast_2d(self.registers[register]).astype(np.int64, copy=False)
        first = self.place(grid, amounts.shape[1])
        return np.broadcast_to(amounts[:, first : first + len(grid)], (self.customers, len(grid)))

    def price_of_each(self, name: str, grid: Grid) -> Ints:
        """Return the prices of the grid's intervals [currency per unit, in millionths]."""
        if name not in self.prices:
            raise Refused(f"no prices '{name}' were handed in", field="prices", value=name)
        prices = self.prices[name]
        first = self.place(grid, len(prices))
        return prices[first : first + len(grid)]

    def place(self, grid: Grid, count: int) -> int:
        """Return where the grid begins in arrays of `count` intervals."""
        first, rest = divmod(grid.start_us - self.start_us, self.length_us)
        if self.length_us != grid.length_us or rest or first < 0 or first + len(grid) > count:
            raise Refused(
                f"the intervals do not cover {grid.span.start} to {grid.span.end} ({grid.zone}) in full",
                field="registers",
                value=count,
                remedy=f"{len(grid)} intervals of {grid.length_us // 60_000_000} min are needed",
            )
        return int(first)

    def per_quantum(self, unit: str) -> Fraction:
        """Return how many `unit` one quantum is, exactly; raises Refused where they are not of one kind."""
        here, there = units.unit(self.unit), units.unit(unit)
        if here.dimension != there.dimension:
            raise Refused(
                f"{self.unit} ({here.dimension}) cannot be charged per {unit} ({there.dimension})",
                field="unit",
                value=unit,
            )
        return Fraction(str(here.factor)) / Fraction(str(there.factor)) / self.quanta


@dataclass(frozen=True)
class Facts:
    """What a tariff asks of a contract beside the intervals.

    values: by name, e.g. contracted_kw, capacity_kva, area_m2, people (Tariff.needs tells which)
    months: how many billing months the period is; None counts calendar days
    opening: what earlier bills left behind (Rating.closing of the last): use of the year so far, credits, …
    """

    values: Mapping[str, Decimal] = field(default_factory=dict)
    months: Fraction | None = None
    opening: Mapping[str, Decimal] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Decimal:
        if name not in self.values:
            raise Refused(
                f"the tariff needs '{name}', which the contract does not say",
                field=name,
                remedy="add it to the contract",
            )
        return self.values[name]
