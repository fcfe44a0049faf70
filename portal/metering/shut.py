"""When a point is known to be shut: valves that were closed; where nothing was read then, nothing flowed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Role
from backend.metering import service
from portal import forms
from portal.forms import Field
from portal.navigation import look, zone_of
from portal.pages import done, pages
from portal.words import named_here as named


@pages.route("/points/<uuid:point_id>/shut", methods=["GET", "POST"])
def shut_periods(point_id: UUID) -> Any:
    """Answer: when was it shut, and who says so?"""
    look()
    point = service.point(g.session, g.scope, point_id)
    g.zone = zone_of(g.organisation)
    if request.method == "GET":
        return _page(point)
    try:
        starts_at = forms.moment("starts_at", g.zone)
        if starts_at is None:
            raise Refused("this needs a day and an hour", field="starts_at", value="")
        service.shut_point(
            g.session, g.scope, point_id=point_id, starts_at=starts_at, ends_at=forms.moment("ends_at", g.zone),
            reason=forms.text("reason", 500),
        )  # fmt: skip
    except EnerfieldError as error:
        return _page(point, error), 422
    return done(
        _("Kept; gaps in that time are estimated anew."), url_for("portal.shut_periods", point_id=point_id)
    )


def _page(point: Any, error: EnerfieldError | None = None) -> str:
    fields = [
        Field("starts_at", _("Shut from"), "", "datetime-local"),
        Field("ends_at", _("Open again from"), "", "datetime-local", is_required=False,
              hint=_("Empty while it is shut; give the same start again to say when it ended.")),
        Field("reason", _("How you know"), is_half=False),
    ]  # fmt: skip
    may_say = any(
        point.organisation_id in g.scope.where(role) for role in (*service.SETTERS, Role.DISPATCHER)
    )
    return render_template(
        "metering/shut.html", point=point, may_say=may_say, link=url_for("portal.point", point_id=point.id),
        name=named(point), periods=service.shut_periods(g.session, g.scope, point_id=point.id),
        **forms.judged(fields, error),
    )  # fmt: skip
