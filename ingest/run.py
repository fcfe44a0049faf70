"""One worker process: follows the plan, runs the wires of all protocols, hands everything to one sink.

The plan is read again when the database says that it changed (NOTIFY `ingest_plan`), and now and then
anyway. Only what changed is restarted. Without a database the worker starts from its copy of the plan.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import exc

from backend.kernel.db import Database
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.settings import Settings
from ingest import load, replay
from ingest.load import Loaded
from ingest.loop import rest
from ingest.modbus.run import run as run_modbus
from ingest.mqtt.json_handler import JsonHandler
from ingest.mqtt.sparkplug.handler import SparkplugHandler
from ingest.mqtt.wire import Handler, Wire
from ingest.notebook import Notebook
from ingest.opcua.run import run as run_opcua
from ingest.plan import Channel, Connection, Plan
from ingest.ports import Sink
from ingest.sink import BatchSink
from ingest.spool import Spool
from ingest.store import DatabaseStore

log = structlog.get_logger(__name__)

PROTOCOLS = ("mqtt", "sparkplug", "modbus", "opcua")
LOOK_SECONDS = 1.0
RELOAD_SECONDS = 60.0

Runner = Callable[[Plan, Sink, asyncio.Event], Awaitable[None]]
RUNNERS: dict[str, Runner] = {"modbus": run_modbus, "opcua": run_opcua}
"""Protocols whose connections run together in the worker's event loop."""


@dataclass
class Part:
    """The connections of one protocol, running; restarted as a whole when its part of the plan changes."""

    plan: Plan
    stop: asyncio.Event
    task: asyncio.Task[None]


