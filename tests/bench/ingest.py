"""How readings come in: `python -m tests.bench.ingest [CASE …]`, a JSON line a result.

The cases: store, mqtt, flood, single, http, modbus, opcua.

store: array -> committed readings, latest and journal, followers running beside it, against a bare COPY to
a temporary table and upsert of the same rows, batch about batch in the same run. mqtt, single: from devices
through Mosquitto and workers to the commit, everything on this machine. http: gateways that push.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psutil
import psycopg
from numpy.typing import NDArray
from sqlalchemy import text

from backend.cli.server import ports
from backend.cli.server.mosquitto import Mosquitto
from backend.kernel import bulk, clock
from backend.kernel.db import Database
from backend.metering import service as metering
from backend.metering.rules import ReadingBatch
from backend.metering.service.connections import Protocol
from tests.bench import field as field_bench
from tests.bench.common import Durable, plain_region, say
from tests.ingest.field import Field, make_field
from tests.servers import make_folder

Arrays = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int16]]

HOMES = tempfile.TemporaryDirectory(prefix="enerfield-bench-")
"""Where the processes of this bench keep their notes and logs."""

GOAL_LIVE, GOAL_BACKLOG = 0.25, 0.6
GOAL_READINGS, GOAL_COMMIT_MS, GOAL_RSS_MB = 50_000, 300, 512
WARM_UP_SECONDS = 5.0


def main(wanted: list[str]) -> None:
    """Run the wanted cases, all without a name."""
    cases = {"store": store, "mqtt": mqtt, "flood": flood, "single": single, "http": push}
    for name, case in cases.items():
        if not wanted or name in wanted:
            with Durable({"track_commit_timestamp": "on"}) as durable:
                case(durable.url)
    field_bench.main([name for name in ("modbus", "opcua") if not wanted or name in wanted] or ["none"])


# --- the store path


def store(url: str) -> None:
    """Live shape and backlog shape beside the bare upsert, while alarms and roll-ups follow."""
    database = Database(url)
    region = plain_region(database, 10_000)
    with Process(["follow"], environment(url)):
        _shape("store, live 10,000 x 1", database, region.scope, region.keys, 1, 30, GOAL_LIVE)
        _shape("store, backlog 500 x 200", database, region.scope, region.keys[:500], 200, 6, GOAL_BACKLOG)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say("ingest", "store, peak memory", peak_mb, "MB", goal=GOAL_RSS_MB, met=peak_mb < GOAL_RSS_MB)
    database.dispose()


def _shape(
    case: str, database: Database, scope: Any, keys: NDArray[np.int64], each: int, rounds: int, goal: float
) -> None:
    bare = psycopg.connect(database.url)
    bare.execute(
        "CREATE TABLE IF NOT EXISTS bare (point_key int8, read_at timestamptz, value float8, quality int2,"
        " PRIMARY KEY (point_key, read_at))"
    )
    bare.execute("CREATE TEMPORARY TABLE staged (LIKE bare) ON COMMIT DELETE ROWS")
    bare.commit()
    ours, limit = [], []
    start_us = clock.now_us() // 60_000_000 * 60_000_000 - (rounds + 1) * each * 1_000_000
    for turn in range(rounds):
        rows = _rows(keys, each, start_us + turn * each * 1_000_000, turn)
        limit.append(_timed(lambda rows=rows: _bare(bare, rows)))
        ours.append(_timed(lambda rows=rows: _ours(database, scope, rows)))
    count = len(keys) * each
    value, bound = count * rounds / sum(ours), count * rounds / sum(limit)
    say("ingest", case, value, "rows/s", limit=bound, rate=True, goal=goal, met=value / bound >= goal)
    say("ingest", f"{case}, batch p50", 1000 * float(np.quantile(ours, 0.5)), "ms")
    say("ingest", f"{case}, batch p99", 1000 * float(np.quantile(ours, 0.99)), "ms")
    seconds = _until_followed(bare)
    say("ingest", f"{case}, until roll-ups are right", seconds, "s", goal=5, met=seconds <= 5)
    bare.close()


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _rows(keys: NDArray[np.int64], each: int, start_us: int, turn: int) -> Arrays:
    at_us = np.tile(start_us + np.arange(each, dtype=np.int64) * 1_000_000, len(keys))
    value = np.repeat(1e5 + turn * each + keys % 97, each) + np.tile(np.arange(each), len(keys)) / 10
    return np.repeat(keys, each), at_us, value.astype(np.float64), np.zeros(len(keys) * each, np.int16)


def _ours(database: Database, scope: Any, rows: Arrays) -> None:
    with database.transaction(scope) as session:
        metering.store_readings(session, scope, ReadingBatch(*rows), source="bench", live=True)


def _bare(connection: psycopg.Connection[Any], rows: Arrays) -> None:
    kinds = ("int8", "timestamptz", "float8", "int2")
    columns = dict(
        zip(("point_key", "read_at", "value", "quality"), zip(rows, kinds, strict=True), strict=True)
    )
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY staged (point_key, read_at, value, quality) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.write(bulk.payload(columns))
        cursor.execute(
            "INSERT INTO bare AS b SELECT * FROM staged ON CONFLICT (point_key, read_at) DO UPDATE"
            " SET value = excluded.value, quality = excluded.quality"
            " WHERE (b.value, b.quality) IS DISTINCT FROM (excluded.value, excluded.quality)"
        )
    connection.commit()


def _until_followed(connection: psycopg.Connection[Any]) -> float:
    """Return how long after now the roll-ups have taken in all that is stored [s]."""
    began = time.monotonic()
    while time.monotonic() - began < 120:
        row = connection.execute(
            "SELECT (SELECT max(sequence) FROM batch) <="
            " coalesce((SELECT sequence FROM cursor WHERE follower = 'roll_ups'), 0)"
        ).fetchone()
        connection.commit()
        if row and row[0]:
            break
        time.sleep(0.05)
    return time.monotonic() - began


# --- MQTT end to end


def mqtt(url: str) -> None:
    """Twenty readings a message: a little more than the goal asks for."""
    _through_broker(
        url, "MQTT, 20 readings a message", devices=500, tags=20, rate=2_600, seconds=25, workers=2
    )


def flood(url: str) -> None:
    """Twenty readings a message, more of them than the machine can take: what comes through, and how late."""
    _through_broker(
        url, "MQTT, 20 readings a message, flooded", devices=500, tags=20, rate=5_000, seconds=15, workers=1,
        has_goal=False,
    )  # fmt: skip


def single(url: str) -> None:
    """One reading a message."""
    _through_broker(
        url, "MQTT, 1 reading a message", devices=2_000, tags=1, rate=8_000, seconds=15, workers=2
    )


def _through_broker(
    url: str, case: str, *, devices: int, tags: int, rate: float, seconds: float, workers: int,
    has_goal: bool = True,
) -> None:  # fmt: skip
    folder = make_folder()
    broker = Mosquitto(folder / "broker", folder / "broker.log", ports.any_free(), password=None)
    broker.start()
    database = Database(url)
    try:
        field = _devices(database, devices, tags)
        names = [f"bench{n}" for n in range(workers)]
        about = environment(url, ENERFIELD_MQTT_URL=broker.url)
        running = [
            Process(["ingest", "run", "--protocol", "mqtt", "--worker", name], about) for name in names
        ]
        with Process(["follow"], about), contextlib.ExitStack() as stack:
            for one in running:
                stack.enter_context(one)
            _until(lambda: _heard(field, len(names), broker.port))
            goal = GOAL_READINGS if has_goal and tags > 1 else None
            _publish_and_judge(case, database, broker.port, running, devices, tags, rate, seconds, goal)
    finally:
        database.dispose()
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _publish_and_judge(
    case: str, database: Database, port: int, running: list[Process], devices: int, tags: int, rate: float,
    seconds: float, goal: float | None,
) -> None:  # fmt: skip
    command = [sys.executable, "-m", "tests.bench.publisher", str(port), "bench", str(devices), str(tags)]
    began, used, busy = time.monotonic(), _processor_seconds(), _busy_seconds()
    sending = resource.getrusage(resource.RUSAGE_CHILDREN)
    publisher = subprocess.Popen([*command, str(rate), str(seconds)], stdout=subprocess.PIPE, text=True)
    memory: list[float] = []
    while publisher.poll() is None:
        memory.append(max(one.memory_mb for one in running))
        time.sleep(0.25)
    said = orjson.loads(publisher.communicate()[0])
    wanted = said["messages"] * tags
    _until(lambda: _stored(database) >= wanted, 120)
    way = _way(database)
    elapsed, taken = time.monotonic() - began, way.seconds
    sent = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = {name: now - used.get(name, 0.0) for name, now in _processor_seconds().items()}
    spent["publisher"] = sent.ru_utime + sent.ru_stime - sending.ru_utime - sending.ru_stime
    others = (_busy_seconds() - busy - sum(spent.values())) / elapsed
    value, offered = wanted / taken, wanted / said["seconds"]
    say("ingest", case, value, "readings/s", goal=goal, met=None if goal is None else value >= goal,
        offered=round(offered), messages_per_s=round(said["messages"] / taken), workers=len(running),
        processor_us_per_reading={name: round(1e6 * s / wanted, 2) for name, s in spent.items()},
        cores_used_by_others=round(others, 2))  # fmt: skip
    say("ingest", f"{case}, sent to committed p50", way.p50_ms, "ms")
    say("ingest", f"{case}, sent to committed p99", way.p99_ms, "ms", goal=goal and GOAL_COMMIT_MS,
        met=None if goal is None else way.p99_ms < GOAL_COMMIT_MS, after_seconds=WARM_UP_SECONDS)  # fmt: skip
    late, early = max(memory[len(memory) // 2 :]), max(memory[: len(memory) // 2 + 1])
    say("ingest", f"{case}, memory of a worker", late, "MB", goal=GOAL_RSS_MB,
        met=late < GOAL_RSS_MB and late < 1.2 * early, first_half=round(early, 1))  # fmt: skip


@dataclass(frozen=True)
class Way:
    """How long readings took from their own instant to the commit that holds them.

    seconds: from the first reading to the last commit; p50_ms, p99_ms: of readings sent after the warm-up
    """

    seconds: float
    p50_ms: float
    p99_ms: float


_WAY = """
WITH each AS (SELECT read_at, pg_xact_commit_timestamp(xmin) AS stored_at FROM reading),
    late AS (SELECT 1000 * extract(epoch FROM stored_at - read_at) AS ms FROM each
             WHERE read_at > (SELECT min(read_at) FROM each) + :warm_up)
