"""The words of planning together: how far a round or target has come, by which rule, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from backend.optimisation.rules.coordination.asking import Reason, State
from backend.optimisation.rules.coordination.judging import Outcome
from backend.optimisation.rules.coordination.sharing import Rule
from backend.optimisation.rules.targets import Kind
from backend.optimisation.service.rounds import RoundStatus
from portal import language
from portal.billing.words import amount, coin, money
from portal.words import CARRIERS, of_day

ROUNDS = {
    RoundStatus.ASKED: ("attention", _l("being worked out")), RoundStatus.MADE: ("good", _l("has its result")),
    RoundStatus.FAILED: ("act", _l("not worked out")),
}  # fmt: skip
RULES = {
    Rule.SHAPLEY: _l("Shapley's shares"), Rule.NUCLEOLUS: _l("The nucleolus"), Rule.EQUAL: _l("Equal gains"),
}  # fmt: skip
MEANS = {
    Rule.SHAPLEY: _l("each gets what it adds to the gain, averaged over all orders in which sites may join"),
    Rule.NUCLEOLUS: _l("whoever is least satisfied is as satisfied as can be, then the next"),
    Rule.EQUAL: _l("all get the same part of the gain"),
}
STATES = {
    State.PROPOSED: ("attention", _l("waits for the plant's answer")),
    State.COUNTERED: ("attention", _l("countered: waits for the region")),
    State.ACCEPTED: ("good", _l("target accepted")), State.REFUSED: ("act", _l("target refused")),
    State.WITHDRAWN: ("idle", _l("taken back")), State.LAPSED: ("idle", _l("nobody answered in time")),
}  # fmt: skip
OUTCOMES_OF_TARGETS = {
    Outcome.AHEAD: ("idle", _l("has not begun")), Outcome.RUNNING: ("good", _l("kept to so far")),
    Outcome.KEPT: ("good", _l("target kept")), Outcome.EXCEEDED: ("act", _l("target exceeded")),
    Outcome.UNKNOWN: ("unknown", _l("cannot be told: meters have holes")),
}  # fmt: skip
KINDS = {
    Kind.PEAK: _l("Highest rate bought"), Kind.ENERGY: _l("Amount bought"), Kind.CO2: _l("CO2 of all that is used"),
}  # fmt: skip
REASONS = {
    Reason.OUT_OF_REACH: _l("It cannot be reached"), Reason.TOO_DEAR: _l("It costs more than is paid and agreed"),
    Reason.OTHER: _l("A reason of our own"),
}  # fmt: skip

GIVES = "%(hours)s %(giver)s gives %(taker)s %(rate)s of %(carrier)s"
GIVES_SINCE = (
    GIVES + ": a unit more costs %(cheap).3f %(money)s at %(giver)s and is worth %(dear).3f at %(taker)s"
)
EXCHANGES = {
    GIVES: _l("%(giver)s gives, %(taker)s takes"),
    GIVES_SINCE:
        _l("a unit more costs %(cheap)s %(money)s at %(giver)s and is worth %(dear)s at %(taker)s"),
}  # fmt: skip
"""Sentence about what goes through a line -> why, as the page says it beside hours, ends and rate."""

PAYS = "%(site)s would cost %(alone)s alone; its part of the plan costs it %(own)s, and it "
SHARES = {
    "%(site)s gets %(share)s: what it adds to the gain, averaged over all orders in which sites may join":
        _l("%(site)s gets %(share)s: what it adds to the gain, averaged over all orders in which sites may join"),
    "%(site)s gets %(share)s: so that whoever is least satisfied is as satisfied as can be":
        _l("%(site)s gets %(share)s: so that whoever is least satisfied is as satisfied as can be"),
    "%(site)s gets %(share)s: all get the same part of the gain":
        _l("%(site)s gets %(share)s: all get the same part of the gain"),
    "%(site)s's share is drawn from a sample: it lies within %(error).2f %(money)s of the exact one"
    " 19 times out of 20":
        _l("%(site)s's share is drawn from a sample: it lies within %(error)s %(money)s of the exact one"
           " 19 times out of 20"),
    PAYS + "pays %(amount)s":
        _l("%(site)s would cost %(alone)s alone; its part of the plan costs it %(own)s, and it pays %(amount)s"),
    PAYS + "gets %(amount)s":
        _l("%(site)s would cost %(alone)s alone; its part of the plan costs it %(own)s, and it gets %(amount)s"),
}  # fmt: skip
OUTCOMES = {
    "Together the sites pay %(cost).2f instead of %(apart).2f %(money)s: %(gain).2f less"
    " (at most %(gap).2f %% above the best possible plan)":
        _l("Together the sites pay %(cost)s instead of %(apart)s %(money)s: %(gain)s less; nothing could be more than"
           " %(gap)s%% cheaper"),
    "Being together gains nothing that could be told from the solver's tolerance: each site keeps its own plan":
        _l("Being together gains nothing that could be told from the solver's tolerance: each site keeps its own plan"),
}  # fmt: skip
OBJECTIONS = {
    "%(asked)s would leave %(sites)s with %(short).2f %(money)s less than they could gain by themselves,"
    " so another rule is used":
        _l("%(asked)s would leave %(sites)s with %(short)s %(money)s less than they could gain by themselves,"
           " so another rule is used"),
    "No split that was tried satisfies everyone: under this one %(sites)s could gain %(short).2f %(money)s"
    " more by themselves, which is the least that could be reached":
        _l("No split that was tried satisfies everyone: under this one %(sites)s could gain %(short)s %(money)s"
           " more by themselves, which is the least that could be reached"),
    "No group of sites could gain more by itself: all %(known)d were planned":
        _l("No group of sites could gain more by itself; every group was planned"),
    "No group of sites could gain more by itself among the %(known)d that were planned; not all were":
        _l("No group of sites could gain more by itself among the %(known)s that were planned; not all were"),
}  # fmt: skip
WORDS = OUTCOMES | EXCHANGES | SHARES | OBJECTIONS
"""Sentence of `rules.coordination.telling` -> what the page says."""
ASKED = {"Shapley's shares": Rule.SHAPLEY, "The nucleolus": Rule.NUCLEOLUS, "Equal gains": Rule.EQUAL}
DAY = re.compile(r"(\d{4}-\d\d-\d\d) ")
PLACES = {"cheap": 3, "dear": 3, "gap": 2}
"""Decimals of what is no amount of money."""


def sentence(said: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a kept sentence in the reader's language; names: of sites, in that language."""
    words = WORDS.get(said["template"])
    if words is None:  # a new sentence of the backend's: better in English than not at all
        return str(said["template"] % said["values"])
    currency = str(said["values"].get("money", ""))
    return str(words) % {name: _value(name, value, currency, names) for name, value in said["values"].items()}


def hours_said(text: str) -> str:
    """Return kept hours with their days as people say them: 2026-11-29 08:00–10:00 is Sun 29 Nov 08:00–10:00."""
    return DAY.sub(lambda found: of_day(date.fromisoformat(found[1]), language.current()) + " ", text)


def _value(name: str, value: Any, currency: str, names: Mapping[str, str]) -> str:
    """Return a value as a sentence says it: money in the reader's coin, prices per unit to a tenth of a cent."""
    if value is None:
        return "–"
    if name == "money":
        return coin(str(value))
    if name in ("alone", "own", "share", "amount"):
        return money(*str(value).split())
    if name == "asked":
        return str(RULES[ASKED[value]])
    if name == "carrier":
        return str(CARRIERS.get(value, value))
    if name == "sites":
        told = [names.get(one, one) for one in str(value).split(", ")]
        return ("、" if language.current() == "zh" else ", ").join(told)
    if name == "hours":
        return hours_said(str(value))
    if name in ("site", "giver", "taker"):
        return names.get(value, str(value))
    if isinstance(value, float):
        return f"{value:.{PLACES[name]}f}" if name in PLACES else amount(value, currency)
    return str(value)
