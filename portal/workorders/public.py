"""Anybody who scans a label may report a fault: three taps, no log-in; what is known already is said."""

from __future__ import annotations

from typing import Any

from flask import g, make_response, render_template, request
from flask_babel import gettext as _

from backend.assets.service import tags
from backend.assets.service.tags import PublicTag
from backend.kernel.db import confine
from backend.kernel.errors import EnerfieldError, NotFound, Refused
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.workorders import service
from backend.workorders.rules import faults
from backend.workorders.service import OrderFilter, Report, Source
from portal import forms, language
from portal.pages import pages
from portal.tags.public import throttle


@pages.post("/T/<code>/report")
def report_by_tag(code: str) -> Any:
    """Take a report from whoever stands there; the same fault twice is one order with more evidence."""
    throttle().count(request.remote_addr or "")
    try:
        tag = tags.public_tag(g.session, g.scope, code)
        made = _report(tag)
    except (tags.TagForged, NotFound):
        return make_response(render_template("tags/public.html", tag=None), 404)
    except EnerfieldError as error:
        g.undo = True
        return make_response(
            render_template("tags/public.html", tag=tag, code=code, wrong=forms.said(error)), 422
        )
    return render_template("tags/public.html", tag=tag, code=code, made=made)


def known_at(tag: PublicTag) -> list[dict[str, Any]]:
    """Return what is being done already where a label hangs: kind and, once somebody is sent, when they come."""
    if tag.position_id is None:
        return []
    acting = _acting(tag)
    rows = service.orders(g.session, acting, OrderFilter(position_ids=[tag.position_id]), limit=5).items
    confine(g.session, g.scope)
    return [
        {"kind": _kind(row.order.fault_class),
         "comes_at": next((v.planned_start for v in row.visits if v.ended_at is None), None)}
        for row in rows
    ]  # fmt: skip


def _report(tag: PublicTag) -> Any:
    if tag.position_id is None:
        raise Refused(_("Nothing is bound to this label yet."), field="tag")
    kind, words = forms.text("fault_class"), forms.text("title")
    contact = {name: forms.text(name) for name in ("name", "phone", "email")}
    new = Report(
        position_id=tag.position_id, device_id=tag.device_id, title=words or _kind(kind or "other"),
        description=forms.maybe("description", 1000), fault_class=kind if kind in faults.BY_CODE else None,
        reporter={**contact, "locale": language.current()} if any(contact.values()) else None,
    )  # fmt: skip
    made = service.report(g.session, _acting(tag), new=new, source=Source.PUBLIC)
    g.session.flush()
    confine(g.session, g.scope)
    return made


def _acting(tag: PublicTag) -> Scope:
    """Return the operator's own scope: a passer-by sees nothing of it but what these functions give away."""
    acting = tenancy.system_scope(g.session, tag.organisation_id, reason="a report by a label")
    confine(g.session, acting)
    return acting


def _kind(code: str | None) -> str:
    found = faults.BY_CODE.get(code or "other", faults.BY_CODE["other"])
    return found.name_zh if language.current() == "zh" else found.name
