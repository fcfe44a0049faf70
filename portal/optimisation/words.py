"""The words of plans: how far to rely on one, what each input is, and why each unit does what it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.optimisation.rules import explaining
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.plan import TOLD_GAP
from backend.optimisation.rules.relaxation import rate
from backend.optimisation.service import OperationPlan, PlanKind, PlanStatus
from portal import language
from portal.billing.words import coin
from portal.refusals import in_words
from portal.words import CARRIERS

STATES = {
    PlanStatus.OPTIMAL: ("good", _l("optimal")), PlanStatus.TIME_LIMIT: ("attention", _l("stopped at the time limit")),
    PlanStatus.RELAXED: ("act", _l("not everything can be met")), PlanStatus.FAILED: ("act", _l("no plan")),
}  # fmt: skip
KINDS = {
    PlanKind.ROLLING: _l("every quarter hour"), PlanKind.DAY_AHEAD: _l("day ahead"), PlanKind.BY_HAND: _l("asked for"),
}  # fmt: skip
QUALITIES = {
    "measured": ("good", _l("measured")), "agreed": ("good", _l("agreed")), "forecast": ("good", _l("forecast")),
    "fallback": ("attention", _l("fallback")), "assumed": ("attention", _l("assumed")),
}  # fmt: skip
UNIT_KINDS = {
    "supply": _l("bought from outside"), "sale": _l("sold to outside"), "renewable": _l("sun or wind"),
    "chp": _l("combined heat and power"), "boiler": _l("boiler"), "heat_pump": _l("heat pump"),
    "electric_chiller": _l("electric chiller"), "absorption_chiller": _l("absorption chiller"),
    "pump": _l("water pump"), "converter": _l("converter"), "battery": _l("battery"), "ice_storage": _l("ice store"),
    "storage": _l("store"), "charging": _l("charging of vehicles"), "shiftable": _l("load that can wait"),
    "room": _l("rooms"),
}  # fmt: skip

STAYS_ON = "; it stays on since a stop and a new start, or its least load, would cost more"
REASONS = {
    "%(hours)s %(unit)s runs at %(rate)s: what it gives is worth %(worth).3f %(money)s per unit,"
    " what it takes costs %(spent).3f":
        _l("runs at %(rate)s: what it gives is worth %(worth)s %(money)s per unit, what it takes costs %(spent)s"),
    "%(hours)s %(unit)s runs at %(rate)s: what it gives is worth %(worth).3f %(money)s per unit,"
    " what it takes costs %(spent).3f" + STAYS_ON:
        _l("runs at %(rate)s: what it gives is worth %(worth)s %(money)s per unit, what it takes costs %(spent)s;"
           " it stays on since a stop and a new start, or its least load, would cost more"),
    "%(unit)s stays off: what it gives would be worth %(worth).3f %(money)s per unit, what it takes %(spent).3f":
        _l("stays off: what it gives would be worth %(worth)s %(money)s per unit, what it takes costs %(spent)s"),
    "%(unit)s stays off: what it gives would be worth %(worth).3f %(money)s per unit, what it takes %(spent).3f"
    "; a start, its least load or its shortest times keep it off":
        _l("stays off: what it gives would be worth %(worth)s %(money)s per unit, what it takes costs %(spent)s;"
           " a start, its least load or its shortest times keep it off"),
    "%(hours)s %(unit)s charges at %(rate)s: it costs %(now).3f %(money)s per unit now"
    " and is worth %(later).3f when it comes out":
        _l("charges at %(rate)s: it costs %(now)s %(money)s per unit now and is worth %(later)s when it comes out"),
    "%(hours)s %(unit)s charges at %(rate)s: it costs %(now).3f %(money)s per unit now,"
    " to hold what is asked for at the end":
        _l("charges at %(rate)s: it costs %(now)s %(money)s per unit now, to hold what is asked for at the end"),
    "%(hours)s %(unit)s gives %(rate)s: that is worth %(now).3f %(money)s per unit, and cost %(paid).3f to charge":
        _l("gives %(rate)s: that is worth %(now)s %(money)s per unit, and cost %(paid)s to charge"),
    "%(hours)s %(unit)s gives %(rate)s: that is worth %(now).3f %(money)s per unit":
        _l("gives %(rate)s: that is worth %(now)s %(money)s per unit"),
    "%(unit)s stays within %(top)s: a kW more would cost %(price).2f %(money)s for the month's peak":
        _l("stays within %(top)s: a kW more would cost %(price)s %(money)s for the month's peak"),
    "%(hours)s %(unit)s sells %(rate)s at %(now).3f %(money)s per unit, more than it is worth on site":
        _l("sells %(rate)s at %(now)s %(money)s per unit, more than it is worth on site"),
    "%(hours)s %(unit)s leaves %(lost)s unused: more could be neither used, stored nor sold at a gain"
    " (%(now).3f %(money)s per unit)":
        _l("leaves %(lost)s unused: more could be neither used, stored nor sold at a gain"
           " (%(now)s %(money)s per unit)"),
    "%(hours)s %(unit)s draws %(rate)s at %(now).3f %(money)s per unit, so that every vehicle has what it"
    " needs when it leaves":
        _l("draws %(rate)s at %(now)s %(money)s per unit, so that every vehicle has what it needs when it leaves"),
    "%(hours)s %(unit)s uses %(rate)s less: a unit costs %(now).3f %(money)s then":
        _l("uses %(rate)s less: a unit costs %(now)s %(money)s then"),
    "%(hours)s %(unit)s uses %(rate)s more: a unit costs %(now).3f %(money)s then":
        _l("uses %(rate)s more: a unit costs %(now)s %(money)s then"),
    "%(hours)s %(unit)s takes %(rate)s of %(carrier)s at %(now).3f %(money)s per unit and ends at %(end).1f °C":
        _l("takes %(rate)s of %(carrier)s at %(now)s %(money)s per unit and ends at %(end)s °C"),
    "%(hours)s %(unit)s runs at %(rate)s": _l("runs at %(rate)s"),
    "%(unit)s stays off": _l("stays off"),
    "%(hours)s %(unit)s charges at %(rate)s": _l("charges at %(rate)s"),
    "%(hours)s %(unit)s gives %(rate)s": _l("gives %(rate)s"),
    "%(hours)s %(unit)s leaves %(lost)s unused": _l("leaves %(lost)s unused"),
    "%(hours)s %(unit)s draws %(rate)s, so that every vehicle has what it needs when it leaves":
        _l("draws %(rate)s, so that every vehicle has what it needs when it leaves"),
    "%(hours)s %(unit)s uses %(rate)s less": _l("uses %(rate)s less"),
    "%(hours)s %(unit)s uses %(rate)s more": _l("uses %(rate)s more"),
    "%(hours)s %(unit)s takes %(rate)s of %(carrier)s and ends at %(end).1f °C":
        _l("takes %(rate)s of %(carrier)s and ends at %(end)s °C"),
}  # fmt: skip
"""Sentence of `explaining` -> what the page says, beside the hours and the unit's name."""

