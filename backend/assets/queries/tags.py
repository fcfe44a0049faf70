"""Tags, their history, sightings and warnings, confined to a scope: staff's alone, for labels are tools."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from backend.assets.models import Device, Installation
from backend.assets.models.tags import (
    Tag,
    TagAlias,
    TagBatch,
    TagEvent,
    TagEventKind,
    TagSighting,
    TagState,
    TagWarning,
)
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.network.models import Position
from backend.tenancy.models import Person


@dataclass(frozen=True)
class TagFilter:
    """Which tags are wanted; what is left out does not matter.

    organisations: of these only; place_id: at this position, or at a device that stands there
    text: part of a short code, an alias, or the name of what it is bound to
    """

    state: str | None = None
    kind: str | None = None
    organisations: frozenset[UUID] | None = None
    batch_id: UUID | None = None
    position_id: UUID | None = None
    device_id: UUID | None = None
    place_id: UUID | None = None
    text: str | None = None


def visible(scope: Scope) -> ColumnElement[bool]:
    """Condition on Tag: the scope's staff own it."""
    return Tag.organisation_id.in_(scope.staff_organisations)


def tag(session: Session, scope: Scope, tag_id: UUID, *, lock: bool = False) -> Tag:
    """One tag, locked for a change when wanted; raises NotFound."""
    statement = select(Tag).where(Tag.id == tag_id, visible(scope))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return required(session, statement, "there is no such tag here", tag=tag_id)


def tag_by_text(session: Session, scope: Scope, short: str | None, aliases: Collection[str]) -> Sequence[Tag]:
    """Tags whose short code or alias is one of these, three at most."""
    named = select(TagAlias.tag_id).where(TagAlias.value.in_(aliases))
    either = or_(Tag.short_code == short, Tag.id.in_(named)) if short else Tag.id.in_(named)
    return session.scalars(select(Tag).where(either, visible(scope)).order_by(Tag.id).limit(3)).all()


def shown(session: Session, scope: Scope, tag_id: UUID) -> Row[Any] | None:
    """One tag as a row of `_rows`."""
    return session.execute(_rows(scope).where(Tag.id == tag_id)).first()


def tags(
    session: Session, scope: Scope, wanted: TagFilter, *, cursor: str | None, limit: int
) -> paging.Page[Row[Any]]:
    """Rows of `_rows`, the newest tag first."""
    query = _rows(scope).where(*_conditions(wanted))
    return paging.page(session, query, by=(Tag.id.desc(),), cursor=cursor, limit=limit)


def _rows(scope: Scope) -> Select[Any]:
    """A tag with its asset: the position (of a device, where it stands), the device, who saw it last."""
    standing = Installation.removed_at.is_(None) & (Installation.device_id == Tag.device_id)
    return (
        select(
            Tag, Position.id.label("place_id"), Position.name.label("place"), Position.name_zh.label("place_zh"),
            Position.code.label("place_code"), Device.manufacturer, Device.model, Device.serial_number,
            Person.name.label("seen_by_name"), _open_warnings().label("warnings"),
        )
        .outerjoin(Device, Device.id == Tag.device_id)
        .outerjoin(Installation, standing)
        .outerjoin(Position, Position.id == func.coalesce(Tag.position_id, Installation.position_id))
        .outerjoin(Person, Person.id == Tag.seen_by)
        .where(visible(scope))
    )  # fmt: skip


def _open_warnings() -> Any:
    return (
        select(func.count())
        .where(TagWarning.tag_id == Tag.id, TagWarning.acknowledged_at.is_(None))
        .correlate(Tag)
        .scalar_subquery()
    )


def _conditions(wanted: TagFilter) -> list[ColumnElement[bool]]:
    found = []
    for column, value in (
        (Tag.state, wanted.state), (Tag.kind, wanted.kind), (Tag.batch_id, wanted.batch_id),
        (Tag.position_id, wanted.position_id), (Tag.device_id, wanted.device_id), (Position.id, wanted.place_id),
    ):  # fmt: skip
        if value is not None:
            found.append(column == value)
    if wanted.organisations is not None:
        found.append(Tag.organisation_id.in_(wanted.organisations))
    if wanted.text:
        plain = wanted.text.replace("-", "")
        columns = (Position.name, Position.name_zh, Position.code, Device.serial_number, Device.model)
        found.append(
            or_(
                Tag.short_code.icontains(plain, autoescape=True),
                *(column.icontains(wanted.text, autoescape=True) for column in columns),
                Tag.id.in_(
                    select(TagAlias.tag_id).where(TagAlias.value.icontains(wanted.text, autoescape=True))
                ),
            )
        )
    return found


