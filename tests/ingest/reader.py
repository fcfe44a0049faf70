"""A process that reads one Modbus register or OPC UA variable and prints what comes, to be killed by tests.

usage: python -m tests.ingest.reader modbus|opcua PORT HOME
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from ingest.loop import until_signalled
from ingest.modbus.run import run as run_modbus
from ingest.opcua.run import run as run_opcua
from ingest.plan import Channel, Connection, Plan
from ingest.ports import Readings
from tests.ingest.recording import RecordingSink


class PrintingSink(RecordingSink):
    """Prints a line for each reading."""

    def put(self, readings: Readings, **_: Any) -> None:
        """Print."""
        for value in readings.value:
            print(value, flush=True)


def main(protocol: str, port: str, home: str) -> None:
    """Read until killed."""
    if protocol == "modbus":
        connection = Connection(uuid4(), protocol, "wire", {"host": "127.0.0.1", "port": int(port)}, 0.05)
        address, run = {"unit": 1, "function": 3, "register": 7}, run_modbus
    else:
        url = f"opc.tcp://127.0.0.1:{port}/UA/meters"
        connection = Connection(
            uuid4(), protocol, "wire", {"url": url, "policy": "None", "publish_seconds": 0.1}
        )
        address, run = {"node": "ns=1;s=E01.Counter"}, partial(run_opcua, home=Path(home))
    plan = Plan.of([connection], [Channel(1, connection.id, address)])
    until_signalled(lambda stop: run(plan, PrintingSink(), stop))


async def read_and_be_killed(protocol: str, port: int, home: Path, *, lines: int, seconds: float) -> None:
    """Start a reader, wait until it has read something, kill it; fails where nothing comes in time."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.ingest.reader", protocol, str(port), str(home), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(seconds):
            for _ in range(lines):
                assert await process.stdout.readline()
    finally:
        process.kill()
        await process.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
