"""Modbus servers the product's library had no part in, and plans that read them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from ingest.plan import Channel, Connection, Plan
from tests.counterparts import HERE, Counterpart, build_modbus_server, node, running


def words(fmt: str, value: float, order: str = "abcd") -> list[int]:
    """Return a value's registers in the given order of bytes, built without the product's code."""
    raw = struct.pack(">" + fmt, value)
    pairs = [raw[i : i + 2] for i in range(0, len(raw), 2)]
    if order in ("cdab", "dcba"):
        pairs.reverse()
    if order in ("badc", "dcba"):
        pairs = [pair[::-1] for pair in pairs]
    return [int.from_bytes(pair, "big") for pair in pairs]


def connection(port: int, **changes: Any) -> Connection:
    """Return a connection to a server on this machine, polled fast."""
    return Connection(
        **{
            "id": uuid4(),
            "protocol": "modbus",
            "name": "gateway",
            "address": {"host": "127.0.0.1", "port": port},
            "poll_seconds": 0.1,
            "timeout_seconds": 0.3,
        }
        | changes
    )


def channel(connection_id: UUID, point_key: int, address: dict[str, Any], **changes: Any) -> Channel:
    """Return a channel; `changes` go to its fields."""
    return Channel(point_key=point_key, connection_id=connection_id, address=address, **changes)


def plan_of(port: int, *channels: tuple[dict[str, Any], dict[str, Any]], **changes: Any) -> Plan:
    """Return a plan of one gateway; channels are (address, fields), points count from 1."""
    here = connection(port, **changes)
    return Plan.of(
        [here], [channel(here.id, key, address, **rest) for key, (address, rest) in enumerate(channels, 1)]
    )


@pytest.fixture(scope="session")
def c_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C server, compiled once."""
    return build_modbus_server(tmp_path_factory.mktemp("libmodbus"))


@pytest.fixture
def libmodbus(
    c_program: Path, tmp_path: Path
) -> Iterator[Callable[[dict[tuple[str, int], int]], Counterpart]]:
    """Start a libmodbus server holding {(space, address): word}."""
    with ExitStack() as servers:

        def start(held: dict[tuple[str, int], int]) -> Counterpart:
            path = tmp_path / "map.csv"
            path.write_text("".join(f"{space},{address},{word}\n" for (space, address), word in held.items()))
            return servers.enter_context(running(c_program, "{port}", path))

        yield start


@pytest.fixture
def modbus_serial(tmp_path: Path) -> Iterator[Callable[[dict[int, dict[str, Any]]], Counterpart]]:
    """Start a modbus-serial gateway with {unit id: what it holds and how it behaves}."""
    with ExitStack() as servers:

        def start(units: dict[int, dict[str, Any]]) -> Counterpart:
            path = tmp_path / "plan.json"
            path.write_text(json.dumps({"units": units}))
            return servers.enter_context(running(node(), HERE / "modbus_server.cjs", "{port}", path))

        yield start
