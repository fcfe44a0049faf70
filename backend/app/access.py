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
}
"""Blueprint -> the application it belongs to: organisations where that is off are not seen through it."""


def application_of(endpoint: str) -> Application | None:
    """Return the application an endpoint belongs to; people and organisations belong to none."""
    return APPLICATIONS.get(endpoint.partition(".")[0])
