"""Devices for the ingest bench: `python -m tests.bench.publisher PORT TOPIC DEVICES TAGS RATE SECONDS`.

A bare MQTT 3.1.1 client: the bench is to measure the product, not the publisher's library. QoS 1, at most
WINDOW messages unacknowledged; prints how many the broker acknowledged and the seconds that took.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import time

import orjson

WINDOW = 5_000
TICK_S = 0.01


def main(port: int, topic: str, devices: int, tags: int, rate: float, seconds: float) -> None:
    """Publish `rate` messages a second for so long, each with `tags` readings."""
    wire = socket.create_connection(("127.0.0.1", port))
    name = f"bench-{topic}".encode()
    body = struct.pack("!H4sBBHH", 4, b"MQTT", 4, 2, 60, len(name)) + name
    wire.sendall(b"\x10" + _length(len(body)) + body)
    wire.recv(4)
    sent = acknowledged = 0
    began = time.monotonic()
    until = began + seconds
    while (now := time.monotonic()) < until:
        due = min(int((now - began) * rate), acknowledged + WINDOW)
        if due > sent:
            at_ms = time.time_ns() // 1_000_000
            wire.sendall(b"".join(_message(topic, n, devices, tags, at_ms) for n in range(sent, due)))
            sent = due
        acknowledged += _acknowledgements(wire, TICK_S)
    while acknowledged < sent:
        acknowledged += _acknowledgements(wire, 1.0)
    print(orjson.dumps({"messages": acknowledged, "seconds": time.monotonic() - began}).decode())


def _message(topic: str, number: int, devices: int, tags: int, at_ms: int) -> bytes:
    said = {
        "ts": at_ms,
        "n": number // devices,
        "v": {f"p{i}": (number * 7 + i) % 1000 / 10 for i in range(tags)},
    }
    name = f"{topic}/d{number % devices}".encode()
    body = struct.pack("!H", len(name)) + name + struct.pack("!H", number % 65_535 + 1) + orjson.dumps(said)
    return b"\x32" + _length(len(body)) + body


def _acknowledgements(wire: socket.socket, seconds: float) -> int:
    """Read what the broker acknowledged meanwhile: each is four bytes."""
    readable, _, _ = select.select([wire], [], [], seconds)
    if not readable:
        return 0
    raw = wire.recv(262_144)
    while len(raw) % 4:
        raw += wire.recv(4 - len(raw) % 4)
    return len(raw) // 4


def _length(value: int) -> bytes:
    parts = bytearray()
    while True:
        value, low = divmod(value, 128)
        parts.append(low | (128 if value else 0))
        if not value:
            return bytes(parts)


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        sys.argv[2],
        int(sys.argv[3]),
        int(sys.argv[4]),
        float(sys.argv[5]),
        float(sys.argv[6]),
    )
