"""Binding tags to assets: scan the tag, scan the thing. Moving and retiring them, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.models.tags import Tag, TagEventKind, TagState
from backend.assets.queries import tags as queries
from backend.assets.rules.clones import Place
from backend.assets.rules.tags import TagRetired, TagTaken
from backend.assets.service.tags.finding import Asset, Owned, asset_of_scan, owned, resolve
from backend.assets.service.tags.record import HANDS, note, shown, trace
from backend.kernel import changes, clock, ids
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope


@dataclass(frozen=True)
class Circumstances:
    """When and where something was done to a tag, and the picture that proves it.

    at: now unless a phone says otherwise (its time, corrected); photo_sha256: of the picture's bytes
    """

    at: datetime | None = None
    place: Place | None = None
    photo_sha256: str | None = None


HERE_AND_NOW = Circumstances()


def bind(
    session: Session, scope: Scope, tag_id: UUID, *, asset: Asset, circumstances: Circumstances = HERE_AND_NOW
) -> Tag:
    """Bind a tag to what it hangs at. Binding it again to the same changes nothing.

    raises TagTaken, naming the other asset, where the tag is bound to something else; TagRetired
    """
    tag, target = _both(session, scope, tag_id, asset)
    if tag.state is TagState.BOUND:
        if (tag.position_id, tag.device_id) == (asset.position_id, asset.device_id):
            return tag
        raise _taken(session, scope, tag)
    _attach(session, scope, tag, target, TagEventKind.BOUND, None, circumstances)
    return tag


def bind_scanned(
    session: Session,
    scope: Scope,
    *,
    tag_text: str,
    asset_text: str,
    circumstances: Circumstances = HERE_AND_NOW,
) -> Tag:
    """Bind by two scans: the tag, then another tag of the asset or its serial plate."""
    tag = resolve(session, scope, tag_text)
    asset = asset_of_scan(session, scope, asset_text)
    return bind(session, scope, tag.id, asset=asset, circumstances=circumstances)


def rebind(
    session: Session, scope: Scope, tag_id: UUID, *, asset: Asset, reason: str,
    circumstances: Circumstances = HERE_AND_NOW,
) -> Tag:  # fmt: skip
    """Bind a tag to something else, saying why; to the same again changes nothing."""
    tag, target = _both(session, scope, tag_id, asset)
    if (tag.position_id, tag.device_id) == (asset.position_id, asset.device_id):
        return tag
    scope.demand(tag.organisation_id, *HANDS)
    kind = TagEventKind.REBOUND if tag.state is TagState.BOUND else TagEventKind.BOUND
    _attach(session, scope, tag, target, kind, _reason(reason), circumstances)
    return tag


def retire(
    session: Session, scope: Scope, tag_id: UUID, *, reason: str, circumstances: Circumstances = HERE_AND_NOW
) -> Tag:
    """Take a tag out of use for good, saying why; again changes nothing."""
    tag = queries.tag(session, scope, tag_id, lock=True)
    scope.demand(tag.organisation_id, *HANDS)
    if tag.state is TagState.RETIRED:
        return tag
    before = (tag.position_id, tag.device_id)
    tag.state, tag.position_id, tag.device_id, tag.bound_at = TagState.RETIRED, None, None, None
    note(
        session, scope, tag, TagEventKind.RETIRED, at=circumstances.at, place=circumstances.place,
        reason=_reason(reason), photo_sha256=circumstances.photo_sha256, asset=before,
    )  # fmt: skip
    session.flush()
    trace(session, scope, tag, "retired", before=shown(*before), after={"reason": reason})
    return tag


def _both(session: Session, scope: Scope, tag_id: UUID, asset: Asset) -> tuple[Tag, Owned]:
    """Return the tag, locked, and the asset; the asker works with their hands at both."""
    tag = queries.tag(session, scope, tag_id, lock=True)
    if tag.state is TagState.RETIRED:
        raise TagRetired(
            "this tag was taken out of use", field="tag", value=ids.show(tag.id), remedy="take another tag"
        )
    target = owned(session, scope, asset)
    scope.demand(target.organisation_id, *HANDS)
    return tag, target


def _attach(
    session: Session, scope: Scope, tag: Tag, target: Owned, kind: TagEventKind, reason: str | None,
    circumstances: Circumstances,
) -> None:  # fmt: skip
    before, former = shown(tag.position_id, tag.device_id), tag.organisation_id
    tag.state, tag.organisation_id = TagState.BOUND, target.organisation_id
    tag.position_id, tag.device_id = target.asset.position_id, target.asset.device_id
    tag.bound_at = min(circumstances.at or clock.now(), clock.now())
    note(
        session, scope, tag, kind, at=circumstances.at, place=circumstances.place, reason=reason,
        photo_sha256=circumstances.photo_sha256,
    )  # fmt: skip
    for alias in queries.aliases(session, scope, [tag.id]) if former != tag.organisation_id else ():
        alias.organisation_id = tag.organisation_id
    session.flush()
    after = shown(tag.position_id, tag.device_id) | ({"reason": reason} if reason else {})
    trace(session, scope, tag, kind.value, before=before, after=after)
    if former != tag.organisation_id:  # whoever sees only the former owner learns that it is gone
        changes.note(session, scope, entity="tag", entity_id=tag.id, organisation_id=former)


def _taken(session: Session, scope: Scope, tag: Tag) -> TagTaken:
    other = owned(session, scope, Asset(tag.position_id, tag.device_id))
    binding = queries.last_binding(session, scope, tag.id)
    return TagTaken(
        f"this tag is bound to {other.name}", field="tag", value=ids.show(tag.id), other=other.name,
        position_id=ids.show(tag.position_id) if tag.position_id else None,
        device_id=ids.show(tag.device_id) if tag.device_id else None,
        photo_sha256=binding.photo_sha256 if binding else None,
        remedy="take another tag, or move this one and say why",
    )  # fmt: skip


def _reason(reason: str) -> str:
    plain = reason.strip()
    if not 1 <= len(plain) <= 500:
        raise Refused("say why, in 1 to 500 characters", field="reason", value=plain[:100])
    return plain
