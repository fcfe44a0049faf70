"""Read every Modbus gateway of a plan, each in its own task."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial

import structlog

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.loop import Backoff, Health, Ours, Schedule, Turn, always, rest, until_ours
from ingest.modbus import frames, mapping
from ingest.modbus.client import Link, LinkLost, NoAnswer
from ingest.modbus.frames import ReplyRefused
from ingest.modbus.planner import Block
from ingest.modbus.scan import SCAN_SECONDS, Scan, look
from ingest.modbus.unit import Round, Row, Unit
from ingest.plan import Channel, Connection, Plan
from ingest.ports import Readings, Sink

log = structlog.get_logger(__name__)

RECOVER_SECONDS = 5.0
"""Between a fault of ours and the next try [s]."""


class NotOurs(Exception):
    """Another worker may read this gateway now."""


async def run(plan: Plan, sink: Sink, stop: asyncio.Event, *, ours: Ours = always) -> None:
    """Read the plan's Modbus gateways until asked to stop, each only while it is ours."""
    mine = plan.only("modbus")
    async with asyncio.TaskGroup() as tasks:
        for connection in mine.connections:
            is_ours = partial(ours, connection.id)
            tasks.create_task(_serve(connection, mine.behind(connection), sink, stop, is_ours))


async def _serve(
    connection: Connection, channels: tuple[Channel, ...], sink: Sink, stop: asyncio.Event,
    is_ours: Callable[[], bool],
) -> None:  # fmt: skip
    """Read one gateway until asked to stop; what is wrong with its configuration is told and left out."""
    health = Health(connection.id, connection.name, sink)
    try:
        place = mapping.gateway(connection)
    except Refused as error:
        health.failed("address", f"{error.message}: {error.remedy}", at_once=True)
        return
    registers, refused = mapping.registers(connection, channels)
    for channel, error in refused:
        health.failed(("channel", channel.point_key), f"{error.message}: {error.remedy}", at_once=True)
    while (registers or place.scan) and not stop.is_set():
        try:
            await GatewayLoop(connection, place, registers, health, sink, stop, is_ours).run()
        except Exception as error:  # a fault of ours on one gateway is not the others'
            log.exception("gateway loop failed, begun anew", connection=connection.name)
            health.failed("loop", f"reading failed: {type(error).__name__}: {error}", at_once=True)
            await rest(stop, RECOVER_SECONDS)


class GatewayLoop:
    """Polls the devices behind one gateway, one request at a time."""

    def __init__(
        self,
        connection: Connection,
        place: mapping.Gateway,
        registers: list[mapping.Register],
        health: Health,
        sink: Sink,
        stop: asyncio.Event,
        is_ours: Callable[[], bool] = always,
    ) -> None:
        self._connection = connection
        self._pause = place.pause_seconds
        self._health = health
        self._sink = sink
        self._stop = stop
        self._is_ours = is_ours
        self._loop = asyncio.get_running_loop()
        self._link = Link(place.host, place.port)
        self._backoff = Backoff()
        now = self._loop.time()
        of_unit: dict[int, list[mapping.Register]] = defaultdict(list)
        for register in registers:
            of_unit[register.unit].append(register)
        self._units = {
            number: Unit(number, found, mapping.limits_of(found, place), now=now)
            for number, found in of_unit.items()
        }
        self._schedule = Schedule(self._units, now=now)
        self._scan = Scan(place.scan, self._units, now=now)

    async def run(self) -> None:
        """Poll until asked to stop; what was read by then is handed over."""
        try:
            while not self._stop.is_set():
                if not self._is_ours():
                    self._link.drop()
                    await until_ours(self._is_ours, self._stop)
                    continue
                turn = self._schedule.next(self._loop.time())
                if turn is None:
                    await self._idle(self._schedule.wait(self._loop.time()))
                elif await self._connected():
                    await self._take(turn)
        finally:
            self._link.drop()

    async def _idle(self, seconds: float) -> None:
        """Spend time in which nobody's turn comes: look at a unit nobody reads yet, or rest."""
        timeout = self._connection.timeout_seconds
        unit = self._scan.next(self._loop.time()) if seconds > timeout else None
        if unit is None:
            await rest(self._stop, min(seconds, SCAN_SECONDS))
        elif await self._connected():
            sample = await look(self._link, unit, timeout=timeout)
            if sample is not None:
                self._sink.sighted(self._connection.id, address=f"unit {unit}", sample=sample)

    async def _connected(self) -> bool:
        """Make sure of the connection; waits a while where there is none."""
        if self._link.is_open:
            return True
        try:
            await self._link.open()
        except LinkLost as lost:
            self._health.failed("link", str(lost))
            await rest(self._stop, self._backoff.next())
            return False
        return True

    async def _take(self, turn: Turn) -> None:
        """Read what is due from one unit and hand it over."""
        unit = self._units[turn.key]
        began = self._loop.time()
        rows: list[Row] = []
        try:
            for round_ in unit.rounds(began):
                await self._read(unit, round_, rows)
                unit.done(round_, self._loop.time())
        except NotOurs:
            pass  # its turn stays due, for whoever reads the gateway next
        except (LinkLost, NoAnswer, ReplyRefused) as failure:
            self._failed(turn, failure, cost=self._loop.time() - began)
        else:
            self._schedule.succeeded(turn, now=self._loop.time(), due=unit.due)
            self._backoff.reset()
            self._health.well("link")
            self._health.well("loop")
            self._health.well(unit.number)
            self._health.heard()
        if rows:
            await asyncio.to_thread(self._sink.put, Readings.of(rows), connection_id=self._connection.id)

    async def _read(self, unit: Unit, round_: Round, rows: list[Row]) -> None:
        """Read the blocks of a round; a block the device refuses is split and its halves are read."""
        waiting = list(round_.blocks)
        while waiting:
            block = waiting.pop(0)
            if not self._is_ours():
                raise NotOurs
            answer = await self._link.ask(
                unit.number,
                block.function,
                block.first,
                block.count,
                timeout=self._connection.timeout_seconds,
            )
            read_at_us = clock.now_us()
            part = (unit.number, block.spans[0].point_key)
            if not answer.exception:
                rows.extend(unit.rows(block, answer.words, read_at_us))
                for span in block.spans if self._health.is_troubled else ():
                    self._health.well((unit.number, span.point_key))
            elif answer.exception in frames.GATEWAY_CODES:
                raise NoAnswer(answer.in_words(_request(unit, block)))
            elif answer.exception in (frames.ILLEGAL_ADDRESS, frames.ILLEGAL_VALUE) and len(block.spans) > 1:
                waiting[:0] = unit.refuse(round_, block)
            else:
                is_passing = answer.exception in frames.BUSY_CODES
                self._health.failed(part, answer.in_words(_request(unit, block)), at_once=not is_passing)
            if self._pause:
                await asyncio.sleep(self._pause)

    def _failed(self, turn: Turn, failure: Exception, *, cost: float) -> None:
        """Note that a unit did not answer, or lied; a lie goes to the dead letters, once."""
        self._schedule.failed(turn, now=self._loop.time(), cost=cost)
        is_news = self._health.failed(turn.key, str(failure))
        if is_news and isinstance(failure, ReplyRefused):
            self._sink.refuse(
                failure.frame,
                connection_id=self._connection.id,
                address=f"unit {turn.key}",
                reason=str(failure),
            )


def _request(unit: Unit, block: Block) -> frames.Request:
    return frames.Request(0, unit.number, block.function, block.first, block.count)