SELECT (SELECT extract(epoch FROM max(stored_at) - min(read_at)) FROM each),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY ms), percentile_disc(0.99) WITHIN GROUP (ORDER BY ms) FROM late"""


def _way(database: Database) -> Way:
    """Ask the database when it committed what was sent."""
    with Database(database.url, as_role=None, pool_size=1).engine.connect() as owner:
        row = owner.execute(text(_WAY), {"warm_up": timedelta(seconds=WARM_UP_SECONDS)}).one()
    return Way(*(float(figure) for figure in row))


def _processor_seconds() -> dict[str, float]:
    """Return processor time used so far by each program of this bench [s]; it hardly depends on the load."""
    total: dict[str, float] = {}
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            words, times = child.cmdline(), child.cpu_times()
            name = (
                words[3] if words[1:3] == ["-m", "backend.cli"] else Path(words[0]).name if words else "gone"
            )
            name = "postgres" if "postgres" in name else name
            total[name] = total.get(name, 0.0) + times.user + times.system
    return total


def _busy_seconds() -> float:
    """Return processor time used by whatever runs on this machine [s]: a bench beside others says little."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _devices(database: Database, devices: int, tags: int) -> Field:
    """Make a connection whose workers share a broker, and many devices with points behind it."""
    shape = {"topic": "bench/{device}", "values": "v", "time": "ts", "time_unit": "ms", "sequence": "n"}
    address = {"messages": [shape], "share": "bench"}
    field = make_field(
        database, protocol=Protocol.MQTT, address=address, points={"first": {"device": "none"}}
    )
    with Database(database.url, as_role=None).engine.begin() as owner:
        about = {
            "devices": devices,
            "tags": tags,
            "first": field.points["first"],
            "connection": field.connection_id,
        }
        owner.execute(
            text(
                "INSERT INTO point (id, organisation_id, position_id, name, carrier, quantity, unit, kind, direction,"
                " interval_minutes, is_settled, is_total, created_at) SELECT gen_random_uuid(), organisation_id,"
                " position_id, 'd' || d || '.p' || t, carrier, quantity, unit, kind, direction, interval_minutes,"
                " is_settled, is_total, created_at"
                " FROM point, generate_series(0, :devices - 1) d, generate_series(0, :tags - 1) t WHERE id = :first"
            ),
            about,
        )
        owner.execute(
            text(
                'INSERT INTO channel (id, organisation_id, connection_id, point_id, address, scale, "offset",'
                " is_enabled) SELECT gen_random_uuid(), organisation_id, :connection, id, jsonb_build_object('device',"
                " split_part(name, '.', 1), 'path', split_part(name, '.', 2)), 1, 0, true"
                " FROM point WHERE name LIKE 'd%.p%'"
            ),
            about,
        )
    return field


