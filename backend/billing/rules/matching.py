"""Whose a payment from the bank is: by what its reference names, else by payer and amount. Pure.

A payment is only assigned where exactly one customer fits; else a person decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from backend.billing.rules import numbering

_NUMBER = re.compile(r"(?<![0-9])(\d{4}-\d{6,9})(?![0-9])")
_WORD = re.compile(r"[\w./-]{3,60}")


class How(StrEnum):
    """What told whose a payment is."""

    BILL = "bill"
    CONTRACT = "contract"
    PAYER = "payer"
    PAYER_AND_AMOUNT = "payer_and_amount"
    PERSON = "person"
    INTENT = "intent"


@dataclass(frozen=True)
class Known:
    """A bill of the operator that may be meant. open: what is left of it."""

    bill_id: UUID
    customer_id: UUID
    number: str
    open: Decimal
    currency: str


@dataclass(frozen=True)
class Agreed:
    """A contract that may be meant. payer: who pays for it, as the bank writes them."""

    customer_id: UUID
    number: str
    payer: str | None


@dataclass(frozen=True)
class Match:
    """Whose a payment is, what told so, and which bills it names."""

    customer_id: UUID
    how: How
    bill_ids: frozenset[UUID] = frozenset()


def bill_numbers(reference: str) -> set[tuple[int, int]]:
    """Return the bills (year, serial) a reference may name."""
    found = (numbering.read(said) for said in _NUMBER.findall(_plain(reference)))
    return {one for one in found if one is not None}


def words(reference: str) -> set[str]:
    """Return the words of a reference that may be a contract's number, in capitals."""
    return {word.upper() for word in _WORD.findall(_plain(reference))}


def payer(name: str) -> str:
    """Return a payer's name as it is compared: without case, space and punctuation, full-width letters narrow."""
    return "".join(letter for letter in _plain(name).casefold() if letter.isalnum())


def match(
    amount: Decimal,
    currency: str,
    reference: str,
    name: str,
    bills: Sequence[Known],
    contracts: Sequence[Agreed],
) -> Match | None:
    """Tell whose a payment is; None where nobody fits, or more than one does.

    bills: those the reference names, and the open ones of customers whose payer it is
    """
    named = [one for one in bills if numbering.read(one.number) in bill_numbers(reference)]
    if found := _only({one.customer_id for one in named}):
        return Match(found, How.BILL, frozenset(one.bill_id for one in named))
    said = words(reference)
    if found := _only({one.customer_id for one in contracts if one.number.upper() in said}):
        return Match(found, How.CONTRACT)
    payers = {one.customer_id for one in contracts if one.payer and name and payer(one.payer) == payer(name)}
    fitting = [
        one for one in bills
        if one.customer_id in payers and one.currency == currency and one.open == amount
    ]  # fmt: skip
    if found := _only({one.customer_id for one in fitting}):
        return Match(found, How.PAYER_AND_AMOUNT, frozenset(one.bill_id for one in fitting))
    found = _only(payers)
    return Match(found, How.PAYER) if found else None


def _only(found: set[UUID]) -> UUID | None:
    return next(iter(found)) if len(found) == 1 else None


def _plain(said: str) -> str:
    return unicodedata.normalize("NFKC", said)
