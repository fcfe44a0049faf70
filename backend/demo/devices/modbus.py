"""Modbus TCP gateways of the demo region: one server per park, a unit id per meter.

Registers are worked out when they are asked for. Each unit has a control door at holding register
`FAULT_REGISTER`,
for tests and demonstrations: 0 healthy, 1 answers "device failure", 2 keeps showing what it last showed, 3
shows zeros.
"""

import asyncio
from enum import IntEnum

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from backend.demo import channels
from backend.demo.devices.encode import EXPONENT, encode
from backend.demo.devices.live import Live
from backend.demo.spec import PointSpec
from ingest.devices.families import families

FAULT_REGISTER = 9999
_REGISTERS = FAULT_REGISTER + 1
_WRITING = (5, 6, 15, 16, 22, 23)


class Fault(IntEnum):
    """What is wrong with a unit."""

    NONE = 0
    FAILURE = 1
    FROZEN = 2
    ZERO = 3


class Unit:
    """One meter behind a gateway: fills its registers when somebody reads them."""

    def __init__(self, number: int, points: list[PointSpec], live: Live) -> None:
        self.number = number
        self._live = live
        family = families()[channels.devices()[points[0].device].family]
        self._measures = [(point.key, family.measure(point.measure)) for point in points]

    async def answer(self, function, start, address, count, registers, set_values) -> ExcCodes | None:
        """Renew the registers before they are read; act on a write to the control door (pymodbus action)."""
        fault = registers[FAULT_REGISTER - start]
        if function in _WRITING or address == FAULT_REGISTER:
            return None if address == FAULT_REGISTER else ExcCodes.ILLEGAL_ADDRESS
        if fault == Fault.FAILURE:
            return ExcCodes.DEVICE_FAILURE
        if fault != Fault.FROZEN:
            self._fill(registers, start, is_zero=fault == Fault.ZERO)
        return None

    def _fill(self, registers: list[int], start: int, *, is_zero: bool) -> None:
        values = self._live.values()
        for key, measure in self._measures:
            words = encode(0.0 if is_zero else values[key], measure)
            place = measure.register - start
            registers[place : place + len(words)] = words
            if measure.exponent_register is not None:
                registers[measure.exponent_register - start] = EXPONENT & 0xFFFF

    @property
    def device(self) -> SimDevice:
        """Return the unit as pymodbus serves it."""
        block = SimData(0, count=_REGISTERS, values=0, datatype=DataType.REGISTERS)
        return SimDevice(self.number, simdata=[block], action=self.answer)


def units(connection: str, live: Live) -> list[Unit]:
    """Return the meters behind one gateway."""
    mine = channels.of_connection(connection)
    return [
        Unit(number, [point for point in mine if point.device == key], live)
        for key, number in channels.units(connection).items()
    ]


async def serve(ports: dict[str, int], live: Live, stop: asyncio.Event) -> None:
    """Serve the gateways on 127.0.0.1 until `stop` is set. ports: connection key -> port"""
    servers = []
    for connection, port in ports.items():
        devices = [unit.device for unit in units(connection, live)]
        server = ModbusTcpServer(devices, address=("127.0.0.1", port))
        await server.serve_forever(background=True)
        servers.append(server)
    await stop.wait()
    for server in servers:
        await server.shutdown()
