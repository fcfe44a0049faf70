"""JSON messages on their way from a wire to the sink."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.mqtt.acknowledge import Done, after
from ingest.mqtt.decode import Decoder, Message, Seen, Unknown, shapes_of
from ingest.plan import Channel, Connection
from ingest.ports import Numbered, Readings, Sink
from ingest.rules import GOOD, UNCERTAIN

RETAINED = "a retained message without its own time is no news"


class JsonHandler:
    """Decodes, hands over, and says what could not be used."""

    def __init__(self, connection: Connection, channels: tuple[Channel, ...], sink: Sink) -> None:
        """Compile the templates; raises Refused naming what is wrong with them."""
        shapes = shapes_of(connection.address)
        self.filters = tuple(dict.fromkeys(shape.filter for shape in shapes))
        self._id = connection.id
        self._decoder = Decoder(shapes, channels)
        self._sink = sink

    @property
    def error(self) -> str | None:
        """Which channels cannot be used, in words."""
        return "; ".join(self._decoder.refused[:3]) or None

    def take(
        self, topic: str, payload: bytes, *, is_retained: bool, done: Done | None, is_late: bool = False
    ) -> None:
        """Decode one message and hand it to the sink."""
        now_us = clock.now_us()
        known = {"at_us": now_us, "is_retained": is_retained, "is_late": is_late}
        try:
            message = self._decoder.decode(topic, payload, now_us=now_us)
        except Unknown as error:
            self._offer(topic, str(error.context["device"]), error.context["seen"])
            self._refuse(payload, topic, error.message, done, known)
            return
        except Refused as error:
            self._refuse(payload, topic, error.message, done, known)
            return
        if message.unmapped:
            self._offer(topic, message.device, message.unmapped)
        if is_retained and not message.has_time:
            self._refuse(payload, topic, RETAINED, done, known)
            return
        is_doubtful = is_late and not message.has_time
        if is_doubtful:
            message.readings = doubted(message.readings)
        self._hand_over(message, topic, payload, done, known, is_live=not is_doubtful)

    def connected(self, publish: Callable[[str, bytes, int], None]) -> None:
        """Nothing to say."""

    def leaving(self, publish: Callable[[str, bytes, int], None]) -> None:
        """Nothing to say."""

    def tick(self) -> None:
        """Nothing is due."""

    def _hand_over(
        self, message: Message, topic: str, payload: bytes, done: Done | None, known: Mapping[str, Any], *,
        is_live: bool,
    ) -> None:  # fmt: skip
        how = {"connection_id": self._id, "live": is_live}
        number = None
        if message.sequence is not None:
            number = Numbered(message.device, message.sequence, message.read_at_us)
        if not message.refusals:
            self._sink.put(message.readings, done=done, number=number, **how)
            return
        reason = "; ".join(message.refusals[:5])
        both = after(2, done)
        self._sink.put(message.readings, done=both, number=number, **how)
        self._refuse(payload, topic, reason, both, known)

    def _offer(self, topic: str, device: str, seen: Mapping[str, Seen]) -> None:
        """Offer what nobody reads; the sample holds the address of the channel that would."""
        for name, (value, address) in seen.items():
            sample = {"topic": topic, "device": device, "member": name, "value": value, "channel": address}
            self._sink.sighted(self._id, address=f"{device}/{name}" if name else device, sample=sample)

    def _refuse(
        self, payload: bytes, topic: str, reason: str, done: Done | None, known: Mapping[str, Any]
    ) -> None:
        self._sink.refuse(
            payload, connection_id=self._id, address=topic, reason=reason, done=done, known=known
        )


def doubted(readings: Readings) -> Readings:
    """Return readings whose instants are not their own: what was good is uncertain."""
    quality = np.where(readings.quality == GOOD, UNCERTAIN, readings.quality).astype(np.int16)
    return Readings(readings.point_key, readings.read_at_us, readings.value, quality)


def replay(
    connection: Connection, channels: tuple[Channel, ...], address: str, payload: bytes,
    known: Mapping[str, Any] | None, *, now_us: int,
) -> tuple[Readings, list[str]]:  # fmt: skip
    """Decode a dead letter again by the connection's present templates and channels.

    known: what was kept with it: when it came, whether it was retained or had waited at the broker
    now_us: when it came, where that was not kept [microseconds since the Unix epoch]
    returns: the readings (see `ingest.ports.Readings`), and what still cannot be used, in words
    raises Refused where nothing can be used
    """
    came = known or {}
    decoder = Decoder(shapes_of(connection.address), channels)
    message = decoder.decode(address, payload, now_us=came.get("at_us", now_us))
    if came.get("is_retained") and not message.has_time:
        raise Refused(RETAINED)
    is_doubtful = came.get("is_late") and not message.has_time
    return doubted(message.readings) if is_doubtful else message.readings, message.refusals
