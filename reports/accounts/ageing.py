"""Receivables by age as tables."""

from __future__ import annotations

from backend.billing.rules.documents.ageing import AGES, Aged, Ageing
from reports import figures
from reports.accounts.checking import checked
from reports.accounts.words import called, say
from reports.tabular import AMOUNT, TEXT, Column, Document, Table
from reports.tabular.content import Cell


def ageing(told: Ageing, locale: str) -> Document:
    """Return receivables by age as a document, in 'zh' or 'en'."""
    columns = [
        Column("customer", say("customer", locale), TEXT, is_wide=True),
        Column("currency", say("currency", locale)),
        *(Column(f"age_{at}", say(f"age_{at}", locale), AMOUNT) for at in range(AGES)),
        Column("unapplied", say("unapplied", locale), AMOUNT),
        Column("total", say("total", locale), AMOUNT),
    ]
    totals = told.totals()
    table = Table(
        say("customers", locale),
        columns,
        [_row(called(row.customer, locale), row) for row in told.rows],
        [_row(say("total", locale), totals[currency]) for currency in sorted(totals)],
        say("nothing_owed", locale),
    )
    checks = [
        checked(
            say("ledger", locale),
            amount,
            totals[currency].total if currency in totals else amount * 0,
            currency,
            locale,
        )
        for currency, amount in sorted(told.ledger.items())
    ]
    return Document(
        "zh" if locale == "zh" else "en", say("ageing", locale), called(told.seller, locale),
        [(say("as_of", locale), figures.day(told.as_of, locale))], [table], checks, [say("ages_note", locale)],
        is_landscape=True,
    )  # fmt: skip


def _row(name: str, row: Aged) -> list[Cell]:
    return [name, row.currency, *row.ages, row.unapplied, row.total]
