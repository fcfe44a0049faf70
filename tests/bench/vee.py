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
from pathlib import Path

import numpy as np

from backend.kernel.units import Carrier
from backend.metering.rules import vee
from tests.bench.common import say
from tests.bench.punched import FINDERS, LADDER, LINE, Errors, Punched, errors, punch
from tests.bench.real_meters import real_meters

QUARTER_US = 900_000_000
DAY_US = 86_400_000_000
GOAL_MEMORY = 500_000
NEAR_THE_BEST = 1.1
PER_METER, AT_LEAST = 8, 100


def main(wanted: list[str]) -> None:
    """Run the wanted cases, all but the table without a name."""
    for name, case in {"memory": memory, "accuracy": accuracy, "table": table}.items():
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
