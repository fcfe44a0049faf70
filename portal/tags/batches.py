"""Labels: batches made, and printed as PDF once each code was read off the page again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.assets.service import tags as service
from backend.assets.service.tags import TagFilter, TagRow
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.paging import MOST, every
from backend.kernel.scope import Role
from backend.tenancy import service as tenancy
from backend.tenancy.service.organisations import set_emergency_phone as keep_phone
from portal.address import asked, following
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.tags.desk import DESKS, offered_sheets, shown
from portal.tags.words import SURROUNDINGS
from portal.words import named_here as named
from reports.labels import Label, label, print_labels, sheets


@pages.get("/tags/batches")
def tag_batches() -> str:
    """Answer: which labels were made, and how many still wait for their asset?"""
    node = look()
    page = service.batches(g.session, g.scope, cursor=asked(), limit=50)
    return render_template(
        "tags/batches.html", batches=page.items, next=following(page), node=node, surroundings=SURROUNDINGS,
        may_make=g.scope.holds(*DESKS), may_set=g.scope.holds(Role.ADMINISTRATOR),
    )  # fmt: skip


@pages.post("/tags/batches")
def make_tag_batch() -> Response:
    """Make labels that wait for their assets."""
    node = look()
    surroundings = request.form.get("surroundings", "indoors")
    try:
        batch = service.make_batch(
            g.session, g.scope, organisation_id=node.id, name=request.form.get("name", ""),
            size=request.form.get("size", 0, type=int),
            surroundings=surroundings if surroundings in SURROUNDINGS else "indoors",
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, url_for("portal.tag_batches"))
    return done(_("Made. Choose your paper and print."), url_for("portal.tag_batch", batch_id=batch.id))


@pages.post("/tags/emergency-phone")
def set_emergency_phone() -> Response:
    """Say which phone the public page of labels names."""
    node, back = look(), url_for("portal.tag_batches", at=request.args.get("at"))
    try:
        keep_phone(g.session, g.scope, node.id, phone=request.form.get("phone", ""))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Kept."), back)


@pages.get("/tags/batches/<uuid:batch_id>")
def tag_batch(batch_id: UUID) -> str:
    """Answer: which labels are in this batch, and how do I print them?"""
    look()
    batch = service.batch(g.session, g.scope, batch_id)
    page = service.tags(g.session, g.scope, TagFilter(batch_id=batch.id), cursor=asked(), limit=60)
    return render_template(
        "tags/batch.html", batch=batch, tags=[shown(row) for row in page.items], next=following(page),
        sheets=offered_sheets(), surroundings=SURROUNDINGS[batch.surroundings.value],
    )  # fmt: skip


@pages.get("/tags/batches/<uuid:batch_id>/labels.pdf")
def print_tag_batch(batch_id: UUID) -> Response:
    """Give a batch's labels as PDF; none whose codes could not be read off it again."""
    look()
    batch = service.batch(g.session, g.scope, batch_id)
    wanted = TagFilter(batch_id=batch.id)
    rows = list(every(lambda cursor: service.tags(g.session, g.scope, wanted, cursor=cursor, limit=MOST)))
    waiting = [row for row in reversed(rows) if row.tag.state != "retired"]
    return _pdf([_label(row, batch.surroundings.value) for row in waiting], batch.name)


@pages.get("/tags/<uuid:tag_id>/label.pdf")
def print_tag(tag_id: UUID) -> Response:
    """Give one label as PDF, for one that was lost or torn."""
    look()
    row = service.tag(g.session, g.scope, tag_id)
    surroundings = request.args.get("surroundings", "indoors")
    return _pdf(
        [_label(row, surroundings if surroundings in SURROUNDINGS else "indoors")], row.tag.short_code
    )


def _label(row: TagRow, surroundings: str) -> Label:
    owners = g.setdefault("label_owners", {})
    owner = owners.get(row.tag.organisation_id)
    if owner is None:
        owner = owners[row.tag.organisation_id] = named(
            tenancy.organisation(g.session, g.scope, row.tag.organisation_id)
        )
    place = named({"name": row.place, "name_zh": row.place_zh})
    title, under = (place, row.name) if row.tag.device_id else (named(_names(row)), "")
    return label(
        service.payload_of(row.tag.id), f"{row.tag.short_code[:4]}-{row.tag.short_code[4:]}",
        surroundings=surroundings, title=title, under=under, owner=owner,
    )  # fmt: skip


def _names(row: TagRow) -> dict[str, Any]:
    return {"name": row.name, "name_zh": row.name_zh}


def _pdf(labels: list[Label], name: str) -> Response:
    known = sheets(current_app.settings.home)  # type: ignore[attr-defined]  # Enerfield
    key = request.args.get("sheet", next(iter(known)))
    if key not in known:
        raise Refused(
            "there is no such paper", field="sheet", value=key[:50], remedy="choose one of the list"
        )
    pdf = print_labels(labels, known[key], title=name)
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="labels.pdf"'
    return answer
