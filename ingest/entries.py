"""What passes through the sink, and its form in the spool. Pure.

A spool body is a line of JSON, a newline, then raw little-endian arrays or the payload itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from backend.kernel import ids
from ingest.ports import Numbered, Readings
from ingest.sequences import Heard, Sequences

ROW_BYTES = 26
READINGS = {"kind": "readings"}
"""What is known of a letter that holds readings of ours instead of a device's bytes."""

PAYLOAD_BYTES = 256
"""Of a letter's payload as much room as one reading [bytes]."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Readings of one connection.

    live: they are news, not history, and may raise alarms
    numbers: device -> numbers of the messages they came in, stored in the same transaction
    """

    connection_id: UUID
    readings: Readings
    live: bool = True
    numbers: Mapping[str, Heard] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.readings)


@dataclass(frozen=True, slots=True)
class Letter:
    """Input that cannot be used, with the reason in words.

    received_at_us: when it came in [microseconds since the Unix epoch]
    known: what a replay must know beside the bytes
    """

    connection_id: UUID
    received_at_us: int
    address: str
    payload: bytes
    reason: str
    id: UUID = field(default_factory=ids.new_id)
    known: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """One thing handed to the sink, and whom to tell once it is durable."""

    thing: Portion | Letter
    done: Callable[[], None] | None = None
    number: Numbered | None = None

    @property
    def items(self) -> int:
        """How much room it takes in a batch."""
        return len(self.thing) if isinstance(self.thing, Portion) else room_of(self.thing)


def room_of(letter: Letter) -> int:
    """Return how many readings take as much memory as a letter."""
    return max(1, len(letter.payload) // PAYLOAD_BYTES)


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


def gather(given: Sequence[Given], numbering: dict[UUID, Sequences]) -> list[Portion | Letter]:
    """Join what came from the same connection, order kept, so that it is stored and spooled at once.

    numbering: what was heard of each connection's devices before; goes on with what is new
    """
    groups: dict[tuple[UUID, bool], list[Readings]] = {}
    letters: list[Portion | Letter] = []
    numbered: set[UUID] = set()
    for one in given:
        thing = one.thing
        if isinstance(thing, Letter):
            letters.append(thing)
            continue
        groups.setdefault((thing.connection_id, thing.live), []).append(thing.readings)
        if one.number is not None:
            n = one.number
            numbering.setdefault(thing.connection_id, Sequences()).hear(n.device, n.number, n.read_at_us)
            numbered.add(thing.connection_id)
    portions: list[Portion | Letter] = []
    for (connection, live), some in groups.items():
        numbers = numbering[connection].take() if connection in numbered else {}
        portions.append(Portion(connection, join(some), live, numbers))
    return portions + letters


def joined(things: Sequence[Portion | Letter]) -> list[Portion | Letter]:
    """Join portions of the same connection, order kept: a transaction each would take much longer."""
    groups: dict[tuple[UUID, bool], list[Portion]] = {}
    for thing in things:
        if isinstance(thing, Portion):
            groups.setdefault((thing.connection_id, thing.live), []).append(thing)
    result: list[Portion | Letter] = []
    for (connection, live), portions in groups.items():
        numbers: dict[str, Heard] = {}
        for portion in portions:
            for device, heard in portion.numbers.items():
                numbers[device] = numbers[device].and_then(heard) if device in numbers else heard
        result.append(Portion(connection, join([p.readings for p in portions]), live, numbers))
    return result + [thing for thing in things if isinstance(thing, Letter)]


def halves(portion: Portion) -> tuple[Portion, Portion]:
    """Split a portion of two readings or more in two."""
    middle = len(portion) // 2
    first, second = part(portion.readings, slice(0, middle)), part(portion.readings, slice(middle, None))
    return (
        Portion(portion.connection_id, first, portion.live, portion.numbers),
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
    return Letter(portion.connection_id, now_us, "readings", orjson.dumps(rows), reason, known=READINGS)


def holds_readings(known: Mapping[str, Any] | None) -> bool:
    """Tell whether a letter is one `letter_of` made; a device may send anything, but not what we know of it."""
    return known is not None and known.get("kind") == READINGS["kind"]


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
            "reason": thing.reason, "id": str(thing.id), "known": thing.known,
        }  # fmt: skip
        return "letter", room_of(thing), orjson.dumps(head) + b"\n" + thing.payload
    readings = thing.readings
    numbers = {device: [heard.run_us, heard.ranges, heard.last_us] for device, heard in thing.numbers.items()}
    head = {
        "connection": str(thing.connection_id), "live": thing.live, "rows": len(readings), "numbers": numbers
    }  # fmt: skip
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
            UUID(head["connection"]),
            head["at"],
            head["address"],
            raw,
            head["reason"],
            UUID(head["id"]),
            head.get("known"),
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
    numbers = {
        device: Heard([(a, b) for a, b in ranges], run_us, last_us=last[0] if last else 0)
        for device, (run_us, ranges, *last) in head["numbers"].items()
    }
    return Portion(UUID(head["connection"]), readings, head["live"], numbers)
