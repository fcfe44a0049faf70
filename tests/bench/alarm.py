"""From a reading sent to its alarm readable through the API, while 5,000 readings a second meet 1,000 rules.

The whole product runs: PostgreSQL (durable), the web server, three alarm followers and one for roll-ups.
Readings are sent in micro-batches of 250 ms, as ingest does; a reading counts as sent at its own instant,
so that the wait for its batch is counted too. Another process polls `GET /api/v1/alarms` as a phone would.
The bare component is the same reading's way to being committed, without any alarm.

    script/bench alarm [seconds]
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import numpy as np
from sqlalchemy import text

from backend.alarms import service as alarms
from backend.cli import db
from backend.cli.server import ports
from backend.cli.server.postgres import Postgres
from backend.cli.server.redis import Redis
from backend.kernel import clock, ids
from backend.kernel.db import Database
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.service import NewPoint
from backend.network import service as network
from backend.network.models import PositionKind
from backend.network.service import NewPosition
from tests.servers import make_folder
from tests.world import PASSWORD, Region, make_world

POINTS, RULES, PER_SECOND, BATCH_S = 5000, 1000, 5000, 0.25
WARM_UP_S = 8
GOAL_S = 1.0


def main(seconds: int = 40) -> None:
    """Run the bench and print its lines."""
    folder = make_folder()
    postgres = Postgres(folder / "postgres", folder / "postgres.log", {"shared_buffers": "256MB"})
    redis = Redis(folder / "redis", folder / "redis.log", ports.any_free())
    try:
        postgres.start()
        redis.start()
        postgres.make_database()
        db.upgrade(postgres.url())
        measure(postgres.url(), redis.url(), folder, seconds)
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def measure(database_url: str, redis_url: str, folder: Path, seconds: int) -> None:
    """Fill the region, start the processes, send, look, and report."""
    database = Database(database_url)
    region = make_world(database).east
    keys, rules = furnish(database, region)
    port = ports.any_free()
    environment = os.environ | {
        "ENERFIELD_DATABASE_URL": database_url,
        "ENERFIELD_REDIS_URL": redis_url,
        "ENERFIELD_MQTT_URL": "mqtt://127.0.0.1:1",
        "ENERFIELD_HOME": str(folder),
        "ENERFIELD_SECRET_KEY": "a secret that only this bench knows",
        "PORT": str(port),
    }
    with processes(environment, folder):
        phone = Phone(port, region.email("dispatcher"))
        sender = Sender(database, region, keys, rules, seconds)
        watcher = threading.Thread(target=phone.watch, args=(sender.is_over,))
        watcher.start()
        sender.run()
        watcher.join()
    report(database, region, sender, phone, seconds)
    database.dispose()


def furnish(database: Database, region: Region) -> tuple[np.ndarray, list[tuple[UUID, int]]]:
    """Make points and rules; returns the keys of the points and (rule, index of its point) for each rule."""
    with database.transaction(region.scope) as session:
        site = network.create_site(
            session, region.scope, organisation_id=region.park.id, timezone="Asia/Shanghai", currency="CNY",
            new=NewPosition(PositionKind.SITE, "Works"),
        )  # fmt: skip
        points = [
            metering.create_point(
                session, region.scope, position_id=site.id,
                new=NewPoint(f"Temperature {i}", Carrier.HEAT, "temperature", "°C", PointKind.INSTANT),
            )
            for i in range(POINTS)
        ]  # fmt: skip
        session.flush()
        rules = [
            (
                alarms.create_rule(
                    session, region.scope, point_id=points[i].id, name=f"Rule {i}", **kind_of(i, points)
                ).id,
                i,
            )
            for i in range(RULES)
        ]
    keys = np.array([point.key for point in points], dtype=np.int64)
    return keys, [(rule, i) for rule, i in rules if i % 10 < 8]


def kind_of(i: int, points: list[Any]) -> dict[str, Any]:
    """Eight of ten rules are limits, which the bench trips; the others look on and cost their share."""
    if i % 10 < 8:
        return {"kind": "limit", "parameters": {"HH": 200, "H": 90, "L": -50}, "deadband": 1.0}
    if i % 10 == 8:
        return {"kind": "silence", "parameters": {"after_s": 600}}
    if i % 20 == 9:
        return {"kind": "rate", "parameters": {"rising": 1e6, "window_s": 30}}
    bound = {"a": str(points[i].id), "b": str(points[i - 1].id)}
    return {
        "kind": "expression",
        "parameters": {"when": "abs(a - b) > 500 and avg(a, 60) > 0", "points": bound},
    }


class Sender:
    """Sends readings at wall-clock pace; every rule is tripped once, spread evenly over the run."""

    def __init__(
        self,
        database: Database,
        region: Region,
        keys: np.ndarray,
        rules: list[tuple[UUID, int]],
        seconds: int,
    ) -> None:
        self.database, self.region, self.keys, self.rules = database, region, keys, rules
        self.seconds = seconds
        self.sent_us: dict[str, int] = {}
        self.committed_s: list[float] = []
        self.late_s = 0.0
        self.is_over = threading.Event()

    def run(self) -> None:
        """Send for the warm-up and `seconds`, then give the last alarms two seconds to appear."""
        random = np.random.default_rng(1)
        size = round(PER_SECOND * BATCH_S)
        waiting = list(self.rules)
        batches = round((WARM_UP_S + self.seconds) / BATCH_S)
        trips = len(waiting) / (self.seconds / BATCH_S)
        start, due = time.monotonic(), 0.0
        for number in range(batches):
            time.sleep(max(0.0, start + (number + 1) * BATCH_S - time.monotonic()))
            self.late_s = max(self.late_s, time.monotonic() - start - (number + 1) * BATCH_S)
            chosen = (np.arange(size) + number * size) % POINTS
            value = random.normal(50, 5, size)
            at_us = clock.now_us() - np.linspace(BATCH_S, 0, size) * 1e6
            if number * BATCH_S >= WARM_UP_S:
                due += trips
                due -= self._trip(waiting, int(due), chosen, value, at_us)
            elif number * BATCH_S >= WARM_UP_S / 2:
                self._trip(waiting, 2, chosen, value, at_us, is_measured=False)
            self._store(chosen, at_us.astype(np.int64), value)
        time.sleep(2.0)
        self.is_over.set()

    def _trip(
        self, waiting: list, count: int, chosen: np.ndarray, value: np.ndarray, at_us: np.ndarray,
        *, is_measured: bool = True,
    ) -> int:  # fmt: skip
        """Push up to `count` values beyond their rules' limits, among the points of this batch."""
        place = {int(point): i for i, point in enumerate(chosen)}
        done = 0
        for rule, point in list(waiting):
            if done == count:
                break
            if point in place:
                value[place[point]] = 95.0
                if is_measured:
                    self.sent_us[ids.show(rule)] = int(at_us[place[point]])
                waiting.remove((rule, point))
                done += 1
        return done

    def _store(self, chosen: np.ndarray, at_us: np.ndarray, value: np.ndarray) -> None:
        batch = metering.ReadingBatch(self.keys[chosen], at_us, value, np.zeros(len(chosen)))
        with self.database.transaction(self.region.scope) as session:
            metering.store_readings(session, self.region.scope, batch, source="bench", live=True)
        self.committed_s += ((clock.now_us() - at_us) / 1e6).tolist()


