"""Two electricity meters behind a gateway: the demo's Modbus units with their door for faults, a process of its own.

`python -m tests.counterparts.meters PORT`; what they show moves a little, as meters do.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time

from pymodbus.client import ModbusTcpClient
from pymodbus.server import ModbusTcpServer

from backend.demo import channels
from backend.demo.devices.modbus import FAULT_REGISTER, Fault, Unit

CONNECTION = "modbus.innovation"
METERS = ("datacentre.electricity", "factory.electricity")
SHOWN = {"power": 1_540.0, "voltage": 398.5, "current": 2_377.0, "energy": 81_204.5}


class Still:
    """Stands for the demo's model, which takes long to be worked out."""

    def values(self) -> dict[str, float]:
        """Return {point key: value} now."""
        wave = 1 + 0.004 * math.sin(time.time() / 7)
        return {f"{meter}.{name}": shown * wave for meter in METERS for name, shown in SHOWN.items()}


def unit_of(meter: str) -> int:
    """Return a meter's Modbus unit id."""
    return channels.units(CONNECTION)[meter]


def address_of(meter: str, name: str) -> dict[str, object]:
    """Return where one of a meter's points stands on the connection."""
    return channels.address(next(p for p in channels.of_connection(CONNECTION) if p.key == f"{meter}.{name}"))


def set_fault(port: int, meter: str, fault: Fault) -> None:
    """Break a meter, or mend it, by writing to its door."""
    with ModbusTcpClient("127.0.0.1", port=port) as client:
        answer = client.write_register(FAULT_REGISTER, int(fault), device_id=unit_of(meter))
        assert not answer.isError(), answer


async def serve(port: int) -> None:
    """Serve both meters until the process ends."""
    points = {meter: [] for meter in METERS}
    for point in channels.of_connection(CONNECTION):
        if point.device in points and point.key.rpartition(".")[2] in SHOWN:
            points[point.device].append(point)
    units = [Unit(unit_of(meter), points[meter], Still()) for meter in METERS]  # type: ignore[arg-type]  # values() is all it asks
    server = ModbusTcpServer([unit.device for unit in units], address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    print("ready", port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