def of_assets(
    session: Session, scope: Scope, *, position_id: UUID | None = None, device_ids: Collection[UUID] = ()
) -> Sequence[Tag]:
    """Tags bound to a position or to any of some devices, the oldest binding first."""
    return session.scalars(
        select(Tag)
        .where(visible(scope), or_(Tag.position_id == position_id, Tag.device_id.in_(device_ids)))
        .order_by(Tag.bound_at, Tag.id)
    ).all()


def taken_short_codes(
    session: Session, scope: Scope, region_id: UUID, short_codes: Collection[str]
) -> set[str]:
    """Those of some short codes that tags of a region carry, as far as the scope sees."""
    rows = session.scalars(
        select(Tag.short_code).where(
            Tag.region_id == region_id, Tag.short_code.in_(short_codes), visible(scope)
        )
    )
    return set(rows)


def batch(session: Session, scope: Scope, batch_id: UUID) -> TagBatch:
    """One batch; raises NotFound."""
    query = select(TagBatch).where(
        TagBatch.id == batch_id, TagBatch.organisation_id.in_(scope.staff_organisations)
    )
    return required(session, query, "there is no such batch of tags here", batch=batch_id)


def batches(session: Session, scope: Scope, *, cursor: str | None, limit: int) -> paging.Page[Row[Any]]:
    """Batches, the newest first, each with how many of its tags still wait for an asset."""
    waiting = (
        select(func.count())
        .where(Tag.batch_id == TagBatch.id, Tag.state == TagState.UNBOUND)
        .correlate(TagBatch)
        .scalar_subquery()
    )
    query = select(TagBatch, waiting.label("waiting")).where(
        TagBatch.organisation_id.in_(scope.staff_organisations)
    )
    return paging.page(session, query, by=(TagBatch.id.desc(),), cursor=cursor, limit=limit)


