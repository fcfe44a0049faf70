"""One worker process: follows the plan, runs the wires that are its to read, hands everything to one sink.

The plan is read again when the database says that it changed (NOTIFY `ingest_plan`), and now and then
anyway. Only what changed is restarted. Which connections are this worker's to read stands in leases
(`claims.py`). Without a database the worker starts from its copy of the plan, with what it held before.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import exc

from backend.kernel import ids, memory
from backend.kernel.db import Database
from backend.kernel.errors import EnerfieldError
from backend.kernel.settings import Settings
from ingest import load, replay
from ingest.claims import PATIENCE_SECONDS, Claims
from ingest.load import Loaded
from ingest.loop import always, rest
from ingest.mqtt.json_handler import JsonHandler
from ingest.mqtt.sparkplug.handler import SparkplugHandler
from ingest.mqtt.wire import Handler, Wire
from ingest.notebook import Notebook
from ingest.parts import Parts
from ingest.plan import Channel, Connection, Plan
from ingest.sink import BatchSink
from ingest.spool import Spool
from ingest.store import DatabaseStore
from ingest.trial import keep_answering

log = structlog.get_logger(__name__)

PROTOCOLS = ("mqtt", "sparkplug", "modbus", "opcua")
LOOK_SECONDS = 1.0
RELOAD_SECONDS = 60.0

SESSION = "main"
"""The name in the broker's session of a connection that one worker reads: whichever holds it goes on with the
same session, so that what came between two holders is there, and the broker ends the earlier one's line."""


