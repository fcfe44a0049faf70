"""A tariff as people read it: what each component charges, at which prices, in which hours of which days."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from backend.billing.rules.tariff import Tariff, Version
from backend.billing.rules.tariff.explain import DayPlan, component_of, day_plans
from backend.billing.rules.tariff.tariff import kind_of
from portal.billing import words
from portal.billing.words import COMPONENT_KINDS, DAY_KINDS, PER
from portal.words import shown_unit


def component_words(component: Any, version: Version, currency: str) -> dict[str, Any]:
    """Return what a component charges: its kind, its rule in sentences, its prices as rows."""
    kind = kind_of(component)
    return {
        "code": component.code, "name": words.in_tongue(component.name, component.code),
        "kind": COMPONENT_KINDS[kind], "says": [said for said in _sentences(kind, component) if said],
        "prices": _prices(component, version, currency), "schedule": getattr(component, "by", None),
    }  # fmt: skip


def _sentences(kind: str, one: Any) -> list[str]:
    said = {
        "energy": _energy, "spot": _spot, "demand": _demand, "standing": _standing, "share": _share,
        "power_factor": _power_factor, "minimum": _minimum, "credit": _credit, "settlement": _settlement,
    }[kind](one)  # fmt: skip
    if one.months:
        said.append(_("Charged in %(months)s.", months=words.months(tuple(one.months))))
    if one.between:
        ends = ", ".join(f"{a[1]:02}.{a[0]:02}.–{b[1]:02}.{b[0]:02}." for a, b in one.between)
        said.append(_("Charged between %(ends)s of a year.", ends=ends))
    if one.when is not None:
        said.append(_("Charged only under a condition on '%(name)s'.", name=one.when.of))
    return said


def _energy(one: Any) -> list[str]:
    found = [
        _("What the meter counted is fed in: it earns.") if one.pays
        else _("What the meter counted, in %(unit)s, times its price.", unit=shown_unit(one.unit))
    ]  # fmt: skip
    if one.by:
        found.append(_("The price depends on the hour."))
    if one.blocks:
        limits = ", ".join(" × ".join(_term(term) for term in limit) for limit in one.blocks.limits)
        found.append(
            _("The price steps at %(limits)s %(unit)s %(per)s.", limits=limits, unit=shown_unit(one.unit),
              per=PER[one.blocks.per])
        )  # fmt: skip
    if one.times:
        found.append(_("Multiplied by %(factors)s.", factors=" × ".join(_term(term) for term in one.times)))
    return found


def _spot(one: Any) -> list[str]:
    return [_("Each interval at the price of its own time, as published.")]


def _demand(one: Any) -> list[str]:
    found = [
        _("The highest mean power over %(minutes)s minutes, times its price.", minutes=one.minutes),
        _("Windows begin at every interval.") if one.sliding else "",
    ]
    if one.at_least:
        found.append(
            _("At least %(floor)s is charged.", floor=" × ".join(_term(term) for term in one.at_least))
        )
    return found


def _standing(one: Any) -> list[str]:
    found = [_("So much %(per)s, whatever is used.", per=PER[one.per])]
    if one.times:
        found.append(_("Multiplied by %(factors)s.", factors=" × ".join(_term(term) for term in one.times)))
    return found


def _share(one: Any) -> list[str]:
    rate = one.rate if isinstance(one.rate, str) else f"{words.exact(Decimal(one.rate) * 100)} %"
    of = ", ".join(one.of)
    if one.included:
        return [_("%(rate)s, which lies within the prices of %(of)s already.", rate=rate, of=of)]
    return [_("%(rate)s of %(of)s.", rate=rate, of=of)]


def _power_factor(one: Any) -> list[str]:
    return [_("A percentage of %(of)s by the power factor of the month.", of=", ".join(one.of))]


def _minimum(one: Any) -> list[str]:
    return [_("What %(of)s come short of the least amount.", of=", ".join(one.of))]


def _credit(one: Any) -> list[str]:
    return [_("What was earned is set against this bill; the rest goes to the next.")]


def _settlement(one: Any) -> list[str]:
    return [_("What is left of a credit is settled in its month.")]


def _term(term: Any) -> str:
    return term if isinstance(term, str) else words.exact(term)


def _prices(one: Any, version: Version, currency: str) -> list[dict[str, str]]:
    """Return price rows: price period, block, price with its unit."""
    price = getattr(one, "price", None)
    if isinstance(price, Mapping):
        unit = getattr(one, "priced_in", None) or getattr(one, "unit", "")
        per = _("a month") if kind_of(one) == "demand" else ""
        return [
            {"period": _period(one, code, version), "code": code,
             "block": _("block %(number)s", number=block) if len(listed) > 1 else "",
             "price": _price(term, currency, f"{shown_unit(unit)} {per}".strip())}
            for code, listed in price.items() for block, term in enumerate(listed, start=1)
        ]  # fmt: skip
    if price is not None:
        unit = str(PER.get(getattr(one, "per", ""), ""))
        return [
            {"period": "", "code": "", "block": "", "price": f"{_price(price, currency, '')} {unit}".strip()}
        ]
    return []


def _price(term: Any, currency: str, unit: str) -> str:
    number = _("as published: %(name)s", name=term) if isinstance(term, str) else words.exact(term)
    return f"{number} {words.coin(currency)} / {unit}" if unit else f"{number} {words.coin(currency)}"


def _period(one: Any, code: str, version: Version) -> str:
    schedule = (version.schedules or {}).get(getattr(one, "by", None) or "")
    if not code or schedule is None:
        return ""
    return words.in_tongue(dict(schedule.periods[code]), code)


def schedule_words(version: Version, code: str) -> dict[str, Any]:
    """Return a schedule as rows of days: each a band of the day in its price periods, and the same in words."""
    schedule = (version.schedules or {})[code]
    names = {one: words.in_tongue(dict(said), one) for one, said in schedule.periods.items()}
    place = {one: number for number, one in enumerate(schedule.codes)}
    return {
        "code": code, "periods": [{"name": names[one], "place": place[one] % 6} for one in schedule.codes],
        "days": [_row(plan, names, place) for plan in day_plans(version, code)],
    }  # fmt: skip


def _row(plan: DayPlan, names: Mapping[str, str], place: Mapping[str, int]) -> dict[str, Any]:
    bands = [
        {"x": one.start, "width": one.end - one.start, "place": place[one.period] % 6, "name": names[one.period],
         "hours": f"{words.clock(one.start)}–{words.clock(one.end)}"}
        for one in plan.stretches
    ]  # fmt: skip
    hours: dict[str, list[str]] = {}
    for band in bands:
        hours.setdefault(str(band["name"]), []).append(str(band["hours"]))
    return {
        "months": words.months(plan.months), "days": ", ".join(str(DAY_KINDS[kind]) for kind in plan.kinds),
        "bands": bands, "words": [(name, ", ".join(stretches)) for name, stretches in hours.items()],
    }  # fmt: skip


def rule_of(tariff: Tariff, line: Any) -> dict[str, Any] | None:
    """Return the rule behind a line of a bill: its component in words, and its schedule; None where there is none."""
    version = next((one for one in tariff.versions if one.from_ == line.version), None)
    component = component_of(version, line.component) if version is not None else None
    if version is None or component is None:
        return None
    said = component_words(component, version, tariff.currency)
    return said | {"days": schedule_words(version, said["schedule"]) if said["schedule"] else None}
