"""The energy centre's control system: an OPC UA server with a variable per point, renewed every 5 s.

Control door: the writable string variable `control.fault` names points (comma separated) that report
BadDeviceFailure instead of a value.
"""

import asyncio
from datetime import datetime

from asyncua import Server, ua

from backend.demo import channels
from backend.demo.devices.live import Live
from backend.demo.devices.mqtt import wait

EVERY_S = 5.0
CONTROL = "control.fault"
_BAD = ua.StatusCode(ua.StatusCodes.BadDeviceFailure)


class ControlSystem:
    """The server's variables and how they are renewed."""

    def __init__(self, server: Server, live: Live) -> None:
        self._server = server
        self._live = live
        self._points = channels.of_connection("opcua.centre")
        self._nodes: dict[str, ua.NodeId] = {}

    async def build(self) -> None:
        """Create a folder per machine and a variable per point, named like the points."""
        index = await self._server.register_namespace(channels.OPCUA_NAMESPACE)
        folders = {}
        for point in self._points:
            if point.position not in folders:
                folders[point.position] = await self._server.nodes.objects.add_folder(
                    ua.NodeId(point.position, index), ua.QualifiedName(point.position, index)
                )
            name = ua.QualifiedName(point.key, index)
            node = await folders[point.position].add_variable(ua.NodeId(point.key, index), name, 0.0)
            self._nodes[point.key] = node.nodeid
        self._door = await self._server.nodes.objects.add_variable(
            ua.NodeId(CONTROL, index), f"{index}:{CONTROL}", ""
        )
        await self._door.set_writable()

    async def renew(self) -> None:
        """Write what the machines show now into the variables."""
        values, at = self._live.values(), self._live.read_at
        faulty = {key.strip() for key in str(await self._door.read_value()).split(",")}
        for key, node in self._nodes.items():
            await self._server.write_attribute_value(node, _shown(values[key], at, is_faulty=key in faulty))


def _shown(value: float, at: datetime, *, is_faulty: bool) -> ua.DataValue:
    stamp = at.replace(tzinfo=None)
    if is_faulty:
        return ua.DataValue(
            ua.Variant(None, ua.VariantType.Null), _BAD, SourceTimestamp=stamp, ServerTimestamp=stamp
        )
    variant = ua.Variant(value, ua.VariantType.Double)
    return ua.DataValue(
        variant, ua.StatusCode(ua.StatusCodes.Good), SourceTimestamp=stamp, ServerTimestamp=stamp
    )


async def serve(port: int, live: Live, stop: asyncio.Event) -> None:
    """Serve on 127.0.0.1 until `stop` is set."""
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/lanwan")
    server.set_server_name("Lanwan Energy Centre (simulated)")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    system = ControlSystem(server, live)
    await system.build()
    await system.renew()
    async with server:
        while not stop.is_set():
            await system.renew()
            await wait(stop, EVERY_S)
