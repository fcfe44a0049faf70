"""A TCP proxy that can turn into a black hole: connections stay open, and nothing comes through."""

from __future__ import annotations

import asyncio


class BlackHoleProxy:
    """Forwards to `port` until told to swallow; then bytes vanish while every socket stays open.

    `connections`: how many clients connected so far
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0

    async def __aenter__(self) -> BlackHoleProxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def swallow(self) -> None:
        """Let nothing through from now on."""
        self._open.clear()

    def heal(self) -> None:
        """Let new connections through again; those that were swallowed stay dead, as after a reboot."""
        self._open.set()

    def cut(self) -> None:
        """Break every connection, at once."""
        for task in self._tasks:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not self._open.is_set():
                await asyncio.Event().wait()
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
            try:
                await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))
            finally:
                there_writer.close()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            if not self._open.is_set():
                await asyncio.Event().wait()
            sink.write(chunk)
            await sink.drain()
        raise ConnectionResetError
