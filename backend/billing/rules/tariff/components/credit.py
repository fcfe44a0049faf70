"""Credit that is carried from bill to bill, and what becomes of it once a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.components.base import Charge, Component, Objection, Rater
from backend.billing.rules.tariff.components.share import unknown_components
from backend.billing.rules.tariff.document import TEXT, many, one_of, said
from backend.billing.rules.tariff.grid import Part
from backend.billing.rules.tariff.schedule import MONTH, Schedule
from backend.billing.rules.tariff.segment import Draft, Segment
from backend.billing.rules.tariff.terms import TERM, Term


@dataclass(frozen=True, kw_only=True)
class Credit(Component):
    """What was earned is set against charges, and the rest is carried to the next bill rather than paid.

    of: charges that may be paid with credit; earned: components whose (negative) amounts earn it; without
      any, a negative sum of `of` does
    from_: credit earned on this bill counts on `this` bill already, or on the `next`
    Two lines: credit brought forward (negative), and carried forward (positive).
    """

    of: tuple[str, ...] = said(many(TEXT))
    earned: tuple[str, ...] = said(many(TEXT), ())
    from_: str = said(one_of(("this", "next")), "this")

    is_splittable: ClassVar[bool] = False

    @property
    def accounts(self) -> tuple[str, ...]:  # type: ignore[override]  # of each credit, not of the kind
        return (self.code,)

    def prepare(self, segment: Segment) -> Rater:
        return _CreditRater(self)

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        yield from unknown_components((*self.of, *self.earned), earlier)


@dataclass(frozen=True)
class _CreditRater(Rater):
    credit: Credit

    def charges(self, counted: Any, draft: Draft) -> list[Charge]:
        owed = draft.sum(self.credit.of)
        new = -draft.sum(self.credit.earned) if self.credit.earned else max(-owed, Decimal(0))
        owed = max(owed, Decimal(0))
        key = f"{self.credit.code}.carried"
        before = draft.state.pop(key, Decimal(0))
        usable = before + (new if self.credit.from_ == "this" else 0)
        after = before + new - min(usable, owed)
        draft.state[key] = after
        moved = ((-before, "brought"), (after, "carried"))
        return [Charge(amount, "", Decimal(1), note=note) for amount, note in moved if amount]


@dataclass(frozen=True, kw_only=True)
class Settlement(Component):
    """What is carried on account `of` (money, or units of energy) is settled once a year.

    month: on the bill that holds the last day of this month; price: paid for each unit carried: 1 pays money
      out in full, 0 lets it expire; unit: of what is carried, where it is not money
    """

    of: str = said(TEXT)
    price: Term = said(TERM)
    month: int = said(MONTH)
    unit: str = said(TEXT, "")

    is_splittable: ClassVar[bool] = False

    def prepare(self, segment: Segment) -> Rater:
        return _SettlementRater(self, self.part(segment))

    def facts(self) -> set[str]:
        return terms.names([self.price])

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        if self.of not in earlier:
            yield Objection("of", self.of, f"no account '{self.of}' is used before")


@dataclass(frozen=True)
class _SettlementRater(Rater):
    settlement: Settlement
    part: Part

    def charges(self, counted: Any, draft: Draft) -> list[Charge]:
        month, key = self.settlement.month, f"{self.settlement.of}.carried"
        if not any(on.month == month and (on + timedelta(days=1)).month != month for on in self.part.dates):
            return []
        names = [name for name in draft.state if name == key or name.startswith(f"{key}.")]
        carried = sum((draft.state.pop(name) for name in names), Decimal(0))
        price = terms.value(self.settlement.price, draft)
        return [Charge(-carried, self.settlement.unit, price)] if carried else []
