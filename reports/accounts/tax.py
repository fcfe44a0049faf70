"""Output tax by bill and rate as tables; the first, by bill, is the layout handed on.

| column | value |
|---|---|
| `number`, `kind` | the bill's or note's number; bill, credit_note or debit_note |
| `issued_on` | local day of issue, which is the day the tax is owed for |
| `starts_on`, `ends_on` | the period supplied, local days, the last one included |
| `customer`, `contract`, `corrects` | who, under which contract; for a note the number of the bill it corrects |
| `tax`, `name`, `rate` | code and name of the tax or surcharge, its rate as a fraction (0.13); no name where none was |
| `base`, `tax_amount`, `total` | what was taxed, the tax on it, what the whole bill came to; credit notes below 0 |
| `currency` | ISO 4217 |
"""

from __future__ import annotations

from datetime import timedelta

from backend.billing.rules.documents.tax import TaxExport, TaxLine
from reports import figures
from reports.accounts.checking import checked
from reports.accounts.words import called, named, say
from reports.tabular import AMOUNT, DATE, PERCENT, Column, Document, Table
from reports.tabular.content import Cell


def tax_export(told: TaxExport, locale: str) -> Document:
    """Return output tax as a document, in 'zh' or 'en'."""
    currencies = sorted({line.currency for line in told.lines})
    checks = [
        checked(say("booked_tax", locale), told.ledger.get(currency, told.tax(currency) * 0), told.tax(currency),
                currency, locale)
        for currency in currencies
    ]  # fmt: skip
    return Document(
        "zh" if locale == "zh" else "en", say("tax", locale), called(told.seller, locale),
        [(say("period", locale), figures.span(told.first, told.until, locale))],
        [_by_bill(told, locale), _by_rate(told, locale)], checks, is_landscape=True,
    )  # fmt: skip


def _by_bill(told: TaxExport, locale: str) -> Table:
    columns = [
        Column("number", say("number", locale)),
        Column("kind", say("kind", locale)),
        Column("issued_on", say("issued_on", locale), DATE),
        Column("starts_on", say("starts_on", locale), DATE),
        Column("ends_on", say("ends_on", locale), DATE),
        Column("customer", say("customer", locale), is_wide=True),
        Column("contract", say("contract", locale)),
        Column("corrects", say("corrected", locale)),
        Column("tax", say("tax_code", locale)),
        Column("name", say("tax_name", locale)),
        Column("rate", say("rate", locale), PERCENT),
        Column("base", say("base", locale), AMOUNT),
        Column("tax_amount", say("tax_amount", locale), AMOUNT),
        Column("total", say("total", locale), AMOUNT),
        Column("currency", say("currency", locale)),
    ]
    rows = [_row(line, locale) for line in told.lines]
    return Table(say("taxes", locale), columns, rows, (), say("no_taxes", locale))


def _row(line: TaxLine, locale: str) -> list[Cell]:
    return [
        line.number, line.kind, line.issued_on, line.starts_on, line.ends_on - timedelta(days=1),
        called(line.customer, locale), line.contract, line.corrects, line.component or None,
        named(line.name, locale) or None, line.rate, line.base, line.tax, line.total, line.currency,
    ]  # fmt: skip


def _by_rate(told: TaxExport, locale: str) -> Table:
    columns = [
        Column("currency", say("currency", locale)),
        Column("tax", say("tax_code", locale), is_wide=True),
        Column("rate", say("rate", locale), PERCENT),
        Column("base", say("base", locale), AMOUNT),
        Column("tax_amount", say("tax_amount", locale), AMOUNT),
    ]
    rows: list[list[Cell]] = [
        [currency, component or None, rate, base, tax]
        for currency, component, rate, base, tax in told.by_rate()
    ]
    return Table(say("by_rate", locale), columns, rows, (), say("no_taxes", locale))
