"""A tap on the wire between a worker and its broker: it notes which messages the worker acknowledged.

It reads MQTT 5 packets by the standard (OASIS MQTT 5.0, 2.1 and 3.3) and passes every byte on as it came.
"""

from __future__ import annotations

import contextlib
import socket
import threading

PUBLISH, PUBACK = 3, 4


class Tap:
    """Listens on a free port of its own and connects each comer to the broker."""

    def __init__(self, broker_port: int) -> None:
        self.acknowledged: list[bytes] = []
        self._broker_port = broker_port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._is_open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more comers."""
        self._is_open = False
        self._server.close()

    def _accept(self) -> None:
        while self._is_open:
            try:
                worker, _ = self._server.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self._broker_port), 2)
                broker.settimeout(None)
            except OSError:
                worker.close()
                continue
            on_the_way: dict[int, bytes] = {}
            threading.Thread(target=self._pass_on, args=(broker, worker, on_the_way), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(worker, broker, on_the_way), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, on_the_way: dict[int, bytes]) -> None:
        waiting = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                waiting += data
                whole, waiting = self._read(waiting, on_the_way)
                target.sendall(whole)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _read(self, raw: bytes, on_the_way: dict[int, bytes]) -> tuple[bytes, bytes]:
        """Look at the whole packets of `raw`; return them, and the rest."""
        at = 0
        while (found := _packet(raw, at)) is not None:
            start, end = found
            kind, flags = raw[at] >> 4, raw[at] & 15
            if kind == PUBLISH and flags & 6:
                topic_end = start + 2 + int.from_bytes(raw[start : start + 2], "big")
                mid = int.from_bytes(raw[topic_end : topic_end + 2], "big")
                properties, behind = _length(raw, topic_end + 2)
                on_the_way[mid] = raw[behind + properties : end]
            elif kind == PUBACK:
                mid = int.from_bytes(raw[start : start + 2], "big")
                if mid in on_the_way:
                    self.acknowledged.append(on_the_way.pop(mid))
            at = end
        return raw[:at], raw[at:]


def _packet(raw: bytes, at: int) -> tuple[int, int] | None:
    """Return where a packet's body begins and ends; None where it is not whole yet."""
    if len(raw) < at + 2:
        return None
    try:
        length, start = _length(raw, at + 1)
    except IndexError:
        return None
    return (start, start + length) if len(raw) >= start + length else None


def _length(raw: bytes, at: int) -> tuple[int, int]:
    """Read a variable byte integer; return it and where it ends."""
    value, shift = 0, 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if not byte & 128:
            return value, at
