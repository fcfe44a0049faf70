"""A Modbus TCP device that lies on request: raw sockets, no library."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator

HEADER = struct.Struct(">HHHB")


def content(unit: int, address: int) -> int:
    """Return what register `address` of `unit` holds: told from every other by its value."""
    return (unit * 5000 + address) % 65536


def honest(transaction: int, unit: int, function: int, address: int, count: int) -> bytes:
    """Return the right reply to a request."""
    words = struct.pack(f">{count}H", *(content(unit, address + i) for i in range(count)))
    return frame(transaction, unit, bytes([function, len(words)]) + words)


def frame(transaction: int, unit: int, body: bytes, *, length: int | None = None, protocol: int = 0) -> bytes:
    """Return a Modbus TCP frame; `length` and `protocol` may be wrong on purpose."""
    return HEADER.pack(transaction, protocol, len(body) + 1 if length is None else length, unit) + body


class LyingDevice:
    """Answers each request with the next fault of its schedule, honestly when that is exhausted."""

    FAULTS = (
        "honest", "silent", "late", "previous", "previous_then_right", "wrong_transaction",
        "zero_transaction",
        "wrong_unit", "wrong_function", "short", "long", "wrong_byte_count", "odd_byte_count", "wrong_length",
        "wrong_protocol", "garbage", "exception", "busy", "empty_exception", "twice", "in_pieces", "half",
        "close", "close_in_frame", "other_register_late",
    )  # fmt: skip

    def __init__(self, late_seconds: float = 0.15) -> None:
        self.faults: Iterator[str] = iter(())
        self.asked = 0
        self._late_seconds = late_seconds
        self._last_reply = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> LyingDevice:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                packet = await reader.readexactly(12)
                self.asked += 1
                transaction, _, _, unit = HEADER.unpack_from(packet)
                function, address, count = struct.unpack_from(">BHH", packet, 7)
                fault = next(self.faults, "honest")
                await getattr(self, f"_{fault}")(writer, (transaction, unit, function, address, count))
                self._last_reply = honest(transaction, unit, function, address, count)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _later(self, writer: asyncio.StreamWriter, packet: bytes) -> None:
        async def send() -> None:
            await asyncio.sleep(self._late_seconds)
            if not writer.is_closing():
                writer.write(packet)

        task = asyncio.create_task(send())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _honest(self, writer, asked):
        writer.write(honest(*asked))

    async def _silent(self, writer, asked):
        pass

    async def _late(self, writer, asked):
        self._later(writer, honest(*asked))

    async def _other_register_late(self, writer, asked):
        transaction, unit, function, address, count = asked
        self._later(writer, honest(transaction, unit, function, address + 1, count))

    async def _previous(self, writer, asked):
        writer.write(self._last_reply)

    async def _previous_then_right(self, writer, asked):
        writer.write(self._last_reply + honest(*asked))

    async def _wrong_transaction(self, writer, asked):
        writer.write(honest(asked[0] ^ 0x55, *asked[1:]))

    async def _zero_transaction(self, writer, asked):
        _, unit, function, address, count = asked
        writer.write(honest(0, unit, function, address + 3, count))

    async def _wrong_unit(self, writer, asked):
        transaction, unit, function, address, count = asked
        writer.write(honest(transaction, unit + 1, function, address, count))

    async def _wrong_function(self, writer, asked):
        transaction, unit, function, address, count = asked
        writer.write(honest(transaction, unit, 7 - function, address + 2, count))

    async def _short(self, writer, asked):
        transaction, unit, function, address, count = asked
        writer.write(honest(transaction, unit, function, address + 1, max(1, count - 1) if count > 1 else 2))

    async def _long(self, writer, asked):
        transaction, unit, function, address, count = asked
        writer.write(honest(transaction, unit, function, address - 1 if address else 0, count + 1))

    async def _wrong_byte_count(self, writer, asked):
        transaction, unit, function, address, count = asked
        body = bytearray(honest(transaction, unit, function, address + 1, count)[7:])
        body[1] = (body[1] + 2) % 256
        writer.write(frame(transaction, unit, bytes(body)))

    async def _odd_byte_count(self, writer, asked):
        transaction, unit, function, address, count = asked
        body = honest(transaction, unit, function, address + 1, count)[7:] + b"\0"
        writer.write(frame(transaction, unit, bytes([body[0], body[1] + 1]) + body[2:]))

    async def _wrong_length(self, writer, asked):
        transaction, unit, function, address, count = asked
        body = honest(transaction, unit, function, address, count)[7:]
        writer.write(frame(transaction, unit, body, length=len(body) - 1))

    async def _wrong_protocol(self, writer, asked):
        writer.write(frame(asked[0], asked[1], honest(*asked)[7:], protocol=1))

    async def _garbage(self, writer, asked):
        writer.write(bytes(range(7, 7 + 64)) * 5)

    async def _exception(self, writer, asked):
        writer.write(frame(asked[0], asked[1], bytes([asked[2] | 0x80, 2])))

    async def _busy(self, writer, asked):
        writer.write(frame(asked[0], asked[1], bytes([asked[2] | 0x80, 6])))

    async def _empty_exception(self, writer, asked):
        writer.write(frame(asked[0], asked[1], bytes([asked[2] | 0x80])))

    async def _twice(self, writer, asked):
        writer.write(honest(*asked))
        self._later(writer, honest(*asked))

    async def _in_pieces(self, writer, asked):
        for byte in honest(*asked):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    async def _half(self, writer, asked):
        writer.write(honest(*asked)[:-1])

    async def _close(self, writer, asked):
        writer.close()

    async def _close_in_frame(self, writer, asked):
        writer.write(honest(*asked)[:9])
        await writer.drain()
        writer.close()
