"""What forecasts are called on pages: rungs of the ladder, and why not a better one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.forecasting.service import Method, Source, Untrained, Verdict, Why
from portal.terms import word
from portal.words import lasting, plain

METHODS = {
    Method.MODEL: _l("model with weather"), Method.MODEL_WITHOUT_WEATHER: _l("model without weather"),
    Method.LAST_WEEK: _l("same hours of last week"), Method.PREVIOUS_DAY: _l("same hours of the day before"),
    Method.PROFILE: _l("usual day of its kind"),
}  # fmt: skip
SIGNS = {Method.MODEL: "good"}
SOURCES = {
    Source.LOAD: _l("demand"), Source.PV: _l("solar power"), Source.WIND: _l("wind power"),
    Source.SUPPLY: _l("plant output"),
}  # fmt: skip
VERDICTS = {
    Verdict.CHAMPION: _l("in use"), Verdict.REPLACED: _l("replaced by a better one"),
    Verdict.REFUSED: _l("not better, not used"),
}  # fmt: skip
VERDICT_SIGNS = {Verdict.CHAMPION: "good", Verdict.REPLACED: "idle", Verdict.REFUSED: "unknown"}
WEATHER_SOURCES = {
    "file": _l("files that are brought or dropped"), "http": _l("the weather provider, each hour"),
}  # fmt: skip
VARIABLES = {
    "temperature_c": (_l("air temperature"), "K"), "ghi_wm2": (_l("solar irradiance"), "W/m²"),
    "wind_ms": (_l("wind"), "m/s"), "humidity_pct": (_l("relative humidity"), "%"),
    "cloud_pct": (_l("cloud cover"), "%"),
}  # fmt: skip


def sign(method: Method) -> str:
    """Return the status a rung is shown with: the lower ones ask for a look."""
    return SIGNS.get(method, "attention")


def why(passed: Mapping[str, Any]) -> str:
    """Say why a rung was not taken."""
    facts = passed["facts"]
    hours = lasting(timedelta(hours=facts.get("hours", 0.0)))
    limit = lasting(timedelta(hours=facts.get("limit_hours", 0.0)))
    share, least = (plain(100 * facts.get(name, 0.0), 0) for name in ("share", "limit_share"))
    about = {"hours": hours, "limit": limit, "share": share, "least": least}
    words = {
        Why.NO_MODEL: _("no model has been trained yet, or none was better than repeating last week"),
        Why.MODEL_OLD: _("the model in use was made by an earlier version; a new one is trained within a day"),
        Why.NO_WEATHER: _("no weather forecast has come"),
        Why.WEATHER_STALE: _("the weather forecast is %(hours)s old, up to %(limit)s is used", **about),
        Why.WEATHER_LATER: _("the weather forecast was only made later"),
        Why.WEATHER_SHORT: _("the weather forecast covers %(share)s %% of the time, %(least)s %% is needed", **about),
        Why.MODEL_OTHER_STEP: _("the model was trained for another step"),
        Why.MODEL_WITHOUT: _("the model in use was trained on another kind of weather data"),
        Why.TOO_SHORT: _("%(hours)s have been measured, %(limit)s are needed", **about),
        Why.STALE: _("the last measured value is %(hours)s old, up to %(limit)s is used", **about),
        Why.FLAT: _("the measured value has not moved for %(hours)s", **about),
        Why.GAPS: _("%(share)s %% of the measured past is there, %(least)s %% is needed", **about)
        if "share" in facts
        else _("there are holes in the measured past"),
    }  # fmt: skip
    return words[Why(passed["why"])]


def untrained(kept: Mapping[str, Any]) -> str:
    """Say why no model could be trained, and what to do."""
    facts = kept["facts"]
    days, least = (plain(facts.get(name, 0.0)) for name in ("days", "least_days"))
    about = {"days": days, "least": least}
    words = {
        Untrained.NO_VALUES: _("Its meters have counted nothing. Look whether they are read."),
        Untrained.TOO_SHORT: _(
            "%(days)s days have been measured, %(least)s are needed. Import older readings, or wait.", **about
        ),
        Untrained.GAPS: _(
            "There are holes in what was measured: %(days)s days are known. Close them, or import what is missing.",
            **about,
        ),
        Untrained.NO_NEW_DAYS: _(
            "Since the model in use learnt, %(days)s days have been measured, %(least)s are needed to compare on."
            " Look whether its meters are read.", **about,
        ),
        Untrained.ERROR: _(
            "The training ended with an error; it is tried again the next day. Tell the administrator: it stands in"
            " the log. %(said)s", said=facts.get("said", ""),
        ),
    }  # fmt: skip
    return words[Untrained(kept["why"])]


def ladder(method: Method, passed: list[Mapping[str, Any]]) -> str:
    """Say on which rung a forecast stands and why not on a better one, each reason once."""
    reasons = list(dict.fromkeys(why(one) for one in passed))
    said = _("Made by the rung “%(rung)s”", rung=word(METHODS, method))
    return _("%(said)s: %(why)s", said=said, why=_("; ").join(reasons)) if reasons else said
