"""Connections: how the field is reached, what they say of themselves, and what they could not take."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role, Scope
from backend.metering import queries
from backend.metering.models import Channel, Connection, ConnectionState, Point
from backend.metering.models.connection import Protocol
from backend.tenancy import queries as tenancy

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)
RECENT = timedelta(minutes=5)
"""What a connection brings in a minute is counted over so long."""


@dataclass(frozen=True)
class NewConnection:
    """What is said of a connection when it is made; `address` in the protocol's own words (ingest/<protocol>)."""

    name: str
    protocol: Protocol
    address: dict[str, Any]
    poll_seconds: float = 10.0
    timeout_seconds: float = 1.0
    silence_seconds: float = 120.0
    is_simulated: bool = False
    name_zh: str | None = None


@dataclass(frozen=True)
class NewChannel:
    """How a point is read over a connection; value = decoded * scale + offset in the point's unit."""

    address: dict[str, Any]
    decoding: dict[str, Any] = field(default_factory=dict)
    scale: float = 1.0
    offset: float = 0.0
    poll_seconds: float | None = None


@dataclass(frozen=True)
class ChannelPlan:
    """A channel with what its worker must know of the point."""

    point_key: int
    address: dict[str, Any]
    decoding: dict[str, Any]
    scale: float
    offset: float
    poll_seconds: float | None
    unit: str
    kind: str
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ConnectionPlan:
    """A connection with its channels, as plain values for a worker."""

    id: UUID
    organisation_id: UUID
    name: str
    protocol: str
    address: dict[str, Any]
    poll_seconds: float
    timeout_seconds: float
    channels: tuple[ChannelPlan, ...]


@dataclass(frozen=True)
class ConnectionView:
    """A connection as the connections page shows it.

    state: what its worker last said (None before the first contact); readings_per_minute over the last 5 min
    """

    connection: Connection
    state: ConnectionState | None
    channels: int
    readings_per_minute: float

    @property
    def is_silent(self) -> bool:
        """Whether it has been quiet for longer than it should."""
        last = self.state.contact_at if self.state else None
        silence = timedelta(seconds=self.connection.silence_seconds)
        return self.connection.is_enabled and (last is None or clock.now() - last > silence)


def create_connection(
    session: Session, scope: Scope, *, organisation_id: UUID, new: NewConnection
) -> Connection:
    """Make a connection; workers pick it up at once."""
    scope.demand(organisation_id, *KEEPERS)
    connection = Connection(
        id=ids.new_id(),
        organisation_id=organisation_id,
        created_at=clock.now(),
        is_enabled=True,
        **new.__dict__,
    )
    session.add(connection)
    session.flush()
    _plan_changed(session)
    audit.record(
        session, scope, action="connection.created", entity="connection", entity_id=connection.id,
        organisation_id=organisation_id, after={"name": new.name, "protocol": new.protocol.value},
    )  # fmt: skip
    return connection


def create_channel(
    session: Session, scope: Scope, *, connection_id: UUID, point_id: UUID, new: NewChannel
) -> Channel:
    """Have a point read over a connection of its own organisation, or of one above it."""
    connection = queries.connection(session, scope, connection_id)
    scope.demand(connection.organisation_id, *KEEPERS)
    point = queries.point(session, scope, point_id)
    if point.organisation_id not in tenancy.subtree_ids(session, connection.organisation_id):
        raise Refused(
            "this point belongs to somebody this connection does not serve", field="point_id",
            value=str(point_id), remedy="choose a point of the connection's organisation or below it",
        )  # fmt: skip
    channel = Channel(
        id=ids.new_id(), organisation_id=connection.organisation_id, connection_id=connection.id, point_id=point.id,
        is_enabled=True, **new.__dict__,
    )  # fmt: skip
    session.add(channel)
    session.flush()
    _plan_changed(session)
    audit.record(
        session, scope, action="channel.created", entity="channel", entity_id=channel.id,
        organisation_id=connection.organisation_id, after={"point": str(point_id), "address": new.address},
    )  # fmt: skip
    return channel


def enable_connection(session: Session, scope: Scope, *, connection_id: UUID, is_enabled: bool) -> None:
    """Switch a connection on or off."""
    connection = queries.connection(session, scope, connection_id)
    scope.demand(connection.organisation_id, *KEEPERS)
    connection.is_enabled = is_enabled
    _plan_changed(session)
    audit.record(
        session, scope, action="connection.enabled" if is_enabled else "connection.disabled", entity="connection",
        entity_id=connection.id, organisation_id=connection.organisation_id,
    )  # fmt: skip


