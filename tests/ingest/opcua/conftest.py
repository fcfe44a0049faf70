"""An OPC UA server on node-opcua, and plans that follow it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ingest.opcua.run import run
from ingest.plan import Channel, Connection, Plan
from tests.counterparts import HERE, Counterpart, node, running
from tests.ingest.recording import Running

OPEN = {"policy": "None", "publish_seconds": 0.1, "reread_seconds": 60.0, "browse": False}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counterpart]:
    """A running node-opcua server; a test that kills it starts it again."""
    folder = tmp_path_factory.mktemp("opcua")
    with running(node(), HERE / "opcua_server.cjs", "{port}", folder) as started:
        yield started


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where our certificate is kept."""
    return tmp_path_factory.mktemp("home") / "opcua"


def plan_of(port: int, *nodes: str | tuple[str, dict[str, Any]], **address: Any) -> Plan:
    """Return a plan of one server; points count from 1 in the nodes' order (`s=` ids, namespace 1)."""
    here = Connection(
        id=uuid4(),
        protocol="opcua",
        name="plant",
        address={"url": f"opc.tcp://127.0.0.1:{port}/UA/meters"} | OPEN | address,
    )
    channels = []
    for key, wanted in enumerate(nodes, 1):
        name, fields = wanted if isinstance(wanted, tuple) else (wanted, {})
        text = name if "=" in name else f"ns=1;s={name}"
        channels.append(Channel(point_key=key, connection_id=here.id, address={"node": text}, **fields))
    return Plan.of([here], channels)


def following(plan: Plan, home: Path) -> Running:
    """Follow a plan beside the test."""
    return Running(partial(run, home=home), plan)
