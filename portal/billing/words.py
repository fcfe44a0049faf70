"""The words of billing: money, states, and what a component of a tariff does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.billing.rules.tariff import Tariff
from backend.billing.service import BillKind, RunStatus, Way
from backend.billing.service.accounts import Standing
from backend.billing.service.complaints import ComplaintState
from backend.kernel.money import CURRENCIES
from portal import language, words

STANDINGS = {
    Standing.PAID: ("good", _l("paid")), Standing.OPEN: ("idle", _l("to pay")),
    Standing.PART: ("idle", _l("paid in part")), Standing.OVERDUE: ("act", _l("overdue")),
    Standing.CREDIT: ("good", _l("in your favour")),
}  # fmt: skip
"""How a bill stands -> its sign, and the word."""

BILL_KINDS = {
    BillKind.BILL: _l("Bill"), BillKind.CREDIT_NOTE: _l("Credit note"), BillKind.DEBIT_NOTE: _l("Debit note"),
}  # fmt: skip
RUN_STATES = {
    RunStatus.PREVIEWING: ("idle", _l("being worked out")),
    RunStatus.PREVIEWED: ("attention", _l("waits for approval")),
    RunStatus.ISSUING: ("idle", _l("being issued")), RunStatus.ISSUED: ("good", _l("issued")),
    RunStatus.ABANDONED: ("unknown", _l("thrown away")),
}  # fmt: skip
COMPLAINT_STATES = {
    ComplaintState.OPEN: ("attention", _l("waits for an answer")), ComplaintState.ANSWERED: ("idle", _l("answered")),
    ComplaintState.SETTLED: ("good", _l("settled")),
}  # fmt: skip
WAYS = {Way.BANK: _l("bank"), Way.CASH: _l("cash"), Way.PROVIDER: _l("online")}
MATCHED = {
    "bill": _l("by the bill's number"), "contract": _l("by the contract's number"),
    "payer_and_amount": _l("by payer and amount"), "payer": _l("by payer"), "intent": _l("by the online payment"),
    "person": _l("by hand"),
}  # fmt: skip
COMPONENT_KINDS = {
    "energy": _l("Use"), "spot": _l("Use at the hour's price"), "demand": _l("Highest load"),
    "standing": _l("Standing charge"), "power_factor": _l("Power factor"), "share": _l("Share of other lines"),
    "minimum": _l("Minimum"), "credit": _l("Credit"), "settlement": _l("Settlement"), "rounding": _l("Rounding"),
    "adjustment": _l("Correction by hand"),
}  # fmt: skip
CAUSES = {
    "opening": _l("Opening balance"), "bill": _l("Bill"), "credit_note": _l("Credit note"),
    "debit_note": _l("Debit note"), "payment": _l("Payment"), "assignment": _l("Assignment"), "refund": _l("Refund"),
    "reversal": _l("Taken back"),
}  # fmt: skip
ACCOUNT_KINDS = {
    "asset": _l("asset"), "liability": _l("liability"), "equity": _l("equity"), "income": _l("income"),
    "expense": _l("expense"),
}  # fmt: skip
REASONS = {
    "days": _l("More or fewer days"), "use": _l("Amount used"), "price": _l("Prices"), "tariff": _l("Tariff"),
    "follows": _l("Taxes, discounts and rounding"),
}  # fmt: skip
DAY_KINDS = {"workday": _l("working days"), "weekend": _l("weekends"), "holiday": _l("public holidays")}
PER = {
    "day": _l("a day"), "month": _l("a month"), "year": _l("a year"), "season": _l("a season"),
    "period": _l("a bill"), "each_day": _l("each day"),
}  # fmt: skip
DECIMALS = 6
"""So many are shown of a number that has more; a tariff's quantities rarely do (backend/billing/README.md)."""

COINS = {
    "CNY": "元", "USD": "美元", "EUR": "欧元", "GBP": "英镑", "AUD": "澳元", "CAD": "加元", "CHF": "瑞士法郎",
    "HKD": "港元", "JPY": "日元",
}  # fmt: skip


def coin(currency: str) -> str:
    """Return a currency as it stands behind an amount."""
    return COINS.get(currency, currency) if language.current() == "zh" else currency


def amount(value: Any, currency: str) -> str:
    """Return an amount of money without its currency: 1,234.50; below nothing with a minus sign."""
    shown = f"{abs(Decimal(value)):,.{CURRENCIES.get(currency, 2)}f}"
    return f"−{shown}" if Decimal(value) < 0 and any(digit in shown for digit in "123456789") else shown


def money(value: Any, currency: str) -> str:
    """Return an amount with its currency: 1,234.50 CNY, 1,234.50 元."""
    return f"{amount(value, currency)} {coin(currency)}"


def exact(value: Any) -> str:
    """Return a number with the digits it has, six decimals at most: 1,680.5; None is nothing."""
    if value is None:
        return ""
    number = Decimal(value)
    shown = f"{round(number, DECIMALS) if -int(number.as_tuple().exponent) > DECIMALS else number:,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def in_tongue(names: dict[str, Any] | None, fallback: str = "") -> str:
    """Return a name by language in the reader's."""
    names = names or {}
    return str(names.get(language.current()) or names.get("en") or next(iter(names.values()), fallback))


def over(starts_on: date, ends_on: date) -> str:
    """Return local dates [start, end) as people say them: September 2026, 1 Sep – 15 Oct 2026."""
    locale, last = language.current(), ends_on - timedelta(days=1)
    if (
        starts_on.day == 1
        and ends_on.day == 1
        and (last.year, last.month) == (starts_on.year, starts_on.month)
    ):
        return words.of_month(starts_on, locale)
    return f"{words.of_day(starts_on, locale, year=True)} – {words.of_day(last, locale, year=True)}"


def day(on: date | None) -> str:
    """Return a day with its year."""
    return "" if on is None else words.of_day(on, language.current(), year=True)


def period_of(tariff: Tariff | None, line: Any) -> str:
    """Return the name of a line's price period and block; nothing where it has none."""
    parts = []
    if line.period:
        parts.append(_period_name(tariff, line))
    if line.block:
        parts.append(_("block %(number)s", number=line.block))
    return ", ".join(parts)


def _period_name(tariff: Tariff | None, line: Any) -> str:
    version = next((one for one in (tariff.versions if tariff else ()) if one.from_ == line.version), None)
    for schedule in (version.schedules or {}).values() if version else ():
        if line.period in schedule.periods:
            return in_tongue(dict(schedule.periods[line.period]), line.period)
    return str(line.period)


def clock(minute: int) -> str:
    """Return a minute of the day: 480 is 08:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def months(numbers: tuple[int, ...]) -> str:
    """Return months (1 … 12) as runs: Jan–Jun, Sep."""
    if len(numbers) == 12:
        return _("all year")
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = [_month(run[0]) if len(run) == 1 else f"{_month(run[0])}–{_month(run[-1])}" for run in runs]
    return ", ".join(said)


def _month(number: int) -> str:
    return f"{number}月" if language.current() == "zh" else f"{date(2024, number, 1):%b}"


def globals_of_templates() -> dict[str, Any]:
    """Return what every template may say of money."""
    return {"money": money, "money_amount": amount, "coin": coin, "exact": exact, "in_tongue": in_tongue, "over": over,
            "full_day": day}  # fmt: skip
