"""Looking again at a share of the closed orders."""

from __future__ import annotations

from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Role
from backend.tenancy import service as tenancy
from backend.workorders import service
from portal import forms
from portal.address import asked, following
from portal.navigation import below, look
from portal.pages import done, pages, refused
from portal.workorders.orders import act_on


@pages.get("/workorders/quality")
def quality() -> str:
    """Answer: which closed orders are to be looked at again, and how good was the work?"""
    node = look()
    every = request.args.get("show") == "all"
    organisations = below(node)
    page = service.quality_checks(
        g.session, g.scope, organisations=organisations, is_open=not every, cursor=asked(), limit=30
    )
    people = {one.checked_by for one, _order in page.items if one.checked_by}
    return render_template(
        "workorders/quality.html", found=page.items, next=following(page), every=every, node=node,
        count=service.quality_count(g.session, g.scope, organisations=organisations),
        share=service.quality_share(g.session, g.scope, organisation_id=node.id),
        names=tenancy.names(g.session, g.scope, people),
        may_set=node.id in g.scope.where(Role.MANAGER) | g.scope.where(Role.ADMINISTRATOR),
    )  # fmt: skip


@pages.post("/workorders/<uuid:order_id>/checks/<uuid:check_id>")
def check_quality(order_id: UUID, check_id: UUID) -> Response:
    """Say whether the work was done as it should be."""

    def deed() -> None:
        is_good = forms.among("good", ("yes", "no")) == "yes"
        service.check_quality(g.session, g.scope, check_id=check_id, is_good=is_good,
                              findings=forms.maybe("findings", 2000))  # fmt: skip

    return act_on(order_id, deed, _("Checked."))


@pages.post("/workorders/quality/share")
def set_quality_share() -> Response:
    """Say which share of the closed orders is looked at again, from the next order on."""
    node = look()
    back = url_for("portal.quality", at=request.args.get("at"))
    try:
        per_cent = forms.number("share")
        if per_cent is None:
            raise Refused(_("Say which share."), field="share")
        service.change_quality_share(g.session, g.scope, organisation_id=node.id, share=per_cent / 100)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("It holds for orders that are sorted from now on."), back)
