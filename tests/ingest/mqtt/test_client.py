"""Packets come in pieces of any size; usual messages go the short way, anything else through paho."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Sequence
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.mqtt.client import Client, bounds


class Piecewise(Client):
    """A client that reads given pieces instead of a socket."""

    def __init__(self, pieces: Sequence[bytes] = ()) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id="t", protocol=paho.MQTTv5, manual_ack=True)
        self.pieces = list(pieces)
        self.sent: list[bytes] = []
        self.taken: list[tuple[int, str, bytes, bool]] = []
        self._sock = Mock()
        self.on_message = lambda _client, _data, m: self.taken.append((m.mid, m.topic, m.payload, m.retain))

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.pieces:
            raise BlockingIOError
        return self.pieces.pop(0)

    def _sock_send(self, buf: bytes) -> int:
        self.sent.append(bytes(buf))
        return len(buf)

    def read_all(self) -> int:
        """Read until nothing is left; return paho's word for how it went."""
        while not (result := self._packet_read()):
            pass
        return int(result)


def message(mid: int, topic: str, payload: bytes, *, first: int = 0x32, properties: bytes = b"\x00") -> bytes:
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name + struct.pack("!H", mid) + properties + payload
    length, size = bytearray(), len(body)
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([first]) + bytes([*length, size]) + body


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6), st.data())
def test_messages_in_pieces_of_any_size_are_taken_whole(payloads, data):
    stream = b"".join(message(n + 1, f"a/{n}", payload) for n, payload in enumerate(payloads))
    cuts = sorted(data.draw(st.lists(st.integers(1, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if b > a]
    client = Piecewise(pieces)
    assert client.read_all() == paho.MQTT_ERR_AGAIN
    assert client.taken == [(n + 1, f"a/{n}", payload, False) for n, payload in enumerate(payloads)]


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (message(7, "a", b"x", first=0x33), (7, "a", b"x", True)),  # retained
        (message(7, "a", b"x", first=0x3A), (7, "a", b"x", False)),  # delivered again
        (message(7, "a", b"x", properties=b"\x02\x01\x01"), (7, "a", b"x", False)),  # with a property
        (b"\x30\x05\x00\x01a\x00x", (0, "a", b"x", False)),  # QoS 0
    ],
)
def test_unusual_messages_are_taken_too(sent, taken):
    client = Piecewise([sent])
    client.read_all()
    assert client.taken == [taken]


@pytest.mark.parametrize("sent", [b"\x32\xff\xff\xff\xff\x01", b"\x32\x02\x00\x09"])
def test_what_is_no_packet_ends_the_connection(sent):
    assert Piecewise([sent]).read_all() == paho.MQTT_ERR_PROTOCOL


def test_a_closed_connection_is_noticed():
    assert Piecewise([b""]).read_all() == paho.MQTT_ERR_CONN_LOST


def test_half_a_packet_is_not_yet_one():
    whole = message(1, "a", bytes(200))
    assert bounds(whole, 0) == (3, len(whole))
    assert [bounds(whole[:n], 0) for n in range(1, len(whole))] == [None] * (len(whole) - 1)


def test_acknowledgements_that_wait_go_in_one_piece():
    client = Piecewise()
    client._thread = Mock()
    for mid in (1, 2, 3):
        client.ack(mid, 1)
    client._packet_write()
    assert client.sent == [b"\x40\x02\x00\x01\x40\x02\x00\x02\x40\x02\x00\x03"]


def test_an_acknowledgement_that_wakes_nobody_is_sent_by_whoever_is_sending():
    """One thread acknowledges, another sends when it is woken: none is left behind."""
    count = 20_000
    client = Piecewise()
    client._thread = Mock()
    woken, client._sockpairW = socket.socketpair()
    woken.settimeout(10)

    def send() -> None:
        while sum(map(len, client.sent)) < 4 * count:
            woken.recv(10_000)
            client._packet_write()

    sender = threading.Thread(target=send)
    sender.start()
    for n in range(count):
        client.ack(n % 65_535 + 1, 1)
    sender.join(20)
    woken.close()
    client._sockpairW.close()
    sent = b"".join(client.sent)
    assert [mid for (mid,) in struct.iter_unpack("!xxH", sent)] == [n % 65_535 + 1 for n in range(count)]
