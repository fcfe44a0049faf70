"""What a worker runs: a loop or a wire for each connection that is its to read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import structlog

from backend.kernel.errors import EnerfieldError
from ingest.loop import Ours
from ingest.modbus.run import run as run_modbus
from ingest.mqtt.wire import Wire
from ingest.opcua.run import run as run_opcua
from ingest.plan import Channel, Connection, Plan
from ingest.ports import Sink

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 5.0
"""Between the end of a loop by a fault of ours and its next start [s]."""


class Runner(Protocol):
    """A protocol whose connections run in the worker's event loop."""

    def __call__(self, plan: Plan, sink: Sink, stop: asyncio.Event, *, ours: Ours) -> Awaitable[None]:
        """Read the plan's connections until asked to stop, each only while it is ours."""
        ...


RUNNERS: dict[str, Runner] = {"modbus": run_modbus, "opcua": run_opcua}


@dataclass
class Part:
    """One connection, running; neither task nor wire where it cannot be used as it is."""

    connection: Connection
    channels: tuple[Channel, ...]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    wire: Wire | None = None
    error: str | None = None
    again_at: float = 0.0

    @property
    def is_idle(self) -> bool:
        """True where it could not be started as it is."""
        return self.task is None and self.wire is None

    async def end(self) -> None:
        """Stop; what was read is with the sink when this returns."""
        self.stop.set()
        if self.task is not None:
            await asyncio.gather(self.task, return_exceptions=True)
        if self.wire is not None:
            await asyncio.to_thread(self.wire.stop)


class Parts:
    """Everything that runs, restarted where its part of the plan changes."""

    def __init__(
        self, sink: Sink, *, ours: Ours, make_wire: Callable[[Connection, tuple[Channel, ...]], Wire]
    ) -> None:
        self._sink = sink
        self._ours = ours
        self._make_wire = make_wire
        self.running: dict[UUID, Part] = {}

    async def follow(self, plan: Plan) -> None:
        """Start what is new, stop what is gone, restart what changed; what could not start is tried again."""
        channels: dict[UUID, list[Channel]] = {}
        for channel in plan.channels:
            channels.setdefault(channel.connection_id, []).append(channel)
        wanted = {c.id: (c, tuple(channels.get(c.id, ()))) for c in plan.connections}
        ending = [
            part for part in self.running.values()
            if wanted.get(part.connection.id) != (part.connection, part.channels)
        ]  # fmt: skip
        await self._end(ending)
        for connection_id, (connection, some) in wanted.items():
            part = self.running.setdefault(connection_id, Part(connection, some))
            if part.is_idle:
                await self._start(part)

    async def end(self) -> None:
        """Stop everything."""
        await self._end(list(self.running.values()))

    def check(self) -> None:
        """Do what is due on wires, and start anew what a fault of ours ended."""
        for part in self.running.values():
            if part.wire is not None:
                try:
                    part.wire.check()
                except Exception as error:  # one connection's trouble is not the others'
                    self._cannot_be_used(part, error)
            elif part.task is not None and part.task.done() and part.task.exception() is not None:
                self._begin_again(part)

    def _begin_again(self, part: Part) -> None:
        """Start anew what a fault of ours ended, after a while, so that neither log nor processor is flooded."""
        assert part.task is not None
        error = part.task.exception()
        if part.again_at == 0.0:
            log.error("connection's loop ended", connection=part.connection.name, error=repr(error))
            self._sink.contact(part.connection.id, error=f"reading failed: {type(error).__name__}: {error}")
            part.again_at = time.monotonic() + AGAIN_SECONDS
        elif time.monotonic() >= part.again_at:
            part.again_at = 0.0
            self._begin(part)

    async def _end(self, parts: list[Part]) -> None:
        await asyncio.gather(*(part.end() for part in parts))
        for part in parts:
            del self.running[part.connection.id]

    async def _start(self, part: Part) -> None:
        """Start one connection; whatever is wrong with it is told, and the others run on."""
        try:
            if part.connection.protocol in RUNNERS:
                self._begin(part)
                return
            wire = self._make_wire(part.connection, part.channels)
            await asyncio.to_thread(wire.start)
        except Exception as error:  # a person's words, a secret or a file that is not there, a library's own
            self._cannot_be_used(part, error)
        else:
            part.wire, part.error = wire, None

    def _cannot_be_used(self, part: Part, error: Exception) -> None:
        words = (
            f"{error.message}. {error.remedy or ''}".strip()
            if isinstance(error, EnerfieldError)
            else f"it cannot be used as it is: {type(error).__name__}: {error}"
        )
        if words != part.error:
            part.error = words
            log.warning("connection cannot be used", connection=part.connection.name, error=words)
        self._sink.contact(part.connection.id, error=words)

    def _begin(self, part: Part) -> None:
        plan = Plan.of([part.connection], part.channels)
        run = RUNNERS[part.connection.protocol]
        part.task = asyncio.create_task(_run(run(plan, self._sink, part.stop, ours=self._ours)))


async def _run(running: Awaitable[None]) -> None:
    await running
