"""Connections, their channels, and what they could not take; staff only (customers hold none)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.metering.models import Batch, Channel, Connection, ConnectionState, DeadLetter, Point, Sighting


def connection(session: Session, scope: Scope, connection_id: UUID) -> Connection:
    """One connection; raises NotFound."""
    query = select(Connection).where(
        Connection.id == connection_id, Connection.organisation_id.in_(scope.staff_organisations)
    )
    return required(session, query, "there is no such connection", connection_id=connection_id)


def connection_of_key(session: Session, scope: Scope, key_hash: bytes) -> Connection | None:
    """The enabled HTTP connection whose API key has this SHA-256, within the scope's organisations."""
    return session.scalar(
        select(Connection).where(
            Connection.key_hash == key_hash,
            Connection.is_enabled,
            Connection.organisation_id.in_(scope.organisations),
        )
    )


def plan(session: Session, scope: Scope, protocols: Sequence[str] | None) -> Sequence[Any]:
    """Enabled connections with their enabled channels and points: rows (Connection, Channel, Point)."""
    query = (
        select(Connection, Channel, Point)
        .outerjoin(Channel, (Channel.connection_id == Connection.id) & Channel.is_enabled)
        .outerjoin(Point, Point.id == Channel.point_id)
        .where(Connection.is_enabled, Connection.organisation_id.in_(scope.organisations))
        .order_by(Connection.id, Channel.id)
    )
    if protocols is not None:
        query = query.where(Connection.protocol.in_(protocols))
    return session.execute(query).all()


def connections(session: Session, scope: Scope, since: datetime, only: UUID | None = None) -> Sequence[Any]:
    """Connections, or one of them, as rows of `_connections`, by name."""
    query = _connections(scope, since).order_by(Connection.name, Connection.id)
    return session.execute(query if only is None else query.where(Connection.id == only)).all()


def connections_page(
    session: Session, scope: Scope, since: datetime, *, cursor: str | None, limit: int
) -> paging.Page[Any]:
    """A page of connections as rows of `_connections`, by name."""
    by = (Connection.name, Connection.id)
    return paging.page(session, _connections(scope, since), by=by, cursor=cursor, limit=limit)


def connection_names(
    session: Session, scope: Scope, connection_ids: Collection[UUID]
) -> Sequence[Connection]:
    """Connections by id, in no order."""
    return session.scalars(
        select(Connection).where(
            Connection.id.in_(connection_ids), Connection.organisation_id.in_(scope.staff_organisations)
        )
    ).all()


def _connections(scope: Scope, since: datetime) -> Select[Any]:
    """Connections with their state, channel count and readings since an instant.

    rows: Connection, ConnectionState | None, channels, readings
    """
    channels = (
        select(func.count())
        .where(Channel.connection_id == Connection.id)
        .correlate(Connection)
        .scalar_subquery()
    )
    readings = (
        select(func.coalesce(func.sum(Batch.readings), 0))
        .where(Batch.connection_id == Connection.id, Batch.received_at >= since)
        .correlate(Connection)
        .scalar_subquery()
    )
    return (
        select(Connection, ConnectionState, channels, readings)
        .outerjoin(ConnectionState, ConnectionState.connection_id == Connection.id)
        .where(Connection.organisation_id.in_(scope.staff_organisations))
    )


def dead_letters(
    session: Session,
    scope: Scope,
    *,
    connection_id: UUID | None,
    settled: bool,
    cursor: str | None,
    limit: int,
) -> paging.Page[DeadLetter]:
    """Dead letters, newest first: open ones, or the settled ones."""
    query = select(DeadLetter).where(DeadLetter.organisation_id.in_(scope.staff_organisations))
    query = query.where(DeadLetter.settled_at.is_not(None) if settled else DeadLetter.settled_at.is_(None))
    if connection_id is not None:
        query = query.where(DeadLetter.connection_id == connection_id)
    return paging.page(session, query, by=(DeadLetter.id.desc(),), cursor=cursor, limit=limit)


def dead_letter(session: Session, scope: Scope, letter_id: UUID) -> DeadLetter:
    """One dead letter; raises NotFound."""
    query = select(DeadLetter).where(
        DeadLetter.id == letter_id, DeadLetter.organisation_id.in_(scope.staff_organisations)
    )
    return required(session, query, "there is no such dead letter", letter_id=letter_id)


def open_dead_letters(session: Session, scope: Scope) -> int:
    """How many wait to be looked at."""
    return (
        session.scalar(
            select(func.count()).where(
                DeadLetter.organisation_id.in_(scope.staff_organisations), DeadLetter.settled_at.is_(None)
            )
        )
        or 0
    )


def sightings(
    session: Session, scope: Scope, *, cursor: str | None, limit: int
) -> paging.Page[tuple[Sighting, Connection]]:
    """Devices seen but not yet adopted or dismissed, the newest first."""
    query = (
        select(Sighting, Connection)
        .join(Connection, Connection.id == Sighting.connection_id)
        .where(*_waiting(scope))
    )
    return paging.page(session, query, by=(Sighting.id.desc(),), cursor=cursor, limit=limit)


def waiting_sightings(session: Session, scope: Scope) -> int:
    """How many devices were seen and not yet adopted or dismissed."""
    return session.scalar(select(func.count()).select_from(Sighting).where(*_waiting(scope))) or 0


def _waiting(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    return (
        Sighting.organisation_id.in_(scope.staff_organisations),
        Sighting.adopted_at.is_(None),
        Sighting.dismissed_at.is_(None),
    )


def sighting(session: Session, scope: Scope, sighting_id: UUID) -> Sighting:
    """One sighting; raises NotFound."""
    query = select(Sighting).where(
        Sighting.id == sighting_id, Sighting.organisation_id.in_(scope.staff_organisations)
    )
    return required(session, query, "nothing of this id was seen", sighting_id=sighting_id)


def channels(session: Session, scope: Scope, connection_id: UUID) -> Sequence[tuple[Channel, Point]]:
    """Channels of a connection with the points they read."""
    rows = session.execute(_channels(scope, connection_id).order_by(Point.name, Channel.id))
    return [(row[0], row[1]) for row in rows]


def channels_page(
    session: Session, scope: Scope, connection_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[tuple[Channel, Point]]:
    """A page of the channels of a connection with the points they read, by the point's name."""
    by = (Point.name, Channel.id)
    return paging.page(session, _channels(scope, connection_id), by=by, cursor=cursor, limit=limit)


def _channels(scope: Scope, connection_id: UUID) -> Select[tuple[Channel, Point]]:
    return (
        select(Channel, Point)
        .join(Point, Point.id == Channel.point_id)
        .where(Channel.connection_id == connection_id, Channel.organisation_id.in_(scope.staff_organisations))
    )


def freshest_batch(session: Session, scope: Scope) -> datetime | None:
    """When readings last came in through any connection of the scope."""
    return session.scalar(
        select(func.max(Batch.received_at))
        .join(Connection, Connection.id == Batch.connection_id)
        .where(Connection.organisation_id.in_(scope.organisations))
    )
