"""Follow every OPC UA server of a plan, each in its own task."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from asyncua import ua

from backend.kernel import clock
from backend.kernel.errors import Refused
from backend.kernel.settings import settings
from ingest.loop import Health, Ours, always, keep, rest, until_ours
from ingest.opcua import browse, mapping
from ingest.opcua.client import Session, SessionLost
from ingest.opcua.decode import known_at_us, measured_at_us, number_of, reading_of
from ingest.opcua.mapping import Item, Server
from ingest.plan import Connection, Plan
from ingest.ports import Readings, Sink
from ingest.rules import time_refusal

LONGEST_PAUSE = 3.0
"""Between two tries to connect [s]: with a time-out and a handshake added, within 10 s of a fault's end."""
SHORTEST_TIMEOUT = 3.0
"""A handshake of certificates takes a small server a second or two [s]."""
RETRY_SECONDS = 5.0
"""Between two tries to subscribe to what the server refused: it may still be starting [s]."""
BROWSE_SECONDS = 3600.0
LOOK_SECONDS = 0.25


async def run(
    plan: Plan, sink: Sink, stop: asyncio.Event, *, ours: Ours = always, home: Path | None = None
) -> None:
    """Follow the plan's OPC UA servers until asked to stop, each only while it is ours.

    home: where our certificate and the servers' fingerprints are kept
    """
    folder = home or settings().home / "opcua"
    mine = plan.only("opcua")
    async with asyncio.TaskGroup() as tasks:
        for connection in mine.connections:
            health = Health(connection.id, connection.name, sink, patience=1)
            items, refused = mapping.items(mine.behind(connection))
            for channel, error in refused:
                health.failed(("channel", channel.point_key), f"{error.message}: {error.remedy}")
            try:
                server = mapping.server(connection)
            except Refused as error:
                health.failed("address", f"{error.message}: {error.remedy}")
                continue
            follower = Follower(
                connection, server, items, health, sink, stop, folder, partial(ours, connection.id)
            )
            tasks.create_task(
                keep(follower.serve, stop=stop, health=health, words=words, longest=LONGEST_PAUSE)
            )


def words(error: Exception) -> str:
    """Say what an exception of the connection means."""
    if isinstance(error, Refused):
        return f"{error.message}: {error.remedy}" if error.remedy else error.message
    if isinstance(error, SessionLost):
        return str(error)
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "the server refuses the connection"
    if isinstance(error, ua.UaStatusCodeError):
        return f"the server answers {ua.StatusCode(error.code).name}"
    return str(error) or type(error).__name__


class Follower:
    """Keeps one server's variables flowing while its session lasts."""

    def __init__(
        self,
        connection: Connection,
        server: Server,
        items: list[Item],
        health: Health,
        sink: Sink,
        stop: asyncio.Event,
        home: Path,
        is_ours: Callable[[], bool] = always,
    ) -> None:
        self._connection = connection
        self._server = server
        self._items = items
        self._health = health
        self._sink = sink
        self._stop = stop
        self._home = home
        self._is_ours = is_ours
        self._seen_us = [0] * len(items)
        self._offered: set[str] = set()

    async def serve(self) -> None:
        """Connect, subscribe and watch while the server is ours to read; raises what ends the session."""
        await until_ours(self._is_ours, self._stop)
        if self._stop.is_set():
            return
        session = Session(
            self._server,
            self._home,
            self._home / f"{self._connection.id}.trusted",
            timeout=max(SHORTEST_TIMEOUT, self._connection.timeout_seconds),
        )
        is_broken = True
        try:
            await session.open()
            await session.subscribe(self._take_changes)
            refused = await self._monitor(session, range(len(self._items)))
            self._health.well("link")
            await self._watch(session, refused)
            is_broken = False
        finally:
            await session.close(at_once=is_broken)

    async def _monitor(self, session: Session, places: Iterable[int]) -> list[int]:
        """Subscribe to items; returns the places of those the server refuses, and tells why."""
        refused = await session.monitor({place: self._items[place].node for place in places})
        for place in places:
            if place in refused:
                self._health.failed(("node", place), f"{self._items[place].node}: {refused[place]}")
            else:
                self._health.well(("node", place))
        return list(refused)

    async def _watch(self, session: Session, refused: list[int]) -> None:
        loop = asyncio.get_running_loop()
        read_at = loop.time() + self._server.reread_seconds
        retry_at = loop.time() + RETRY_SECONDS
        browse_at = loop.time()
        while self._is_ours() and not self._stop.is_set():
            session.check()
            self._health.heard()
            if loop.time() >= read_at:
                await self._take_changes(await session.read(), is_reread=True)
                read_at = loop.time() + self._server.reread_seconds
            if refused and loop.time() >= retry_at:
                refused = await self._monitor(session, refused)
                retry_at = loop.time() + RETRY_SECONDS
            if self._server.browse and loop.time() >= browse_at:
                await self._offer(session)
                browse_at = loop.time() + BROWSE_SECONDS
            await rest(self._stop, LOOK_SECONDS)

    async def _take_changes(
        self, changes: list[tuple[int, ua.DataValue]], *, is_reread: bool = False
    ) -> None:
        """Hand over what the server sent; returns when the sink took it.

        is_reread: the values were asked for, so an unchanged one counts as read when the server says so
        """
        now_us = clock.now_us()
        rows: list[tuple[int, int, float, int]] = []
        for place, value in changes:
            read_at_us = measured_at_us(value, now_us=now_us)
            if is_reread and read_at_us <= self._seen_us[place]:
                read_at_us = known_at_us(value, now_us=now_us)
            if self._is_believed(place, value, read_at_us, now_us):
                self._seen_us[place] = max(self._seen_us[place], read_at_us)
                rows += [
                    (channel.point_key, read_at_us, *reading_of(value, channel))
                    for channel in self._items[place].channels
                ]
        if rows:
            await asyncio.to_thread(self._sink.put, Readings.of(rows), connection_id=self._connection.id)

    def _is_believed(self, place: int, value: ua.DataValue, read_at_us: int, now_us: int) -> bool:
        """Tell whether an instant can be; where not, the value goes to the dead letters, once a fault."""
        item = self._items[place]
        refusal = time_refusal(read_at_us, now_us=now_us)
        if refusal is None:
            self._health.well(("time", place))
            return True
        if self._health.failed(("time", place), f"{item.node}: {refusal}"):
            sent = {"node": item.node, "value": repr(number_of(value)), "read_at_us": read_at_us}
            self._sink.refuse(
                json.dumps(sent).encode(),
                connection_id=self._connection.id,
                address=item.node,
                reason=refusal,
            )
        return False

    async def _offer(self, session: Session) -> None:
        """Offer variables nobody reads for adoption, each once."""
        async for node, sample in browse.variables(session.client):
            session.check()
            if node not in self._offered and not session.reads(node):
                self._offered.add(node)
                self._sink.sighted(self._connection.id, address=node, sample=sample)
