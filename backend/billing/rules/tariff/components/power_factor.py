"""The adjustment for reactive energy: a percentage of other components by the month's power factor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.components.share import unknown_components
from backend.billing.rules.tariff.document import DECIMAL, TEXT, Findings, Form, many, said, table, wrong
from backend.billing.rules.tariff.grid import Part
from backend.billing.rules.tariff.schedule import Schedule
from backend.billing.rules.tariff.segment import Draft, Segment
from backend.billing.rules.tariff.series import Series
from backend.kernel.money import Rounding

Corners = tuple[tuple[Decimal, Decimal], ...]
HUNDREDTH = Rounding(Decimal("0.01"))

_DIRECT = {
    "0.90": {"0.95": "-0.75", "0.90": "0", "0.70": "10", "0.65": "15", "0": "145"},
    "0.85": {"0.94": "-1.1", "0.90": "-0.5", "0.85": "0", "0.65": "10", "0.60": "15", "0": "135"},
    "0.80": {"0.92": "-1.3", "0.90": "-1", "0.80": "0", "0.60": "10", "0.55": "15", "0": "125"},
}
"""功率因数调整电费办法, (83)水电财字第215号, 1983-12-02: the tables of the three standards, by their corners."""


def _corners(value: Any, path: str, findings: Findings) -> Corners:
    if isinstance(value, str | float) and str(value) in ("china-0.90", "china-0.85", "china-0.80"):
        value = _DIRECT[str(value).removeprefix("china-")]
    if isinstance(value, str):
        raise wrong(
            findings,
            path,
            value,
            f"unknown table '{value}'",
            "use china-0.90, -0.85, -0.80 or corners",
        )
    percents = table(DECIMAL).read(value, path, findings)
    return tuple(sorted((DECIMAL.read(key, path, findings), percent) for key, percent in percents.items()))


CORNERS = Form(_corners, lambda corners: {str(at): DECIMAL.write(percent) for at, percent in corners})


@dataclass(frozen=True, kw_only=True)
class PowerFactor(Component):
    """A percentage of the components `of` by the mean power factor P/√(P²+Q²), rounded to hundredths.

    active: register of P; reactive: registers of Q, whose amounts are added (drawn and fed back)
    table: power factor -> percentage at the corners of the table, straight lines between them, level beyond
    """

    of: tuple[str, ...] = said(many(TEXT))
    table: Corners = said(CORNERS)
    active: str = said(TEXT, "import")
    reactive: tuple[str, ...] = said(many(TEXT), ("reactive",))

    is_splittable: ClassVar[bool] = False

    def prepare(self, segment: Segment) -> Rater:
        return _Rater(self, segment.whole_part(self.months, self.between))

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        yield from unknown_components(self.of, earlier)
        if not all(0 <= at <= 1 for at, _ in self.table):
            yield Objection("table", None, "a power factor lies between 0 and 1")


@dataclass(frozen=True)
class _Rater(Rater):
    factor: PowerFactor
    part: Part

    def measure(self, series: Series) -> Sequence[tuple[int, int]]:
        """Return each customer's active and reactive energy [quanta]."""
        grid, mask = self.part.grid, self.part.mask
        active = series.amounts(self.factor.active, grid)[:, mask].sum(axis=1)
        reactive = sum(series.amounts(name, grid)[:, mask].sum(axis=1) for name in self.factor.reactive)
        return list(zip(active.tolist(), reactive.tolist(), strict=True))

    def charges(self, counted: tuple[int, int], draft: Draft) -> list[Charge]:
        percent = adjustment(power_factor(*counted), self.factor.table)
        return [Charge(draft.sum(self.factor.of), "", percent / 100)]


def power_factor(active: int, reactive: int) -> Decimal:
    """Return P/√(P²+Q²), rounded half up to hundredths; 1 where nothing flowed."""
    apparent = Decimal(active * active + reactive * reactive).sqrt()
    return HUNDREDTH(active / apparent) if apparent else Decimal(1)


def adjustment(factor: Decimal, corners: Corners) -> Decimal:
    """Return the percentage at a power factor, between the corners of a table (ascending)."""
    for (low, at_low), (high, at_high) in zip(corners, corners[1:], strict=False):
        if factor < high:
            return at_low + (at_high - at_low) * (max(factor, low) - low) / (high - low)
    return corners[-1][1]