class Phone:
    """A dispatcher's phone that asks for new alarms again and again."""

    def __init__(self, port: int, email: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.seen_us: dict[str, int] = {}
        self.alarm_of: dict[str, str] = {}
        self.looks_s: list[float] = []
        self.doubles = 0
        wanted = {"email": email, "password": PASSWORD, "device_id": "bench"}
        self.headers = {"Content-Type": "application/json"}
        given = self._ask("POST", "/api/v1/auth/login", json.dumps(wanted))
        self.headers["Authorization"] = f"Bearer {given['access_token']}"

    def watch(self, is_over: threading.Event) -> None:
        """Ask until it is over; note when each alarm is first read. At last look for those that came later."""
        while not is_over.is_set():
            self._look(since=datetime.now(UTC) - timedelta(seconds=2))
            time.sleep(0.04)
        for part in range(30):
            edge = datetime.now(UTC) - timedelta(seconds=4 * part)
            self._look(since=edge - timedelta(seconds=4), until=edge)

    def _look(self, **period: datetime) -> None:
        times = {name: instant.isoformat() for name, instant in period.items()}
        query = urlencode({"order": "newest", "limit": 200, "suppressed": "false", **times})
        asked_at = time.monotonic()
        found = self._ask("GET", f"/api/v1/alarms?{query}")["items"]
        now_us = clock.now_us()
        self.looks_s.append(time.monotonic() - asked_at)
        for alarm in found:
            self.seen_us.setdefault(alarm["rule_id"], now_us)
            self.doubles += self.alarm_of.setdefault(alarm["rule_id"], alarm["id"]) != alarm["id"]

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return json.loads(said)


@contextmanager
def processes(environment: dict[str, str], folder: Path) -> Iterator[None]:
    """Run the web server and three followers; wait until they work, stop them at the end."""
    followers = [["follow", "--only", "alarms"]] * 3 + [["follow", "--only", "rollups"]]
    commands = [["web", "--workers", "1"], *followers]
    running = []
    for i, command in enumerate(commands):
        log = (folder / f"{command[0]}-{i}.log").open("wb")
        whole = [sys.executable, "-m", "backend.cli", *command]
        running.append(subprocess.Popen(whole, env=environment, stdout=log, stderr=log))
    try:
        wait_for_port(int(environment["PORT"]))
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for_port(port: int) -> None:
    """Wait until the web server answers."""
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the web server does not answer")


def report(database: Database, region: Region, sender: Sender, phone: Phone, seconds: int) -> None:
    """Print one JSON line for each figure."""
    with database.transaction(region.scope) as session:
        doubled = session.execute(
            text("SELECT count(*) - count(DISTINCT (rule_id, raised_at)) FROM alarm")
        ).scalar_one()
        raised = session.execute(
            text("SELECT count(*) - count(DISTINCT (alarm_id, at)) FROM alarm_event WHERE kind = 'raised'")
        ).scalar_one()
        written = session.scalars(
            text("SELECT extract(epoch FROM recorded_at - raised_at)::float8 FROM alarm")
        ).all()
    both = sender.sent_us.keys() & phone.seen_us.keys()
    delay = np.array([(phone.seen_us[rule] - sender.sent_us[rule]) / 1e6 for rule in both])
    bare = np.array(sender.committed_s)
    for share in (50, 99, 100):
        case = f"sent to readable, {'slowest' if share == 100 else f'p{share}'}"
        line(case, np.percentile(delay, share), "s", limit=np.percentile(bare, share), goal=GOAL_S)
    line(
        "sent to raised by the follower, p99", np.percentile(written, 99), "s", limit=np.percentile(bare, 99)
    )
    line("one look through the API, p50", np.percentile(phone.looks_s, 50), "s")
    line("alarms missed", len(sender.sent_us.keys() - phone.seen_us.keys()), "alarms", goal=0)
    line("duplicates with three followers", doubled + raised + phone.doubles, "alarms", goal=0)
    line("alarms measured", len(both), "alarms")
    rate = len(bare) / (WARM_UP_S + seconds + sender.late_s)
    line("readings sent", rate, "readings/s", limit=PER_SECOND)


def line(
    case: str, value: float, unit: str, *, limit: float | None = None, goal: float | None = None
) -> None:
    """Print a result. Times compare limit/value, rates value/limit: 1 is the bare component."""
    ratio = None
    if limit is not None:
        ratio = round(float(value / limit if unit.endswith("/s") else limit / value), 3)
    said = {
        "bench": "alarm", "case": case, "value": round(float(value), 4), "unit": unit,
        "limit": None if limit is None else round(float(limit), 4), "ratio": ratio, "goal": goal,
        "met": None if goal is None else bool(value <= goal),
    }  # fmt: skip
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:2]))
