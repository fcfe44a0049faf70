"""A customer's account over a period as a table from balance to balance."""

from __future__ import annotations

from decimal import Decimal

from backend.billing.rules.documents.statement import Statement, StatementEntry
from reports import figures
from reports.accounts.checking import checked
from reports.accounts.words import called, say
from reports.tabular import AMOUNT, DATE, Column, Document, Table
from reports.tabular.content import Cell


def statement(told: Statement, locale: str) -> Document:
    """Return a statement of account as a document, in 'zh' or 'en'."""
    columns = [
        Column("date", say("date", locale), DATE),
        Column("kind", say("kind", locale)),
        Column("number", say("number", locale)),
        Column("text", say("text", locale), is_wide=True),
        Column("due_on", say("due_on", locale), DATE),
        Column("charged", say("charged", locale), AMOUNT),
        Column("credited", say("credited", locale), AMOUNT),
        Column("balance", say("balance", locale), AMOUNT),
    ]
    opening: list[Cell] = [told.first, say("opening", locale), None, None, None, None, None, told.opening]
    rows = [_row(one, balance, locale) for one, balance in zip(told.entries, told.balances(), strict=True)]
    charged = sum((one.amount for one in told.entries if one.amount > 0), Decimal(0))
    credited = sum((-one.amount for one in told.entries if one.amount < 0), Decimal(0))
    closing: list[Cell] = [None, say("closing", locale), None, None, None, charged, credited, told.closing]
    facts = [
        (say("customer", locale), called(told.customer, locale)),
        (say("period", locale), figures.span(told.first, told.until, locale)),
        (say("currency", locale), told.currency),
        (say("closing", locale), figures.money(told.closing, told.currency)),
    ]
    return Document(
        "zh" if locale == "zh" else "en", say("statement", locale), called(told.seller, locale), facts,
        [Table(say("entries", locale), columns, [opening, *rows], [closing], say("no_entries", locale))],
        [checked(say("balance_of_ledger", locale), told.ledger, told.closing, told.currency, locale)],
        [say("owes", locale)],
    )  # fmt: skip


def _row(one: StatementEntry, balance: Decimal, locale: str) -> list[Cell]:
    words = [one.text]
    if one.corrects:
        words.insert(0, say("corrects", locale).format(one.corrects))
    if one.way:
        words.insert(0, say(one.way, locale))
    up = one.amount > 0
    return [
        one.booked_on, say(one.cause.value, locale), one.number, " · ".join(filter(None, words)), one.due_on,
        one.amount if up else None, None if up else -one.amount, balance,
    ]  # fmt: skip
