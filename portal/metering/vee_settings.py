"""Limits of validation and choices of estimation, as an organisation wants them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.kernel.errors import EnerfieldError, Forbidden, Refused
from backend.metering import service
from portal import forms
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages
from portal.words import named_here as named
from portal.words import plain

CHOICES = {
    "uses_holidays": _l("Public holidays of the site's calendar count as days of rest"),
    "uses_siblings": _l("Alike points may shape a gap"),
    "uses_weather": _l("The outdoor temperature may shape a gap"),
    "is_shut_without_supply": _l("Where a contract has ended and none follows, nothing flows"),
}
FIGURES = {
    "longest_gap_days": (
        _l("Longest gap that is estimated [d]"),
        _l("A longer one keeps its straight line."),
    ),
    "missing": (_l("Unread intervals in a row that pass"), ""),
    "spike": (_l("Spike: peak by the third highest interval of its day"), ""),
    "high": (_l("High: day by the highest day of its past"), ""),
    "low": (_l("Low: day by the lowest day of its past"), ""),
    "dead_hours": (_l("Stands still: time without a count [h]"), ""),
    "clock_s": (_l("Clock: how far it may be off [s]"), ""),
    "loss": (_l("Sub-meters: share that may be lost (0 to 1)"), ""),
    "excess": (_l("Sub-meters: share they may exceed their parent by (0 to 1)"), ""),
}
WHOLE = ("longest_gap_days", "missing")


@pages.route("/exceptions/settings", methods=["GET", "POST"])
def vee_settings() -> Any:
    """Answer: what passes without a word, and what may fill a gap?"""
    node = look()
    if node is None:
        raise Forbidden("this page is for staff", remedy="ask an administrator of your organisation")
    holds = service.vee_settings(g.session, g.scope, organisation_id=node.id)
    page = Page(
        title=_("Validation and estimation"),
        question=_("What passes without a word, and what may fill a gap, at %(name)s", name=named(node)),
        steps=[{"name": _("Exceptions"), "link": url_for("portal.exceptions")}], button=_("Save"),
        fields=[*_choices(holds), *_figures(holds)],
        aside=_(
            "It holds for everything below as well, unless that says otherwise, from now on. Whatever fills a gap, the"
            " amounts sum to what the register moved."
        ),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        service.change_vee_settings(g.session, g.scope, organisation_id=node.id, **_said())
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("Saved."), url_for("portal.exceptions"))


def may_set(organisation_id: UUID) -> bool:
    """Tell whether the asker may change the settings of an organisation."""
    return any(organisation_id in g.scope.where(role) for role in service.SETTERS)


def _choices(holds: Any) -> list[Field]:
    return [
        Field(name, words, getattr(holds, name), kind="check", is_half=False)
        for name, words in CHOICES.items()
    ]


def _figures(holds: Any) -> list[Field]:
    found = []
    for name, (words, hint) in FIGURES.items():
        low, high = service.BOUNDS[name]
        said = _("%(low)s to %(high)s", low=plain(low), high=plain(high))
        limits = {"min": f"{low:g}", "max": f"{high:g}", "step": "1" if name in WHOLE else "any"}
        found.append(
            Field(name, words, f"{getattr(holds, name):g}", kind="number",
                  hint=f"{hint} {said}".strip(), attributes=limits)
        )  # fmt: skip
    return found


def _said() -> dict[str, Any]:
    """Return what was sent; raises Refused where a figure is missing or is none."""
    said: dict[str, Any] = {name: forms.checked(name) for name in CHOICES}
    for name in FIGURES:
        found = forms.whole(name) if name in WHOLE else forms.number(name)
        if found is None:
            raise Refused(_("This needs a figure."), field=name, remedy=_("write it like 12.5"))
        said[name] = found
    return said
