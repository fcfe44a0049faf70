"""Sub-meters, renewables, battery and weather station: JSON over MQTT, one topic per device.

Every 15 s a device says `{"time": …, "sequence": n, "values": {measure: value}}` on
`lanwan/<device>/telemetry`; the charging hub also says what it sold in each quarter hour, labelled by its
start. Control door: publish `{"device": …, "fault": "silent" | "garbled" | null}` to `lanwan/control`.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

from backend.demo import channels
from backend.demo.devices.live import Live
from backend.demo.spec import PointSpec

EVERY_S = 15.0
CONTROL = "lanwan/control"
LOOSE = frozenset({"charging.electricity.slow"})
"""Devices on a loose plug: five minutes in ten nothing arrives, so that there is something to find."""
_LOOSE_MINUTES = range(3, 8)
STRANGERS = {"annex": {"energy": 128.4, "power": 3.1}}
"""Devices nobody has mapped yet: they say one thing at the start, to be offered for adoption."""


def connect(url: str, client_id: str, **options: Any) -> mqtt.Client:
    """Return an MQTT 5 client that keeps trying to reach the broker at `url` (`mqtt://host:port`)."""
    place = urlsplit(url)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
    if place.username:
        client.username_pw_set(place.username, place.password)
    for name, value in options.items():
        setattr(client, name, value)
    client.reconnect_delay_set(1, 10)
    client.connect_async(place.hostname or "localhost", place.port or 1883, keepalive=30)
    return client


def by_device(connection: str, kinds: set[str]) -> dict[str, list[PointSpec]]:
    """Return {device key: its points of these kinds} of one connection."""
    found: dict[str, list[PointSpec]] = {}
    for point in channels.of_connection(connection):
        if point.kind in kinds:
            found.setdefault(point.device, []).append(point)
    return found


class Telemetry:
    """Publishes what the JSON devices show."""

    def __init__(self, client: mqtt.Client, live: Live, *, loose: frozenset[str] = LOOSE) -> None:
        self._client = client
        self._live = live
        self._loose = loose
        self._strangers = dict(STRANGERS)
        self._devices = by_device("mqtt.meters", {"register", "instant", "state"})
        self._sellers = by_device("mqtt.meters", {"interval"})
        self._sequence = dict.fromkeys(self._devices, 0)
        self._faults: dict[str, str] = {}
        self._sold: dict[str, Any] = {}
        client.on_connect = lambda *_: client.subscribe(CONTROL, qos=1)
        client.on_message = self._control

    def _control(self, _client, _userdata, message: mqtt.MQTTMessage) -> None:
        """Make a device faulty or well again; what is no command is passed over."""
        try:
            command = json.loads(message.payload)
            device, fault = command["device"], command["fault"]
        except (ValueError, KeyError, TypeError):
            return
        self._faults.pop(device, None)
        if fault:
            self._faults[device] = fault

    def publish(self) -> None:
        """Send one message per device, and each quarter hour once it has ended."""
        values = self._live.values()
        time = self._live.read_at.isoformat()
        for device, points in self._devices.items():
            fault = self._faults.get(device)
            self._sequence[device] += 1
            if fault == "silent" or (
                device in self._loose and self._live.read_at.minute % 10 in _LOOSE_MINUTES
            ):
                continue
            said = {
                "time": time,
                "sequence": self._sequence[device],
                "values": {p.measure: "??" if fault == "garbled" else values[p.key] for p in points},
            }
            self._send(channels.TOPIC.format(device=device), said)
        self._publish_sold()
        while self._strangers:
            device, values_there = self._strangers.popitem()
            self._send(channels.TOPIC.format(device=device), {"time": time, "values": values_there})

    def _publish_sold(self) -> None:
        for point_key, (start, amount) in self._live.last_intervals().items():
            if self._sold.get(point_key) == start:
                continue
            self._sold[point_key] = start
            point = next(p for points in self._sellers.values() for p in points if p.key == point_key)
            said = {"time": start.isoformat(), "values": {point.measure: amount}}
            self._send(channels.SOLD_TOPIC.format(seller=point.device), said)

    def _send(self, topic: str, said: Mapping[str, Any]) -> None:
        if self._client.is_connected():
            self._client.publish(topic, json.dumps(said, separators=(",", ":")), qos=1)


async def serve(url: str, live: Live, stop: asyncio.Event, *, loose: frozenset[str] = LOOSE) -> None:
    """Publish until `stop` is set; a broker that is away is waited for."""
    client = connect(url, "lanwan-meters")
    telemetry = Telemetry(client, live, loose=loose)
    client.loop_start()
    try:
        while not stop.is_set():
            if client.is_connected():
                telemetry.publish()
            await wait(stop, EVERY_S if client.is_connected() else 1.0)
    finally:
        client.disconnect()
        client.loop_stop()


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
