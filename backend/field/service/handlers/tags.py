"""Tags: scans are always taken; a tag that is bound elsewhere is a conflict that names the other asset."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend.assets.service import tags
from backend.assets.service.tags import Asset, Place, TagTaken
from backend.assets.service.tags.binding import Circumstances
from backend.field.rules.operation import Operation
from backend.field.service.conflicts import Contradicted
from backend.field.service.outcome import Done, Given, Handler
from backend.kernel import ids
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope


def scanned(session: Session, scope: Scope, text: str) -> dict[str, str | None]:
    """Return what a scanned or typed text stands for: {position_id, device_id}, as strings."""
    asset = tags.asset_of_scan(session, scope, text)
    return {
        "position_id": str(asset.position_id) if asset.position_id else None,
        "device_id": str(asset.device_id) if asset.device_id else None, "text": text[:200],
    }  # fmt: skip


def _bind(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    tag = tags.resolve(session, scope, _text(op))
    try:
        tags.bind(session, scope, tag.id, asset=_asset(op), circumstances=_circumstances(op, given))
    except TagTaken as error:
        theirs = {"message": error.message, **{k: str(v) for k, v in error.context.items()}}
        raise Contradicted("tag_taken", organisation_id=tag.organisation_id, theirs=theirs) from error
    return Done(0)


def _rebind(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    tag = tags.resolve(session, scope, _text(op))
    tags.rebind(session, scope, tag.id, asset=_asset(op), reason=str(op.args.get("reason") or ""),
                circumstances=_circumstances(op, given))  # fmt: skip
    return Done(0)


def _retire(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    tag = tags.resolve(session, scope, _text(op))
    tags.retire(session, scope, tag.id, reason=str(op.args.get("reason") or ""),
                circumstances=_circumstances(op, given))  # fmt: skip
    return Done(0)


def _scan(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    tag = tags.resolve(session, scope, _text(op))
    how = str(op.args.get("how") or "qr")
    tags.record_sighting(
        session,
        scope,
        tag.id,
        source=how,
        at=given.command.occurred_at,
        place=_place(op),
        sighting_id=op.op_id,
    )
    return Done(0)


def _text(op: Operation) -> str:
    """The tag as scanned, or its id."""
    return str(op.args.get("tag") or op.entity_id)


def _asset(op: Operation) -> Asset:
    said: dict[str, Any] = {
        name: ids.parse(str(op.args[name])) for name in ("position_id", "device_id") if op.args.get(name)
    }
    if not said:
        raise Refused("a tag is bound to something", field="position_id", remedy="scan or choose the asset")
    return Asset(**said)


def _place(op: Operation) -> Place | None:
    if op.geo is None or "lat" not in op.geo or "lon" not in op.geo:
        return None
    return Place(longitude=op.geo["lon"], latitude=op.geo["lat"], accuracy_m=op.geo.get("acc") or 0.0)


def _circumstances(op: Operation, given: Given) -> Circumstances:
    return Circumstances(
        at=given.command.occurred_at, place=_place(op), photo_sha256=op.evidence[0] if op.evidence else None
    )


HANDLERS: dict[str, Handler] = {
    "tag.bind": _bind, "tag.rebind": _rebind, "tag.retire": _retire, "tag.scan": _scan,
}  # fmt: skip
