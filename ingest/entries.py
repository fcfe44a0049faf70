"""What passes through the sink, and its form in the spool. Pure.

A spool body is a line of JSON, a newline, then raw little-endian arrays or the payload itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from backend.kernel import ids
from ingest.ports import Readings

ROW_BYTES = 26


@dataclass(frozen=True, slots=True)
class Portion:
    """Readings of one connection. live: they are news, not history, and may raise alarms."""

    connection_id: UUID
    readings: Readings
    live: bool = True

    def __len__(self) -> int:
        return len(self.readings)


@dataclass(frozen=True, slots=True)
class Letter:
    """Input that cannot be used, with the reason in words.

    received_at_us: when it came in [microseconds since the Unix epoch]
    """

    connection_id: UUID
    received_at_us: int
    address: str
    payload: bytes
    reason: str
    id: UUID = field(default_factory=ids.new_id)


@dataclass(frozen=True, slots=True)
class Given:
    """One thing handed to the sink, and whom to tell once it is durable."""

    thing: Portion | Letter
    done: Callable[[], None] | None = None

    @property
    def items(self) -> int:
        """How much room it takes in a batch."""
        return len(self.thing) if isinstance(self.thing, Portion) else 1


def part(readings: Readings, where: slice) -> Readings:
    """Return some of the readings."""
    return Readings(
        readings.point_key[where], readings.read_at_us[where], readings.value[where], readings.quality[where]
    )


def join(readings: Sequence[Readings]) -> Readings:
    """Return one after another as one."""
    if len(readings) == 1:
        return readings[0]
    return Readings(
        np.concatenate([r.point_key for r in readings]),
        np.concatenate([r.read_at_us for r in readings]),
        np.concatenate([r.value for r in readings]),
        np.concatenate([r.quality for r in readings]),
    )


def gather(portions: Sequence[Portion]) -> list[Portion]:
    """Join what came from the same connection, order kept, so that it is stored and spooled at once."""
    groups: dict[tuple[UUID, bool], list[Readings]] = {}
    for portion in portions:
        groups.setdefault((portion.connection_id, portion.live), []).append(portion.readings)
    return [Portion(connection, join(some), live) for (connection, live), some in groups.items()]


def halves(portion: Portion) -> tuple[Portion, Portion]:
    """Split a portion of two readings or more in two."""
    middle = len(portion) // 2
    first, second = part(portion.readings, slice(0, middle)), part(portion.readings, slice(middle, None))
    return (
        Portion(portion.connection_id, first, portion.live),
        Portion(portion.connection_id, second, portion.live),
    )


def letter_of(portion: Portion, reason: str, now_us: int) -> Letter:
    """Turn readings the database refuses for their content into a dead letter that can be replayed."""
    readings = portion.readings
    rows = [
        {"point_key": int(key), "read_at_us": int(at), "value": None if np.isnan(value) else float(value),
         "quality": int(quality), "live": portion.live}
        for key, at, value, quality in zip(
            readings.point_key, readings.read_at_us, readings.value, readings.quality, strict=True
        )
    ]  # fmt: skip
    return Letter(portion.connection_id, now_us, "readings", orjson.dumps(rows), reason)


def portion_of(connection_id: UUID, payload: bytes) -> Portion:
    """Read back what `letter_of` wrote."""
    rows = orjson.loads(payload)
    readings = Readings.of(
        [
            (r["point_key"], r["read_at_us"], np.nan if r["value"] is None else r["value"], r["quality"])
            for r in rows
        ]
    )
    return Portion(connection_id, readings, all(r["live"] for r in rows))


def pack(thing: Portion | Letter) -> tuple[str, int, bytes]:
    """Return (kind, items, body) for the spool."""
    if isinstance(thing, Letter):
        head: dict[str, Any] = {
            "connection": str(thing.connection_id), "at": thing.received_at_us, "address": thing.address,
            "reason": thing.reason, "id": str(thing.id),
        }  # fmt: skip
        return "letter", 1, orjson.dumps(head) + b"\n" + thing.payload
    readings = thing.readings
    head = {"connection": str(thing.connection_id), "live": thing.live, "rows": len(readings)}
    arrays = (
        readings.point_key.astype("<i8", copy=False), readings.read_at_us.astype("<i8", copy=False),
        readings.value.astype("<f8", copy=False), readings.quality.astype("<i2", copy=False),
    )  # fmt: skip
    return "readings", len(readings), orjson.dumps(head) + b"\n" + b"".join(a.tobytes() for a in arrays)


def unpack(kind: str, body: bytes) -> Portion | Letter:
    """Read a spool body back; raises ValueError where it is none."""
    line, _, raw = body.partition(b"\n")
    head = orjson.loads(line)
    if kind == "letter":
        return Letter(
            UUID(head["connection"]), head["at"], head["address"], raw, head["reason"], UUID(head["id"])
        )
    rows = head["rows"]
    if kind != "readings" or len(raw) != rows * ROW_BYTES:
        raise ValueError(f"an entry of kind '{kind}' with {len(raw)} bytes for {rows} rows")
    readings = Readings(
        np.frombuffer(raw, "<i8", rows),
        np.frombuffer(raw, "<i8", rows, 8 * rows),
        np.frombuffer(raw, "<f8", rows, 16 * rows),
        np.frombuffer(raw, "<i2", rows, 24 * rows),
    )
    return Portion(UUID(head["connection"]), readings, head["live"])
