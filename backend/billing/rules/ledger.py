"""How books are kept: entries balance, and each holds the hash of the one before. Pure.

An entry's hash is SHA-256 over its canonical text, which `canonical` writes and the area's README describes to
the letter, so that any party holding an export can recompute the chain without us.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from backend.kernel.errors import Refused

PLACES = Decimal("0.0001")
"""Amounts are kept to four places: every currency's smallest unit fits [ISO 4217: at most four]."""

LARGEST = Decimal(10) ** 16
"""Amounts stay below this, so that a numeric(20, 4) holds them."""

FIRST = bytes(32)
"""What stands for the hash before the first entry of a book."""


class AccountKind(StrEnum):
    """What an account says: what one has, owes, owns, earns or spends."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class Cause(StrEnum):
    """What made an entry; its id names the very one."""

    OPENING = "opening"
    BILL = "bill"
    CREDIT_NOTE = "credit_note"
    DEBIT_NOTE = "debit_note"
    PAYMENT = "payment"
    ASSIGNMENT = "assignment"
    REFUND = "refund"
    REVERSAL = "reversal"


@dataclass(frozen=True)
class Posting:
    """One side of an entry. amount: debit positive, credit negative; party: the customer it concerns."""

    account: str
    amount: Decimal
    currency: str
    party: UUID | None = None


@dataclass(frozen=True)
class NewEntry:
    """What is to be written down: when it counts, what caused it, in words, and its sides."""

    booked_on: date
    cause: Cause
    cause_id: UUID
    text: str
    postings: tuple[Posting, ...]


@dataclass(frozen=True)
class Entry:
    """An entry in its book. sequence: 1, 2, 3 … without a gap; previous, hash: 32 bytes each."""

    book: UUID
    sequence: int
    recorded_at: datetime
    new: NewEntry
    previous: bytes
    hash: bytes


@dataclass(frozen=True)
class Broken:
    """The first entry of a book that does not hold, and why."""

    sequence: int
    reason: str


def demand_sound(new: NewEntry) -> None:
    """Refuse an entry that is none: fewer than two sides, one that moves nothing, or sides that do not balance."""
    if len(new.postings) < 2:
        raise Refused("an entry has two sides at least", field="postings", value=len(new.postings))
    for posting in new.postings:
        _demand_money(posting)
    if crooked := imbalance(new.postings):
        currency, amount = next(iter(crooked.items()))
        raise Refused(
            f"debit and credit differ by {amount} {currency}", field="postings", value=str(amount),
            remedy="an entry balances in each of its currencies",
        )  # fmt: skip


def _demand_money(posting: Posting) -> None:
    amount, currency = posting.amount, posting.currency
    if not amount.is_finite() or abs(amount) >= LARGEST or amount != amount.quantize(PLACES):
        raise Refused(
            f"{amount} is not an amount of money", field="amount", value=str(amount),
            remedy="round it to at most four places",
        )  # fmt: skip
    if amount == 0:
        raise Refused("a posting moves something", field="amount", value=str(amount))
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise Refused(f"'{currency}' is not a currency", field="currency", value=currency)


def imbalance(postings: Iterable[Posting]) -> dict[str, Decimal]:
    """Return currency -> debit less credit, of those currencies where it is not zero."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for posting in postings:
        sums[posting.currency] += posting.amount
    return {currency: amount for currency, amount in sums.items() if amount}


def canonical(book: UUID, sequence: int, recorded_at: datetime, new: NewEntry, previous: bytes) -> bytes:
    """Return the text that is hashed: JSON in UTF-8, keys in order, no white space, amounts with four places."""
    content = {
        "book": str(book),
        "booked_on": new.booked_on.isoformat(),
        "cause": new.cause.value,
        "cause_id": str(new.cause_id),
        "postings": [
            [p.account, format(p.amount.quantize(PLACES), "f"), p.currency, str(p.party) if p.party else None]
            for p in new.postings
        ],
        "previous": previous.hex(),
        "recorded_at": recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "sequence": sequence,
        "text": new.text,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def chain(
    book: UUID, after: tuple[int, bytes], recorded_at: datetime, new: Sequence[NewEntry]
) -> list[Entry]:
    """Return new entries as the book continues: `after` is the sequence and hash of its last one.

    raises Refused where one of them is none (see `demand_sound`)
    """
    (sequence, previous), made = after, []
    for one in new:
        demand_sound(one)
        sequence += 1
        digest = hashlib.sha256(canonical(book, sequence, recorded_at, one, previous)).digest()
        made.append(Entry(book, sequence, recorded_at, one, previous, digest))
        previous = digest
    return made


def first_broken(entries: Iterable[Entry], after: tuple[int, bytes] = (0, FIRST)) -> Broken | None:
    """Return the first entry that does not follow from the one before it; None where the chain holds.

    entries: in order of sequence, as they stand in the book
    """
    sequence, previous = after
    for entry in entries:
        if entry.sequence != sequence + 1:
            return Broken(sequence + 1, "missing" if entry.sequence > sequence + 1 else "twice")
        if entry.previous != previous:
            return Broken(entry.sequence, "does not follow the entry before")
        if len(entry.new.postings) < 2 or imbalance(entry.new.postings):
            return Broken(entry.sequence, "does not balance")
        said = canonical(entry.book, entry.sequence, entry.recorded_at, entry.new, previous)
        if hashlib.sha256(said).digest() != entry.hash:
            return Broken(entry.sequence, "was changed")
        sequence, previous = entry.sequence, entry.hash
    return None


def demand_open(booked_on: date, closed_until: date | None) -> None:
    """Refuse an entry of a day before `closed_until`."""
    if closed_until is not None and booked_on < closed_until:
        raise Refused(
            f"the books are closed until {closed_until}", field="booked_on", value=booked_on.isoformat(),
            remedy=f"book it on {closed_until} or later",
        )  # fmt: skip


def demand_closing(until: date, closed_until: date | None, today: date) -> None:
    """Refuse to close what is closed, or what is not over."""
    if closed_until is not None and until <= closed_until:
        raise Refused(
            f"the books are closed until {closed_until} already", field="until", value=until.isoformat()
        )
    if until > today:
        raise Refused(
            "a period is closed when it is over", field="until", value=until.isoformat(),
            remedy=f"choose {today} or a day before",
        )  # fmt: skip


CHART = (
    ("1000", AccountKind.ASSET, "Cash", "库存现金"),
    ("1100", AccountKind.ASSET, "Bank", "银行存款"),
    ("1150", AccountKind.ASSET, "Payment provider", "支付机构"),
    ("1200", AccountKind.ASSET, "Receivables", "应收账款"),
    ("2100", AccountKind.LIABILITY, "Customers' credit", "预收账款"),
    ("2200", AccountKind.LIABILITY, "Taxes and surcharges owed", "应交税费"),
    ("2900", AccountKind.LIABILITY, "Payments not assigned", "待确认收款"),
    ("3000", AccountKind.EQUITY, "Opening balances", "期初余额"),
    ("4000", AccountKind.INCOME, "Supply", "供能收入"),
    ("4900", AccountKind.INCOME, "Fees", "手续费收入"),
)
"""The accounts a book begins with: code, kind, name, name in Chinese."""

CASH, BANK, PROVIDER, RECEIVABLE, CREDIT, TAX, UNASSIGNED, OPENING, SUPPLY, FEES = (row[0] for row in CHART)
