"""Scans: where a tag was seen last, and the alarm when it must have been two tags."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from backend.assets import events
from backend.assets.models.tags import Tag, TagSighting, TagWarning
from backend.assets.queries import tags as queries
from backend.assets.rules import clones
from backend.assets.rules.clones import CloneRule, Place
from backend.assets.service.tags.record import DESKS, fix
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.events import publish
from backend.kernel.paging import Page
from backend.kernel.scope import Scope

SOURCES = ("camera", "nfc", "rfid", "wedge", "typed", "link")
"""How a tag was read: a phone's camera, its NFC, a reader (RFID or laser), fingers, or by following its address."""


def record_sighting(
    session: Session, scope: Scope, tag_id: UUID, *, source: str, at: datetime | None = None,
    place: Place | None = None, sighting_id: UUID | None = None, rule: CloneRule = CloneRule(),  # frozen
) -> TagSighting:  # fmt: skip
    """Note that a tag was scanned; warn where it cannot have been here and there.

    sighting_id: made by the phone, so that sending it again changes nothing; at: the phone's time, corrected
    """
    if source not in SOURCES:
        raise Refused("this is no way to read a tag", field="source", value=source, remedy=" ".join(SOURCES))
    tag = queries.tag(session, scope, tag_id, lock=True)
    if sighting_id is not None and (known := queries.sighting(session, scope, sighting_id)) is not None:
        return known
    now = clock.now()
    seen = TagSighting(
        id=sighting_id or ids.new_id(), organisation_id=tag.organisation_id, tag_id=tag.id, at=min(at or now, now),
        recorded_at=now, actor_id=scope.actor_id, source=source, **fix(place),
    )  # fmt: skip
    others = queries.neighbours(session, scope, tag.id, seen.at) if place else ()
    session.add(seen)
    if tag.seen_at is None or tag.seen_at <= seen.at:
        tag.seen_at, tag.seen_by = seen.at, scope.actor_id
        if place is not None:
            tag.seen_longitude, tag.seen_latitude = place.longitude, place.latitude
            tag.seen_accuracy_m = place.accuracy_m
    session.flush()
    for other in others:
        found = clones.apart(_seen(seen), _seen(other), rule)
        if found is not None:
            _warn(session, scope, tag, *sorted((other, seen), key=lambda one: one.at), found)
    return seen


def sightings(
    session: Session, scope: Scope, tag_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> Page[dict[str, Any]]:
    """Return a page of the scans of a tag, the newest first: at, actor, source, place."""
    queries.tag(session, scope, tag_id)
    return queries.sightings(session, scope, tag_id, cursor=cursor, limit=limit).each(_scan)


def _scan(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.TagSighting.id, "at": row.TagSighting.at, "actor_id": row.TagSighting.actor_id,
        "actor": row.actor, "source": row.TagSighting.source, "longitude": row.TagSighting.longitude,
        "latitude": row.TagSighting.latitude, "accuracy_m": row.TagSighting.accuracy_m,
    }  # fmt: skip


def warnings(
    session: Session, scope: Scope, *, tag_id: UUID | None = None, is_open: bool | None = True,
    cursor: str | None = None, limit: int = 50,
) -> Page[dict[str, Any]]:  # fmt: skip
    """Return a page of clone warnings, the newest first, each with both sightings; open ones unless asked."""
    found = queries.warnings(session, scope, tag_id=tag_id, is_open=is_open, cursor=cursor, limit=limit)
    return found.each(_warned)


def _warned(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.TagWarning.id, "tag_id": row.TagWarning.tag_id, "short_code": row.short_code,
        "distance_m": row.TagWarning.distance_m, "seconds": row.TagWarning.seconds,
        "raised_at": row.TagWarning.raised_at, "times": row.TagWarning.times,
        "acknowledged_at": row.TagWarning.acknowledged_at, "acknowledged_by": row.acknowledged_by_name,
        "comment": row.TagWarning.comment,
        "first": {"at": row.first_at, "longitude": row.first_longitude, "latitude": row.first_latitude},
        "second": {"at": row.second_at, "longitude": row.second_longitude, "latitude": row.second_latitude},
    }  # fmt: skip


def acknowledge_warning(session: Session, scope: Scope, warning_id: UUID, *, comment: str) -> TagWarning:
    """Say what was found out about a warning; from then on the next one would be new."""
    warning = queries.warning(session, scope, warning_id)
    scope.demand(warning.organisation_id, *DESKS)
    if warning.acknowledged_at is not None:
        raise Conflict("somebody has answered this warning", field="warning", value=ids.show(warning_id),
                       remedy="look at what they said")  # fmt: skip
    plain = comment.strip()
    if not 1 <= len(plain) <= 500:
        raise Refused("say what it was, in 1 to 500 characters", field="comment", value=plain[:100])
    warning.acknowledged_at, warning.acknowledged_by, warning.comment = clock.now(), scope.actor_id, plain
    session.flush()
    audit.record(
        session, scope, action="tag.warning_acknowledged", entity="tag", entity_id=warning.tag_id,
        organisation_id=warning.organisation_id, after={"comment": plain},
    )  # fmt: skip
    return warning


def _seen(sighting: TagSighting) -> clones.Seen:
    assert sighting.longitude is not None  # only sightings with a place are compared
    assert sighting.latitude is not None
    return clones.Seen(sighting.at, Place(sighting.longitude, sighting.latitude, sighting.accuracy_m or 0.0))


def _warn(
    session: Session, scope: Scope, tag: Tag, first: TagSighting, second: TagSighting, found: clones.Apart
) -> None:
    known = queries.open_warning(session, scope, tag.id)
    if known is not None:
        known.times += 1
        known.first_sighting_id, known.second_sighting_id = first.id, second.id
        known.distance_m, known.seconds = found.distance_m, found.seconds
        session.flush()
        return
    warning = TagWarning(
        id=ids.new_id(), organisation_id=tag.organisation_id, tag_id=tag.id, first_sighting_id=first.id,
        second_sighting_id=second.id, distance_m=found.distance_m, seconds=found.seconds,
        raised_at=clock.now(), times=1,
    )  # fmt: skip
    session.add(warning)
    session.flush()
    publish(session, events.tag_cloned(tag.organisation_id, {
        "warning_id": str(warning.id), "tag_id": str(tag.id),
        "position_id": str(tag.position_id) if tag.position_id else None,
        "device_id": str(tag.device_id) if tag.device_id else None,
        "distance_m": found.distance_m, "seconds": found.seconds,
    }, actor_id=scope.actor_id))  # fmt: skip
