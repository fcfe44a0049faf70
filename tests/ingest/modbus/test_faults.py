"""Dead, slow, lying and vanishing devices: no value of another register, and data again soon after."""

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.modbus.client import Link, LinkLost, NoAnswer
from ingest.modbus.frames import ReplyRefused
from ingest.modbus.run import run
from ingest.rules import GOOD
from tests.counterparts import free_port
from tests.counterparts.proxy import BlackHoleProxy
from tests.ingest.modbus.conftest import plan_of
from tests.ingest.modbus.lying import LyingDevice, content
from tests.ingest.modbus.test_counterparts import at
from tests.ingest.reader import read_and_be_killed
from tests.ingest.recording import RecordingSink, Running, until

RECOVERY_SECONDS = 10
ASKS = st.lists(
    st.tuples(
        st.sampled_from(LyingDevice.FAULTS), st.integers(1, 5), st.sampled_from([3, 4]), st.integers(0, 90),
        st.integers(1, 8),
    ),
    min_size=2,
    max_size=14,
)  # fmt: skip


async def _ask_through(asks) -> None:
    """Put requests to a device that lies to each as told; whatever is accepted must be the truth."""
    async with LyingDevice(late_seconds=0.03) as device:
        link = Link("127.0.0.1", device.port)
        device.faults = iter([fault for fault, *_ in asks])
        for _, unit, function, address, count in asks:
            try:
                if not link.is_open:
                    await link.open()
                answer = await link.ask(unit, function, address, count, timeout=0.02)
            except (NoAnswer, ReplyRefused, LinkLost):
                assert not link.is_open
                continue
            if not answer.exception:
                assert answer.words == tuple(content(unit, address + i) for i in range(count))
        link.drop()
        await asyncio.sleep(0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ASKS)
def test_no_value_is_ever_taken_from_another_register(asks):
    asyncio.run(_ask_through(asks))


@pytest.mark.long
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ASKS)
def test_no_value_is_ever_taken_from_another_register_in_many_rounds(asks):
    asyncio.run(_ask_through(asks))


@pytest.mark.parametrize("fault", LyingDevice.FAULTS)
async def test_after_any_lie_the_same_device_is_read_again(fault):
    async with LyingDevice() as device:
        plan = plan_of(device.port, at(1, 10), at(1, 11), at(2, 10, 4), at(2, 50, 4), timeout_seconds=0.1)
        device.faults = iter([fault] * 3)
        async with Running(run, plan) as sink:
            await until(lambda: device.asked >= 4, seconds=RECOVERY_SECONDS)
            before = len(sink.rows)
            await until(lambda: len(sink.rows) >= before + 8, seconds=RECOVERY_SECONDS)
        _all_true(sink, {1: (1, 10), 2: (1, 11), 3: (2, 10), 4: (2, 50)})


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_device_that_lies_at_random_never_gets_a_wrong_value_in(seed):
    chance = random.Random(seed)
    async with LyingDevice() as device:
        places = {key: (1 + key % 3, 7 * key) for key in range(1, 13)}
        channels = [at(unit, address) for unit, address in places.values()]
        device.faults = iter([chance.choice(LyingDevice.FAULTS) for _ in range(25)])
        async with Running(run, plan_of(device.port, *channels, timeout_seconds=0.05)) as sink:
            await asyncio.sleep(3)
            device.faults = iter(())
            before = len(sink.rows)
            await until(
                lambda: {row.point_key for row in sink.rows[before:]} == set(places), seconds=RECOVERY_SECONDS
            )
        _all_true(sink, places)


def _all_true(sink: RecordingSink, places: dict[int, tuple[int, int]]) -> None:
    assert sink.rows
    for row in sink.rows:
        assert (row.value, row.quality) == (content(*places[row.point_key]), GOOD)


async def test_a_lie_goes_to_the_dead_letters_once_and_is_told_in_words():
    async with LyingDevice() as device:
        device.faults = iter(["wrong_unit"] * 4)
        async with Running(run, plan_of(device.port, at(1, 10), timeout_seconds=0.1)) as sink:
            await until(lambda: bool(sink.rows), seconds=RECOVERY_SECONDS)
    [(payload, address, reason)] = sink.refused
    assert reason == "reply of unit 2 in reply to unit 1 holding registers 0x000A (1)"
    assert address == "unit 1" and payload[6] == 2
    assert sink.errors == [reason, None]