LIMITED = {
    explaining.AGREED: _l("%(said)s; the agreed target (%(limit)s) is what limits here, so no price stands for one unit"
                          " more"),
    explaining.MISSED: _l("%(said)s; not everything can be met here, so no price stands for one unit more"),
}  # fmt: skip
"""How a sentence ends where no price says why -> the same in words."""
PLACES = {"price": 2, "end": 1}
SHORT = {
    "demand": _l("%(subject)s: demand %(when)s exceeds capacity by %(by)s"),
    "surplus": _l("%(subject)s %(when)s: %(by)s more is made than can be used, stored or sold"),
    "margin": _l("the margin of %(subject)s %(when)s is short by %(by)s"),
    "final content": _l("%(subject)s ends with %(by)s less than asked for"),
    "charging": _l("%(subject)s: a vehicle leaves with %(by)s less than asked for"),
    "comfort": _l("%(subject)s %(when)s: comfort is missed by %(by)s"),
    "co2": _l("the CO2 cap is exceeded by %(by)s"),
    "target": _l("%(subject)s exceeds what was agreed by %(by)s"),
}
AGREED = (
    ("the peak of ", _l("the highest rate of %(carrier)s bought")), ("", _l("%(carrier)s bought")),
)  # fmt: skip
"""Beginning of what a target is about, before the carrier -> the same in words."""


def relied(status: PlanStatus, gap: float | None, shortfalls: list[str]) -> str:
    """Return how far a plan can be relied on."""
    if status is PlanStatus.RELAXED:
        return _(
            "No plan meets everything: %(short)s",
            short="; ".join([*shortfalls, *_dearer(gap)]) or _("by too little to be noticed"),
        )
    if status is PlanStatus.TIME_LIMIT and (gap is None or not math.isfinite(gap)):
        return _("Stopped at the time limit; how much dearer than the best possible plan it is is not known")
    if status is PlanStatus.TIME_LIMIT:
        return _(
            "Stopped at the time limit: at most %(gap)s dearer than the best possible plan",
            gap=f"{gap or 0:.2%}",
        )
    return _("Nothing could be more than %(gap)s cheaper", gap=f"{gap or 0:.2%}")


