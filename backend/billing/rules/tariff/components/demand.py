"""Charges for the highest demand: measured, floored by contract or ratchet, by price period and block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

import numpy as np

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.blocks import Blocks
from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.components.prices import price_objections, price_of
from backend.billing.rules.tariff.document import FLAG, ROUNDING, TEXT, WHOLE, number, one_of, record, said
from backend.billing.rules.tariff.grid import MINUTE_US, Ints, Part
from backend.billing.rules.tariff.schedule import MONTHS, Schedule
from backend.billing.rules.tariff.segment import Draft, Pieces, Segment, decimal
from backend.billing.rules.tariff.series import Series
from backend.billing.rules.tariff.terms import PRICE, TERMS, Price, Term
from backend.kernel.errors import Refused
from backend.kernel.money import Rounding

_ENERGY_OF = {"kW": "kWh", "MW": "MWh", "kVA": "kVAh", "m3/h": "m3"}


@dataclass(frozen=True)
class Ratchet:
    """At least a share of the highest demand of the last bills.

    share: 0.8 is 80 %; bills: how far back; of_months: only peaks of these months count (none says all)
    """

    share: Decimal = said(number(above=0))
    bills: int = said(WHOLE, 11)
    of_months: tuple[int, ...] = said(MONTHS, ())

    def __post_init__(self) -> None:
        if not 1 <= self.bills <= 60:
            raise Refused("a ratchet looks 1 to 60 bills back", field="bills", value=self.bills)


@dataclass(frozen=True, kw_only=True)
class Demand(Component):
    """The highest mean power over `minutes`, in each price period of schedule `by`, at `price` per month.

    sliding: windows begin at every interval, rather than on the clock; a window counts in the price
      period it lies in with its whole length
    at_least: the product of these terms is charged at least (contracted_kw; or capacity_kva and 0.4)
    blocks: limits of demand (1.05 and contracted_kw: 5 % above the contract)
    to: how the demand is rounded before it is priced
    """

    price: Price = said(PRICE)
    unit: str = said(one_of(_ENERGY_OF), "kW")
    of: str = said(TEXT, "import")
    by: str | None = said(TEXT, None)
    minutes: int = said(WHOLE, 15)
    sliding: bool = said(FLAG, False)
    at_least: tuple[Term, ...] = said(TERMS, ())
    ratchet: Ratchet | None = said(record(Ratchet), None)
    blocks: Blocks | None = said(record(Blocks), None)
    to: Rounding | None = said(ROUNDING, None)

    is_splittable: ClassVar[bool] = False

    @property
    def register(self) -> str:  # type: ignore[override]  # of each component, not of the kind
        return self.of

    def prepare(self, segment: Segment) -> Rater:
        length_us = segment.whole.length_us
        if self.minutes * MINUTE_US % length_us:
            raise Refused(
                f"a demand over {self.minutes} min cannot be read off intervals of {length_us / MINUTE_US:g} min",
                field="length_us",
                value=length_us,
                remedy="rate intervals that divide the demand's window",
            )
        whole = segment.whole_part(self.months, self.between)
        return _Rater(
            self, segment.pieces(whole, self.by), self.part(segment), self.minutes * MINUTE_US // length_us
        )

    def facts(self) -> set[str]:
        prices = [term for listed in self.price.values() for term in listed]
        return terms.names([*prices, *self.at_least]) | (self.blocks.facts() if self.blocks else set())

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        if not 0 < self.minutes <= 1440:
            yield Objection("minutes", self.minutes, "a demand is the mean over 1 to 1440 minutes")
        if self.blocks and self.blocks.per not in ("month", "period"):
            yield Objection(
                "blocks.per", self.blocks.per, "blocks of a demand are limits of power", "leave `per` out"
            )
        yield from price_objections(self.price, self.by, self.blocks, schedules)


@dataclass(frozen=True)
class _Peaks:
    """One customer's highest windows: amount [quanta] and first interval, by price period."""

    amount: Ints
    first: Ints
    unit: Fraction


