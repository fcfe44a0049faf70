"""How many points a second Modbus and OPC UA bring in, against the bare libraries: `script/bench field`.

The counterparts are libmodbus and node-opcua on this machine; "limit" is pymodbus or asyncua alone, asking
for the same registers or subscribing to the same variables, with nothing checked, decoded or handed over.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from uuid import uuid4

from asyncua import Client, ua
from pymodbus.client import AsyncModbusTcpClient

from ingest.modbus.run import run as run_modbus
from ingest.opcua.run import run as run_opcua
from ingest.plan import Channel, Connection, Plan
from ingest.ports import Readings
from tests.counterparts import HERE, build_modbus_server, node, running
from tests.ingest.recording import RecordingSink, Running

SECONDS = 6.0
UNITS, POINTS_OF_A_UNIT = 10, 120
CROWD = 1000


class CountingSink(RecordingSink):
    """Counts readings instead of keeping them."""

    count = 0

    def put(self, readings: Readings, **_: object) -> None:
        """Count."""
        self.count += len(readings)


def line(case: str, value: float, unit: str, limit: float) -> None:
    """Print one result."""
    result = {
        "bench": "field", "case": case, "value": round(value), "unit": unit, "limit": round(limit),
        "ratio": round(value / limit, 2), "goal": None, "met": None,
    }  # fmt: skip
    print(json.dumps(result), flush=True)


async def rate(run, plan: Plan) -> float:
    """Return how many readings a second a plan brings in, once it flows."""
    running_plan = Running(run, plan)
    running_plan.sink = sink = CountingSink()
    async with running_plan:
        while sink.count == 0:
            await asyncio.sleep(0.01)
        before, began = sink.count, time.perf_counter()
        await asyncio.sleep(SECONDS)
        return (sink.count - before) / (time.perf_counter() - began)


async def modbus(folder: Path) -> None:
    """Ten units of 120 float32 values behind one gateway, asked as fast as they answer."""
    (folder / "map.csv").write_text(
        "".join(f"h,{i},{16_000 + i % 500}\n" for i in range(2 * POINTS_OF_A_UNIT))
    )
    with running(build_modbus_server(folder), "{port}", folder / "map.csv") as server:
        here = Connection(uuid4(), "modbus", "gateway", {"host": "127.0.0.1", "port": server.port}, 0.001)
        channels = [
            Channel(
                1000 * unit + i,
                here.id,
                {"unit": unit, "function": 3, "register": 2 * i},
                {"type": "float32"},
            )
            for unit in range(1, UNITS + 1)
            for i in range(POINTS_OF_A_UNIT)
        ]
        ours = await rate(run_modbus, Plan.of([here], channels))
        line("Modbus TCP, one gateway", ours, "points/s", await _bare_modbus(server.port))


async def _bare_modbus(port: int) -> float:
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()
    began, points = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        for start in range(0, 2 * POINTS_OF_A_UNIT, 124):
            count = min(124, 2 * POINTS_OF_A_UNIT - start)
            reply = await client.read_holding_registers(start, count=count)
            points += len(reply.registers) // 2
    client.close()
    return points / SECONDS


async def opcua(folder: Path) -> None:
    """A thousand variables that all change ten times a second."""
    with running(node(), HERE / "opcua_server.cjs", "{port}", folder / "pki", str(CROWD)) as server:
        url = f"opc.tcp://127.0.0.1:{server.port}/UA/meters"
        address = {"url": url, "policy": "None", "publish_seconds": 0.1, "browse": False}
        here = Connection(uuid4(), "opcua", "plant", address)
        names = [f"ns=1;s=Crowd.C{i}" for i in range(CROWD)]
        channels = [Channel(i, here.id, {"node": name}) for i, name in enumerate(names, 1)]
        ours = await rate(partial(run_opcua, home=folder), Plan.of([here], channels))
        line("OPC UA, one server", ours, "changes/s", await _bare_opcua(url, names))


async def _bare_opcua(url: str, names: list[str]) -> float:
    counted = _Counted()
    async with Client(url) as client:
        subscription = await client.create_subscription(100, counted)
        await subscription.subscribe_data_change(
            [client.get_node(ua.NodeId.from_string(name)) for name in names], sampling_interval=100
        )
        before = counted.count
        await asyncio.sleep(SECONDS)
        return (counted.count - before) / SECONDS


class _Counted:
    """A bare subscription's handler."""

    count = 0

    def datachange_notification(self, *_: object) -> None:
        """Count."""
        self.count += 1


def main(wanted: list[str]) -> None:
    """Run the wanted cases, all without a name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, case in {"modbus": modbus, "opcua": opcua}.items():
            if not wanted or name in wanted:
                asyncio.run(case(Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
