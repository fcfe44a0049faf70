"""One's own page: name, password, and the browsers and phones one is logged in on."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.infra.attempts import network_of
from backend.kernel.errors import Conflict, Refused, TooManyAttempts
from backend.tenancy import service
from portal.pages import done, pages, refused


@pages.get("/profile")
def profile() -> str:
    """Show who one is, and from where one is logged in."""
    return render_template(
        "tenancy/profile.html", sessions=service.sessions(g.session, g.scope), this=g.session_id,
        devices=service.devices(g.session, g.scope),
    )  # fmt: skip


@pages.post("/profile")
def change_profile() -> Response:
    """Change one's own name."""
    try:
        service.change_person(g.session, g.scope, name=request.form.get("name", ""))
    except Refused as error:
        return refused(error, url_for("portal.profile"))
    return done(_("Saved."), url_for("portal.profile"))


@pages.post("/profile/password")
def change_own_password() -> Response:
    """Change one's own password; other log-ins end."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        service.change_password(
            g.session, g.scope, current_app.gate, old=old, new=new, keep_token=g.session_token,
            network=network_of(request.remote_addr or ""),
        )  # fmt: skip
    except (Conflict, Refused, TooManyAttempts) as error:
        return refused(error, url_for("portal.profile"))
    return done(_("The password is changed. Other log-ins have ended."), url_for("portal.profile"))


@pages.post("/profile/sessions/<uuid:session_id>/end")
def end_session(session_id: UUID) -> Response:
    """Log another browser out."""
    service.end_session(g.session, g.scope, session_id)
    return done(_("That browser is logged out."), url_for("portal.profile"))


@pages.post("/profile/devices/<uuid:family_id>/end")
def end_device(family_id: UUID) -> Response:
    """Log a phone out."""
    service.end_device(g.session, g.scope, family_id)
    return done(_("That phone is logged out."), url_for("portal.profile"))
