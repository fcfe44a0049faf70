"""What validation and estimation cost and are worth: `python -m tests.bench.vee [CASE …]`, a JSON line a result.

The cases: memory (intervals validated in memory), write (findings and intervals written, against bare COPY),
accuracy (error of the ladder over known gaps in real meters; limit: a straight line between the intervals on
either side; met: no estimator is better by more than a tenth over the gaps it could fill). `table` prints what
every estimator makes of these gaps, as the README shows it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import bulk
from backend.kernel.db import APP_ROLE, Database
from backend.kernel.units import Carrier
from backend.metering.rules import vee
from backend.metering.service.amounts import write_intervals
from tests.bench.common import Durable, Region, plain_region, say
from tests.bench.punched import FINDERS, LADDER, LINE, Errors, Punched, errors, punch
from tests.bench.real_meters import real_meters

Ints = NDArray[np.int64]
QUARTER_US = 900_000_000
DAY_US = 86_400_000_000
POINTS, ROUNDS = 500, 3
GOAL_MEMORY = 500_000
NEAR_THE_BEST = 1.1
PER_METER, AT_LEAST = 8, 100


def main(wanted: list[str]) -> None:
    """Run the wanted cases, all but the table without a name."""
    for name, case in {"memory": memory, "write": write, "accuracy": accuracy, "table": table}.items():
        if name in wanted or (not wanted and name != "table"):
            case()


def memory() -> None:
    """A week of quarters of an hour of 2,000 points, with oddities, against the four weeks before."""
    past, series = _many(2_000, 28, seed=1), _many(2_000, 7, seed=2)
    known = vee.past_of(past, 2_000)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        found = vee.validate(series, known, vee.Limits())
        took.append(time.perf_counter() - began)
    began = time.perf_counter()
    vee.past_of(past, 2_000)
    learnt = len(past) / (time.perf_counter() - began)
    rate = len(series) / float(np.median(took))
    say("vee", "validated in memory", rate, "intervals/s", goal=GOAL_MEMORY, met=rate >= GOAL_MEMORY,
        intervals=len(series), findings=len(found))  # fmt: skip
    say("vee", "past learnt in memory", learnt, "intervals/s", intervals=len(past))


def _many(points: int, days: int, *, seed: int) -> vee.Series:
    """Days of quarters of an hour of many points; one in a hundred stands still for two days, has a spike, a gap."""
    chance = np.random.default_rng(seed)
    count = days * 96
    shape = 200 + 150 * np.sin(np.arange(count) / 96 * 2 * np.pi)
    amount = (shape * chance.uniform(0.5, 2, (points, 1)) * chance.uniform(0.8, 1.2, (points, count))).astype(
        np.int64
    )
    if days > 2:
        odd = np.arange(0, points, 100)
        amount[odd, 100:292] = 0
        amount[odd + 1, 50] = 50_000
    start = 20_500 * DAY_US + np.arange(count) * QUARTER_US
    owner = np.repeat(np.arange(points, dtype=np.int64), count)
    at, flat = np.tile(start, points), amount.ravel()
    keep = ~((owner % 100 == 2) & (at >= start[200]) & (at < start[220]))
    return vee.Series(owner[keep], at[keep], at[keep] // DAY_US, flat[keep], QUARTER_US)


def write() -> None:
    """Write a day of 500 points: new, then otherwise as versions; beside a bare COPY of the same rows."""
    with Durable() as durable:
        owner = Database(durable.url, as_role=None)
        with owner.engine.begin() as connection:
            connection.execute(text('CREATE TABLE bare (LIKE "interval" INCLUDING ALL)'))
            connection.execute(text(f"GRANT INSERT ON bare TO {APP_ROLE}"))
        owner.dispose()
        database = Database(durable.url)
        region = plain_region(database, POINTS)
        for day in range(ROUNDS):
            start = np.tile((20_500 + day) * DAY_US + np.arange(96) * QUARTER_US, POINTS)
            rows, otherwise = (_rows(region, start, method) for method in (0, 1))
            bare_s = _timed(database, region, lambda session, rows=rows: bulk.copy_in(session, "bare", rows))
            for case, written in (("new intervals", rows), ("versions", otherwise)):
                took = _timed(database, region, lambda session, rows=written: _write(session, region, rows))
                say("vee", f"write {case}, round {day + 1}", len(start) / took, "intervals/s",
                    limit=len(start) / bare_s, rate=True)  # fmt: skip
        database.dispose()


def _rows(region: Region, start: Ints, method: int) -> dict[str, tuple[Ints, str]]:
    """A day's intervals of every point, measured or estimated."""
    count = len(start)
    alike, zeros = np.full(count, method), np.zeros(count, np.int64)
    return {
        "point_key": (np.repeat(region.keys, count // POINTS), "int8"), "start": (start, "timestamptz"),
        "minutes": (zeros + 15, "int2"), "version": (zeros, "int2"), "method": (alike, "int2"), "rule": (alike, "int2"),
        "amount": (np.random.default_rng(method).integers(0, 5_000, count), "int8"),
    }  # fmt: skip


def _write(session: Session, region: Region, rows: dict[str, tuple[Ints, str]]) -> None:
    point_key, start, minutes, _, method, rule, amount = (column for column, _ in rows.values())
    write_intervals(
        session, region.scope, point_key=point_key, start_us=start, minutes=minutes, method=method, rule=rule,
        amount=amount, zones={"Asia/Shanghai": region.keys},
    )  # fmt: skip


def _timed(database: Database, region: Region, do: Callable[[Session], None]) -> float:
    """Return how long something takes in a transaction of its own, commit included [s]."""
    began = time.perf_counter()
    with database.transaction(region.scope) as session:
        do(session)
    return time.perf_counter() - began


def accuracy() -> None:
    """Say the ladder's error by carrier and length of the gap, with and without a register."""
    gaps = _gaps()
    for with_register in (False, True):
        for (carrier, hours), found in errors(gaps, with_register=with_register).items():
            best = min(found.of(name) for name in found.found if found.count(name))
            is_near = found.of(LADDER) <= NEAR_THE_BEST * best
            say("vee", f"{carrier.value}, {hours} h, {'with' if with_register else 'without'} register",
                100 * found.of(LADDER), "% of the mean interval", limit=100 * found.of(LINE), met=is_near,
                gaps=found.count(LADDER))  # fmt: skip


def table() -> None:
    """Print the README's two tables."""
    gaps = _gaps()
    for with_register in (False, True):
        names = [*FINDERS, *(["flat"] if with_register else []), LADDER]
        found = errors(gaps, with_register=with_register)
        print(f"| carrier | gap | gaps | {' | '.join(names)} | picked |")
        print("|---|---:|---:|" + "---:|" * len(names) + "---|")
        for carrier in (Carrier.ELECTRICITY, Carrier.HEAT, Carrier.COOLING, Carrier.GAS, Carrier.WATER):
            for hours in sorted(hours for one, hours in found if one is carrier):
                print(_row(carrier, hours, found[carrier, hours], names))
        print()


def _row(carrier: Carrier, hours: int, found: Errors, names: list[str]) -> str:
    """One line of the table; a star marks an estimator that could not fill all the gaps."""
    gaps = found.count(LADDER)
    cells = [
        f"{100 * found.of(name):.1f}{'*' if found.count(name) < gaps else ''}" if found.count(name) else "–"
        for name in names
    ]
    pick = max(found.picks, key=lambda rule: found.picks[rule])
    length = f"{hours} h" if hours < 24 else f"{hours // 24} d"
    return f"| {carrier.value} | {length} | {gaps} | {' | '.join(cells)} | {pick.name.lower().replace('_', ' ')} |"


def _gaps() -> list[Punched]:
    folder = Path(os.environ.get("ENERFIELD_TEST_DATA", "../shared/data"))
    if not folder.is_dir():
        sys.exit(f"no real meters: ENERFIELD_TEST_DATA ({folder}) is absent")
    return list(punch(real_meters(folder), PER_METER, at_least=AT_LEAST))


if __name__ == "__main__":
    main(sys.argv[1:])
