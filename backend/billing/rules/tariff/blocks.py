"""Blocks: the first so many units at one price, the next at another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.document import DECIMAL, FLAG, TEXT, many, one_of, record, said
from backend.billing.rules.tariff.grid import Part
from backend.billing.rules.tariff.segment import Draft
from backend.billing.rules.tariff.terms import FACTORS, Term


@dataclass(frozen=True)
class More:
    """Wider blocks for large households: every limit grows by `add` where the fact is above `above`.

    each: once for every one above it, rather than once in all
    """

    fact: str = said(TEXT)
    above: Decimal = said(DECIMAL)
    add: Decimal = said(DECIMAL)
    each: bool = said(FLAG, False)

    def width(self, draft: Draft) -> Decimal:
        """Return by how much limits grow."""
        beyond = max(draft[self.fact] - self.above, Decimal(0))
        return self.add * (
            beyond if self.each else min(beyond, Decimal(1)).to_integral_value("ROUND_CEILING")
        )


@dataclass(frozen=True)
class Blocks:
    """Where one price ends and the next begins.

    limits: upper limits of all blocks but the last [unit of the quantity], each a number, or factors that are
      multiplied (200 and `demand`: 200 hours of use of that demand); none reaches beyond those after it
    per: `month` (limits × billing months), `day` (limits × days), `each_day` (every day has its own blocks),
      `year` (use is counted on from bill to bill), `period` (of the bill, whatever its length)
    shared: with price periods: all use fills one set of blocks, which hold the periods in proportion;
      else each period fills blocks of its own
    """

    limits: tuple[tuple[Term, ...], ...] = said(many(FACTORS))
    per: str = said(one_of(("month", "day", "each_day", "year", "period")), "month")
    more: More | None = said(record(More), None)
    shared: bool = said(FLAG, False)

    def facts(self) -> set[str]:
        """Return the names of the facts they ask for."""
        return terms.names(term for limit in self.limits for term in limit) | (
            {self.more.fact} if self.more else set()
        )

    def uppers(self, draft: Draft, part: Part) -> list[Fraction]:
        """Return the limits of an amount for a part of the year [unit], ascending."""
        stretch = self._stretch(draft, part)
        return [limit * stretch for limit in self.levels(draft)]

    def levels(self, draft: Draft) -> list[Fraction]:
        """Return the limits before they are stretched by time, which are those of a demand [unit]."""
        extra = self.more.width(draft) if self.more else Decimal(0)
        levels = [Fraction(terms.product(limit, draft) + extra) for limit in self.limits]
        return list(accumulate(reversed(levels), min))[::-1]

    def _stretch(self, draft: Draft, part: Part) -> Fraction:
        if self.per == "month":
            return part.months(draft.facts.months)
        return Fraction(part.days if self.per == "day" else 1)

    def objections(self) -> Iterator[tuple[str, str]]:
        """Yield (value, message) of what is wrong with the limits."""
        numbers = [limit[0] for limit in self.limits if len(limit) == 1 and isinstance(limit[0], Decimal)]
        for before, after in pairwise([Decimal(0), *numbers]):
            if after <= before:
                yield str(after), f"block limits must ascend from above 0: {after} comes after {before}"


def fill(amount: int, uppers: Sequence[Fraction], used: Fraction = Fraction(0)) -> list[int]:
    """Sort an amount into blocks; the parts sum to it.

    amount: quanta; uppers: limits of all blocks but the last [quanta]; used: what filled them before [quanta]
    A negative amount (more fed in than drawn) stays in the first block.
    """
    if amount < 0:
        return [amount, *[0] * len(uppers)]
    borders = [min(max(int(upper - used), 0), amount) for upper in uppers] + [amount]
    return [after - before for before, after in pairwise([0, *borders])]


def spread(blocks: Sequence[int], amounts: Sequence[int]) -> list[list[int]]:
    """Spread block totals over periods in proportion, per period a list by block; each sums to its amount.

    blocks: what is in each block; amounts: what is in each period; both sum to the same [quanta]
    """
    total = sum(amounts)
    if not total:
        return [[amount, *[0] * (len(blocks) - 1)] for amount in amounts]
    borders = [sum(blocks[: index + 1]) for index in range(len(blocks))]
    rows = [[border * amount // total for border in borders] for amount in amounts]
    return [[after - before for before, after in pairwise([0, *row])] for row in rows]


def year_of(on: date) -> str:
    """Return the year whose blocks a date's use fills."""
    return str(on.year)


def new_years(first: date, last: date) -> list[date]:
    """Return the new years between two dates, where what is counted by the year begins anew."""
    return [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
