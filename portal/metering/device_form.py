"""Enter the device that stands at a place, in one step: its maker, model and serial number, and since when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, g, request
from flask_babel import gettext as _

from backend.assets import service as assets
from backend.kernel import clock
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Role
from backend.network import service as network
from portal import forms, places
from portal.forms import Field, Page
from portal.pages import done, pages
from portal.sites import at_place
from portal.words import named_here as named

FITTERS = (Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER)


@pages.route("/positions/<uuid:position_id>/devices/new", methods=["GET", "POST"])
def new_device_here(position_id: UUID) -> Any:
    """Enter a device and say since when it stands here."""
    place = network.position(g.session, g.scope, position_id)
    g.scope.demand(place.organisation_id, *FITTERS)
    g.zone = network.site_of(g.session, g.scope, place.id).timezone
    families = [(one.key, f"{one.maker} {one.model}") for one in current_app.guide.families()]
    page = Page(
        _("New device"), _("Which device stands at %(name)s?", name=named(place)), places.way_to(place),
        _("Add the device"),
        [
            Field("manufacturer", _("Maker")), Field("model", _("Model")), Field("serial_number", _("Serial number")),
            Field("family", _("Meter family"), "", "select", options=[("", _("none of these")), *families]),
            Field("installed_at", _("Stands here since"), is_required=False, kind="datetime-local",
                  hint=_("empty: since now")),
        ],
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        said = {name: forms.text(name) for name in ("manufacturer", "model", "serial_number")}
        for name, value in said.items():
            if not value:
                raise Refused(
                    _("This is missing."), field=name, remedy=_("it stands on the plate of the device")
                )
        device = assets.register_device(
            g.session, g.scope, organisation_id=place.organisation_id, family=forms.maybe("family"), **said
        )
        since = forms.moment("installed_at", g.zone) or clock.now()
        assets.install(g.session, g.scope, device_id=device.id, position_id=place.id, at=since)
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("%(name)s stands here.", name=f"{device.manufacturer} {device.model}"), at_place(place.id))