@dataclass(frozen=True)
class _Rater(Rater):
    demand: Demand
    pieces: Pieces
    part: Part
    width: int

    def measure(self, series: Series) -> Sequence[_Peaks]:
        """Return each customer's highest window by price period."""
        amounts = series.amounts(self.demand.of, self.pieces.grid)
        unit = series.per_quantum(_ENERGY_OF[self.demand.unit]) * 60 / self.demand.minutes
        sums, firsts = self._windows(amounts)
        best = [self._best(sums, firsts, index) for index in range(len(self.pieces.codes))]
        amount = np.stack([found for found, _ in best], axis=1)
        first = np.stack([at for _, at in best], axis=1)
        return [_Peaks(*row, unit) for row in zip(amount, first, strict=True)]

    def _windows(self, amounts: Ints) -> tuple[Ints, Ints]:
        """Return the sums over all windows, (customers, windows), and each window's first interval."""
        count, width = amounts.shape[1], self.width
        if self.demand.sliding:
            borders = np.zeros((amounts.shape[0], count + 1), dtype=np.int64)
            np.cumsum(amounts, axis=1, out=borders[:, 1:])
            return borders[:, width:] - borders[:, :-width], np.arange(count - width + 1)
        firsts = np.arange(0, count - width + 1, width)
        return amounts[:, : len(firsts) * width].reshape(len(amounts), -1, width).sum(axis=2), firsts

    def _best(self, sums: Ints, firsts: Ints, index: int) -> tuple[Ints, Ints]:
        label = self.pieces.label
        inside = np.flatnonzero((label[firsts] == index) & (label[firsts + self.width - 1] == index))
        if not inside.size:
            return np.zeros(len(sums), dtype=np.int64), np.full(len(sums), -1)
        best = np.argmax(sums[:, inside], axis=1)
        return sums[np.arange(len(sums)), inside[best]], firsts[inside[best]]

    def charges(self, counted: _Peaks, draft: Draft) -> list[Charge]:
        charges = []
        for index, (amount, first) in enumerate(
            zip(counted.amount.tolist(), counted.first.tolist(), strict=True)
        ):
            measured = decimal(amount * counted.unit)
            billed = self._billed(measured, self.pieces.codes[index], draft)
            draft.measured[self.demand.code] = max(billed, draft.measured.get(self.demand.code, billed))
            for block, size in enumerate(self._blocks(Fraction(billed), draft)):
                if size or not block:
                    charges.append(self._charge(index, block, size, first, draft))
        return charges

    def _billed(self, measured: Decimal, code: str, draft: Draft) -> Decimal:
        """Return the demand that is charged [unit], and note the measured one for later bills."""
        demand, billed = self.demand, measured
        if demand.ratchet:
            key = ".".join(filter(None, (demand.code, "peak", code)))
            billed = max(billed, _ratcheted(demand.ratchet, key, measured, self.part.dates[-1], draft))
        if demand.at_least:
            billed = max(billed, terms.product(demand.at_least, draft))
        return demand.to(billed) if demand.to else billed

    def _blocks(self, billed: Fraction, draft: Draft) -> list[Fraction]:
        """Sort a demand into its blocks [unit]."""
        uppers = self.demand.blocks.levels(draft) if self.demand.blocks else []
        borders = [Fraction(0), *(min(upper, billed) for upper in uppers), billed]
        return [after - before for before, after in zip(borders, borders[1:], strict=False)]

    def _charge(self, index: int, block: int, size: Fraction, first: int, draft: Draft) -> Charge:
        code, grid = self.pieces.codes[index], self.pieces.grid
        start = grid.start_us + first * grid.length_us
        return Charge(
            quantity=decimal(size * self.part.months(draft.facts.months)),
            unit=f"{self.demand.unit}·month",
            price=price_of(self.demand.price, code, block, draft),
            period=code or None,
            period_name=self.pieces.names[index],
            block=block + 1 if self.demand.blocks else None,
            intervals=np.array([[start, start + self.width * grid.length_us]]) if first >= 0 else None,
        )


def _ratcheted(ratchet: Ratchet, key: str, measured: Decimal, on: date, draft: Draft) -> Decimal:
    """Return what the peaks of earlier bills demand, and keep this one beside them (`<key>.<year-month>`)."""
    past = sorted(name for name in draft.state if name.startswith(f"{key}.") and name[-7:] < f"{on:%Y-%m}")
    for name in past[: -ratchet.bills]:
        del draft.state[name]
    counting = [
        draft.state[name]
        for name in past[-ratchet.bills :]
        if not ratchet.of_months or int(name[-2:]) in ratchet.of_months
    ]
    draft.state[f"{key}.{on:%Y-%m}"] = measured
    return ratchet.share * max(counting, default=Decimal(0))
