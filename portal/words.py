"""Numbers, times and names as people read them, in Chinese and English."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from backend.kernel import clock
from portal import language
from reports import figures

SHOWN = {"m3": "m³", "m3/h": "m³/h", "W/m2": "W/m²", "mg/m3": "mg/m³", "K diff": "K", "1": "", "Wh": "Wh"}
"""How a unit's symbol is written for people, where that differs from how it is stored."""

STEPS = {
    "Wh": (("Wh", 1), ("kWh", 1e3), ("MWh", 1e6), ("GWh", 1e9)),
    "kWh": (("kWh", 1), ("MWh", 1e3), ("GWh", 1e6)),
    "MWh": (("kWh", 1e-3), ("MWh", 1), ("GWh", 1e3)),
    "W": (("W", 1), ("kW", 1e3), ("MW", 1e6)),
    "kW": (("kW", 1), ("MW", 1e3), ("GW", 1e6)),
    "MW": (("kW", 1e-3), ("MW", 1), ("GW", 1e3)),
    "GJ": (("MJ", 1e-3), ("GJ", 1), ("TJ", 1e3)),
    "kg": (("kg", 1), ("t", 1e3)),
    "kg/h": (("kg/h", 1), ("t/h", 1e3)),
}
"""Ladders of units people know: the largest step below the value is shown."""

CARRIERS = {
    "electricity": _l("Electricity"), "heat": _l("Heat"), "cooling": _l("Cooling"), "gas": _l("Gas"),
    "water": _l("Water"), "steam": _l("Steam"), "fuel": _l("Fuel"), "environment": _l("Environment"),
}  # fmt: skip
IN_ORDER = tuple(CARRIERS)
LETTERS = {
    "electricity": ("E", "电"), "heat": ("H", "热"), "cooling": ("C", "冷"), "gas": ("G", "气"), "water": ("W", "水"),
    "steam": ("S", "汽"), "fuel": ("F", "燃"), "environment": ("N", "环"),
}  # fmt: skip
ROLES = {
    "technician": _l("Technician"), "customer": _l("Customer"), "dispatcher": _l("Dispatcher"),
    "operator": _l("Plant operator"), "manager": _l("Manager"), "administrator": _l("Administrator"),
}  # fmt: skip
TIERS = {
    "region": _l("Region"), "park": _l("Park"), "enterprise": _l("Enterprise"), "customer": _l("Customer"),
}  # fmt: skip
APPLICATIONS = {
    "monitoring": _l("Monitoring"), "analysis": _l("Analysis"), "management": _l("Management"),
    "maintenance": _l("Operation and maintenance"), "trading": _l("Trading and settlement"), "services": _l("Services"),
}  # fmt: skip
PROGRAMS = (
    ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
"""Sign in a user agent -> browser; each claims to be those after it."""
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
WEEKDAYS_ZH = "一二三四五六日"


class Number(NamedTuple):
    """A number as it is shown: the digits, the unit beside them, and everything on hover."""

    digits: str
    unit: str
    full: str


def number(value: float | None, unit: str = "", *, digits: int = 3) -> Number | None:
    """Return `value` [unit] in `digits` significant digits on the ladder of its unit; None stays None.

    digits 0: as a register shows it, neither shortened nor scaled
    """
    if value is None or not math.isfinite(value):
        return None
    full = f"{plain(value)} {shown_unit(unit)}".strip()
    if digits == 0:
        return Number(plain(value, 1 if abs(value) < 1e6 else 0), shown_unit(unit), full)
    symbol, factor = ladder(unit, abs(value)) if value else (unit, 1)
    scaled = value / factor
    return Number(_significant(scaled, digits), shown_unit(symbol), full)


def ladder(unit: str, value: float) -> tuple[str, float]:
    """Return the step of a unit's ladder that fits `value` [unit]: its symbol, and how many units it is."""
    steps = STEPS.get(unit, ((unit, 1),))
    fitting = [step for step in steps if value >= step[1]]
    return fitting[-1] if fitting else steps[0]


def plain(value: float | None, decimals: int | None = None) -> str:
    """Return all digits worth reading, grouped: 1,234,567.25."""
    if value is None or not math.isfinite(value):
        return ""
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return text if text not in {"-0", ""} else "0"


def zone_name(zone: str) -> str:
    """Return a time zone as people call it: China Time, 中国时间."""
    return figures.zone_name(zone, language.current())


def shown_unit(unit: str) -> str:
    """Return a unit's symbol as written for people."""
    return SHOWN.get(unit, unit)


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    if rounded == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(places, 0)}f}"


