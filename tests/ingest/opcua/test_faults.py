"""Servers that die, freeze and vanish: data flows again soon after, and nothing piles up here."""

import asyncio
import gc
import itertools
import threading

import pytest
from asyncua import Client

from tests.counterparts.proxy import BlackHoleProxy
from tests.ingest.opcua.conftest import following, plan_of
from tests.ingest.reader import read_and_be_killed
from tests.ingest.recording import until

RECOVERY_SECONDS = 10


async def test_a_server_killed_and_restarted_is_followed_again_and_told_once(server, home):
    async with following(plan_of(server.port, "E01.Counter", "Constant"), home) as sink:
        await until(lambda: len(sink.of(1)) >= 3, seconds=20)
        server.kill()
        await until(lambda: sink.errors[-1] is not None, seconds=15)
        await asyncio.sleep(4)
        seen = len(sink.rows)
        server.start()
        await until(lambda: len({row.point_key for row in sink.rows[seen:]}) == 2, seconds=RECOVERY_SECONDS)
        await until(lambda: sink.errors[-1] is None, seconds=RECOVERY_SECONDS)
    assert sink.errors.count(None) == 2


async def test_a_frozen_server_is_noticed_and_followed_again(server, home):
    async with following(plan_of(server.port, "E01.Counter"), home) as sink:
        await until(lambda: len(sink.of(1)) >= 3, seconds=20)
        server.freeze()
        try:
            await until(lambda: sink.errors[-1] is not None, seconds=20)
        finally:
            server.thaw()
        seen = len(sink.rows)
        await until(lambda: len(sink.rows) > seen, seconds=RECOVERY_SECONDS)
        await until(lambda: sink.errors[-1] is None, seconds=RECOVERY_SECONDS)


@pytest.mark.parametrize("policy", ["None", "Basic256Sha256"])
async def test_data_flows_again_after_a_half_open_connection(server, home, policy):
    async with BlackHoleProxy(server.port) as proxy:
        plan = plan_of(proxy.port, "E01.Counter", policy=policy)
        async with following(plan, home) as sink:
            await until(lambda: len(sink.of(1)) >= 3, seconds=20)
            proxy.swallow()
            await until(lambda: sink.errors[-1] is not None, seconds=20)
            await asyncio.sleep(5)
            proxy.heal()
            seen = len(sink.rows)
            await until(lambda: len(sink.rows) > seen, seconds=RECOVERY_SECONDS)
            await until(lambda: sink.errors[-1] is None, seconds=RECOVERY_SECONDS)


async def test_the_reader_itself_restarted_goes_on(server, home):
    plan = plan_of(server.port, "E01.Counter")
    for _ in range(3):
        async with following(plan, home) as sink:
            await until(lambda: len(sink.rows) >= 2, seconds=20)


async def test_readers_killed_without_warning_leave_the_server_usable(server, home):
    for _ in range(3):
        await read_and_be_killed("opcua", server.port, home, lines=3, seconds=20)


async def test_a_full_sink_holds_the_server_back_without_losing_the_session(server, home):
    """While the sink blocks nothing is acknowledged; afterwards the changes go on, none of them lost."""
    running = following(plan_of(server.port, "E01.Counter"), home)
    blocked = BlockingPut(running.sink)
    async with running as sink:
        await until(lambda: len(sink.rows) >= 3, seconds=20)
        blocked.is_open.clear()
        await asyncio.sleep(0.8)
        blocked.is_open.set()
        seen = len(sink.rows)
        await until(lambda: len(sink.rows) >= seen + 10, seconds=20)
    counts = [row.value for row in sink.rows]
    assert max(after - before for before, after in itertools.pairwise(counts)) <= 3  # 8 came while it waited
    assert sink.errors == [None]


class BlockingPut:
    """Makes a sink's `put` wait while the gate is closed."""

    def __init__(self, sink) -> None:
        self.is_open = threading.Event()
        self.is_open.set()
        put = sink.put

        def wait_and_put(readings, **rest):
            self.is_open.wait(20)
            put(readings, **rest)

        sink.put = wait_and_put


async def _reconnect(server, home, times: int) -> tuple[list[int], list[int]]:
    """Break the connection again and again; returns clients and tasks alive after each recovery."""
    clients, tasks = [], []
    async with (
        BlackHoleProxy(server.port) as proxy,
        following(plan_of(proxy.port, "E01.Counter"), home) as sink,
    ):
        for _ in range(times):
            seen = len(sink.rows)
            await until(lambda seen=seen: len(sink.rows) > seen + 1, seconds=RECOVERY_SECONDS)
            gc.collect()
            clients.append(sum(isinstance(thing, Client) for thing in gc.get_objects()))
            tasks.append(len(asyncio.all_tasks()))
            proxy.cut()
    return clients, tasks


async def test_nothing_piles_up_over_many_reconnections(server, home):
    clients, tasks = await _reconnect(server, home, 6)
    assert max(clients) <= 2
    assert max(tasks[3:]) <= tasks[2] + 2


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_nothing_piles_up_over_very_many_reconnections(server, home):
    clients, tasks = await _reconnect(server, home, 100)
    assert max(clients) <= 2
    assert max(tasks[3:]) <= tasks[2] + 2
