"""What stands on a bill, in words of one language: texts, tables and pictures, ready to be set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from backend.billing.rules.documents.bill import (
    BillDocument,
    Compared,
    Correction,
    Names,
    Party,
    SaidLine,
    grouped,
    metered,
)
from reports import figures
from reports.bill.chart import chart, colours
from reports.bill.paying import code
from reports.bill.words import BILLS, TARIFFS, WORDS, say

PRICE_PLACES = 8


def content(bill: BillDocument, locale: str) -> dict[str, Any]:
    """Return what the template sets: texts, rows of texts, pictures."""
    locale = "zh" if locale == "zh" else "en"
    title = _title(bill, locale)
    return {
        "locale": locale,
        "title": title,
        "draft": say("draft", locale) if bill.number is None else "",
        "number": bill.number or "",
        "seller": _party(bill.seller, locale),
        "buyer": _party(bill.buyer, locale),
        "facts": _facts(bill, locale),
        "due": _due(bill, locale),
        "account": _account(bill, locale),
        "groups": _groups(bill, locale),
        "totals": _totals(bill, locale),
        "use": _use(bill, locale),
        "compared": _compared(bill, locale),
        "currency": bill.currency,
        "words": {name: text[locale == "zh"] for name, text in WORDS.items()},
    }


def name_of(names: Names, locale: str) -> str:
    """Return a name in a language, else in the other one."""
    return names.get(locale) or names.get("en") or next(iter(names.values()), "")


def _title(bill: BillDocument, locale: str) -> str:
    if bill.kind == "bill" and bill.carrier in BILLS:
        return BILLS[bill.carrier][locale == "zh"]
    return say(bill.kind, locale)


def _party(party: Party, locale: str) -> dict[str, Any]:
    zh = locale == "zh"
    return {"name": (zh and party.name_zh) or party.name, "lines": list(party.lines)}


def _facts(bill: BillDocument, locale: str) -> list[tuple[str, str]]:
    days = (bill.ends_on - bill.starts_on).days
    length = say("one_day", locale) if days == 1 else say("days", locale).format(days)
    tariff = TARIFFS.get(bill.carrier, WORDS["tariff"])[locale == "zh"]
    facts = [
        (say("corrects", locale), bill.corrects),
        (say("reason", locale), bill.reason if bill.kind != "bill" else None),
        (say("period", locale), f"{figures.span(bill.starts_on, bill.ends_on, locale)} ({length})"),
        (say("contract", locale), bill.contract),
        (tariff, name_of(bill.tariff, locale)),
        (say("issued", locale), bill.issued_on and figures.day(bill.issued_on, locale)),
        (say("due_on", locale), bill.due_on and bill.due > 0 and figures.day(bill.due_on, locale)),
    ]
    return [(label, text) for label, text in facts if text]


def _due(bill: BillDocument, locale: str) -> dict[str, Any]:
    due = bill.due
    if due > 0:
        until = figures.day(bill.due_on, locale) if bill.due_on else None
        said = say("pay_by", locale).format(until) if until else ""
        label = say("amount_due", locale)
    else:
        label, said = say("credit" if due else "amount_due", locale), say("nothing_due", locale)
    is_paid_online = bill.pay_url is not None and due > 0
    return {
        "label": label, "amount": figures.money(abs(due), bill.currency), "said": said,
        "code": code(bill.pay_url) if bill.pay_url and is_paid_online else "",
        "url": bill.pay_url if is_paid_online else "", "scan": say("scan", locale),
    }  # fmt: skip


def _account(bill: BillDocument, locale: str) -> list[tuple[str, str]]:
    """Return how the amount due came about; nothing where it is just this bill."""
    account, currency = bill.account, bill.currency
    if not (account.before or account.payments or account.corrections or account.other):
        return []

    def shown(value: Decimal) -> str:
        return figures.amount(value, currency)

    rows = [(say("before" if account.before >= 0 else "before_credit", locale), shown(account.before))]
    rows += [
        (say("payment", locale).format(figures.day(one.booked_on, locale)), shown(one.amount))
        for one in account.payments
    ]
    rows += [(_correction(one, locale), shown(one.amount)) for one in account.corrections]
    if account.other:
        rows.append((say("other", locale), shown(account.other)))
    rows.append((say("this_bill" if bill.kind == "bill" else "this_note", locale), shown(bill.total)))
    return rows


def _correction(one: Correction, locale: str) -> str:
    said = say("corrected", locale).format(
        kind=say(one.kind, locale), number=one.number, corrects=one.corrects
    )
    period = figures.span(one.starts_on, one.ends_on, locale)
    return f"{said} ({period}): {one.reason}" if one.reason else f"{said} ({period})"


def _groups(bill: BillDocument, locale: str) -> list[dict[str, Any]]:
    """Return groups of rows (what, quantity, unit, price, amount); a group of several has a sum."""
    return [_group(bill, rows, locale) for rows in grouped(bill.lines)]


def _group(bill: BillDocument, rows: Sequence[SaidLine], locale: str) -> dict[str, Any]:
    heading = name_of(rows[0].name, locale)
    if len(rows) == 1:
        return {"heading": "", "sum": "", "rows": [_row(bill, rows[0], heading, locale)]}
    total = sum((line.amount for line in rows), Decimal(0))
    return {
        "heading": heading,
        "sum": figures.amount(total, bill.currency),
        "rows": [_row(bill, line, "", locale) for line in rows],
    }


def _row(bill: BillDocument, line: SaidLine, heading: str, locale: str) -> list[str]:
    details = [heading] if heading else []
    if line.period is not None:
        details.append(name_of(bill.period_names.get(line.period, {"en": line.period}), locale))
    if line.block is not None:
        details.append(say("block", locale).format(line.block))
    if (line.starts_on, line.ends_on) != (bill.starts_on, bill.ends_on) or not details:
        last = line.ends_on - timedelta(days=1)
        details.append(say("from_to", locale).format(line.starts_on.isoformat(), last.isoformat()))
    if line.is_included:
        details.append(say("included", locale))
    is_share = line.unit == bill.currency and line.price is not None and line.kind == "share"
    if is_share and line.price is not None:
        price, unit = f"{figures.number(line.price * 100)} %", line.unit
        quantity = figures.amount(line.quantity, bill.currency)
    else:
        price = figures.number(round(line.price, PRICE_PLACES)) if line.price is not None else ""
        quantity, unit = figures.number(line.quantity), line.unit
    return [" · ".join(details), quantity, unit, price, figures.amount(line.amount, bill.currency)]


def _totals(bill: BillDocument, locale: str) -> list[tuple[str, str]]:
    taxes = [line.amount for line in bill.lines if line.is_tax and not line.is_included]
    rows = []
    if taxes:
        tax = sum(taxes, Decimal(0))
        rows = [
            (say("net", locale), figures.amount(bill.total - tax, bill.currency)),
            (say("taxes", locale), figures.amount(tax, bill.currency)),
        ]
    return [*rows, (say("total", locale), figures.amount(bill.total, bill.currency))]


def _use(bill: BillDocument, locale: str) -> dict[str, Any] | None:
    use = bill.use
    if use is None or not use.amounts or not any(any(row) for row in use.amounts):
        return None
    shades = colours(use.periods)
    drawn = chart(use.amounts, shades)
    days = (bill.ends_on - bill.starts_on).days
    every = 1 if days <= 16 else 2 if days <= 40 else max(days // 12, 1)
    sums = [Decimal(str(round(sum(row), 3))) for row in use.amounts]
    names: Mapping[str, Names] = bill.period_names
    return {
        "svg": drawn.svg, "unit": use.unit, "marks": [(figures.number(Decimal(repr(v))), at) for v, at in drawn.marks],
        "days": [
            _tick(bill, at, locale) if at % every == 0 else "" for at in range(days)
        ],
        "key": [
            (shade, name_of(names.get(code) or {"en": code or say("all_periods", locale)}, locale),
             f"{figures.number(total, places=1)} {use.unit}")
            for code, shade, total in zip(use.periods, shades, sums, strict=True)
        ],
        "note": say("revised", locale) if use.is_revised else "",
    }  # fmt: skip


def _tick(bill: BillDocument, at: int, locale: str) -> str:
    on = bill.starts_on + timedelta(days=at)
    if (bill.ends_on - bill.starts_on).days <= 40:
        return str(on.day)
    return f"{on.month}/{on.day}" if locale == "zh" else f"{on.day}/{on.month}"


def _compared(bill: BillDocument, locale: str) -> dict[str, Any] | None:
    """Return a table: this bill beside the one before and that of a year ago; None where there is neither."""
    others = [("last_month", bill.last_month), ("last_year", bill.last_year)]
    if bill.kind != "bill" or not any(one for _, one in others):
        return None
    found = metered(bill.lines)
    use, unit = found if found else (None, "")
    this = Compared(bill.starts_on, bill.ends_on, use, unit, bill.total)
    rows = [_figures(say("this", locale), this, None, bill.currency)]
    rows += [_figures(say(name, locale), one, this, bill.currency) for name, one in others if one is not None]
    columns = ["", say("length", locale),
               f"{say('used', locale)} ({unit})", f"{say('used_a_day', locale)} ({unit})",
               f"{say('cost', locale)} ({bill.currency})",
               f"{say('cost_a_day', locale)} ({bill.currency})"]  # fmt: skip
    kept = [0, 1, 4, 5] if use is None else range(len(columns))
    return {"columns": [columns[at] for at in kept], "rows": [[row[at] for at in kept] for row in rows]}


def _figures(label: str, one: Compared, now: Compared | None, currency: str) -> list[tuple[str, str]]:
    """Return a row of cells, each with how much more or less the bill is than it, in per cent."""
    days = (one.ends_on - one.starts_on).days
    cells = [(label, ""), (str(days), "")]
    is_alike = now is None or now.unit == one.unit
    for value, places in ((one.use, None), (one.use and one.use / days, 1)):
        cells.append(("–", "") if value is None else (figures.number(value, places=places), ""))
    cells += [
        (figures.amount(one.amount, currency), ""),
        (figures.amount(round(one.amount / days, 2), currency), ""),
    ]
    if now is None:
        return cells
    changes = [None, None, *_changes(now, one)] if is_alike else [None] * len(cells)
    return [(text, more or hint) for (text, hint), more in zip(cells, changes, strict=True)]


def _changes(now: Compared, then: Compared) -> list[str | None]:
    days, before = (now.ends_on - now.starts_on).days, (then.ends_on - then.starts_on).days
    use: list[str | None] = [None, None]
    if now.use is not None and then.use is not None:
        use = [figures.change(now.use, then.use), figures.change(now.use / days, then.use / before)]
    return [
        *use,
        figures.change(now.amount, then.amount),
        figures.change(now.amount / days, then.amount / before),
    ]