async def test_a_dead_unit_does_not_stall_its_siblings(modbus_serial):
    server = modbus_serial(
        {1: {"holding": {7: 1}}, 2: {"holding": {7: 2}, "silent": True}, 3: {"holding": {7: 3}}}
    )
    plan = plan_of(server.port, at(1, 7), at(2, 7), at(3, 7))
    async with Running(run, plan) as sink:
        await until(lambda: len(sink.errors) > 0 and sink.errors[-1] is not None, seconds=10)
        seen = len(sink.of(3))
        await asyncio.sleep(3)
        assert len(sink.of(1)) >= 10 and len(sink.of(3)) - seen >= 10
        assert not sink.of(2)
    assert sink.errors == [None, "unit 2 did not answer within 0.3 s"]


async def test_a_gateway_that_answers_for_a_dead_unit_is_understood(modbus_serial):
    server = modbus_serial({1: {"holding": {7: 1}}})
    async with Running(run, plan_of(server.port, at(1, 7), at(9, 7))) as sink:
        await until(
            lambda: sink.errors[-1:] == ["gateway target device failed to respond at unit 9"], seconds=10
        )
        seen = len(sink.of(1))
        await until(lambda: len(sink.of(1)) >= seen + 5, seconds=10)


async def test_a_slow_device_is_waited_for_as_long_as_configured(modbus_serial):
    server = modbus_serial({1: {"holding": {7: 1}, "delay_ms": 600}})
    async with Running(run, plan_of(server.port, at(1, 7), timeout_seconds=1.5)) as sink:
        await until(lambda: len(sink.rows) >= 2, seconds=10)
    assert sink.errors == [None]


async def test_a_server_killed_and_restarted_is_read_again_and_told_once(libmodbus):
    server = libmodbus({("h", 7): 70})
    async with Running(run, plan_of(server.port, at(1, 7))) as sink:
        await until(lambda: len(sink.rows) >= 3, seconds=10)
        server.kill()
        await until(lambda: sink.errors[-1] is not None, seconds=10)
        await asyncio.sleep(3)
        seen = len(sink.rows)
        server.start()
        await until(lambda: len(sink.rows) > seen, seconds=RECOVERY_SECONDS)
        await until(lambda: sink.errors[-1] is None, seconds=RECOVERY_SECONDS)
    assert sink.errors[0] is None and sink.errors[-1] is None
    assert sink.errors.count(None) == 2
    assert any("connection refused" in (error or "") for error in sink.errors)


async def test_the_reader_itself_restarted_goes_on(libmodbus):
    plan = plan_of(libmodbus({("h", 7): 70}).port, at(1, 7))
    for _ in range(3):
        async with Running(run, plan) as sink:
            await until(lambda: len(sink.rows) >= 2, seconds=10)


async def test_readers_killed_without_warning_leave_the_gateway_usable(libmodbus, tmp_path):
    port = libmodbus({("h", 7): 70}).port
    for _ in range(3):
        await read_and_be_killed("modbus", port, tmp_path, lines=3, seconds=20)


async def test_data_flows_again_after_a_half_open_connection(libmodbus):
    channels = [at(unit, 7) for unit in range(1, 6)]
    async with (
        BlackHoleProxy(libmodbus({("h", 7): 70}).port) as proxy,
        Running(run, plan_of(proxy.port, *channels)) as sink,
    ):
        await until(lambda: len({row.point_key for row in sink.rows}) == 5, seconds=10)
        proxy.swallow()
        await until(lambda: sink.errors[-1] is not None, seconds=10)
        await asyncio.sleep(4)
        proxy.heal()
        seen = len(sink.rows)
        await until(lambda: len({row.point_key for row in sink.rows[seen:]}) == 5, seconds=RECOVERY_SECONDS)
        await until(lambda: sink.errors[-1] is None, seconds=RECOVERY_SECONDS)


async def test_a_gateway_that_is_not_there_is_told_in_words():
    async with Running(run, plan_of(free_port(), at(1, 7))) as sink:
        await until(lambda: bool(sink.errors), seconds=10)
    assert sink.errors[0].startswith("no connection to 127.0.0.1:")


async def test_asked_to_stop_it_stops_though_the_device_is_silent():
    async with LyingDevice() as device:
        device.faults = iter(["silent"] * 100)
        async with Running(run, plan_of(device.port, at(1, 7), timeout_seconds=2.0)):
            await until(lambda: device.asked >= 1, seconds=10)
