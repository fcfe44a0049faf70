"""Connections: how the field is reached, what they say of themselves, and what they could not take."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict
from backend.kernel.scope import Role, Scope
from backend.metering import queries
from backend.metering.models import Channel, Connection, ConnectionState, DeadLetter, Point, Sighting
from backend.metering.models.connection import Protocol

KEEPERS = (Role.ADMINISTRATOR, Role.OPERATOR)


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
    """Have a point read over a connection."""
    connection = queries.connection(session, scope, connection_id)
    scope.demand(connection.organisation_id, *KEEPERS)
    point = queries.point(session, scope, point_id)
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


def list_connections(session: Session, scope: Scope) -> list[ConnectionView]:
    """Return the connections of the scope's staff with what they are doing."""
    minutes = 5
    since = clock.now() - timedelta(minutes=minutes)
    return [
        ConnectionView(connection, state, channels, float(readings) / minutes)
        for connection, state, channels, readings in queries.connections(session, scope, since)
    ]


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


@dataclass(frozen=True)
class Refusal:
    """Input that could not be taken: where it came from, what it was, and why."""

    organisation_id: UUID
    connection_id: UUID | None
    address: str
    payload: bytes
    reason: str
    received_at: datetime
    id: UUID = field(default_factory=ids.new_id)


def add_dead_letters(session: Session, scope: Scope, refusals: Sequence[Refusal]) -> None:
    """Keep what could not be taken, so that nothing is lost; the same again is a no-op."""
    for refusal in refusals:
        scope.demand(refusal.organisation_id)
    if refusals:
        rows = [{**refusal.__dict__, "attempts": 0} for refusal in refusals]
        session.execute(insert(DeadLetter).on_conflict_do_nothing(index_elements=["id"]), rows)


def list_dead_letters(
    session: Session, scope: Scope, *, connection_id: UUID | None = None, settled: bool = False,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[DeadLetter]:  # fmt: skip
    """Return a page of dead letters, newest first."""
    before = ids.parse(paging.decode(cursor, 1)[0]) if cursor else None
    limit = min(limit, paging.MOST)
    found = queries.dead_letters(
        session, scope, connection_id=connection_id, before=before, limit=limit + 1, settled=settled
    )
    items = found[:limit]
    return paging.Page(items, paging.encode(str(items[-1].id)) if len(found) > limit else None)


def dead_letter(session: Session, scope: Scope, letter_id: UUID) -> DeadLetter:
    """Return one dead letter; raises NotFound."""
    return queries.dead_letter(session, scope, letter_id)


def count_open_dead_letters(session: Session, scope: Scope) -> int:
    """Return how many wait to be looked at."""
    return queries.open_dead_letters(session, scope)


def settle_dead_letter(
    session: Session, scope: Scope, *, letter_id: UUID, outcome: str, reason: str | None = None
) -> DeadLetter:
    """Close a dead letter ('replayed' or 'dismissed'), or note a replay that failed again with its reason."""
    letter = queries.dead_letter(session, scope, letter_id)
    scope.demand(letter.organisation_id, *KEEPERS, Role.DISPATCHER)
    letter.attempts += 1
    if reason is not None:
        letter.reason = reason
    else:
        letter.settled_at, letter.outcome = clock.now(), outcome
    session.flush()
    audit.record(
        session, scope, action=f"dead_letter.{outcome}", entity="dead_letter", entity_id=letter.id,
        organisation_id=letter.organisation_id, after={"reason": reason} if reason else None,
    )  # fmt: skip
    return letter


def add_sightings(
    session: Session, scope: Scope, *, connection_id: UUID, organisation_id: UUID,
    seen: Sequence[tuple[str, dict[str, Any]]],
) -> None:  # fmt: skip
    """Remember devices seen on the wire that no channel reads: (address, sample) each."""
    scope.demand(organisation_id)
    now = clock.now()
    for address, sample in sorted(dict(seen).items()):
        statement = insert(Sighting).values(
            id=ids.new_id(), organisation_id=organisation_id, connection_id=connection_id, address=address,
            sample=sample, first_seen_at=now, last_seen_at=now,
        )  # fmt: skip
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["connection_id", "address"], set_={"sample": sample, "last_seen_at": now}
            )
        )


def list_sightings(session: Session, scope: Scope) -> Sequence[tuple[Sighting, Connection]]:
    """Return what was seen on the wire and waits for adoption."""
    return queries.sightings(session, scope)


def adopt_sighting(
    session: Session, scope: Scope, *, sighting_id: UUID, point_id: UUID, channel: NewChannel
) -> Channel:
    """Read a sighted device or tag into a point from now on."""
    sighting = queries.sighting(session, scope, sighting_id)
    scope.demand(sighting.organisation_id, *KEEPERS)
    made = create_channel(
        session, scope, connection_id=sighting.connection_id, point_id=point_id, new=channel
    )
    sighting.adopted_at = clock.now()
    session.flush()
    return made


def dismiss_sighting(session: Session, scope: Scope, *, sighting_id: UUID) -> None:
    """Say that a sighted device is none of ours."""
    sighting = queries.sighting(session, scope, sighting_id)
    scope.demand(sighting.organisation_id, *KEEPERS)
    sighting.dismissed_at = clock.now()
    audit.record(
        session, scope, action="sighting.dismissed", entity="sighting", entity_id=sighting.id,
        organisation_id=sighting.organisation_id, before={"address": sighting.address},
    )  # fmt: skip


def freshest_batch(session: Session, scope: Scope) -> datetime | None:
    """Return when readings last came in, for the readiness check."""
    return queries.freshest_batch(session, scope)


def _channel_plan(channel: Channel, point: Point) -> ChannelPlan:
    return ChannelPlan(
        point.key, channel.address, channel.decoding, channel.scale, channel.offset, channel.poll_seconds,
        point.unit, point.kind.value, point.low, point.high,
    )  # fmt: skip


def _plan_changed(session: Session) -> None:
    session.execute(text("SELECT pg_notify('ingest_plan', '')"))
