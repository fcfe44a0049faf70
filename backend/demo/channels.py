"""How every point of the demo region is read: the addresses that loader and field devices share.

Modbus: a unit id per meter and the measure's name in its family's table. OPC UA: a node named like the point.
MQTT: one topic per device with named values. Sparkplug: one edge node, a device per meter, a metric per
point.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from backend.demo.region import points
from backend.demo.spec import DeviceSpec, PointSpec

OPCUA_NAMESPACE = "urn:lanwan:energy-centre"
TOPIC = "lanwan/{device}/telemetry"
SOLD_TOPIC = "lanwan/{seller}/quarter-hours"
GROUP, NODE = "lanwan", "living-park"


@dataclass(frozen=True)
class ChannelSpec:
    """How one point is read: address on its connection."""

    point: str
    connection: str
    address: dict[str, Any]


@cache
def devices() -> dict[str, DeviceSpec]:
    """Return every device by its key."""
    from backend.demo import points_customers, points_plant

    return {device.key: device for device in points_plant.devices() + points_customers.devices()}


@cache
def units(connection: str) -> dict[str, int]:
    """Return the Modbus unit id of each device behind a gateway, counted from 1."""
    keys = dict.fromkeys(point.device for point in points() if point.connection == connection)
    return {key: number for number, key in enumerate(keys, start=1)}


def address(point: PointSpec) -> dict[str, Any]:
    """Return where a point stands on its connection."""
    protocol = point.connection.split(".")[0]
    if protocol == "modbus":
        unit = units(point.connection)[point.device]
        return {"unit": unit, "family": devices()[point.device].family, "measure": point.measure}
    if protocol == "opcua":
        return {"node": f"nsu={OPCUA_NAMESPACE};s={point.key}"}
    if protocol == "sparkplug":
        return {"device": point.device, "metric": point.measure}
    return {"seller" if point.kind == "interval" else "device": point.device, "path": point.measure}


def channels() -> list[ChannelSpec]:
    """Return the channel of every point."""
    return [ChannelSpec(point.key, point.connection, address(point)) for point in points()]


def of_connection(connection: str) -> list[PointSpec]:
    """Return the points read through one connection."""
    return [point for point in points() if point.connection == connection]


def connection_address(connection: str, ports: dict[str, int]) -> dict[str, Any]:
    """Return where a connection is, as `ingest/<protocol>` wants it. ports: of our servers, by connection"""
    protocol = connection.split(".")[0]
    if protocol == "modbus":
        return {"host": "127.0.0.1", "port": ports[connection]}
    if protocol == "opcua":
        return {"url": f"opc.tcp://127.0.0.1:{ports[connection]}/lanwan", "policy": "None"}
    if protocol == "sparkplug":
        return {"group": GROUP, "node": NODE}
    telemetry = {"topic": TOPIC, "values": "values", "time": "time", "sequence": "sequence"}
    return {"messages": [telemetry, {"topic": SOLD_TOPIC, "values": "values", "time": "time"}]}
