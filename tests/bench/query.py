"""Measure what pages ask for: `python -m tests.bench.query` prints one JSON line a result.

10,000 points and 2e7 readings: 400 of them have a year at 15 minutes, the rest a week (as in the measured
limits of notes/reliability C5); closed months sorted as the night does. Each question is asked through the
product's services as the unprivileged role, against the same rows fetched by a bare statement.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
from sqlalchemy import text

from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.service import Grain
from backend.metering.service.maintenance import sort_closed_months
from tests.bench.common import Durable, Region, plain_region, say

YEAR_POINTS, WEEK_POINTS = 400, 9_600
DAY_US = 86_400_000_000
QUARTER_US = 900_000_000
ROUNDS = 60


def fill(database: Database, region: Region) -> None:
    """Store the history, make its roll-ups, and sort what is closed."""
    now = clock.now_us() // QUARTER_US * QUARTER_US
    year = now - np.arange(365 * 96)[::-1] * QUARTER_US
    week = now - np.arange(6 * 96)[::-1] * QUARTER_US
    keys = region.keys
    for start in range(0, YEAR_POINTS, 10):
        _store(database, region.scope, keys[start : start + 10], year)
    for start in range(0, WEEK_POINTS, 600):
        _store(database, region.scope, keys[YEAR_POINTS + start : YEAR_POINTS + start + 600], week)
    follower = metering.RollUpFollower()
    while True:
        with database.transaction(region.scope) as session:
            if not follower.step(session, region.scope):
                break
    sort_closed_months(database.engine, region.scope)


def _store(database: Database, scope: Scope, keys: np.ndarray, at: np.ndarray) -> None:
    register = np.cumsum(np.random.default_rng(int(keys[0])).random((len(keys), len(at))), axis=1)
    batch = metering.ReadingBatch(
        np.repeat(keys, len(at)), np.tile(at, len(keys)), register.ravel(), np.zeros(register.size)
    )
    with database.transaction(scope) as session:
        metering.store_readings(session, scope, batch, source="bench", live=False)


def cases(
    database: Database, region: Region
) -> dict[str, tuple[float, Callable[[], object], Callable[[], object]]]:
    """Each case: its goal [ms at p95], the question through the services, and the bare statement."""
    scope = region.scope
    organisations = frozenset(scope.organisations)
    chance = random.Random(1)
    now = datetime.now(UTC)
    bare = psycopg.connect(database.url, autocommit=True)

    def ask(question: Callable[..., object]) -> Callable[[], object]:
        def once() -> object:
            with database.transaction(scope) as session:
                return question(session)

        return once

    year_points = [(point.id, point.key) for point in region.points[:YEAR_POINTS]]

    def one() -> tuple[object, int]:
        return chance.choice(year_points)

    closed = (now.replace(day=1) - timedelta(days=40)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    month = Period(closed, closed + timedelta(days=31))
    year = Period(now - timedelta(days=365), now)
    day = Period(now - timedelta(days=1), now)
    thousand = region.points[:1000]
    keys = [p.key for p in thousand]
    return {
        "one point, one month raw": (
            20,
            ask(lambda s: metering.readings(s, scope, point_id=one()[0], period=month)),
            lambda: bare.execute(
                "SELECT read_at, value, quality FROM reading WHERE point_key = %s AND read_at >= %s AND read_at < %s"
                " ORDER BY read_at", (one()[1], month.start, month.end), binary=True).fetchall(),
        ),
        "one point, one year of days": (
            5,
            ask(lambda s: metering.amounts(s, scope, point_id=one()[0], grain=Grain.DAY, period=year)),
            lambda: bare.execute(
                "SELECT start, amount FROM roll_up WHERE grain = 1 AND point_key = %s AND start >= %s",
                (one()[1], year.start), binary=True).fetchall(),
        ),
        "1,000 points, one day": (
            15,
            ask(lambda s: metering.amounts_of_many(s, scope, points=thousand, grain=Grain.DAY, period=day)),
            lambda: bare.execute(
                "SELECT point_key, start, amount FROM roll_up WHERE grain = 1 AND point_key = ANY (%s)"
                " AND start >= %s", (keys, day.start), binary=True).fetchall(),
        ),
        "latest of 10,000 points": (
            25,
            ask(lambda s: metering.latest_arrays(s, scope)),
            lambda: bare.execute("SELECT point_key, read_at, value, quality FROM latest", binary=True).fetchall(),
        ),
        "region overview": (
            100,
            ask(lambda s: metering.overview(s, scope, organisations=organisations)),
            lambda: bare.execute(
                "SELECT sum(amount) FROM roll_up WHERE grain = 0 AND start >= %s", (day.start,)).fetchall(),
        ),
    }  # fmt: skip


def measure(question: Callable[[], object], rounds: int = ROUNDS) -> np.ndarray:
    """Ask `rounds` times after three to warm up; return the times [ms]."""
    for _ in range(3):
        question()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        question()
        times.append((time.perf_counter() - began) * 1000)
    return np.array(times)


def drop_caches(durable: Durable, database: Database) -> None:
    """Restart the server and push its files out of the page cache, so that the next question is cold."""
    database.dispose()
    durable.restart()
    subprocess.run(["sync"], check=True)
    for file in Path(durable.folder).rglob("*"):
        if file.is_file():
            subprocess.run(["dd", f"of={file}", "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"],
                           check=False)  # fmt: skip


def main() -> None:
    """Fill, then ask warm, cold, and beside a writer."""
    with Durable() as durable:
        database = Database(durable.url)
        region = plain_region(database, YEAR_POINTS + WEEK_POINTS)
        began = time.perf_counter()
        fill(database, region)
        rows = YEAR_POINTS * 365 * 96 + WEEK_POINTS * 6 * 96
        say("query", "filled", rows / (time.perf_counter() - began), "readings/s with roll-ups and sorting")
        warm: dict[str, float] = {}
        for name, (goal, question, bare) in cases(database, region).items():
            limit = float(np.percentile(measure(bare), 95))
            warm[name] = float(np.percentile(measure(question), 95))
            say(
                "query", f"{name}, warm p95", warm[name], "ms", limit=limit, goal=goal, met=warm[name] <= goal
            )
        for name, (_, question, _) in list(cases(database, region).items())[:2]:
            cold = []
            for _ in range(3):
                drop_caches(durable, database)
                with database.transaction(region.scope) as session:
                    session.execute(text("SELECT 1"))
                began = time.perf_counter()
                question()
                cold.append((time.perf_counter() - began) * 1000)
            say(
                "query",
                f"{name}, cold",
                float(np.median(cold)),
                "ms",
                goal=100,
                met=float(np.median(cold)) <= 100,
            )
        beside_a_writer(database, region, warm)


def beside_a_writer(database: Database, region: Region, warm: dict[str, float]) -> None:
    """Ask again while 20,000 readings/s arrive; goal: at most 1.5 times the warm goal."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.writer", database.url, "20000"], stdout=subprocess.DEVNULL
    )
    try:
        time.sleep(3)
        for name, (goal, question, _) in cases(database, region).items():
            before, began = _stored(database), time.monotonic()
            busy = float(np.percentile(measure(question), 95))
            rate = (_stored(database) - before) / (time.monotonic() - began)
            say("query", f"{name}, beside 20,000 readings/s", busy, "ms", goal=1.5 * goal, met=busy <= 1.5 * goal,
                times_goal=round(busy / goal, 2), times_warm=round(busy / warm[name], 2),
                readings_per_s=round(rate))  # fmt: skip
    finally:
        writer.terminate()
        writer.wait()


def _stored(database: Database) -> int:
    """Return how many readings were stored since the writer began."""
    with database.engine.connect() as connection:
        return int(
            connection.execute(
                text("SELECT coalesce(sum(readings), 0) FROM batch WHERE source = 'bench' AND is_live")
            ).scalar_one()
        )


if __name__ == "__main__":
    main()