@dataclass
class Worker:
    """A worker's state. home: folder of its spool, notes and copy of the plan; name: unique on this host."""

    database: Database
    settings: Settings
    protocols: tuple[str, ...] = PROTOCOLS
    name: str = "main"
    home: Path | None = None
    loaded: Loaded | None = None
    is_stale: bool = True

    def __post_init__(self) -> None:
        folder = (self.home or self.settings.home) / "ingest"
        self.spool = Spool(folder / f"{self.name}.sqlite", cap_mb=self.settings.spool_mb)
        self.notebook = Notebook(folder / f"{self.name}.notes")
        self.status = Notebook(folder / f"{self.name}.status")
        self.copy = folder / f"{self.name}.plan"
        holder = self._holder()
        self.store = DatabaseStore(self.database, holder)
        self.sink = BatchSink(self.store, self.spool)
        self.changed = asyncio.Event()
        self.ledger = Database(_impatient(self.database.url), pool_size=1)
        self.claims = Claims(
            self.ledger, self.protocols, self.notebook, holder=holder, changed=self.changed.set
        )
        self.parts = Parts(self.sink, ours=self._is_ours, make_wire=self._make_wire)
        self.plan = Plan((), ())

    async def run(self, stop: asyncio.Event) -> None:
        """Work until asked to stop, then make durable what waits."""
        copy = load.from_copy(self.copy)
        if copy is not None:
            self.claims.recall()
            self._learn(copy)
        self.sink.start()
        aside = [
            asyncio.create_task(work)
            for work in (
                self._listen(stop),
                self.claims.keep(stop),
                self._wake_at(stop),
                keep_answering(self.database, self.settings, self.protocols, stop),
            )
        ]
        try:
            while not stop.is_set():
                self.changed.clear()
                if self.is_stale:
                    await self._reload()
                await self._follow()
                await self._watch(stop)
        finally:
            for task in aside:
                task.cancel()
            self.sink.let_go()
            await self.parts.end()
            await self.claims.leave()
            await asyncio.to_thread(self._close)

    async def _watch(self, stop: asyncio.Event) -> None:
        """Look after what runs until the plan, or what is ours of it, may have changed."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (RELOAD_SECONDS if self.loaded is not None else LOOK_SECONDS)
        while not stop.is_set() and not self.changed.is_set():
            await rest(self.changed, LOOK_SECONDS)
            self.status.remember("sink", self._status())
            if not stop.is_set():
                self.parts.check()
            if loop.time() >= until:
                self.is_stale = True
                return

    def _status(self) -> dict[str, object]:
        """Return what `enerfield ingest status` tells: it must be known when the database is away, too."""
        figures = self.sink.figures
        return {
            "database": "away" if figures.is_away else "there",
            "spool": "full: nothing is acknowledged" if figures.is_refusing else "taking",
            "connections": len(self.parts.running),
            "spooled_items": self.spool.items, "spool_bytes": self.spool.size_bytes,
            "waiting_rows": self.sink.waiting_rows, "stored": figures.stored, "dead_letters": figures.dead,
        }  # fmt: skip

    def _close(self) -> None:
        if not self.sink.close():
            log.critical("some readings could not be made durable; they were not acknowledged")
        self.spool.close()
        self.ledger.dispose()

    # --- the plan, and what is ours of it

    async def _reload(self) -> None:
        self.is_stale = False
        try:
            loaded = await asyncio.to_thread(load.from_database, self.database, self.protocols)
        except (exc.SQLAlchemyError, EnerfieldError) as error:
            log.warning("plan not read", error=str(error).split("\n", 1)[0])
            self.is_stale = True
            return
        if self.loaded is None or loaded != self.loaded:
            self._learn(loaded)
            self.loaded = loaded
            await asyncio.to_thread(load.keep_copy, self.copy, loaded)
            memory.settle()
        await asyncio.to_thread(self._replay, loaded)

    def _learn(self, loaded: Loaded) -> None:
        """Take over a plan; say which of its connections only one worker may read."""
        self.store.own(loaded.owners, is_complete=bool(loaded.scopes))
        self.plan = Plan.of(
            (c for c in loaded.plan.connections if c.protocol in self.protocols), loaded.plan.channels
        )
        self.claims.want({c.id: c.protocol for c in self.plan.connections if not is_divided(c)})

    def _replay(self, loaded: Loaded) -> None:
        protocols = {
            connection_id: owner.protocol
            for connection_id, owner in loaded.owners.items()
            if owner.protocol in self.protocols
        }
        for scope in loaded.scopes:
            try:
                replay.replay_asked(self.database, scope, loaded.plan, protocols)
            except exc.DBAPIError:
                return  # tried again at the next look
            except Exception:  # readings do not wait for letters
                log.exception("replaying dead letters failed")

    async def _follow(self) -> None:
        """Read what is ours, and nothing else."""
        ours = self.claims.ours
        mine = [c for c in self.plan.connections if is_divided(c) or c.id in ours]
        ids_of_mine = {c.id for c in mine}
        await self.parts.follow(
            Plan.of(mine, (c for c in self.plan.channels if c.connection_id in ids_of_mine))
        )
        self.claims.stopped(running=self.parts.running.keys())

    def _is_ours(self, connection_id: UUID) -> bool:
        return self.claims.holds(connection_id)

    def _make_wire(self, connection: Connection, channels: tuple[Channel, ...]) -> Wire:
        handler: Handler
        will = None
        if connection.protocol == "sparkplug":
            handler = SparkplugHandler(connection, channels, self.sink, self.notebook)
            will = handler.will
        else:
            handler = JsonHandler(connection, channels, self.sink)
        is_shared = is_divided(connection)
        return Wire(
            connection, handler, self.sink, self.notebook, worker=self.name if is_shared else SESSION,
            default_url=self.settings.mqtt_url, will=will,
            ours=always if is_shared else partial(self._is_ours, connection.id),
        )  # fmt: skip

    # --- what wakes us, and who we are

    async def _listen(self, stop: asyncio.Event) -> None:
        """Hear from the database that the plan changed; the reload now and then covers what is missed."""
        while not stop.is_set():
            try:
                async with await psycopg.AsyncConnection.connect(self.database.url, autocommit=True) as heard:
                    await heard.execute("LISTEN ingest_plan")
                    async for _ in heard.notifies():
                        self.is_stale = True
                        self.changed.set()
            except (psycopg.Error, OSError):
                await rest(stop, 2.0)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.changed.set()

    def _holder(self) -> str:
        """Return who we are in leases, the same after a restart, so that we go on with our own at once."""
        known = self.notebook.recall("holder")
        if not known or known.split(":", 1)[0] != socket.gethostname():
            known = f"{socket.gethostname()}:{self.name}:{ids.new_id()}"
            self.notebook.remember("holder", known)
        return known


def is_divided(connection: Connection) -> bool:
    """Tell whether the broker divides a connection's messages among any number of workers."""
    return connection.protocol == "mqtt" and bool(connection.address.get("share"))


def _impatient(url: str) -> str:
    """Return the database's address with limits: leases must know soon whether it is there."""
    limits = f"connect_timeout={PATIENCE_SECONDS:.0f}&tcp_user_timeout={PATIENCE_SECONDS * 1000:.0f}"
    return f"{url}{'&' if '?' in url else '?'}{limits}"