def issue_gateway_key(session: Session, scope: Scope, *, connection_id: UUID) -> str:
    """Give an HTTP gateway a new API key, shown once; the one before stops working."""
    connection = queries.connection(session, scope, connection_id)
    scope.demand(connection.organisation_id, *KEEPERS)
    if connection.protocol is not Protocol.HTTP:
        raise Conflict("only gateways that push over HTTP have a key", field="connection_id")
    key = f"enf_{secrets.token_urlsafe(32)}"
    connection.key_hash = hashlib.sha256(key.encode()).digest()
    audit.record(
        session, scope, action="connection.key_issued", entity="connection", entity_id=connection.id,
        organisation_id=connection.organisation_id,
    )  # fmt: skip
    return key


def gateway(session: Session, scope: Scope, key: str) -> Connection | None:
    """Return the connection an API key opens, searched within a system scope."""
    return queries.connection_of_key(session, scope, hashlib.sha256(key.encode()).digest())


def ingest_plan(
    session: Session, scope: Scope, *, protocols: Sequence[str] | None = None
) -> list[ConnectionPlan]:
    """Return every enabled connection of the scope with its channels."""
    found: dict[UUID, tuple[Connection, list[ChannelPlan]]] = {}
    for connection, channel, point in queries.plan(session, scope, protocols):
        channels = found.setdefault(connection.id, (connection, []))[1]
        if channel is not None:
            channels.append(_channel_plan(channel, point))
    return [
        ConnectionPlan(
            c.id, c.organisation_id, c.name, c.protocol.value, c.address, c.poll_seconds, c.timeout_seconds,
            tuple(channels),
        )
        for c, channels in found.values()
    ]  # fmt: skip


def list_connections(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[ConnectionView]:
    """Return a page of the connections of the scope's staff by name, with what they are doing."""
    since = clock.now() - RECENT
    return queries.connections_page(session, scope, since, cursor=cursor, limit=limit).each(_view)


def all_connections(session: Session, scope: Scope, *, only: UUID | None = None) -> list[ConnectionView]:
    """Return every connection of the scope's staff, or one of them, with what they are doing."""
    return [_view(row) for row in queries.connections(session, scope, clock.now() - RECENT, only)]


def connections_by_id(session: Session, scope: Scope, ids: Collection[UUID]) -> dict[UUID, Connection]:
    """Return connections by id; those that are not the scope's are left out."""
    return {one.id: one for one in queries.connection_names(session, scope, ids)}


def list_channels(
    session: Session, scope: Scope, connection_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[tuple[Channel, Point]]:
    """Return a page of a connection's channels with their points, by the point's name."""
    connection = queries.connection(session, scope, connection_id)
    return queries.channels_page(session, scope, connection.id, cursor=cursor, limit=limit)


def channels_of(session: Session, scope: Scope, connection_id: UUID) -> Sequence[tuple[Channel, Point]]:
    """Return a connection's channels with their points."""
    return queries.channels(session, scope, queries.connection(session, scope, connection_id).id)


def note_contact(
    session: Session, scope: Scope, *, connection_id: UUID, organisation_id: UUID, contact_at: datetime | None,
    error: str | None = None, missed: int = 0, last_gap: dict[str, Any] | None = None,
) -> bool:  # fmt: skip
    """Write what a worker says of its connection; True when its health changed (so that it is logged once).

    missed: readings known lost since the last note (sequence gaps), added up
    """
    scope.demand(organisation_id)
    now = clock.now()
    before = session.get(ConnectionState, connection_id)
    changed = (before.error if before else None) != error
    values = {
        "organisation_id": organisation_id, "error": error, "changed_at": now,
        "error_since": None if error is None else (before.error_since if before and before.error else now),
    }  # fmt: skip
    statement = insert(ConnectionState).values(
        connection_id=connection_id, contact_at=contact_at, readings_per_minute=0.0, missed=missed, last_gap=last_gap,
        **values,
    )  # fmt: skip
    newest = func.greatest(ConnectionState.contact_at, statement.excluded.contact_at)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["connection_id"],
            set_=values
            | {
                "contact_at": newest,
                "missed": ConnectionState.missed + missed,
                "last_gap": func.coalesce(statement.excluded.last_gap, ConnectionState.last_gap),
            },
        )
    )
    if before is not None:
        session.expire(before)
    return changed


def freshest_batch(session: Session, scope: Scope) -> datetime | None:
    """Return when readings last came in, for the readiness check."""
    return queries.freshest_batch(session, scope)


def _view(row: Any) -> ConnectionView:
    connection, state, channels, readings = row
    return ConnectionView(connection, state, channels, float(readings) / (RECENT / timedelta(minutes=1)))


def _channel_plan(channel: Channel, point: Point) -> ChannelPlan:
    return ChannelPlan(
        point.key, channel.address, channel.decoding, channel.scale, channel.offset, channel.poll_seconds,
        point.unit, point.kind.value, point.low, point.high,
    )  # fmt: skip


def _plan_changed(session: Session) -> None:
    session.execute(text("SELECT pg_notify('ingest_plan', '')"))
