"""Connections, their channels, and what they could not take; staff only (customers hold none)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope
from backend.metering.models import Batch, Channel, Connection, ConnectionState, DeadLetter, Point, Sighting


def connection(session: Session, scope: Scope, connection_id: UUID) -> Connection:
    """One connection; raises NotFound."""
    found = session.scalar(
        select(Connection).where(
            Connection.id == connection_id, Connection.organisation_id.in_(scope.staff_organisations)
        )
    )
    if found is None:
        raise NotFound("there is no such connection", field="connection_id", value=str(connection_id))
    return found


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


def connections(session: Session, scope: Scope, since: datetime) -> Sequence[Any]:
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
    return session.execute(
        select(Connection, ConnectionState, channels, readings)
        .outerjoin(ConnectionState, ConnectionState.connection_id == Connection.id)
        .where(Connection.organisation_id.in_(scope.staff_organisations))
        .order_by(Connection.name, Connection.id)
    ).all()


def dead_letters(
    session: Session,
    scope: Scope,
    *,
    connection_id: UUID | None,
    before: UUID | None,
    limit: int,
    settled: bool,
) -> Sequence[DeadLetter]:
    """Dead letters, newest first: open ones, or the settled ones."""
    query = select(DeadLetter).where(DeadLetter.organisation_id.in_(scope.staff_organisations))
    query = query.where(DeadLetter.settled_at.is_not(None) if settled else DeadLetter.settled_at.is_(None))
    if connection_id is not None:
        query = query.where(DeadLetter.connection_id == connection_id)
    if before is not None:
        query = query.where(DeadLetter.id < before)
    return session.scalars(query.order_by(DeadLetter.id.desc()).limit(limit)).all()


def dead_letter(session: Session, scope: Scope, letter_id: UUID) -> DeadLetter:
    """One dead letter; raises NotFound."""
    found = session.scalar(
        select(DeadLetter).where(
            DeadLetter.id == letter_id, DeadLetter.organisation_id.in_(scope.staff_organisations)
        )
    )
    if found is None:
        raise NotFound("there is no such dead letter", field="letter_id", value=str(letter_id))
    return found


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


def sightings(session: Session, scope: Scope) -> Sequence[tuple[Sighting, Connection]]:
    """Devices seen but not yet adopted or dismissed, the latest seen first."""
    rows = session.execute(
        select(Sighting, Connection)
        .join(Connection, Connection.id == Sighting.connection_id)
        .where(
            Sighting.organisation_id.in_(scope.staff_organisations),
            Sighting.adopted_at.is_(None),
            Sighting.dismissed_at.is_(None),
        )
        .order_by(Sighting.last_seen_at.desc())
        .limit(500)
    )
    return [(row[0], row[1]) for row in rows]


def sighting(session: Session, scope: Scope, sighting_id: UUID) -> Sighting:
    """One sighting; raises NotFound."""
    found = session.scalar(
        select(Sighting).where(
            Sighting.id == sighting_id, Sighting.organisation_id.in_(scope.staff_organisations)
        )
    )
    if found is None:
        raise NotFound("nothing of this id was seen", field="sighting_id", value=str(sighting_id))
    return found


def channels(session: Session, scope: Scope, connection_id: UUID) -> Sequence[tuple[Channel, Point]]:
    """Channels of a connection with the points they read."""
    rows = session.execute(
        select(Channel, Point)
        .join(Point, Point.id == Channel.point_id)
        .where(Channel.connection_id == connection_id, Channel.organisation_id.in_(scope.staff_organisations))
        .order_by(Point.name)
    )
    return [(row[0], row[1]) for row in rows]


def freshest_batch(session: Session, scope: Scope) -> datetime | None:
    """When readings last came in through any connection of the scope."""
    return session.scalar(
        select(func.max(Batch.received_at))
        .join(Connection, Connection.id == Batch.connection_id)
        .where(Connection.organisation_id.in_(scope.organisations))
    )
