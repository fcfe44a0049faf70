"""Who may call a route at all. Everything not named here needs a person who is logged in."""

from __future__ import annotations

from backend.tenancy.models import Application

NEEDS_NOTHING = frozenset({"health.alive", "health.ready", "health.figures", "static", "portal.static"})
"""Answered without a transaction: for probes, and files that are the same for everybody."""

PUBLIC = frozenset(
    {
        "api-docs.openapi_json", "api-docs.viewer",
        "auth.LogIn", "auth.Refresh", "auth.ForgottenPassword", "auth.NewPassword",
        "portal.log_in", "portal.forgot_password", "portal.set_password", "portal.accept_invitation",
        "portal.change_language", "portal.change_theme",
    }
)  # fmt: skip
"""Answered to anybody, as Scope.public(): how one gets in, and the description of the API."""

OWN_KEY = frozenset({"push.push"})
"""Gateways show their own key; the view checks it."""

APPLICATIONS = {
    "metering": Application.MONITORING,
    "alarms": Application.MONITORING,
    "live": Application.MONITORING,
    "stream": Application.MONITORING,
    "connections": Application.MAINTENANCE,
}
"""Blueprint -> the application it belongs to: organisations where that is off are not seen through it."""

PAGES = {
    Application.MONITORING: {
        "overview", "balance_data", "board", "plant", "demand", "supply", "environment", "network_map",
        "map_data", "position", "point", "point_curve", "point_csv", "alarms", "alarm_rows", "alarm",
        "acknowledge", "comment_alarm", "shelve", "alarm_rules", "alarm_rule", "new_alarm_rule", "wake_rule",
        "alarm_statistics",
    },
    Application.MAINTENANCE: {
        "today", "connections", "connection", "dead_letters", "settle_dead_letter", "sightings", "adopt",
        "dismiss_sighting",
    },
    Application.SERVICES: {"home", "use"},
}  # fmt: skip
"""The same for pages, which hang on one blueprint."""

_OF_PAGE = {f"portal.{page}": application for application, pages in PAGES.items() for page in pages}


def application_of(endpoint: str) -> Application | None:
    """Return the application an endpoint belongs to; people and organisations belong to none."""
    return _OF_PAGE.get(endpoint) or APPLICATIONS.get(endpoint.partition(".")[0])
