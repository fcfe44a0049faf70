"""What a bill run came to, as tables; the first is by tariff and component."""

from __future__ import annotations

from backend.billing.rules.documents.run import RunSummary
from reports import figures
from reports.accounts.checking import checked
from reports.accounts.words import called, named, say
from reports.tabular import AMOUNT, COUNT, NUMBER, Column, Document, Table


def run_summary(told: RunSummary, locale: str) -> Document:
    """Return a bill run as a document, in 'zh' or 'en'."""
    facts = [
        (say("day", locale), figures.day(told.day, locale)),
        (say("status", locale), say(told.status, locale)),
    ]
    if told.issued_on is not None:
        facts.append((say("issued_on", locale), figures.day(told.issued_on, locale)))
    tables = [_components(told, locale), _tariffs(told, locale), _left_out(told, locale)]
    return Document(
        "zh" if locale == "zh" else "en", say("run", locale), called(told.seller, locale), facts, tables,
        _checks(told, locale),
    )  # fmt: skip


def _components(told: RunSummary, locale: str) -> Table:
    columns = [
        Column("tariff", say("tariff", locale)),
        Column("component", say("component", locale)),
        Column("name", say("name", locale), is_wide=True),
        Column("status", say("status", locale)),
        Column("bills", say("bills", locale), COUNT),
        Column("quantity", say("quantity", locale), NUMBER),
        Column("unit", say("unit", locale)),
        Column("amount", say("amount", locale), AMOUNT),
        Column("currency", say("currency", locale)),
    ]
    rows = [
        [one.tariff, one.component, f"{named(one.name, locale)}{_hint(one.is_included, locale)}",
         say(one.status, locale), one.bills, one.quantity, one.unit, one.amount, one.currency]
        for one in told.components
    ]  # fmt: skip
    sums = [
        [say("total", locale), None, None, None, None, None, None, told.lines(currency), currency]
        for currency in told.currencies()
    ]
    return Table(say("by_component", locale), columns, rows, sums, say("no_bills", locale))


def _hint(is_included: bool, locale: str) -> str:
    return f" ({say('included', locale)})" if is_included else ""


def _tariffs(told: RunSummary, locale: str) -> Table:
    columns = [
        Column("tariff", say("tariff", locale), is_wide=True),
        Column("status", say("status", locale)),
        Column("bills", say("bills", locale), COUNT),
        Column("total", say("total", locale), AMOUNT),
        Column("currency", say("currency", locale)),
    ]
    rows = [[one.tariff, say(one.status, locale), one.bills, one.total, one.currency] for one in told.tariffs]
    sums = [
        [say("total", locale), None, sum(one.bills for one in told.tariffs if one.currency == currency),
         told.total(currency), currency]
        for currency in told.currencies()
    ]  # fmt: skip
    return Table(say("by_tariff", locale), columns, rows, sums, say("no_bills", locale))


def _left_out(told: RunSummary, locale: str) -> Table:
    columns = [
        Column("contract", say("contract", locale)),
        Column("customer", say("customer", locale), is_wide=True),
        Column("reason", say("reason", locale), is_wide=True),
    ]
    rows = [[one.contract, called(one.customer, locale), one.reason] for one in told.left_out]
    return Table(say("exceptions", locale), columns, rows, (), say("no_exceptions", locale))


def _checks(told: RunSummary, locale: str) -> list[tuple[str, str, bool]]:
    """Return what ties a run out: lines against bills, issued bills against the ledger, taxes too."""
    checks = []
    for currency in told.currencies():
        zero = told.total(currency) * 0
        checks.append(
            checked(say("lines_total", locale), told.total(currency), told.lines(currency), currency, locale)
        )
        if told.total(currency, "draft") or not told.posted:
            checks.append((say("posted", locale), say("not_booked", locale), True))
            continue
        issued, tax = told.total(currency, "issued"), told.tax(currency, "issued")
        booked, booked_tax = told.posted.get(currency, zero), told.posted_tax.get(currency, zero)
        checks.append(checked(say("posted", locale), booked, issued, currency, locale))
        checks.append(checked(say("posted_tax", locale), booked_tax, tax, currency, locale))
    return checks
