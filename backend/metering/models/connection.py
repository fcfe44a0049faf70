"""How points are read: connections, their channels, what they could not take, and what they saw."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.db import Base, Key, TenantOwned


class Protocol(StrEnum):
    """How a connection speaks."""

    MQTT = "mqtt"
    SPARKPLUG = "sparkplug"
    MODBUS = "modbus"
    OPCUA = "opcua"
    HTTP = "http"
    FILE = "file"


class Connection(TenantOwned, Base):
    """A way into the field: a broker topic tree, a Modbus gateway, an OPC UA server, a pushing gateway.

    address: where and how, by protocol (see ingest/<protocol>/README); never secrets in clear:
    `secret_name` names an environment variable; key_hash: SHA-256 of an HTTP gateway's API key
    """

    __tablename__ = "connection"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[Key]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    protocol: Mapped[Protocol]
    address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    poll_seconds: Mapped[float] = mapped_column(default=10.0)
    timeout_seconds: Mapped[float] = mapped_column(default=1.0, server_default="1")
    silence_seconds: Mapped[float] = mapped_column(default=120.0)
    key_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    is_simulated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime]


class ConnectionState(TenantOwned, Base):
    """What a connection is doing now, as its worker last said."""

    __tablename__ = "connection_state"

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    contact_at: Mapped[datetime | None]
    error: Mapped[str | None]
    error_since: Mapped[datetime | None]
    readings_per_minute: Mapped[float] = mapped_column(default=0.0)
    missed: Mapped[int] = mapped_column(BigInteger, default=0)
    last_gap: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    changed_at: Mapped[datetime]


class Channel(TenantOwned, Base):
    """How a point is read: where on its connection, how decoded, scaled to the point's unit.

    address: where on the connection; decoding: how raw bytes become a number
    value of the point = decoded * scale + offset
    """

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("connection_id", "point_id"),)

    id: Mapped[Key]
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), index=True)
    point_id: Mapped[UUID] = mapped_column(ForeignKey("point.id"), index=True)
    address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    decoding: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    scale: Mapped[float] = mapped_column(default=1.0)
    offset: Mapped[float] = mapped_column(default=0.0)
    poll_seconds: Mapped[float | None]
    is_enabled: Mapped[bool] = mapped_column(default=True)


class DeadLetter(TenantOwned, Base):
    """Input that could not be taken, kept with its reason until it is replayed or dismissed.

    known: what a replay must know beside the bytes, in the protocol's own words (ingest/mqtt/README)
    """

    __tablename__ = "dead_letter"
    __table_args__ = (
        Index("ix_dead_letter_open", "organisation_id", "id", postgresql_where=text("settled_at IS NULL")),
    )

    id: Mapped[Key]
    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connection.id"), index=True)
    received_at: Mapped[datetime]
    address: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    known: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reason: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class Sighting(TenantOwned, Base):
    """A device or tag seen on the wire that no channel reads: offered for adoption."""

    __tablename__ = "sighting"
    __table_args__ = (UniqueConstraint("connection_id", "address"),)

    id: Mapped[Key]
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), index=True)
    address: Mapped[str]
    sample: Mapped[dict[str, Any]] = mapped_column(JSONB)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    adopted_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]


class DeviceSequence(TenantOwned, Base):
    """Which numbered messages of a device arrived, whichever worker heard them.

    run_us: instant at which the device last began to count anew [microseconds since 1970], 0 if never
    seen: the numbers that arrived; holes older than a grace period are counted as missed and closed
    missing: those that were, and have not come since
    broken_at: since when there is a hole
    """

    __tablename__ = "device_sequence"
    __table_args__ = (
        Index("ix_device_sequence_broken_at", "broken_at", postgresql_where=text("broken_at IS NOT NULL")),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    device: Mapped[str] = mapped_column(primary_key=True)
    run_us: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[Any] = mapped_column(INT8MULTIRANGE)
    missing: Mapped[Any] = mapped_column(INT8MULTIRANGE, server_default="{}")
    broken_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class ToldNumbers(TenantOwned, Base):
    """Numbers of messages a worker heard, written with their readings; united into `device_sequence` soon after.

    told: device -> [half-open ranges, run_us, last_us] (see `backend.metering.service.sequences.Numbers`)
    """

    __tablename__ = "told_numbers"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), index=True)
    teller: Mapped[str]
    told: Mapped[dict[str, Any]] = mapped_column(JSON)


class GatewayRequest(TenantOwned, Base):
    """An answer given to a pushing gateway, repeated when it sends the same request again."""

    __tablename__ = "gateway_request"

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(index=True)
