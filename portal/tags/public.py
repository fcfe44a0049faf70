"""What anybody sees who scans a label: what stands here, whom to call, safety first. Nothing personal."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from backend.assets.service import tags as service
from backend.assets.service.tags import PublicTag
from backend.infra.throttle import Throttle
from backend.kernel.errors import NotFound
from portal.pages import pages

LIMITS = ("60/minute", "600/hour")
"""Pages a network may ask for: enough for a crew behind one address, too few to try codes."""


@pages.get("/T/<code>")
@pages.get("/t/<code>")
def public_tag(code: str) -> Any:
    """Answer a passer-by: what is this, whose is it, whom do I call? Staff are led to the asset."""
    throttle().count(request.remote_addr or "")
    try:
        found = service.public_tag(g.session, g.scope, code)
    except (service.TagForged, NotFound):
        return _shy(render_template("tags/public.html", tag=None), 404)
    if g.person is not None and found.organisation_id in g.scope.staff_organisations:
        return _lead(found)
    return _shy(render_template("tags/public.html", tag=found, code=code))


def throttle() -> Throttle:
    """Return the count of what strangers ask for; the fault report shares it."""
    kept = current_app.extensions.get("enerfield-public-throttle")
    if kept is None:
        kept = Throttle(current_app.settings.redis_url, "tag", *LIMITS)  # type: ignore[attr-defined]  # Enerfield
        current_app.extensions["enerfield-public-throttle"] = kept
    return kept  # type: ignore[no-any-return]


def _lead(found: PublicTag) -> Response:
    """Note that somebody of the staff followed the address, and lead them to the asset, else to the tag."""
    service.record_sighting(g.session, g.scope, found.tag_id, source="link")
    if found.position_id is not None and found.device_id is None:
        return redirect(url_for("portal.position", position_id=found.position_id), code=303)  # type: ignore[return-value]
    return redirect(url_for("portal.tag", tag_id=found.tag_id), code=303)  # type: ignore[return-value]


def _shy(page: str, status: int = 200) -> Response:
    """Keep a page from search engines."""
    answer = make_response(page, status)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