def history(
    session: Session, scope: Scope, tag_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[Row[Any]]:
    """Everything that happened to a tag, the newest first, with who did it and what it was bound to."""
    query = (
        select(
            TagEvent, Person.name.label("actor"), Position.name.label("place"), Position.name_zh.label("place_zh"),
            Device.manufacturer, Device.model, Device.serial_number,
        )
        .join(Tag, Tag.id == TagEvent.tag_id)
        .outerjoin(Person, Person.id == TagEvent.actor_id)
        .outerjoin(Position, Position.id == TagEvent.position_id)
        .outerjoin(Device, Device.id == TagEvent.device_id)
        .where(TagEvent.tag_id == tag_id, visible(scope))
    )  # fmt: skip
    return paging.page(session, query, by=(TagEvent.id.desc(),), cursor=cursor, limit=limit)


def last_binding(session: Session, scope: Scope, tag_id: UUID) -> TagEvent | None:
    """The event that bound a tag to what it is bound to now."""
    return session.scalar(
        select(TagEvent)
        .join(Tag, Tag.id == TagEvent.tag_id)
        .where(
            TagEvent.tag_id == tag_id,
            TagEvent.kind.in_((TagEventKind.BOUND, TagEventKind.REBOUND)),
            visible(scope),
        )
        .order_by(TagEvent.id.desc())
        .limit(1)
    )


def aliases_page(
    session: Session, scope: Scope, tag_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[TagAlias]:
    """A page of the other names of a tag, the oldest first."""
    query = select(TagAlias).join(Tag, Tag.id == TagAlias.tag_id)
    query = query.where(TagAlias.tag_id == tag_id, visible(scope))
    return paging.page(session, query, by=(TagAlias.id,), cursor=cursor, limit=limit)


def aliases(session: Session, scope: Scope, tag_ids: Collection[UUID]) -> Sequence[TagAlias]:
    """The other names of tags, the oldest first."""
    return session.scalars(
        select(TagAlias)
        .join(Tag, Tag.id == TagAlias.tag_id)
        .where(TagAlias.tag_id.in_(tag_ids), visible(scope))
        .order_by(TagAlias.id)
    ).all()


def alias_holder(session: Session, scope: Scope, region_id: UUID, scheme: str, value: str) -> TagAlias | None:
    """The alias that already says this in a region, as far as the scope sees."""
    return session.scalar(
        select(TagAlias)
        .join(Tag, Tag.id == TagAlias.tag_id)
        .where(
            TagAlias.region_id == region_id,
            TagAlias.scheme == scheme,
            TagAlias.value == value,
            visible(scope),
        )
    )


def sighting(session: Session, scope: Scope, sighting_id: UUID) -> TagSighting | None:
    """One sighting."""
    return session.scalar(
        select(TagSighting)
        .join(Tag, Tag.id == TagSighting.tag_id)
        .where(TagSighting.id == sighting_id, visible(scope))
    )


def sightings(
    session: Session, scope: Scope, tag_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[Row[Any]]:
    """The sightings of a tag, the newest first, with who it was."""
    query = (
        select(TagSighting, Person.name.label("actor"))
        .join(Tag, Tag.id == TagSighting.tag_id)
        .outerjoin(Person, Person.id == TagSighting.actor_id)
        .where(TagSighting.tag_id == tag_id, visible(scope))
    )
    by = (TagSighting.at.desc(), TagSighting.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def neighbours(session: Session, scope: Scope, tag_id: UUID, at: datetime) -> Sequence[TagSighting]:
    """The sightings with a place just before (or at) an instant and just after it, as far as there are any."""
    placed = (
        select(TagSighting)
        .join(Tag, Tag.id == TagSighting.tag_id)
        .where(TagSighting.tag_id == tag_id, TagSighting.longitude.is_not(None), visible(scope))
        .limit(1)
    )
    before = placed.where(TagSighting.at <= at).order_by(TagSighting.at.desc(), TagSighting.id.desc())
    after = placed.where(TagSighting.at > at).order_by(TagSighting.at, TagSighting.id)
    return [found for one in (before, after) if (found := session.scalar(one)) is not None]


def open_warning(session: Session, scope: Scope, tag_id: UUID) -> TagWarning | None:
    """The warning about a tag that nobody has answered yet, locked for a change."""
    return session.scalar(
        select(TagWarning)
        .join(Tag, Tag.id == TagWarning.tag_id)
        .where(TagWarning.tag_id == tag_id, TagWarning.acknowledged_at.is_(None), visible(scope))
        .with_for_update(of=TagWarning)
    )


def warning(session: Session, scope: Scope, warning_id: UUID) -> TagWarning:
    """One warning, locked for a change; raises NotFound."""
    query = (
        select(TagWarning)
        .join(Tag, Tag.id == TagWarning.tag_id)
        .where(TagWarning.id == warning_id, visible(scope))
        .with_for_update(of=TagWarning)
    )
    return required(session, query, "there is no such warning here", warning=warning_id)


def warnings(
    session: Session,
    scope: Scope,
    *,
    tag_id: UUID | None,
    is_open: bool | None,
    cursor: str | None,
    limit: int,
) -> paging.Page[Row[Any]]:
    """Warnings, the newest first, each with its two sightings and who answered it."""
    first, second = aliased(TagSighting), aliased(TagSighting)
    statement = (
        select(
            TagWarning, Tag.short_code, first.at.label("first_at"), first.longitude.label("first_longitude"),
            first.latitude.label("first_latitude"), second.at.label("second_at"),
            second.longitude.label("second_longitude"), second.latitude.label("second_latitude"),
            Person.name.label("acknowledged_by_name"),
        )
        .join(Tag, Tag.id == TagWarning.tag_id)
        .join(first, first.id == TagWarning.first_sighting_id)
        .join(second, second.id == TagWarning.second_sighting_id)
        .outerjoin(Person, Person.id == TagWarning.acknowledged_by)
        .where(visible(scope))
    )  # fmt: skip
    if tag_id is not None:
        statement = statement.where(TagWarning.tag_id == tag_id)
    if is_open is not None:
        statement = statement.where(TagWarning.acknowledged_at.is_(None) == is_open)
    return paging.page(session, statement, by=(TagWarning.id.desc(),), cursor=cursor, limit=limit)


def index_rows(
    session: Session,
    scope: Scope,
    *,
    after: UUID | None = None,
    tag_ids: Collection[UUID] | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Bound tags by id: id, position_id, device_id, aliases; after an id, or of some ids."""
    named = select(func.array_agg(TagAlias.value)).where(TagAlias.tag_id == Tag.id).correlate(Tag)
    statement = (
        select(Tag.id, Tag.position_id, Tag.device_id, named.scalar_subquery().label("aliases"))
        .where(visible(scope), Tag.state == TagState.BOUND)
        .order_by(Tag.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(Tag.id > after)
    if tag_ids is not None:
        statement = statement.where(Tag.id.in_(tag_ids))
    return session.execute(statement).all()


def devices_by_serial(session: Session, scope: Scope, serial: str) -> Sequence[Device]:
    """Devices with just this serial number, three at most."""
    return session.scalars(
        select(Device)
        .where(Device.serial_number == serial, Device.organisation_id.in_(scope.staff_organisations))
        .order_by(Device.id)
        .limit(3)
    ).all()


def positions_by_code(session: Session, scope: Scope, code: str) -> Sequence[Position]:
    """Positions with just this code, three at most."""
    return session.scalars(
        select(Position)
        .where(Position.code == code, Position.organisation_id.in_(scope.staff_organisations))
        .order_by(Position.id)
        .limit(3)
    ).all()


def public_tag(session: Session, _scope: Scope, tag_id: UUID) -> Row[Any] | None:
    """What a passer-by who holds a tag's code may know of it, whoever asks."""
    return session.execute(text("SELECT * FROM public_tag(:tag)"), {"tag": tag_id}).first()
