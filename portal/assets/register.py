"""The register: what there is, where it stands, what is closest; with the map; and many changed at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from backend.assets import service
from backend.assets.service import DeviceStatus
from backend.kernel import clock
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import show
from portal import cartography, navigation, places
from portal.address import asked, here
from portal.assets import views, words
from portal.navigation import below, look
from portal.pages import done, own_path, pages, refused

SOON = {"over": 0, "quarter": 90, "year": 365}
"""Choices of the warranty filter -> it ends within so many days."""


@pages.get("/assets")
def assets() -> str:
    """Answer: what do we have, in which state, where does it stand, and what is closest to me?"""
    node = look()
    organisations, states = below(node), places.states(node)
    found, more = _found(organisations)
    parts = places.layers(organisations, states)
    return render_template(
        "assets/register.html", rows=[views.row_of(one) for one in found], next=more and here(after=more),
        counts=service.status_counts(g.session, g.scope, organisations), chosen=request.args,
        families=[(one, one) for one in service.families(g.session, g.scope)],
        statuses=words.STATUSES,
        steps={name: words.STEPS[name] for name in ("take_out", "return", "commission", "receive", "scrap")},
        drawn=cartography.draw(parts, places.source(node)), may_edit=views.may_edit(),
        near=here(lon=None, lat=None, after=None), is_near=bool(request.args.get("lon")),
        organisation=node, of_status=lambda status: here(status=status, after=None),
    )  # fmt: skip


@pages.post("/assets/bulk")
def change_assets() -> Response:
    """Take a step with the chosen devices, or set the same for all of them."""
    back = own_path(request.form.get("next"))
    try:
        chosen = [UUID(one) for one in request.form.getlist("device")]
        values = {"supplier": views.said("supplier"), "warranty_until": views.day("warranty_until")}
        left = service.change_many(
            g.session, g.scope, device_ids=chosen, step=views.said("step"), reason=views.said("reason"),
            said={name: value for name, value in values.items() if value is not None},
        )  # fmt: skip
    except ValueError:
        return refused(Refused(_("choose devices from the list")), back)
    except EnerfieldError as error:
        return refused(error, back)
    changed = len(set(chosen)) - len(left)
    if left:
        return refused_partly(changed, left[0].error, len(left), back)
    return done(ngettext("%(num)d device changed.", "%(num)d devices changed.", changed), back)


def refused_partly(changed: int, error: EnerfieldError, left: int, back: str) -> Response:
    """Say how many were changed, how many were not, and why the first was not; what was done is kept."""
    said = _("%(changed)s changed, %(left)s left as they were.", changed=changed, left=left)
    return done(f"{said} {error.message}", back)


def _found(organisations: frozenset[UUID]) -> tuple[list[Any], str | None]:
    text = (request.args.get("q") or "").strip()[:100] or None
    wanted = _wanted(organisations)
    if request.args.get("lon") and request.args.get("lat"):
        longitude, latitude = _place()
        found = service.nearest_assets(
            g.session, g.scope, wanted, longitude=longitude, latitude=latitude, text=text, limit=50
        )
        return list(found), None
    page = service.list_assets(g.session, g.scope, wanted, text=text, cursor=asked(), limit=50)
    return list(page.items), page.next_cursor


def _wanted(organisations: frozenset[UUID]) -> service.DeviceFilter:
    status, carrier = request.args.get("status"), request.args.get("carrier")
    if status and status not in set(DeviceStatus):
        raise Refused(_("there is no such status"), field="status", value=status)
    ends = SOON.get(request.args.get("warranty", ""))
    before: date | None = clock.now().date() + timedelta(days=ends) if ends is not None else None
    return service.DeviceFilter(
        organisations=organisations, statuses=(DeviceStatus(status),) if status else None,
        family=request.args.get("family") or None, carrier=carrier or None, warranty_before=before,
    )  # fmt: skip


def _place() -> tuple[float, float]:
    try:
        longitude, latitude = float(request.args["lon"]), float(request.args["lat"])
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise ValueError
    except ValueError:
        raise Refused(_("this is no place on Earth"), field="lon", value=request.args.get("lon")) from None
    return longitude, latitude


def at_node() -> dict[str, str]:
    """Return the organisation of the page, for links that keep it."""
    node = g.get("organisation") or navigation.here(None)
    return {"at": show(node.id)} if node else {}


def here_again(page: str) -> str:
    """Return the address of a page about the same organisation."""
    return url_for(f"portal.{page}", **at_node())
