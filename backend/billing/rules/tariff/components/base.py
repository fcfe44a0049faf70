"""What all kinds of component have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from backend.billing.rules.tariff import terms
from backend.billing.rules.tariff.document import CODE, DECIMAL, many, record, said
from backend.billing.rules.tariff.grid import Ints, Part
from backend.billing.rules.tariff.schedule import BETWEEN, MONTHS, NAMES, Names, Schedule
from backend.billing.rules.tariff.segment import Draft, Segment
from backend.billing.rules.tariff.series import Series
from backend.billing.rules.tariff.terms import TERM, TERMS, Term


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge before rounding: quantity [unit] × price, of a price period and block, resting on intervals.

    note: `brought` or `carried` where credit is moved between bills
    """

    quantity: Decimal
    unit: str
    price: Decimal | None
    period: str | None = None
    period_name: Names | None = None
    block: int | None = None
    intervals: Ints | None = None
    note: str | None = None
    cost: Decimal = Decimal(0)

    @property
    def exact(self) -> Decimal:
        """The amount before rounding: quantity × price, or the cost where no one price makes it."""
        return self.cost if self.price is None else self.quantity * self.price


class Objection(NamedTuple):
    """What is wrong with a component: where in it, what stands there, why, what to do."""

    field: str
    value: Any
    message: str
    remedy: str | None = None


class Rater:
    """A component made ready for one segment: intervals are sorted, what is left is to count and to price."""

    def measure(self, series: Series) -> Sequence[Any]:
        """Return what was counted for each customer; the default counts nothing."""
        return [None] * series.customers

    def charges(self, counted: Any, draft: Draft) -> list[Charge]:
        """Return one customer's charges, and write to the draft what the next bill must know."""
        raise NotImplementedError


@dataclass(frozen=True)
class When:
    """A condition on what was counted or agreed: `of`, divided by `per`, is at least `least` and below `below`."""

    of: Term = said(TERM)
    per: tuple[Term, ...] = said(TERMS, ())
    least: Decimal | None = said(DECIMAL, None)
    below: Decimal | None = said(DECIMAL, None)

    def holds(self, draft: Draft) -> bool:
        """Tell whether it holds on a bill as far as it is drawn up."""
        value, per = terms.value(self.of, draft), terms.product(self.per, draft)
        return (self.least is None or value >= self.least * per) and (
            self.below is None or value < self.below * per
        )

    def facts(self) -> set[str]:
        """Return the names of the facts it asks for."""
        return terms.names([self.of, *self.per])


@dataclass(frozen=True, kw_only=True)
class Component:
    """One thing a tariff charges for.

    code: unique in the version; name: as on the bill, by language
    months, between: when in the year it is charged; when: under which condition; nothing says always
    """

    code: str = said(CODE)
    name: Names = said(NAMES)
    months: tuple[int, ...] = said(MONTHS, ())
    between: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = said(many(BETWEEN), ())
    when: When | None = said(record(When), None)

    is_splittable: ClassVar[bool] = True
    """Whether a period's charge is the sum of the charges of its parts (but for rounding)."""
    register: ClassVar[str | None] = None
    accounts: ClassVar[tuple[str, ...]] = ()
    """Where it carries credit from bill to bill."""
    is_included: ClassVar[bool] = False

    def part(self, segment: Segment) -> Part:
        """Return the days of a segment it is charged for."""
        return segment.part(self.months, self.between)

    def prepare(self, segment: Segment) -> Rater:
        """Make it ready for a segment that has days it is charged for."""
        raise NotImplementedError

    def facts(self) -> set[str]:
        """Return the names its terms look up: facts of the contract, or components before."""
        return set()

    def names(self) -> set[str]:
        """Return the names its terms and its condition look up."""
        return self.facts() | (self.when.facts() if self.when else set())

    def cuts(self, first: date, last: date) -> list[date]:
        """Return the dates between two at which a period must be cut for it."""
        return []

    def objections(self, schedules: Mapping[str, Schedule], earlier: Sequence[str]) -> Iterator[Objection]:
        """Yield what is wrong with it among these schedules, after these components and accounts."""
        yield from ()
