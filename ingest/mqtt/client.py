"""paho's client with a shorter way for messages that come in and acknowledgements that go out.

paho asks the system four times for every packet, waits for the socket between two packets, and builds a table
of properties for messages that have none: more than half of what a worker's processor did (measured by
`script/bench ingest mqtt`). Here all that has arrived is read at once and usual messages are taken apart on the
spot; anything else is handed to paho as if it had read it itself. paho's version is locked; the tests of this
folder run against a real broker.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.client import MQTT_ERR_AGAIN, MQTT_ERR_CONN_LOST, MQTT_ERR_PROTOCOL, MQTT_ERR_SUCCESS
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes

READ_BYTES = 131_072
PUBLISH_AT_LEAST_ONCE = 0x32
"""First byte of a message with QoS 1, without the marks 'again' and 'retained'."""

MARKS = 0x09
RETAINED = 0x01
NO_PROPERTIES = b"\x00"
PUBACK = PacketTypes.PUBACK << 4
WAKE = b"\x00"
NOTHING: Any = {
    "command": 0, "have_remaining": 0, "remaining_count": [], "remaining_mult": 1, "remaining_length": 0,
    "packet": b"", "to_process": 0, "pos": 0,
}  # fmt: skip
"""What paho keeps of a packet it has not begun to read."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message, by the names paho gives its own."""

    mid: int
    raw_topic: bytes
    payload: bytes
    retain: bool
    qos: int = 1

    @property
    def topic(self) -> str:
        """The topic; raises UnicodeDecodeError where it is none."""
        return self.raw_topic.decode()


class Client(paho.Client):
    """A client of MQTT 5 whose messages are acknowledged by hand; its `on_message` lets no exception out."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        """Make it as paho's."""
        super().__init__(*arguments, **more)
        self._arrived = b""

    def reconnect(self) -> MQTTErrorCode:
        """Connect anew; half a packet from before means nothing."""
        self._arrived = b""
        return super().reconnect()

    def _packet_read(self) -> MQTTErrorCode:
        """Read what has arrived and handle every packet that is complete."""
        try:
            some = self._sock_recv(READ_BYTES)
        except BlockingIOError:
            return MQTT_ERR_AGAIN
        except OSError:
            return MQTT_ERR_CONN_LOST
        if not some:
            return MQTT_ERR_CONN_LOST
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        self._arrived += some
        return self._handle_all()

    def _handle_all(self) -> MQTTErrorCode:
        data, at = self._arrived, 0
        result = MQTT_ERR_SUCCESS
        while result == MQTT_ERR_SUCCESS and self._sock is not None:
            try:
                found = bounds(data, at)
            except ValueError:
                return MQTT_ERR_PROTOCOL
            if found is None:
                break
            start, end = found
            result = self._handle_one(data[at], data[start:end])
            at = end
        self._arrived = data[at:]
        return result

    def _handle_one(self, command: int, body: bytes) -> MQTTErrorCode:
        if command & ~MARKS == PUBLISH_AT_LEAST_ONCE:
            after = 2 + int.from_bytes(body[:2], "big")
            if body[after + 2 : after + 3] == NO_PROPERTIES:
                mid, is_retained = int.from_bytes(body[after : after + 2], "big"), bool(command & RETAINED)
                message: Any = Arrived(mid, body[2:after], body[after + 3 :], is_retained)
                self.on_message(self, self._userdata, message)  # type: ignore[misc]  # the wire always sets it
                return MQTT_ERR_SUCCESS
        packet = bytearray(body)
        self._in_packet = {**NOTHING, "command": command, "remaining_length": len(body), "packet": packet}
        try:
            return self._packet_handle()
        except paho.MalformedPacket:
            return MQTT_ERR_PROTOCOL
        finally:
            self._in_packet = {**NOTHING, "packet": bytearray()}

    def _packet_queue(
        self, command: int, packet: bytes | bytearray, mid: int, qos: int, info: Any = None
    ) -> MQTTErrorCode:
        """Have a packet sent. Behind another that waits an acknowledgement need not wake the thread that sends."""
        if command != PUBACK or self._sockpairW is None:
            return super()._packet_queue(command, packet, mid, qos, info)
        waiting: Any = {"command": command, "mid": mid, "qos": qos, "pos": 0, "to_process": len(packet)}
        self._out_packet.append({**waiting, "packet": packet, "info": info})
        if len(self._out_packet) == 1:  # else the thread is sending, and goes on until nothing waits
            with suppress(BlockingIOError):
                self._sockpairW.send(WAKE)
        return MQTT_ERR_SUCCESS

    def _packet_write(self) -> MQTTErrorCode:
        """Send what waits; acknowledgements that wait one after another go as one piece."""
        waiting, some = self._out_packet, []
        while waiting and waiting[0]["command"] == PUBACK:
            some.append(waiting.popleft())
        if some:
            rest = b"".join(bytes(one["packet"][one["pos"] :]) for one in some)
            waiting.appendleft({**some[0], "packet": rest, "pos": 0, "to_process": len(rest)})
        return super()._packet_write()


def bounds(data: bytes, at: int) -> tuple[int, int] | None:
    """Return where the body of the packet at `at` starts and ends; None while it is not all there.

    raises ValueError where its length is none
    """
    length = shift = 0
    for place in range(at + 1, min(at + 5, len(data))):
        length |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:
            end = place + 1 + length
            return (place + 1, end) if end <= len(data) else None
        shift += 7
    if len(data) >= at + 5:
        raise ValueError("a packet's length has four bytes at most")
    return None