def _heard(field: Field, workers: int, port: int) -> bool:
    """Tell whether every worker is connected to the broker."""
    state = field.state()
    connected = [c for c in psutil.net_connections("tcp") if c.raddr and c.raddr.port == port]
    return state is not None and state.contact_at is not None and len(connected) >= workers


def _stored(database: Database) -> int:
    with Database(database.url, as_role=None, pool_size=1).engine.connect() as owner:
        return int(owner.execute(text("SELECT coalesce(sum(readings), 0) FROM batch")).scalar_one())


# --- HTTP push


def push(url: str) -> None:
    """Four gateways push 500 readings at a time."""
    database = Database(url)
    port = ports.any_free()
    gateways = []
    for _ in range(4):
        field = make_field(
            database,
            protocol=Protocol.HTTP,
            address={},
            points={f"p{i}": {"tag": f"p{i}"} for i in range(50)},
        )
        with database.transaction(field.scope) as session:
            gateways.append(
                metering.issue_gateway_key(session, field.scope, connection_id=field.connection_id)
            )
    with Process(["web", "--workers", "2"], environment(url, PORT=str(port))):
        _until(lambda: _answers(port), 60)
        taken: list[float] = []
        threads = [threading.Thread(target=_push, args=(port, key, taken, 8.0)) for key in gateways]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - began
    say("ingest", "HTTP push, 4 gateways x 500 readings", 500 * len(taken) / seconds, "readings/s")
    say("ingest", "HTTP push, answered after commit, p99", 1000 * float(np.quantile(taken, 0.99)), "ms")
    database.dispose()