@dataclass
class Worker:
    """A worker's state. home: folder of its spool, notes and copy of the plan; name: unique on this host."""

    database: Database
    settings: Settings
    protocols: tuple[str, ...] = PROTOCOLS
    name: str = "main"
    home: Path | None = None
    wires: dict[UUID, tuple[Connection, tuple[Channel, ...], Wire]] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    loaded: Loaded | None = None

    def __post_init__(self) -> None:
        folder = (self.home or self.settings.home) / "ingest"
        self.spool = Spool(folder / f"{self.name}.sqlite", cap_mb=self.settings.spool_mb)
        self.notebook = Notebook(folder / f"{self.name}.notes")
        self.status = Notebook(folder / f"{self.name}.status")
        self.copy = folder / f"{self.name}.plan"
        self.store = DatabaseStore(self.database)
        self.sink = BatchSink(self.store, self.spool)
        self.changed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until asked to stop, then make durable what waits."""
        await self._start_from_copy()
        self.sink.start()
        listener = asyncio.create_task(self._listen(stop))
        try:
            while not stop.is_set():
                self.changed.clear()
                await self._reload()
                await self._watch(stop)
        finally:
            listener.cancel()
            for part in self.parts.values():
                part.stop.set()
            await asyncio.gather(*(part.task for part in self.parts.values()), return_exceptions=True)
            await asyncio.to_thread(self._close)

    async def _watch(self, stop: asyncio.Event) -> None:
        """Look after wires and parts until the plan may have changed."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (RELOAD_SECONDS if self.loaded is not None else LOOK_SECONDS)
        while not stop.is_set() and not self.changed.is_set() and loop.time() < until:
            await rest(stop, LOOK_SECONDS)
            self.status.remember("sink", self._status())
            for _, _, wire in self.wires.values():
                wire.check()
            for protocol, part in list(self.parts.items()):
                if part.task.done() and not stop.is_set():
                    log.error(
                        "protocol ended, started anew", protocol=protocol, error=str(part.task.exception())
                    )
                    self._start_part(protocol, part.plan)

    def _status(self) -> dict[str, object]:
        """Return what `enerfield ingest status` tells: it must be known when the database is away, too."""
        figures = self.sink.figures
        return {
            "database": "away" if figures.is_away else "there",
            "spool": "full: nothing is acknowledged" if figures.is_refusing else "taking",
            "spooled_items": self.spool.items, "spool_bytes": self.spool.size_bytes,
            "waiting_rows": self.sink.waiting_rows, "stored": figures.stored, "dead_letters": figures.dead,
        }  # fmt: skip

    def _close(self) -> None:
        for _, _, wire in self.wires.values():
            wire.stop()
        if not self.sink.close():
            log.critical("some readings could not be made durable; they were not acknowledged")
        self.spool.close()

    # --- the plan

    async def _start_from_copy(self) -> None:
        """Begin with the copy of the plan, so that readings flow before the database answers."""
        copy = load.from_copy(self.copy)
        if copy is not None:
            await self._apply(copy)

    async def _reload(self) -> None:
        try:
            loaded = await asyncio.to_thread(load.from_database, self.database, self.protocols)
        except (exc.SQLAlchemyError, EnerfieldError) as error:
            log.warning("plan not read", error=str(error).split("\n", 1)[0])
            return
        if self.loaded is None or loaded != self.loaded:
            await self._apply(loaded)
            self.loaded = loaded
            await asyncio.to_thread(load.keep_copy, self.copy, loaded)
        await asyncio.to_thread(self._replay, loaded)

    def _replay(self, loaded: Loaded) -> None:
        protocols = {
            connection_id: owner.protocol
            for connection_id, owner in loaded.owners.items()
            if owner.protocol in self.protocols
        }
        for scope in loaded.scopes:
            with contextlib.suppress(exc.DBAPIError):  # tried again at the next look
                replay.replay_asked(self.database, scope, loaded.plan, protocols)

    async def _apply(self, loaded: Loaded) -> None:
        """Start what is new, stop what is gone, restart what changed."""
        self.store.own(loaded.owners)
        await asyncio.to_thread(self._apply_wires, loaded.plan)
        for protocol in RUNNERS:
            if protocol not in self.protocols:
                continue
            mine, part = loaded.plan.only(protocol), self.parts.get(protocol)
            if part is not None and part.plan == mine:
                continue
            if part is not None:
                part.stop.set()
                await asyncio.gather(part.task, return_exceptions=True)
            self._start_part(protocol, mine)
        log.info(
            "plan followed", connections=len(loaded.plan.connections), channels=len(loaded.plan.channels)
        )

    def _start_part(self, protocol: str, plan: Plan) -> None:
        stop = asyncio.Event()
        self.parts[protocol] = Part(plan, stop, asyncio.create_task(RUNNERS[protocol](plan, self.sink, stop)))

    def _apply_wires(self, plan: Plan) -> None:
        wanted = {c.id: (c, plan.behind(c)) for c in plan.connections if c.protocol in ("mqtt", "sparkplug")}
        for connection_id, (connection, channels, wire) in list(self.wires.items()):
            if wanted.get(connection_id) == (connection, channels):
                del wanted[connection_id]
            else:
                wire.stop()
                del self.wires[connection_id]
        for connection_id, (connection, channels) in wanted.items():
            try:
                wire = self._make_wire(connection, channels)
            except Refused as error:
                log.warning("connection cannot be used", connection=connection.name, error=error.message)
                self.sink.contact(connection_id, error=f"{error.message}. {error.remedy or ''}".strip())
                continue
            wire.start()
            self.wires[connection_id] = (connection, channels, wire)

    def _make_wire(self, connection: Connection, channels: tuple[Channel, ...]) -> Wire:
        handler: Handler
        will = None
        if connection.protocol == "sparkplug":
            handler = SparkplugHandler(connection, channels, self.sink, self.notebook)
            will = handler.will
        else:
            handler = JsonHandler(connection, channels, self.sink)
        return Wire(
            connection, handler, self.sink, self.notebook,
            worker=self.name, default_url=self.settings.mqtt_url, will=will,
        )  # fmt: skip

    async def _listen(self, stop: asyncio.Event) -> None:
        """Hear from the database that the plan changed; the reload now and then covers what is missed."""
        while not stop.is_set():
            try:
                async with await psycopg.AsyncConnection.connect(self.database.url, autocommit=True) as heard:
                    await heard.execute("LISTEN ingest_plan")
                    async for _ in heard.notifies():
                        self.changed.set()
            except (psycopg.Error, OSError):
                await rest(stop, 2.0)
