"""Numbers, dates and amounts as documents show them: tabular, in the reader's language. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from backend.kernel.money import CURRENCIES

MINUS = "−"
"""As wide as a plus sign, so that columns of figures line up."""

SIGNS = {"CNY": "¥", "EUR": "€", "GBP": "£", "USD": "$"}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def number(value: Decimal | int, *, places: int | None = None) -> str:
    """Return a number with thousands marked: all its places, or so many."""
    value = Decimal(value)
    exact = round(value, places) if places is not None else _short(value)
    return f"{exact:,f}".replace("-", MINUS)


def amount(value: Decimal, currency: str) -> str:
    """Return an amount with its currency's places, without the currency."""
    return number(value, places=max(CURRENCIES.get(currency, 2), -min(_exponent(value), 0)))


def money(value: Decimal, currency: str) -> str:
    """Return an amount with its currency: −¥12.50, or CHF 12.50 where it has no sign of its own here."""
    sign, bare = MINUS if value < 0 else "", amount(abs(value), currency)
    return f"{sign}{SIGNS[currency]}{bare}" if currency in SIGNS else f"{sign}{currency} {bare}"


def change(now: Decimal, then: Decimal) -> str | None:
    """Return how much more or less than then in per cent, None where there was nothing."""
    if not then:
        return None
    moved = round((now - then) / abs(then) * 100, 1)
    return f"{moved:+,f} %".replace("-", MINUS)


def zone_name(zone: str, locale: str) -> str:
    """Return a time zone as people call it: China Time, 中国时间; UTC is UTC."""
    return zone if zone == "UTC" else str(get_timezone_name(ZoneInfo(zone), locale=locale))


def day(on: date, locale: str) -> str:
    """Return a date in words: 1 Oct 2026, 2026年10月1日."""
    return (
        f"{on.year}年{on.month}月{on.day}日"
        if locale == "zh"
        else f"{on.day} {_MONTHS[on.month - 1]} {on.year}"
    )


def day_of_year(on: date, locale: str) -> str:
    """Return a date without its year: 1 Oct, 10月1日."""
    return f"{on.month}月{on.day}日" if locale == "zh" else f"{on.day} {_MONTHS[on.month - 1]}"


def span(first: date, end: date, locale: str) -> str:
    """Return local dates [first, end) as people say them, with the last day."""
    last = end - timedelta(days=1)
    if locale == "zh":
        return f"{day(first, locale)} 至 {day(last, locale)}"
    return f"{day(first, locale)} – {day(last, locale)}"


def steps(highest: float, *, most: int = 4) -> list[float]:
    """Return the marks of an axis from 0 to at least `highest`: 1, 2, 2.5 or 5 times a power of ten apart."""
    if highest <= 0:
        return [0.0, 1.0]
    power = 10.0
    while highest / power < most:
        power /= 10
    while highest / power > most * 10:
        power *= 10
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if highest <= power * factor * most)
    marks = [0.0]
    while marks[-1] < highest - step * 1e-9:
        marks.append(marks[-1] + step)
    return marks


def places_of(value: Decimal) -> int:
    """Return how many places behind the point a number has, trailing zeros left out."""
    return max(0, -_exponent(value))


def _short(value: Decimal) -> Decimal:
    """Leave trailing zeros out, without an exponent."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if _exponent(short) > 0 else short


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
