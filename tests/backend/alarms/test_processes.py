"""Three follower processes, killed without warning: every alarm once, none lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sqlalchemy import text

from backend.kernel import clock
from backend.metering import service as metering
from tests.backend.alarms.plant import Plant

ROUNDS = 24
POINTS = 20


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start followers as people do; whatever still runs is killed at the end."""
    running: list[subprocess.Popen[bytes]] = []

    def one() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "backend.cli", "follow", "--only", "alarms"]
        running.append(subprocess.Popen(command, env=os.environ | environment))
        return running[-1]

    yield one
    for process in running:
        process.kill()
        process.wait()


def holder(plant: Plant) -> int | None:
    """Process id of the one that holds the lease."""
    with plant.asked_by() as (session, _):
        found = session.execute(
            text("SELECT holder FROM lease WHERE name = 'alarms' AND until > clock_timestamp()")
        ).scalar()
    return None if found is None else int(found.split(":")[1])


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> object:
    """Wait until something is the case."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come about in time")


def swing(plant: Plant, value: float) -> None:
    """Let every point read a value, live."""
    keys = np.array([point.key for point in plant.points])
    now = np.full(len(keys), clock.now_us())
    batch = metering.ReadingBatch(keys, now, np.full(len(keys), value), np.zeros(len(keys)))
    with plant.asked_by() as (session, scope):
        metering.store_readings(session, scope, batch, source="test", live=True)


def test_three_followers_two_killed_every_alarm_once_and_none_lost(make, start):
    plant = make(points=POINTS)
    for i in range(POINTS):
        plant.rule(i, parameters={"H": 90.0})
    workers = {process.pid: process for process in (start(), start(), start())}
    wait_for(lambda: holder(plant) in workers)
    for i in range(ROUNDS):
        swing(plant, 95.0 if i % 2 == 0 else 50.0)
        if i in (5, 13):
            victim = workers.pop(holder(plant))
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
            wait_for(lambda: holder(plant) in workers)
        time.sleep(0.02)
    histories = wait_for(lambda: complete(plant))
    once = ["raised", "returned"] + ["raised_again", "returned"] * (ROUNDS // 2 - 1)
    assert histories == [once] * POINTS
    (last,) = workers.values()
    last.send_signal(signal.SIGTERM)
    assert last.wait(10) == 0
    assert holder(plant) is None  # the lease was let go in good order


def complete(plant: Plant) -> list[list[str]] | None:
    """Histories by point, once every one has as many lines as there were swings."""
    with plant.asked_by() as (session, _):
        rows = session.execute(
            text(
                "SELECT array_agg(e.kind ORDER BY e.at, e.id) kinds FROM alarm_event e"
                " JOIN alarm a ON a.id = e.alarm_id WHERE a.position_id = :here GROUP BY a.id"
            ),
            {"here": plant.unit_id},
        ).scalars()
        found = [list(kinds) for kinds in rows]
    return found if sum(map(len, found)) >= ROUNDS * POINTS else None
