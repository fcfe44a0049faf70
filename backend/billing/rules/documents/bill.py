"""What stands on a bill, as plain values: enough to print it, without a database. Pure.

Dates are local and half-open. Amounts are exact, in the bill's currency; names are mappings by language (en, zh).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from backend.billing.rules.ledger import Cause

Names = Mapping[str, str]
PAYING = frozenset({Cause.PAYMENT, Cause.ASSIGNMENT})
CORRECTING = frozenset({Cause.CREDIT_NOTE, Cause.DEBIT_NOTE})
BILLING = frozenset({Cause.BILL, *CORRECTING})
TOLD = frozenset({Cause.BILL, Cause.OPENING})
"""What a balance is told after."""

METERED = frozenset({"energy", "spot"})
"""Kinds of components that charge for what a meter counted."""


@dataclass(frozen=True)
class Party:
    """Seller or buyer. lines: address and telephone, as they stand under the name."""

    name: str
    name_zh: str | None = None
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class SaidLine:
    """One line of a bill; see the tariff's Line. is_tax: a tax or surcharge."""

    component: str
    kind: str
    name: Names
    quantity: Decimal
    unit: str
    price: Decimal | None
    amount: Decimal
    starts_on: date
    ends_on: date
    period: str | None = None
    block: int | None = None
    is_included: bool = False
    is_tax: bool = False


@dataclass(frozen=True)
class Movement:
    """What an entry of the ledger did to what a customer owes: above nothing they owe more."""

    booked_on: date
    cause: Cause
    cause_id: UUID
    amount: Decimal


@dataclass(frozen=True)
class Correction:
    """A note: its number, the number and period of the bill it corrects, and why."""

    number: str
    kind: str
    corrects: str
    starts_on: date
    ends_on: date
    amount: Decimal
    reason: str


@dataclass(frozen=True)
class Account:
    """How a customer's account came to the amount due: what was open before, what happened since, this bill.

    before: owed (below nothing: in credit) after the bill before; payments and corrections since then; other: what
    else moved, as refunds do
    """

    before: Decimal = Decimal(0)
    payments: Sequence[Movement] = ()
    corrections: Sequence[Correction] = ()
    other: Decimal = Decimal(0)

    def due(self, total: Decimal) -> Decimal:
        """Return what is to be paid with a bill of `total`; below nothing: the customer's credit."""
        return (
            self.before + total + self.other
            + sum((one.amount for one in self.payments), Decimal(0))
            + sum((one.amount for one in self.corrections), Decimal(0))
        )  # fmt: skip


@dataclass(frozen=True)
class Use:
    """What was used each day. periods: codes; amounts: a row a period, a number a date of the bill [unit]."""

    unit: str
    periods: Sequence[str]
    amounts: Sequence[Sequence[float]]
    is_revised: bool = False


@dataclass(frozen=True)
class Compared:
    """A bill to compare with. use: what was metered [unit], None where nothing was."""

    starts_on: date
    ends_on: date
    use: Decimal | None
    unit: str
    amount: Decimal


@dataclass(frozen=True)
class BillDocument:
    """A bill or note.

    number: None while it is a draft; corrects: number of the bill a note corrects
    period_names: price period's code -> its names; pay_url: where it is paid, None where nothing is to be paid
    last_month, last_year: what the same contract's bills came to then
    """

    number: str | None
    kind: str
    seller: Party
    buyer: Party
    contract: str
    carrier: str
    tariff: Names
    starts_on: date
    ends_on: date
    currency: str
    total: Decimal
    lines: Sequence[SaidLine]
    issued_on: date | None = None
    due_on: date | None = None
    corrects: str | None = None
    reason: str | None = None
    account: Account = field(default_factory=Account)
    period_names: Mapping[str, Names] = field(default_factory=dict)
    use: Use | None = None
    last_month: Compared | None = None
    last_year: Compared | None = None
    pay_url: str | None = None

    @property
    def due(self) -> Decimal:
        """What is to be paid; below nothing: the customer's credit."""
        return self.account.due(self.total)


def metered(lines: Iterable[SaidLine]) -> tuple[Decimal, str] | None:
    """Return what was metered: the quantity of the first component that charges for it, and its unit.

    Others charge for the same amounts again (a levy a kWh), so that they are not added; None where there is none.
    """
    found = [line for line in lines if line.kind in METERED]
    if not found:
        return None
    first = found[0]
    of_it = [one.quantity for one in found if (one.component, one.unit) == (first.component, first.unit)]
    return sum(of_it, Decimal(0)), first.unit


def grouped(lines: Sequence[SaidLine]) -> list[tuple[SaidLine, ...]]:
    """Return the lines of each component together, in the order components come in; taxes and surcharges last."""
    found: dict[tuple[bool, str], list[SaidLine]] = {}
    for line in lines:
        found.setdefault((line.is_tax, line.component), []).append(line)
    return [tuple(rows) for _, rows in sorted(found.items(), key=lambda item: item[0][0])]


def since(movements: Sequence[Movement], bill_id: UUID) -> tuple[Decimal, list[Movement]]:
    """Return what stood on a customer's account after the bill before this one, and what moved it until this one.

    movements: of this customer, in the ledger's order. A bill that is not among them (a draft, a bill of nothing)
    comes after all.
    """
    end = next(
        (at for at, one in enumerate(movements) if one.cause_id == bill_id and one.cause in BILLING), None
    )
    end = len(movements) if end is None else end
    told = [at for at in range(end) if movements[at].cause in TOLD]
    start = told[-1] + 1 if told else 0
    before = sum((one.amount for one in movements[:start]), Decimal(0))
    return before, [one for one in movements[start:end] if one.amount]
