"""JSON messages on their way from a wire to the sink."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.mqtt.acknowledge import Done, after
from ingest.mqtt.decode import Decoder, Message, Seen, Unknown, shapes_of
from ingest.plan import Channel, Connection
from ingest.ports import Numbered, Sink


class JsonHandler:
    """Decodes, hands over, and says what could not be used."""

    def __init__(self, connection: Connection, channels: tuple[Channel, ...], sink: Sink) -> None:
        """Compile the templates; raises Refused naming what is wrong with them."""
        shapes = shapes_of(connection.address)
        self.filters = tuple(dict.fromkeys(shape.filter for shape in shapes))
        self._id = connection.id
        self._decoder = Decoder(shapes, channels)
        self._sink = sink

    def take(self, topic: str, payload: bytes, *, is_retained: bool, done: Done | None) -> None:
        """Decode one message and hand it to the sink."""
        try:
            message = self._decoder.decode(topic, payload, now_us=clock.now_us())
        except Unknown as error:
            self._offer(topic, str(error.context["device"]), error.context["seen"])
            self._refuse(payload, topic, error.message, done)
            return
        except Refused as error:
            self._refuse(payload, topic, error.message, done)
            return
        if message.unmapped:
            self._offer(topic, message.device, message.unmapped)
        if is_retained and not message.has_time:
            self._refuse(payload, topic, "a retained message without its own time is no news", done)
            return
        self._hand_over(message, topic, payload, done)

    def connected(self, publish: Callable[[str, bytes, int], None]) -> None:
        """Nothing to say."""

    def tick(self) -> None:
        """Nothing is due."""

    def _hand_over(self, message: Message, topic: str, payload: bytes, done: Done | None) -> None:
        number = None
        if message.sequence is not None:
            number = Numbered(message.device, message.sequence, message.read_at_us)
        if not message.refusals:
            self._sink.put(message.readings, connection_id=self._id, done=done, number=number)
            return
        reason = "; ".join(message.refusals[:5])
        both = after(2, done)
        self._sink.put(message.readings, connection_id=self._id, done=both, number=number)
        self._refuse(payload, topic, reason, both)

    def _offer(self, topic: str, device: str, seen: Mapping[str, Seen]) -> None:
        """Offer what nobody reads; the sample holds the address of the channel that would."""
        for name, (value, address) in seen.items():
            sample = {"topic": topic, "device": device, "member": name, "value": value, "channel": address}
            self._sink.sighted(self._id, address=f"{device}/{name}" if name else device, sample=sample)

    def _refuse(self, payload: bytes, topic: str, reason: str, done: Done | None) -> None:
        self._sink.refuse(payload, connection_id=self._id, address=topic, reason=reason, done=done)


def replay(
    connection: Connection, channels: tuple[Channel, ...], address: str, payload: bytes, *, now_us: int
) -> tuple[Any, list[str]]:
    """Decode a dead letter again by the connection's present templates and channels.

    returns: the readings (see `ingest.ports.Readings`), and what still cannot be used, in words
    raises Refused where nothing can be used
    """
    message = Decoder(shapes_of(connection.address), channels).decode(address, payload, now_us=now_us)
    return message.readings, message.refusals
