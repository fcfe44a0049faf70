"""A worker that is up but deaf is noticed by its own canary and started anew, with back-off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from structlog.testing import capture_logs

from backend.cli.server.keeper import Hearing, Pace, keep

PACE = Pace(every_s=10, least_s=30, start_s=120, pause_s=60, longest_s=240)


# --- when a worker is deaf


def test_a_canary_is_overdue_by_a_margin_that_is_measured():
    hearing = Hearing(PACE, since=0)
    hearing.came_back(10, took_s=0.1)
    assert hearing.margin_s == 30
    assert not hearing.is_deaf(50)
    assert hearing.is_deaf(50.1)
    hearing.came_back(60, took_s=20)
    assert hearing.margin_s == 100, "a slow machine is given more time"
    assert not hearing.is_deaf(160)


def test_a_worker_just_started_has_longer():
    hearing = Hearing(PACE, since=0)
    assert not hearing.is_deaf(119)
    assert hearing.is_deaf(121)


def test_silence_while_redis_is_away_proves_nothing():
    hearing = Hearing(PACE, since=0, has_answered=True)
    hearing.excused(100)
    assert not hearing.is_deaf(139)


def test_restarts_come_in_growing_steps_until_it_was_well_for_as_long():
    hearing = Hearing(PACE, since=0)
    now, pauses = 1000.0, []
    for _ in range(5):
        began = now
        while not hearing.may_restart(now):
            now += 1
        pauses.append(now - began)
        hearing.restarted(now)
    assert pauses == [0, 60, 120, 240, 240]
    hearing.came_back(now + 100, took_s=0.1)
    assert hearing.restarts == 5, "not well for long enough"
    hearing.came_back(now + 241, took_s=0.1)
    assert hearing.restarts == 0
    assert hearing.may_restart(now + 242)


# --- what the keeper does about it


class Scripted:
    """A worker that answers as told, and a clock that runs a second at each look at it."""

    def __init__(self, *, hears_from: int = 1, is_busy: bool = False) -> None:
        self.starts = self.stops = 0
        self.time = 0.0
        self.exit_code = None
        self._hears_from, self._busy, self._sent = hears_from, is_busy, None

    def now(self) -> float:
        self.time += 0.2
        return self.time

    def start(self) -> None:
        self.starts += 1

    def stop(self, *, is_deaf: bool = False) -> None:
        self.stops += 1

    def send_canary(self, now: float) -> None:
        self._sent = now

    def last_canary(self) -> float | None:
        return self._sent if self.starts >= self._hears_from else None

    def is_busy(self) -> bool:
        return self._busy


class Ends(threading.Event):
    """Stops after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def wait(self, timeout: float | None = None) -> bool:
        self.looks -= 1
        return self.looks < 0


def run(worker: Scripted, looks: int) -> list[str]:
    with capture_logs() as logs:
        keep(worker, Ends(looks), pace=PACE, now=worker.now)
    return [entry["event"] for entry in logs]


def test_a_worker_that_hears_is_left_alone():
    worker = Scripted()
    assert run(worker, 2000) == []
    assert (worker.starts, worker.stops) == (1, 1)


def test_a_deaf_worker_is_started_anew_and_that_is_told_once_and_its_recovery_once():
    worker = Scripted(hears_from=4)
    assert run(worker, 4000) == ["worker is deaf, started anew", "worker hears again"]
    assert worker.starts == 4


def test_a_worker_all_of_whose_hands_are_busy_is_not_deaf():
    worker = Scripted(hears_from=2, is_busy=True)
    assert run(worker, 4000) == []
    assert worker.starts == 1


def test_a_worker_that_ends_by_itself_ends_its_keeper_with_its_exit_code():
    worker = Scripted()
    worker.exit_code = 3
    assert keep(worker, Ends(5), pace=PACE, now=worker.now) == 3


# --- for real


@pytest.fixture
def work(environment, database, tmp_path):
    begun = []

    def start() -> tuple[psutil.Process, object]:
        log = tmp_path / "work.log"
        with log.open("ab") as output:
            begun.append(
                subprocess.Popen(
                    [sys.executable, "-m", "backend.cli", "work", "--processes", "1", "--canary-seconds", "1",
                     "--deaf-seconds", "6"],
                    env=os.environ | environment, stdout=output, stderr=output,
                )
            )  # fmt: skip
        return psutil.Process(begun[-1].pid), log

    yield start
    for one in begun:
        one.terminate()
        try:
            one.wait(40)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


def wait_until(true, seconds: float = 240.0):
    ends = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.2)
    return found


def the_worker(keeper: psutil.Process) -> psutil.Process | None:
    return next(iter(keeper.children()), None)


@pytest.mark.timeout(900)  # it waits for what a busy machine takes long to do, several times over
def test_a_worker_made_deaf_is_replaced_by_one_that_hears_and_jobs_go_on(work, environment):
    from backend.infra import canary
    from backend.worker import app

    redis_url = environment["ENERFIELD_REDIS_URL"]
    keeper, log = work()

    def is_heard() -> bool:
        app.send_task("canary.sing", ["events"], queue="events")
        time.sleep(0.5)
        age = canary.ages_s(redis_url)["events"]
        return age is not None and age < 10

    wait_until(is_heard)
    time.sleep(2)
    first = the_worker(keeper)
    first.send_signal(signal.SIGSTOP)
    deaf_since = time.monotonic()
    second = wait_until(lambda: (found := the_worker(keeper)) and found.pid != first.pid and found)
    print("replaced after", time.monotonic() - deaf_since)
    assert not first.is_running() or first.status() == psutil.STATUS_ZOMBIE
    wait_until(is_heard)
    wait_until(lambda: "worker hears again" in log.read_text())
    assert log.read_text().count("worker is deaf") == 1
    keeper.terminate()
    _, left = psutil.wait_procs([second], timeout=40)
    assert left == [], "the worker ends with its keeper"


def test_a_worker_ends_with_its_keeper_even_by_kill_9(work):
    keeper, _ = work()
    worker = wait_until(lambda: the_worker(keeper))
    wait_until(lambda: worker.children())
    everything = [worker, *worker.children(recursive=True)]
    keeper.kill()
    _, left = psutil.wait_procs(everything, timeout=40)
    assert left == []
