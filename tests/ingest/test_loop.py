"""Whose turn it is, when to try again, and what is told of faults."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from ingest.loop import LONGEST_PAUSE, Backoff, Health, Schedule, keep, left_of, rest
from tests.ingest.recording import RecordingSink


def make_health(**changes) -> tuple[Health, RecordingSink]:
    sink = RecordingSink()
    return Health(uuid4(), "gateway", sink, **changes), sink


def test_pauses_double_with_jitter_and_never_exceed_five_seconds():
    backoff = Backoff(first=0.25)
    for bound in (0.25, 0.5, 1.0, 2.0, 4.0, LONGEST_PAUSE, LONGEST_PAUSE):
        assert bound / 2 <= backoff.next() <= bound
    backoff.reset()
    assert backoff.next() <= 0.25


@pytest.mark.parametrize(
    ("pause", "took", "left"),
    [
        (2.0, 0.0, 2.0),  # refused at once
        (2.0, 1.5, 0.5),
        (2.0, 3.0, 0.2),  # it hung for longer than the pause
        (0.1, 3.0, 0.1),
    ],
)
def test_an_attempt_that_hung_is_not_followed_by_a_whole_pause(pause, took, left):
    assert left_of(pause, took=took) == left


def test_a_fault_is_told_once_and_its_recovery_once():
    health, sink = make_health()
    with capture_logs() as logs:
        for _ in range(5):
            health.failed(3, "unit 3 did not answer within 1 s")
        for _ in range(5):
            health.well(3)
            health.heard()
    assert [entry["event"] for entry in logs] == ["field fault", "field recovery"]
    assert sink.errors == ["unit 3 did not answer within 1 s", None]


def test_one_lost_reply_is_not_news():
    health, sink = make_health()
    with capture_logs() as logs:
        for _ in range(5):
            health.failed(3, "unit 3 did not answer within 1 s")
            health.well(3)
            health.heard()
    assert logs == [] and sink.errors == [None]


def test_faults_of_several_parts_are_told_together():
    health, _ = make_health(patience=1)
    for unit in range(1, 6):
        health.failed(unit, f"unit {unit} is dead")
    assert health.error == "unit 1 is dead; unit 2 is dead; unit 3 is dead; and 2 more"


def serve_for(
    schedule: Schedule, seconds: float, *, dead: set[str], period: float, cost: float, dead_cost: float
):
    """Play a schedule through; returns the instants at which each device was asked."""
    now, asked = 0.0, {turn.key: [] for turn in schedule.turns}
    while now < seconds:
        turn = schedule.next(now)
        if turn is None:
            now += max(schedule.wait(now), 1e-6)
            continue
        asked[turn.key].append(now)
        if turn.key in dead:
            now += dead_cost
            schedule.failed(turn, now=now, cost=dead_cost)
        else:
            now += cost
            schedule.succeeded(turn, now=now, due=now - cost + period)
    return asked


def test_devices_are_asked_each_in_its_period():
    asked = serve_for(Schedule("ab", now=0.0), 100, dead=set(), period=10, cost=0.01, dead_cost=1)
    assert all(len(times) == 10 for times in asked.values())


def test_dead_devices_do_not_starve_the_living():
    dead = {f"dead {i}" for i in range(30)}
    asked = serve_for(
        Schedule(["alive", *sorted(dead)], now=0.0), 300, dead=dead, period=1.0, cost=0.01, dead_cost=1.0
    )
    alive = [
        t for t in asked["alive"] if t > 35
    ]  # after the first round, in which nobody is known to be dead
    assert len(alive) > 0.6 * (300 - 35)
    assert max(b - a for a, b in itertools.pairwise(alive)) < 2.5
    assert all(len(asked[key]) >= 2 for key in dead)


def test_one_that_answers_again_brings_the_others_forward():
    schedule = Schedule("abc", now=0.0)
    for turn in schedule.turns:
        for _ in range(6):
            schedule.failed(turn, now=0.0, cost=1.0)
    schedule.succeeded(schedule.turns[0], now=5.0, due=15.0)
    assert schedule.turns[1].due <= 5.0 and schedule.turns[2].due <= 5.0


def test_all_dead_are_asked_again_within_the_longest_pause():
    schedule = Schedule("abc", now=0.0)
    for turn in schedule.turns:
        for _ in range(9):
            schedule.failed(turn, now=0.0, cost=1.0)
    assert schedule.wait(0.0) <= LONGEST_PAUSE


async def test_rest_ends_when_asked_to_stop():
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    async with asyncio.timeout(5):
        await rest(stop, 60)


async def test_what_breaks_is_tried_again_until_asked_to_stop():
    health, sink = make_health(patience=1)
    stop, tries = asyncio.Event(), []

    async def serve() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("no route")
        health.well("link")
        health.heard()
        stop.set()

    async with asyncio.timeout(10):
        await keep(serve, stop=stop, health=health, words=str)
    assert len(tries) == 3
    assert sink.errors == ["no route", None]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_work_after_what_is_held_was_handed_over(number, tmp_path):
    script = (
        "import asyncio, sys\n"
        "from ingest.loop import until_signalled\n"
        "async def main(stop):\n"
        "    print('ready', flush=True)\n"
        "    await stop.wait()\n"
        "    await asyncio.sleep(0.1)\n"
        "    print('handed over', flush=True)\n"
        "until_signalled(main)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, number)
        assert process.stdout.read() == "handed over\n"
        assert process.wait(10) == 0