class Delta(NamedTuple):
    """A change against another period: its share [%], and which way it went ('up', 'down', 'same')."""

    percent: str
    way: str
    spoken: str


def delta(now: float | None, before: float | None) -> Delta | None:
    """Return how `now` differs from `before`; None where one is missing or nothing stood there."""
    if now is None or before is None or before == 0:
        return None
    share = (now - before) / abs(before) * 100
    way = "same" if abs(share) < 0.05 else "up" if share > 0 else "down"
    shown = f"{abs(share):.1f} %" if abs(share) < 100 else f"{abs(share):,.0f} %"
    spoken = {
        "up": _("%(share)s more", share=shown), "down": _("%(share)s less", share=shown), "same": _("the same"),
    }[way]  # fmt: skip
    return Delta(shown, way, spoken)


def named(thing: Any, locale: str) -> str:
    """Return the name of an organisation, position or point in the reader's language."""
    read = thing.get if isinstance(thing, dict) else lambda key, default=None: getattr(thing, key, default)
    return (read("name_zh") if locale == "zh" else None) or read("name") or ""


def named_here(thing: Any) -> str:
    """Return a name in the language of the page being written."""
    return named(thing, language.current())


def in_full(place: Any, site: Any) -> str:
    """Return a place's name with its site's before it, which tells it from others of its name."""
    parts = [named_here(site), named_here(place)] if site and site.id != place.id else [named_here(place)]
    return " · ".join(parts)


def titled(order: Any) -> str:
    """Return the title of a work order in the reader's language, where the product made it; else as people wrote it."""
    read = order.get if isinstance(order, dict) else lambda key: getattr(order, key, None)
    return (read("title_zh") if language.current() == "zh" else None) or read("title") or ""


def short(name: str) -> str:
    """Leave out what stands before the dot of a point's name where its place is shown beside it."""
    return name.split(" · ", 1)[-1].strip() or name


def carriers_in_order(found: Iterable[str]) -> list[str]:
    """Return carriers as every page orders them."""
    return sorted((str(one) for one in found), key=IN_ORDER.index)


def browser(agent: str | None) -> str:
    """Return which browser on which system a log-in came from, as people call them; empty where nobody knows."""
    said = agent or ""
    program = next((name for sign, name in PROGRAMS if sign in said), "")
    system = next((name for sign, name in SYSTEMS if sign in said), "")
    return " · ".join(part for part in (program, system) if part)


def of_day(on: date, locale: str, *, year: bool = False) -> str:
    """Return a day as people say it: Sun 22 Nov, 11月22日 周日."""
    if locale == "zh":
        return (
            f"{on.year}年{on.month}月{on.day}日"
            if year
            else f"{on.month}月{on.day}日 周{WEEKDAYS_ZH[on.weekday()]}"
        )
    return f"{on.day} {on:%b} {on.year}" if year else f"{on:%a} {on.day} {on:%b}"


def of_month(on: date, locale: str) -> str:
    """Return a month: November 2026, 2026年11月."""
    return f"{on.year}年{on.month}月" if locale == "zh" else f"{on:%B} {on.year}"


def instant(at: datetime | None, zone: str, locale: str, *, seconds: bool = False) -> str:
    """Return an instant in a site's zone: time alone for today, with the day otherwise."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    time = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    if local.date() == today:
        return time
    return f"{of_day(local.date(), locale, year=local.year != today.year)} {time}"


def age(at: datetime | None) -> str:
    """Return how long ago an instant was, in the words of the reader's language."""
    if at is None:
        return ""
    return lasting(clock.now() - at)


def lasting(span: timedelta) -> str:
    """Return a length of time in its largest fitting unit."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return ngettext("%(num)d s", "%(num)d s", seconds)
    if seconds < 3600:
        return ngettext("%(num)d min", "%(num)d min", seconds // 60)
    if seconds < 172_800:
        return ngettext("%(num)d h", "%(num)d h", seconds // 3600)
    return ngettext("%(num)d day", "%(num)d days", seconds // 86_400)
