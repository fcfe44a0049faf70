"""What every file format is turned into, and what is said of cells that cannot be used. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

MOST_PROBLEMS = 200
"""Problems kept with their text; all are counted."""


@dataclass(frozen=True)
class Series:
    """Readings of one tag, as a file or a part of it gives them.

    at_us: instants, of intervals their start [microseconds since the Unix epoch, UTC]
    value: in `unit`; quality: metering's Quality; row: where each stands in the file, from 1
    kind: `interval` or `register` or `instant`; minutes: length of intervals [min]
    dial: first value a register cannot show [unit], None where the file does not tell
    direction: `in` or `out`, as seen from the position
    """

    tag: str
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int16]
    row: NDArray[np.int64]
    unit: str
    kind: str
    minutes: int = 60
    carrier: str = "electricity"
    quantity: str = "energy"
    dial: float | None = None
    direction: str = "in"

    def __len__(self) -> int:
        return len(self.at_us)

    def only(self, chosen: NDArray[np.bool_]) -> Series:
        """Return those readings that are chosen."""
        arrays = {name: getattr(self, name)[chosen] for name in ("at_us", "value", "quality", "row")}
        return replace(self, **arrays)


@dataclass(frozen=True)
class Problem:
    """A cell that cannot be used. row: counted from 1 as an editor shows it; column: its name."""

    row: int
    column: str
    value: str
    why: str


@dataclass
class Report:
    """What is wrong with a file, cell by cell; the first of it in words, all of it counted."""

    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    by_column: Counter[str] = field(default_factory=Counter)

    def add(self, row: int, column: str, value: object, why: str) -> None:
        """Note a cell."""
        self.count += 1
        self.by_column[column] += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(row, column, str(value)[:80], why))
