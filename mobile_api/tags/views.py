"""Tags: what a scan means, binding, moving, retiring, scans, and the index phones keep for working without signal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.assets.service import tags as service
from backend.assets.service.tags import Asset, Circumstances, Place, TagFilter, TagRow
from mobile_api.fields import Area, PageQuery, page_of
from mobile_api.tags.schemas import (
    NewTagSchema,
    TagAliasSchema,
    TagAnswerSchema,
    TagBindingSchema,
    TagHappeningSchema,
    TagIndexQuery,
    TagIndexSchema,
    TagQuery,
    TagRetirementSchema,
    TagScanSchema,
    TagSchema,
    TagSightingSchema,
    TagWarningQuery,
    TagWarningSchema,
)

blp = Area("tags", __name__, description="Tags (QR, RFID, NFC): resolve, bind, move, retire, scans, index.")


@blp.route("/tags")
class Tags(MethodView):
    """All tags."""

    @blp.arguments(TagQuery, location="query")
    @blp.response(200, page_of(TagSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List tags, the newest first."""
        page = {name: wanted.pop(name) for name in ("cursor", "limit")}
        ids = {f"{name}_id": wanted.pop(name) for name in ("batch", "position", "device")}
        return service.tags(g.session, g.scope, TagFilter(**wanted, **ids), **page)

    @blp.arguments(NewTagSchema)
    @blp.response(201, TagSchema)
    def post(self, new: dict[str, Any]) -> TagRow:
        """Enter a maker's RFID tag, an NFC chip, a label found at the thing; then bind it."""
        aliases = [(one["scheme"], one["value"]) for one in new.pop("aliases")]
        tag = service.register_tag(g.session, g.scope, tag_id=new.pop("id"), aliases=aliases, **new)
        return service.tag(g.session, g.scope, tag.id)


@blp.route("/tags/resolve")
class Resolve(MethodView):
    """From a scan to a tag."""

    @blp.arguments(TagScanSchema)
    @blp.response(200, TagSchema)
    def post(self, scan: dict[str, Any]) -> TagRow:
        """Say which tag a scan means and what it hangs at; 422 `tag_forged`, 404, 409 where several fit."""
        found = service.resolve(g.session, g.scope, scan["text"])
        return service.tag(g.session, g.scope, found.id)


@blp.route("/tags/index")
class Index(MethodView):
    """For scans without signal."""

    @blp.arguments(TagIndexQuery, location="query")
    @blp.response(200, TagIndexSchema)
    def get(self, wanted: dict[str, Any]) -> Any:
        """Give the next page of tag → asset: all of them first, then what changed, in the order of commits."""
        return service.index(g.session, g.scope, **wanted)


@blp.route("/tags/warnings")
class Warnings(MethodView):
    """Copies."""

    @blp.arguments(TagWarningQuery, location="query")
    @blp.response(200, page_of(TagWarningSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List clone warnings, the newest first; open ones unless asked otherwise."""
        return service.warnings(
            g.session, g.scope, tag_id=wanted["tag"], is_open=wanted["open"], cursor=wanted["cursor"],
            limit=wanted["limit"],
        )  # fmt: skip


@blp.route("/tags/warnings/<id:warning>/acknowledgement")
class WarningAnswer(MethodView):
    """Somebody looked."""

    @blp.arguments(TagAnswerSchema)
    @blp.response(204)
    def put(self, given: dict[str, Any], warning: UUID) -> None:
        """Say what was found out; 409 when somebody was quicker."""
        service.acknowledge_warning(g.session, g.scope, warning, **given)


@blp.route("/tags/<id:tag>")
class OneTag(MethodView):
    """One of them."""

    @blp.response(200, TagSchema)
    def get(self, tag: UUID) -> TagRow:
        """Return one tag."""
        return service.tag(g.session, g.scope, tag)


@blp.route("/tags/<id:tag>/history")
class TagHistory(MethodView):
    """What happened to it."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(TagHappeningSchema))
    def get(self, page: dict[str, Any], tag: UUID) -> Any:
        """List all that happened to a tag, the newest first."""
        return service.history(g.session, g.scope, tag, **page)


@blp.route("/tags/<id:tag>/binding")
class Binding(MethodView):
    """What it hangs at."""

    @blp.arguments(TagBindingSchema)
    @blp.response(200, TagSchema)
    def put(self, given: dict[str, Any], tag: UUID) -> TagRow:
        """Bind a tag; with a reason, move it. 409 `tag_taken` names the other asset and its picture."""
        asset = _asset(given)
        circumstances = _circumstances(given)
        if given["reason"]:
            service.rebind(
                g.session, g.scope, tag, asset=asset, reason=given["reason"], circumstances=circumstances
            )
        else:
            service.bind(g.session, g.scope, tag, asset=asset, circumstances=circumstances)
        return service.tag(g.session, g.scope, tag)


@blp.route("/tags/<id:tag>/retirement")
class Retirement(MethodView):
    """Out of use."""

    @blp.arguments(TagRetirementSchema)
    @blp.response(200, TagSchema)
    def put(self, given: dict[str, Any], tag: UUID) -> TagRow:
        """Take a tag out of use for good."""
        service.retire(g.session, g.scope, tag, reason=given["reason"], circumstances=_circumstances(given))
        return service.tag(g.session, g.scope, tag)


@blp.route("/tags/<id:tag>/aliases")
class Aliases(MethodView):
    """Its other names."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(TagAliasSchema))
    def get(self, page: dict[str, Any], tag: UUID) -> Any:
        """List a tag's other names."""
        return service.list_aliases(g.session, g.scope, tag, **page)

    @blp.arguments(TagAliasSchema)
    @blp.response(201, TagAliasSchema)
    def post(self, given: dict[str, Any], tag: UUID) -> Any:
        """Give a tag another name; 409 where another tag of the region has it."""
        return service.add_alias(g.session, g.scope, tag, **given)


@blp.route("/tags/<id:tag>/sightings")
class Sightings(MethodView):
    """Where it was seen."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(TagSightingSchema))
    def get(self, page: dict[str, Any], tag: UUID) -> Any:
        """List the newest scans of a tag."""
        return service.sightings(g.session, g.scope, tag, **page)

    @blp.arguments(TagSightingSchema)
    @blp.response(201, TagSightingSchema)
    def post(self, given: dict[str, Any], tag: UUID) -> Any:
        """Note a scan: proof of presence, and what notices copies."""
        return service.record_sighting(
            g.session, g.scope, tag, source=given["source"], at=given["at"], place=_place(given["place"]),
            sighting_id=given["id"],
        )  # fmt: skip


def _asset(given: dict[str, Any]) -> Asset:
    if given["scanned"] and not (given["position_id"] or given["device_id"]):
        return service.asset_of_scan(g.session, g.scope, given["scanned"])
    return Asset(given["position_id"], given["device_id"])


def _circumstances(given: dict[str, Any]) -> Circumstances:
    return Circumstances(given["at"], _place(given["place"]), given["photo_sha256"])


def _place(given: dict[str, Any] | None) -> Place | None:
    return Place(**given) if given else None
