"""Tags as staff see them: the list, one tag's passport, binding by two scans, moving, retiring, warnings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.assets.service import tags as service
from backend.assets.service.tags import TagFilter, TagRow
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Role
from portal.address import asked, following, here
from portal.navigation import below, look
from portal.pages import done, pages, refused
from portal.tags.words import TAG_EVENTS, TAG_STATES
from portal.terms import word
from reports.labels import sheets

HANDS = (Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER, Role.TECHNICIAN)
DESKS = (Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER)


@pages.get("/tags")
def tags() -> str:
    """Answer: which labels hang where, which wait, and which must have a copy?"""
    node = look()
    state = request.args.get("state") if request.args.get("state") in TAG_STATES else None
    wanted = TagFilter(
        state=state, organisations=below(node), text=request.args.get("text", "").strip() or None
    )
    page = service.tags(g.session, g.scope, wanted, cursor=asked(), limit=50)
    return render_template(
        "tags/tags.html", tags=[shown(row) for row in page.items], state=state, states=TAG_STATES,
        text=wanted.text or "", next=following(page),
        tab=lambda name: here(state=name, after=None), may_act=g.scope.holds(*HANDS),
        may_print=g.scope.holds(*DESKS), warnings=service.warnings(g.session, g.scope, limit=20).items,
    )  # fmt: skip


@pages.get("/tags/find")
def find_tag() -> Response:
    """Go to the tag that a scan means: what a reader sends that types for itself."""
    look()
    try:
        found = service.resolve(g.session, g.scope, request.args.get("text", ""))
    except EnerfieldError as error:
        return refused(error, url_for("portal.tags"))
    return redirect(url_for("portal.tag", tag_id=found.id), code=303)


@pages.get("/tags/<uuid:tag_id>")
def tag(tag_id: UUID) -> str:
    """Answer: what is this label bound to, what happened to it, where was it seen?"""
    look()
    row = service.tag(g.session, g.scope, tag_id)
    history = service.history(g.session, g.scope, tag_id, cursor=asked("earlier"))
    sightings = service.sightings(g.session, g.scope, tag_id, cursor=asked("seen"), limit=10)
    aliases = service.list_aliases(g.session, g.scope, tag_id, cursor=asked("names"), limit=20)
    return render_template(
        "tags/tag.html", row=row, one=shown(row), payload=service.payload_of(tag_id),
        history=[event | {"words": word(TAG_EVENTS, event["kind"])} for event in history.items],
        earlier=following(history, "earlier"), sightings=sightings.items, more_sightings=following(sightings, "seen"),
        aliases=aliases.items, more_aliases=following(aliases, "names"), sheets=offered_sheets(),
        warnings=service.warnings(g.session, g.scope, tag_id=tag_id, is_open=None, limit=10).items,
        may_act=g.scope.holds(*HANDS), may_answer=g.scope.holds(*DESKS),
    )  # fmt: skip


@pages.get("/tags/bind")
def bind_tag() -> str:
    """Ask for two scans: the tag, then the thing it hangs at."""
    look()
    return _bind_page(request.args.get("tag", ""), request.args.get("asset", ""), None)


@pages.post("/tags/bind")
def bind_scanned() -> Any:
    """Bind the tag; where it is bound to something else, ask why it moves."""
    look()
    tag_text, asset_text = request.form.get("tag", "").strip(), request.form.get("asset", "").strip()
    reason = request.form.get("reason", "").strip()
    try:
        if reason:
            found = service.resolve(g.session, g.scope, tag_text)
            asset = service.asset_of_scan(g.session, g.scope, asset_text)
            service.rebind(g.session, g.scope, found.id, asset=asset, reason=reason)
        else:
            found = service.bind_scanned(g.session, g.scope, tag_text=tag_text, asset_text=asset_text)
    except EnerfieldError as error:
        g.undo = True
        return _bind_page(tag_text, asset_text, error), 409 if isinstance(error, service.TagTaken) else 422
    row = service.tag(g.session, g.scope, found.id)
    return done(_("Bound to %(name)s. Scan the next one.", name=row.name), url_for("portal.bind_tag"))


@pages.post("/tags/<uuid:tag_id>/move")
def move_tag(tag_id: UUID) -> Response:
    """Bind a tag to what was scanned, saying why it moves."""
    back = url_for("portal.tag", tag_id=tag_id)
    try:
        asset = service.asset_of_scan(g.session, g.scope, request.form.get("asset", ""))
        service.rebind(g.session, g.scope, tag_id, asset=asset, reason=request.form.get("reason", ""))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Moved."), back)


@pages.post("/tags/<uuid:tag_id>/retire")
def retire_tag(tag_id: UUID) -> Response:
    """Take a tag out of use, saying why."""
    back = url_for("portal.tag", tag_id=tag_id)
    try:
        service.retire(g.session, g.scope, tag_id, reason=request.form.get("reason", ""))
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Taken out of use."), back)


@pages.post("/tags/<uuid:tag_id>/aliases")
def add_tag_alias(tag_id: UUID) -> Response:
    """Give a tag another name by which it is found."""
    back = url_for("portal.tag", tag_id=tag_id)
    scheme = request.form.get("scheme", "maker")
    try:
        service.add_alias(
            g.session, g.scope, tag_id, scheme=scheme if scheme in {"gs1", "nfc"} else "maker",
            value=request.form.get("value", ""),
        )  # fmt: skip
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("Added."), back)


@pages.post("/tags/warnings/<uuid:warning_id>/answer")
def answer_tag_warning(warning_id: UUID) -> Response:
    """Say what was found out about a tag that was seen in two places."""
    try:
        warning = service.acknowledge_warning(
            g.session, g.scope, warning_id, comment=request.form.get("comment", "")
        )
    except EnerfieldError as error:
        return refused(error, url_for("portal.tags"))
    return done(_("Answered."), url_for("portal.tag", tag_id=warning.tag_id))


def tags_at(position_id: UUID) -> list[dict[str, Any]]:
    """Return the tags at a position and at what stands there, as its page lists them."""
    rows = service.tags(g.session, g.scope, TagFilter(place_id=position_id), limit=20).items
    return [shown(row) for row in rows]


def shown(row: TagRow) -> dict[str, Any]:
    """Return a tag as lists show it: its code, state in words, and the link to what it hangs at."""
    tag = row.tag
    return {
        "id": tag.id, "short": f"{tag.short_code[:4]}-{tag.short_code[4:]}", "kind": tag.kind.value,
        "state": tag.state.value, "state_words": word(TAG_STATES, tag.state), "name": row.name,
        "name_zh": row.name_zh, "place": row.place, "place_zh": row.place_zh,
        "asset_link": url_for("portal.position", position_id=row.place_id) if row.place_id else "",
        "link": url_for("portal.tag", tag_id=tag.id), "seen_at": tag.seen_at, "seen_by": row.seen_by,
        "warnings": row.warnings, "is_device": tag.device_id is not None,
    }  # fmt: skip


def offered_sheets() -> list[tuple[str, str]]:
    """Return the sheets and rolls labels may be printed on: key and name."""
    from flask import current_app

    return [(key, one.name) for key, one in sheets(current_app.settings.home).items()]  # type: ignore[attr-defined]  # Enerfield


def _bind_page(tag_text: str, asset_text: str, error: EnerfieldError | None) -> str:
    return render_template(
        "tags/bind.html", tag_text=tag_text, asset_text=asset_text, error=error,
        is_taken=isinstance(error, service.TagTaken),
    )  # fmt: skip
