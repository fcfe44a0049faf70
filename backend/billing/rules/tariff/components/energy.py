"""Charges for what was drawn or fed in: by price period, by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.blocks import Blocks, fill, new_years, spread, year_of
from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.components.prices import price_objections, price_of
from backend.billing.rules.tariff.document import CODE, FLAG, ROUNDING, TEXT, record, said, table
from backend.billing.rules.tariff.grid import Ints, Part
from backend.billing.rules.tariff.schedule import Schedule
from backend.billing.rules.tariff.segment import Draft, Pieces, Segment, decimal
from backend.billing.rules.tariff.series import Series
from backend.billing.rules.tariff.terms import PRICE, TERM, TERMS, Price, Term
from backend.kernel import units
from backend.kernel.errors import Refused
from backend.kernel.money import Rounding


@dataclass(frozen=True, kw_only=True)
class Energy(Component):
    """The amount counted on register `of`, times `times`, at `price`.

    priced_in: unit of the product where `times` makes it another than `unit` (gas in m3, priced in kWh)
    by: schedule whose price periods `price` names; blocks: where the price steps
    times: numbers and facts (a loss factor, the calorific value of gas, a share of a common meter)
    base: where prices are published as multiples of another price, that price (0.65, or a fact of the month)
    pays: an amount fed in earns: its charge is negative
    surplus: the price at which `net` amounts below zero earn, where it is not `price`
    carry: account to which net amounts below zero are credited, unit for unit, for the same price period of
      later bills, or the one `carry_to` names while it does not occur; components may share an account
    to: how the amount of a price period is rounded before it is priced
    """

    price: Price = said(PRICE)
    unit: str = said(TEXT)
    of: str = said(TEXT, "import")
    by: str | None = said(TEXT, None)
    blocks: Blocks | None = said(record(Blocks), None)
    times: tuple[Term, ...] = said(TERMS, ())
    priced_in: str | None = said(TEXT, None)
    base: Term | None = said(TERM, None)
    pays: bool = said(FLAG, False)
    surplus: Price | None = said(PRICE, None)
    carry: str | None = said(CODE, None)
    carry_to: Mapping[str, str] | None = said(table(CODE, CODE), None)
    to: Rounding | None = said(ROUNDING, None)

    @property
    def register(self) -> str:  # type: ignore[override]  # of each component, not of the kind
        return self.of

    @property
    def accounts(self) -> tuple[str, ...]:  # type: ignore[override]  # likewise
        return (self.carry,) if self.carry else ()

    @property
    def is_splittable(self) -> bool:  # type: ignore[override]  # likewise
        blocks = self.blocks
        goes_on = blocks is None or (blocks.per in ("each_day", "year") and not (blocks.shared and self.by))
        return goes_on and not self.carry and self.to is None

    def prepare(self, segment: Segment) -> Rater:
        part = self.part(segment)
        return EnergyRater(self, segment.pieces(part, self.by), part)

    def facts(self) -> set[str]:
        prices = [term for listed in self.price.values() for term in listed]
        base = [] if self.base is None else [self.base]
        return terms.names([*prices, *base, *self.times]) | (self.blocks.facts() if self.blocks else set())

    def cuts(self, first: date, last: date) -> list[date]:
        return new_years(first, last) if self.blocks and self.blocks.per == "year" else []

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        try:
            units.unit(self.unit)
        except Refused as refused:
            yield Objection("unit", self.unit, refused.message, refused.remedy)
        if self.carry and self.blocks and self.blocks.per in ("year", "each_day"):
            yield Objection("carry", None, f"units are not carried past blocks per {self.blocks.per}")
        if self.to and self.blocks and self.blocks.per == "each_day":
            yield Objection("to", str(self.to), "what has blocks each day is not rounded before")
        yield from price_objections(self.price, self.by, self.blocks, schedules)
        if self.surplus is not None:
            yield from price_objections(self.surplus, self.by, self.blocks, schedules, "surplus")


@dataclass(frozen=True)
class EnergyRater(Rater):
    """Energy ready for a segment: its intervals sorted into price periods."""

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
        factor = unit * Fraction(terms.product(self.energy.times, draft))
        amounts = row.tolist()
        if not factor:
            return [self._charge(0, 0, Fraction(0), draft)]
        if self.energy.to:  # from here on the quantum is the step rounded to
            step = self.energy.to.to
            amounts = [int(self.energy.to(decimal(one * factor)) / step) for one in amounts]
            factor = Fraction(step)
        carried: list[Charge] = []
        if self.energy.carry:
            amounts, carried = self._carry(amounts, factor, draft)
        charges = [
            self._charge(index, block, quanta * factor, draft)
            for index, by_block in enumerate(self._blocks(amounts, factor, draft))
            for block, quanta in enumerate(by_block)
            if quanta
        ]
        charges = charges or [self._charge(0, 0, Fraction(0), draft)]
        draft.measured[self.energy.code] = sum((charge.quantity for charge in charges), Decimal(0))
        return charges + carried

    def _carry(self, amounts: list[int], factor: Fraction, draft: Draft) -> tuple[list[int], list[Charge]]:
        """Set net amounts against what earlier bills carried, by price period; what is left over is carried on."""
        credit = self._carried(draft)
        billed, charges = [], []
        for index, (code, amount) in enumerate(zip(self.pieces.codes, amounts, strict=True)):
            net = amount * factor - Fraction(credit.pop(code, Decimal(0)))
            billed.append(max(int(net / factor), 0))
            if net < 0:
                credit[code] = decimal(-net)
                charges.append(replace(self._charge(index, 0, -net, draft), price=Decimal(0), note="carried"))
        for code, left in credit.items():
            draft.state[_key(self.energy.carry, "carried", code)] = left
        return billed, charges

    def _carried(self, draft: Draft) -> dict[str, Decimal]:
        """Take what earlier bills carried out of the draft, by the price period it now belongs to [unit]."""
        found: dict[str, Decimal] = {}
        prefix = _key(self.energy.carry, "carried")
        for name in [name for name in draft.state if name == prefix or name.startswith(f"{prefix}.")]:
            code = name[len(prefix) + 1 :]
            if code not in self.pieces.codes:
                code = (self.energy.carry_to or {}).get(code, code)
            found[code] = found.get(code, Decimal(0)) + draft.state.pop(name)
        return found

    def _blocks(self, amounts: list[Any], factor: Fraction, draft: Draft) -> list[list[int]]:
        """Sort amounts by price period (and by day, where each day has its blocks) into blocks [quanta]."""
        blocks = self.energy.blocks
        if blocks is None:
            return [[amount] for amount in amounts]
        uppers = [upper / factor for upper in blocks.uppers(draft, self.part)]
        if blocks.per == "each_day":
            return [
                [sum(column) for column in zip(*(fill(amount, uppers) for amount in days), strict=True)]
                for days in amounts
            ]
        if blocks.shared:
            total = sum(amounts)
            return spread(fill(total, uppers, self._used("", total, factor, draft)), amounts)
        return [
            fill(amount, uppers, self._used(code, amount, factor, draft))
            for code, amount in zip(self.pieces.codes, amounts, strict=True)
        ]

    def _used(self, period: str, amount: int, factor: Fraction, draft: Draft) -> Fraction:
        """Return what filled yearly blocks before [quanta], and note what fills them now."""
        if self.energy.blocks is None or self.energy.blocks.per != "year":
            return Fraction(0)
        key = _key(self.energy.code, "used", year_of(self.part.dates[0]), period)
        for name in [name for name in draft.state if name.startswith(_key(self.energy.code, "used."))]:
            if not name.startswith(_key(self.energy.code, "used", year_of(self.part.dates[0]))):
                del draft.state[name]
        before = draft.state.get(key, Decimal(0))
        draft.state[key] = before + decimal(amount * factor)
        return Fraction(before) / factor

    def _charge(self, index: int, block: int, quantity: Fraction, draft: Draft) -> Charge:
        code = self.pieces.codes[index]
        prices = self.energy.surplus if quantity < 0 and self.energy.surplus else self.energy.price
        price = price_of(prices, code, block, draft)
        if self.energy.base is not None:
            price *= terms.value(self.energy.base, draft)
        return Charge(
            quantity=decimal(quantity),
            unit=self.energy.priced_in or self.energy.unit,
            price=0 - price if self.energy.pays else price,
            period=code or None,
            period_name=self.pieces.names[index],
            block=block + 1 if self.energy.blocks else None,
            intervals=self.pieces.ranges[index],
        )


def _key(*words: str | None) -> str:
    """Return the name of what is left to later bills, of the words that are there."""
    return ".".join(word for word in words if word)
