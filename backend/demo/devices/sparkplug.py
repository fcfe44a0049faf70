"""The living park's meters behind a Sparkplug B edge node: births with names, then data by alias every 10 s.

All values are doubles. The node answers a rebirth command by introducing itself again, and says by its last
will, numbered by `bdSeq`, that it is gone.
"""

import asyncio
import threading
from collections.abc import Iterable

import paho.mqtt.client as mqtt

from backend.demo import channels
from backend.demo.devices.live import Live
from backend.demo.devices.mqtt import by_device, connect, wait
from backend.demo.meters import microseconds
from backend.kernel import clock
from ingest.mqtt.sparkplug.codec import BD_SEQ, REBIRTH, DataType, Metric, Payload, decode, encode

EVERY_S = 10.0
_PREFIX = f"spBv1.0/{channels.GROUP}"


def _now_ms() -> int:
    return microseconds(clock.now()) // 1000


class EdgeNode:
    """Births, data and death of one edge node. Two threads speak; `_lock` keeps the order of numbers."""

    def __init__(self, client: mqtt.Client, live: Live) -> None:
        self._client = client
        self._live = live
        self._devices = by_device("sparkplug.living", {"register", "instant"})
        self._aliases = {
            point.key: number
            for number, point in enumerate(p for points in self._devices.values() for p in points)
        }
        self._lock = threading.Lock()
        self._seq = 0
        self._bd_seq = _now_ms() // 1000 % 256
        self._will()
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def _will(self) -> None:
        death = Payload((Metric(BD_SEQ, self._bd_seq, DataType.INT64),), _now_ms())
        self._client.will_set(f"{_PREFIX}/NDEATH/{channels.NODE}", encode(death), qos=1)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(f"{_PREFIX}/NCMD/{channels.NODE}", qos=1)
        self.introduce()

    def _on_disconnect(self, *_: object) -> None:
        self._bd_seq = (self._bd_seq + 1) % 256
        self._will()

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        if any(metric.name == REBIRTH and metric.value for metric in decode(message.payload).metrics):
            self.introduce()

    def introduce(self) -> None:
        """Send the births of the node and of every device behind it."""
        with self._lock:
            self._seq = -1
            node = (
                Metric(BD_SEQ, self._bd_seq, DataType.INT64),
                Metric(REBIRTH, False, DataType.BOOLEAN),
            )
            self._send("NBIRTH", None, node)
            values, at_ms = self._shown()
            for device, points in self._devices.items():
                born = [
                    Metric(p.measure, values[p.key], DataType.DOUBLE, self._aliases[p.key], at_ms)
                    for p in points
                ]
                self._send("DBIRTH", device, born)

    def publish(self) -> None:
        """Send what every device shows now."""
        with self._lock:
            values, at_ms = self._shown()
            for device, points in self._devices.items():
                data = [
                    Metric("", values[p.key], DataType.DOUBLE, self._aliases[p.key], at_ms) for p in points
                ]
                self._send("DDATA", device, data)

    def leave(self) -> None:
        """Say goodbye properly: an orderly disconnect sends no last will."""
        with self._lock:
            death = Payload((Metric(BD_SEQ, self._bd_seq, DataType.INT64),), _now_ms())
            sent = self._client.publish(f"{_PREFIX}/NDEATH/{channels.NODE}", encode(death), qos=1)
        if self._client.is_connected():
            sent.wait_for_publish(2.0)

    def _shown(self) -> tuple[dict[str, float], int]:
        values = self._live.values()
        return values, microseconds(self._live.read_at) // 1000

    def _send(self, kind: str, device: str | None, metrics: Iterable[Metric]) -> None:
        self._seq = (self._seq + 1) % 256
        topic = f"{_PREFIX}/{kind}/{channels.NODE}" + (f"/{device}" if device else "")
        self._client.publish(topic, encode(Payload(tuple(metrics), _now_ms(), self._seq)), qos=0)


async def serve(url: str, live: Live, stop: asyncio.Event) -> None:
    """Publish until `stop` is set; a broker that is away is waited for."""
    client = connect(url, "lanwan-living-park")
    node = EdgeNode(client, live)
    client.loop_start()
    try:
        while not stop.is_set():
            await wait(stop, EVERY_S)
            if client.is_connected() and not stop.is_set():
                node.publish()
        node.leave()
    finally:
        client.disconnect()
        client.loop_stop()
