"""Charges for what was drawn or fed in: by price period, by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.blocks import Blocks, fill, spread, year_of
from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.document import FLAG, TEXT, record, said
from backend.billing.rules.tariff.grid import Ints, Part
from backend.billing.rules.tariff.schedule import Schedule
from backend.billing.rules.tariff.segment import Draft, Pieces, Segment, decimal
from backend.billing.rules.tariff.series import Series
from backend.billing.rules.tariff.terms import PRICE, TERMS, Price, Term
from backend.kernel import units
from backend.kernel.errors import Refused


@dataclass(frozen=True, kw_only=True)
class Energy(Component):
    """The amount counted on register `of`, times `times`, at `price`.

    by: schedule whose price periods `price` names; blocks: where the price steps
    times: numbers and facts (a loss factor, the calorific value of gas, a share of a common meter)
    pays: an amount fed in earns: its charge is negative
    """

    price: Price = said(PRICE)
    unit: str = said(TEXT)
    of: str = said(TEXT, "import")
    by: str | None = said(TEXT, None)
    blocks: Blocks | None = said(record(Blocks), None)
    times: tuple[Term, ...] = said(TERMS, ())
    pays: bool = said(FLAG, False)

    @property
    def register(self) -> str:  # type: ignore[override]  # of each component, not of the kind
        return self.of

    @property
    def is_splittable(self) -> bool:  # type: ignore[override]  # likewise
        return self.blocks is None or self.blocks.per in ("each_day", "year")

    def prepare(self, segment: Segment) -> Rater:
        part = self.part(segment)
        return _Rater(self, segment.pieces(part, self.by), part)

    def facts(self) -> set[str]:
        prices = [term for listed in self.price.values() for term in listed]
        return terms.names([*prices, *self.times]) | (self.blocks.facts() if self.blocks else set())

    def cuts(self, first: date, last: date) -> list[date]:
        """Return where a period is to be cut: yearly blocks begin anew at new year."""
        if self.blocks is None or self.blocks.per != "year":
            return []
        return [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        try:
            units.unit(self.unit)
        except Refused as refused:
            yield Objection("unit", self.unit, refused.message, refused.remedy)
        if self.by is not None and self.by not in schedules:
            known = ", ".join(schedules) or "none"
            yield Objection("by", self.by, f"no schedule '{self.by}'", f"those of this version are: {known}")
        else:
            yield from self._period_objections(schedules[self.by].codes if self.by else ("",))
        for value, message in self.blocks.objections() if self.blocks else ():
            yield Objection("blocks.limits", value, message)
        steps = len(self.blocks.limits) + 1 if self.blocks else 1
        for period, prices in self.price.items():
            where = f"price.{period}" if period else "price"
            if len(prices) not in (1, steps):
                yield Objection(where, len(prices), f"{len(prices)} prices for {steps} blocks")
            for price in prices:
                if isinstance(price, Decimal) and price < 0:
                    yield Objection(
                        where,
                        str(price),
                        f"a price of {price} is negative",
                        "say `pays: true` where feeding in earns",
                    )

    def _period_objections(self, codes: Sequence[str]) -> Iterator[Objection]:
        if "" in self.price:
            return
        for period in self.price:
            if period not in codes:
                known = ", ".join(codes) if self.by else "none: it goes by no schedule"
                yield Objection(
                    f"price.{period}", period, f"unknown period '{period}'", f"those known are: {known}"
                )
        for code in codes:
            if code not in self.price:
                yield Objection("price", code or None, f"no price for period '{code}'")


@dataclass(frozen=True)
class _Rater(Rater):
    energy: Energy
    pieces: Pieces
    part: Part

    def measure(self, series: Series) -> Sequence[tuple[Ints, Fraction]]:
        """Return each customer's amounts by price period (by day too where each has its blocks) and units a quantum."""
        amounts = series.amounts(self.energy.of, self.pieces.grid)
        unit = series.per_quantum(self.energy.unit)
        if self.energy.blocks and self.energy.blocks.per == "each_day":
            return [(row, unit) for row in self._by_day(amounts)]
        return [(row, unit) for row in self.pieces.sums(amounts)]

    def _by_day(self, amounts: Ints) -> Ints:
        """Add up by price period and local date, (customers, periods, dates)."""
        begins = np.flatnonzero(np.diff(self.pieces.grid.day, prepend=-1))
        each = [np.where(self.pieces.label == index, amounts, 0) for index in range(len(self.pieces.codes))]
        return np.stack([np.add.reduceat(one, begins, axis=1) for one in each], axis=1)

    def charges(self, counted: tuple[Ints, Fraction], draft: Draft) -> list[Charge]:
        row, unit = counted
        factor = unit * Fraction(terms.product(self.energy.times, draft.facts))
        charges = [
            self._charge(index, block, quanta * factor, draft)
            for index, by_block in enumerate(self._blocks(row, factor, draft))
            for block, quanta in enumerate(by_block)
            if quanta
        ]
        return charges or [self._charge(0, 0, Fraction(0), draft)]

    def _blocks(self, row: Ints, factor: Fraction, draft: Draft) -> list[list[int]]:
        """Sort amounts by price period into blocks [quanta]."""
        blocks = self.energy.blocks
        if blocks is None:
            return [[amount] for amount in row.tolist()]
        uppers = [upper / factor for upper in blocks.uppers(draft, self.part)]
        if blocks.per == "each_day":
            return [
                [sum(column) for column in zip(*(fill(amount, uppers) for amount in days), strict=True)]
                for days in row.tolist()
            ]
        if blocks.shared:
            total = int(row.sum())
            return spread(fill(total, uppers, self._used("", total, factor, draft)), row.tolist())
        return [
            fill(amount, uppers, self._used(code, amount, factor, draft))
            for code, amount in zip(self.pieces.codes, row.tolist(), strict=True)
        ]

    def _used(self, period: str, amount: int, factor: Fraction, draft: Draft) -> Fraction:
        """Return what filled yearly blocks before [quanta], and note what fills them now."""
        if self.energy.blocks is None or self.energy.blocks.per != "year":
            return Fraction(0)
        key = ".".join(filter(None, (self.energy.code, "used", year_of(self.part.dates[0]), period)))
        before = draft.state.get(key, Decimal(0))
        draft.state[key] = before + decimal(amount * factor)
        return Fraction(before) / factor

    def _charge(self, index: int, block: int, quantity: Fraction, draft: Draft) -> Charge:
        code = self.pieces.codes[index]
        prices = self.energy.price.get(code) or self.energy.price[""]
        price = terms.value(prices[min(block, len(prices) - 1)], draft.facts)
        return Charge(
            quantity=decimal(quantity),
            unit=self.energy.unit,
            price=-price if self.energy.pays else price,
            period=code or None,
            period_name=self.pieces.names[index],
            block=block + 1 if self.energy.blocks else None,
            intervals=self.pieces.ranges[index],
        )