def _dearer(gap: float | None) -> list[str]:
    """Return how much dearer a plan that had to give may be than the best such, where that is worth telling."""
    if gap is None or not math.isfinite(gap):
        return [_("how much dearer than the best possible plan it is is not known")]
    if gap < TOLD_GAP:
        return []
    return [_("it may be %(gap)s dearer than the best that misses as little", gap=f"{gap:.2%}")]


def shortfalls(kept: list[dict[str, Any]], planned: Horizon, names: Mapping[str, str]) -> list[str]:
    """Return what had to give, each in words."""
    found = []
    for one in kept:
        is_series = one["what"] in ("demand", "surplus", "margin", "comfort")
        when = hours_of(planned, one["first"], one["last"]) if is_series else ""
        by = (
            rate(one["amount"], one["unit"])
            if one["what"] in ("demand", "surplus", "margin")
            else (f"{one['amount']:,.1f} {one['unit']}")
        )
        subject = str(CARRIERS.get(one["subject"], "")) or names.get(one["subject"], one["subject"])
        if one["what"] == "target":
            subject = agreed(one["subject"])
        found.append(
            " ".join((str(SHORT[one["what"]]) % {"subject": subject, "when": when, "by": by}).split())
        )
    return found


def agreed(subject: str) -> str:
    """Return what a target is about: the peak of a carrier bought, an amount of it, CO2."""
    if not subject.endswith(" bought"):
        return subject
    beginning, words = next(one for one in AGREED if subject.startswith(one[0]))
    carrier = subject.removeprefix(beginning).removesuffix(" bought")
    said = str(words) % {"carrier": str(CARRIERS.get(carrier, carrier)).lower()}
    return said[:1].upper() + said[1:]


def hours_of(planned: Horizon, first: int, last: int) -> str:
    """Return steps as people say them: 14:00–15:00, tomorrow 08:00–11:00."""
    begin, end, today = planned.at(first), planned.at(last + 1), planned.at(0).date()

    def day(on: Any) -> str:
        return "" if on == today else (_("tomorrow") if (on - today).days == 1 else _day(on)) + " "

    until = f"{end:%H:%M}"
    if end.date() != begin.date():
        until = (
            "24:00" if until == "00:00" and (end.date() - begin.date()).days == 1 else day(end.date()) + until
        )
    return f"{day(begin.date())}{begin:%H:%M}–{until}"


def _day(on: Any) -> str:
    return f"{on.month}月{on.day}日" if language.current() == "zh" else f"{on.day} {on:%b}"


def reason(action: Mapping[str, Any], currency: str) -> str:
    """Return why a unit does what it does."""
    template = action["template"]
    ending = next((end for end in LIMITED if template.endswith(end)), "")
    words = REASONS.get(template.removesuffix(ending))
    if words is None:  # a new sentence of the backend's: better in English than not at all
        return str(action["template"] % action["values"])
    known = {name: _number(name, value) for name, value in action["values"].items()} | {
        "money": coin(currency)
    }
    if "carrier" in known:
        known["carrier"] = str(CARRIERS.get(known["carrier"], known["carrier"]))
    said = str(words) % known
    return str(LIMITED[ending]) % {"said": said, "limit": agreed(known["limit"])} if ending else said


def _number(name: str, value: Any) -> str:
    """Return a figure as a reason says it: prices per unit to a tenth of a cent."""
    if isinstance(value, str) or value is None:
        return value or "–"
    return f"{value:.{PLACES.get(name, 3)}f}"


def failed(kept: OperationPlan) -> list[dict[str, str]]:
    """Return each fault of a plan that failed: what it is about, what is wrong, what to do."""
    problem = kept.problem or {}
    faults = problem.get("faults") or [problem]
    return [
        {"about": input_name(str(one.get("field") or "")), "message": in_words(str(one.get("message") or "")),
         "value": str(one.get("value") or ""), "remedy": in_words(str(one.get("remedy") or ""))}
        for one in faults
    ]  # fmt: skip


def input_name(name: str, names: Mapping[str, str] | None = None) -> str:
    """Return what an input is, in words; names: of units, in the reader's language."""
    for beginning, words in PARTS:
        if name.startswith(beginning):
            unit = name.removeprefix(beginning).removesuffix(" so far")
            return str(words) % {"name": (names or {}).get(unit, unit)}
    return str(ALONE.get(name, "")) or (names or {}).get(name, name)


PARTS = (
    ("price of ", _l("Price of %(name)s")), ("peak of ", _l("This month's peak of %(name)s")),
    ("next month's peak of ", _l("Next month's peak of %(name)s")), ("content of ", _l("Content of %(name)s")),
    ("state of ", _l("State of %(name)s")), ("temperature of ", _l("Temperature of %(name)s")),
)  # fmt: skip
ALONE = {"outdoor temperature": _l("Outdoor temperature")}
