"""What is to be read: connections and channels as plain values, whoever keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Connection:
    """One wire: a Modbus gateway, an OPC UA server, a broker.

    protocol: `modbus`, `opcua`, `mqtt`, ...
    address: where it is, in the protocol's own words (`ingest/<protocol>/README.md`)
    poll_seconds: how often its channels are read unless they say otherwise [s]
    timeout_seconds: how long one answer may take [s]
    """

    id: UUID
    protocol: str
    name: str
    address: Mapping[str, Any]
    poll_seconds: float = 10.0
    timeout_seconds: float = 1.0


@dataclass(frozen=True)
class Channel:
    """How one point is read: value = raw * scale + offset, in the point's unit.

    address: where on the connection (unit and register, node id, topic and path)
    decoding: how raw bytes become a number (type, word order, absent values)
    kind: how the point's values are to be understood (`register`, `interval`, `instant`, `state`)
    low, high: what the quantity can be; beyond it a reading is kept but marked bad [the point's unit]
    """

    point_key: int
    connection_id: UUID
    address: Mapping[str, Any]
    decoding: Mapping[str, Any] = field(default_factory=dict)
    scale: float = 1.0
    offset: float = 0.0
    poll_seconds: float | None = None
    low: float | None = None
    high: float | None = None
    kind: str = "instant"


@dataclass(frozen=True)
class Plan:
    """Connections with the channels behind each of them."""

    connections: tuple[Connection, ...]
    channels: tuple[Channel, ...]

    @classmethod
    def of(cls, connections: Iterable[Connection], channels: Iterable[Channel]) -> Plan:
        """Build a plan from any iterables."""
        return cls(tuple(connections), tuple(channels))

    def only(self, protocol: str) -> Plan:
        """Return the part of the plan one protocol carries."""
        connections = tuple(c for c in self.connections if c.protocol == protocol)
        ids = {c.id for c in connections}
        return Plan(connections, tuple(c for c in self.channels if c.connection_id in ids))

    def behind(self, connection: Connection) -> tuple[Channel, ...]:
        """Return the channels of one connection."""
        return tuple(c for c in self.channels if c.connection_id == connection.id)