def _push(port: int, key: str, taken: list[float], seconds: float) -> None:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    at_ms = clock.now_us() // 1000 - 3_000_000
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        items = [{"tag": f"p{i % 50}", "time": at_ms + i // 50, "value": float(i)} for i in range(500)]
        at_ms += 10
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        began = time.monotonic()
        wire.request("POST", "/api/v1/gateway/readings", orjson.dumps(items), headers)
        answer = wire.getresponse()
        said = orjson.loads(answer.read())
        assert answer.status == 200 and said["stored"] == 500, said
        taken.append(time.monotonic() - began)


def _answers(port: int) -> bool:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        wire.request("GET", "/healthz")
        return wire.getresponse().status == 200
    except OSError:
        return False


# --- processes


class Process:
    """One command of the product, running; its log can be read afterwards."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._command = [sys.executable, "-m", "backend.cli", *arguments]
        self._environment = environment
        self.log = Path(tempfile.mkstemp(suffix=".log", dir=HOMES.name)[1])

    def __enter__(self) -> Process:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def memory_mb(self) -> float:
        """Memory it holds now [MB]."""
        return psutil.Process(self._process.pid).memory_info().rss / 1e6

    def said(self, event: str) -> dict[str, Any]:
        """Return the last line of its log about an event."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return next((line for line in reversed(lines) if line.get("event") == event), {})


def environment(url: str, **more: str) -> dict[str, str]:
    """Return what a process of the product needs to know."""
    home = tempfile.mkdtemp(dir=HOMES.name)
    return {
        **os.environ, "ENERFIELD_DATABASE_URL": url, "ENERFIELD_REDIS_URL": "redis://127.0.0.1:1/0",
        "ENERFIELD_MQTT_URL": "mqtt://127.0.0.1:1", "ENERFIELD_HOME": home,
        "ENERFIELD_SECRET_KEY": "a secret that only this bench knows of", **more,
    }  # fmt: skip


def _until(condition: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come about in time")
        time.sleep(0.1)


if __name__ == "__main__":
    main(sys.argv[1:])
