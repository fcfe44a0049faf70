"""Finding tags: by whatever a scanner read, by what they hang at, in lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from backend.assets import queries as assets
from backend.assets.models.tags import Tag, TagBatch
from backend.assets.queries import tags as queries
from backend.assets.queries.tags import TagFilter
from backend.assets.rules import epc
from backend.assets.rules import tags as rules
from backend.assets.service.tags.codes import keyring
from backend.kernel import ids
from backend.kernel.errors import Conflict, NotFound, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Scope
from backend.network import service as network


@dataclass(frozen=True)
class Asset:
    """What a tag is bound to: a position or a device, never both."""

    position_id: UUID | None = None
    device_id: UUID | None = None

    def __post_init__(self) -> None:
        if (self.position_id is None) == (self.device_id is None):
            raise Refused(
                "a tag is bound to a position or to a device", field="asset", remedy="name one of the two"
            )


@dataclass(frozen=True)
class Owned:
    """An asset with whose it is and how people call it."""

    asset: Asset
    organisation_id: UUID
    name: str


@dataclass(frozen=True)
class TagRow:
    """A tag as lists show it.

    asset: what it is bound to, if anything; name: of a device its maker, model and number; place: of the
    position, or where the device stands; warnings: how many nobody has answered
    """

    tag: Tag
    asset: Asset | None
    name: str
    name_zh: str | None
    place_id: UUID | None
    place: str | None
    place_zh: str | None
    seen_by: str | None
    warnings: int


def resolve(session: Session, scope: Scope, text: str) -> Tag:
    """Return the tag a scan means: our code or address, a short code, or any other name it was given.

    raises TagForged before anything is asked, where the text looks like a code of ours and is none
    """
    if (code := rules.code_in(text)) is not None:
        return queries.tag(session, scope, rules.read_code(code, keyring()))
    plain = text.strip()
    names = {plain, plain.replace(":", "").replace(" ", "").upper()}
    if (said := epc.element_string(plain)) is not None:
        names.add(said)
    found = queries.tag_by_text(session, scope, rules.read_short(plain), names)
    if len(found) > 1:
        raise Conflict("several tags are called so", field="code", value=plain[:100], remedy="scan the label")
    if not found:
        raise NotFound(
            "no tag is called so", field="code", value=plain[:100],
            remedy="compare each character, or enter it as a new tag and bind it",
        )  # fmt: skip
    return found[0]


def asset_of_scan(session: Session, scope: Scope, text: str) -> Asset:
    """Return the asset a scan means: that of a bound tag, or by the serial number on its plate, or its code."""
    plain = text.strip()
    if rules.code_in(plain) is None:
        devices = [Asset(device_id=one.id) for one in queries.devices_by_serial(session, scope, plain)]
        positions = [Asset(position_id=one.id) for one in queries.positions_by_code(session, scope, plain)]
        if len(found := devices + positions) > 1:
            raise Conflict(
                "several assets are called so", field="asset", value=plain[:100],
                remedy="scan a tag of the right one, or choose it in the list",
            )  # fmt: skip
        if found:
            return found[0]
    tag = resolve(session, scope, plain)
    if tag.position_id is None and tag.device_id is None:
        raise Refused(
            "this tag is bound to nothing", field="asset", value=plain[:100],
            remedy="scan the asset's serial plate instead",
        )  # fmt: skip
    return Asset(tag.position_id, tag.device_id)


def owned(session: Session, scope: Scope, asset: Asset) -> Owned:
    """Return an asset with its owner and name; raises NotFound."""
    if asset.position_id is not None:
        place = network.position(session, scope, asset.position_id)
        return Owned(asset, place.organisation_id, place.name)
    assert asset.device_id is not None  # of the two, one is said
    device = assets.device(session, scope, asset.device_id)
    return Owned(asset, device.organisation_id, device_name(device))


def tag(session: Session, scope: Scope, tag_id: UUID) -> TagRow:
    """Return one tag with what it is bound to."""
    found = queries.shown(session, scope, tag_id)
    if found is None:
        raise NotFound("there is no such tag here", field="tag", value=ids.show(tag_id))
    return _row(found)


def tags(
    session: Session, scope: Scope, wanted: TagFilter, *, cursor: str | None = None, limit: int = 50
) -> Page[TagRow]:
    """Return a page of tags, the newest first."""
    return queries.tags(session, scope, wanted, cursor=cursor, limit=limit).each(_row)


def tags_of(
    session: Session, scope: Scope, *, position_id: UUID | None = None, device_ids: Sequence[UUID] = ()
) -> Sequence[Tag]:
    """Return the tags bound to a position or to any of some devices, the oldest binding first."""
    return queries.of_assets(session, scope, position_id=position_id, device_ids=device_ids)


def history(
    session: Session, scope: Scope, tag_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> Page[dict[str, Any]]:
    """Return a page of what happened to a tag, the newest first: kind, at, actor, asset, reason, place, photo."""
    queries.tag(session, scope, tag_id)
    return queries.history(session, scope, tag_id, cursor=cursor, limit=limit).each(_happened)


def _happened(row: Row[Any]) -> dict[str, Any]:
    return {
        "kind": row.TagEvent.kind.value, "at": row.TagEvent.at, "recorded_at": row.TagEvent.recorded_at,
        "actor_id": row.TagEvent.actor_id, "actor": row.actor, "reason": row.TagEvent.reason,
        "position_id": row.TagEvent.position_id, "device_id": row.TagEvent.device_id,
        "name": device_name(row) if row.serial_number else row.place,
        "name_zh": None if row.serial_number else row.place_zh,
        "longitude": row.TagEvent.longitude, "latitude": row.TagEvent.latitude,
        "accuracy_m": row.TagEvent.accuracy_m, "photo_sha256": row.TagEvent.photo_sha256,
    }  # fmt: skip


def batch(session: Session, scope: Scope, batch_id: UUID) -> TagBatch:
    """Return one batch."""
    return queries.batch(session, scope, batch_id)


def batches(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> Page[tuple[TagBatch, int]]:
    """Return a page of batches, the newest first, each with how many of its tags wait for an asset."""
    return queries.batches(session, scope, cursor=cursor, limit=limit)


def device_name(device: Any) -> str:
    """Return how people call a device: maker, model and serial number."""
    return f"{device.manufacturer} {device.model} {device.serial_number}"


def _row(row: Row[Any]) -> TagRow:
    tag = row.Tag
    is_bound = tag.position_id is not None or tag.device_id is not None
    return TagRow(
        tag=tag, asset=Asset(tag.position_id, tag.device_id) if is_bound else None,
        name=(device_name(row) if tag.device_id else row.place) or "",
        name_zh=None if tag.device_id else row.place_zh, place_id=row.place_id, place=row.place,
        place_zh=row.place_zh, seen_by=row.seen_by_name, warnings=row.warnings,
    )  # fmt: skip
