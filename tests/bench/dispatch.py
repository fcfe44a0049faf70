"""Bench of dispatch: districts against the rule most tools ship, a large day, emergencies, files with best known costs.

`script/bench dispatch [districts|large|emergency|files]`. Every proposal is checked by the validator.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from backend.infra.vroom import Vroom
from backend.workorders.rules.dispatch import emergency, insertion, nearest_free
from backend.workorders.rules.dispatch.travel import Matrix, Place
from backend.workorders.rules.dispatch.validator import violations
from backend.workorders.rules.dispatch.values import Job, Problem, Proposal, Technician, Window
from tests import districts
from tests.bench.common import say

PLANNERS: dict[str, Callable[[Problem], Proposal]] = {
    "nearest free": nearest_free.propose, "cheapest insertion": insertion.propose, "vroom": Vroom().propose,
}  # fmt: skip
SEEDS = range(1, 7)
ROUNDS = 5
"""Emergencies tried."""


def bench_districts() -> None:
    """Jobs served and driving of three planners on the same days; `limit` is the nearest-free rule."""
    for seed in SEEDS:
        problem = districts.district(seed)
        rule: Proposal | None = None
        for name, propose in PLANNERS.items():
            found, took_s = _timed(propose, problem)
            rule = rule or found
            case, broken = f"district {seed}, {name}", len(violations(problem, found))
            say("dispatch", f"{case}: jobs served of {len(problem.jobs)}", found.cost.served, "jobs",
                limit=rule.cost.served, rate=True, goal=0 if name == "vroom" else None,
                met=broken == 0 and found.cost.served >= rule.cost.served, violations=broken,
                worth=found.cost.worth, planner=found.planner)  # fmt: skip
            say("dispatch", f"{case}: travel a job served", found.cost.travel_s / 60 / found.cost.served, "min",
                limit=rule.cost.travel_s / 60 / rule.cost.served, travel_min=round(found.cost.travel_s / 60),
                took_s=round(took_s, 2))  # fmt: skip


def bench_large() -> None:
    """300 jobs and 40 technicians."""
    problem = districts.district(9, jobs=300, technicians=40)
    for name, propose in PLANNERS.items():
        found, took_s = _timed(propose, problem)
        broken = len(violations(problem, found))
        say("dispatch", f"300 jobs x 40 technicians, {name}: time to propose", took_s, "s", goal=20,
            met=took_s < 20 and broken == 0, violations=broken, served=found.cost.served, worth=found.cost.worth,
            travel_min=round(found.cost.travel_s / 60))  # fmt: skip


def bench_emergency() -> None:
    """A P1 into the large day, a third of it accepted."""
    problem = districts.district(9, jobs=300, technicians=40)
    before = districts.with_plan(problem, insertion.propose(problem), frozen=1 / 3, seed=1)
    for seed in range(ROUNDS):
        day = districts.with_job(before, districts.emergency(problem, seed))
        start = time.perf_counter()
        found = emergency.insert(day, "leak")
        took_s = time.perf_counter() - start
        broken = len(violations(day, found.proposal))
        say("dispatch", f"P1 into 300 x 40, round {seed}", took_s, "s", goal=2,
            met=took_s < 2 and broken == 0 and found.points is not None, violations=broken, points=found.points,
            is_least=found.is_least, disturbed=[change.kind for change in found.disturbed])  # fmt: skip


def bench_files() -> None:
    """Routing files with a best known distance; skipped by name where they are not there."""
    folder = Path(os.environ.get("ENERFIELD_TEST_DATA", "../shared/data")) / "vrp"
    for name, scale in (("solomon/RC208", 10), ("SDVRPTW/PR01", 1000), ("SDVRPTW/PR03", 1000)):
        if not (folder / f"{name}.vrp").exists():
            print(
                json.dumps(
                    {"bench": "dispatch", "case": name, "skipped": f"{folder / name}.vrp is not there"}
                )
            )
            continue
        best = json.loads((folder / "best_known.json").read_text())[name]["best_known_cost"]
        best = best * scale if best < 1000 else best
        problem = read_file(folder / f"{name}.vrp", scale)
        for planner in ("cheapest insertion", "vroom"):
            found, took_s = _timed(PLANNERS[planner], problem)
            broken = len(violations(problem, found))
            say("dispatch", f"{name}, {planner}: distance", found.cost.travel_s / scale, "units",
                limit=best / scale, goal=None, met=broken == 0, violations=broken, served=found.cost.served,
                of=len(problem.jobs), took_s=round(took_s, 1),
                note="without the file's limit on a route's length" if name.startswith("SD") else "")  # fmt: skip


def read_file(path: Path, scale: int) -> Problem:
    """Return a routing file as a day: load is a part, who may serve whom is who declined; a second is 1/scale."""
    heads, sections = _sections(path)
    xy = np.array([row[1:3] for row in sections["NODE_COORD"]])
    metres = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    places = [Place(float(number), 0.0) for number in range(len(xy))]
    crew, nodes = int(heads["VEHICLES"]), len(xy)
    load = [int(row[1]) for row in sections["DEMAND"]]
    work = [row[1] for row in sections["SERVICE_TIME"]] if "SERVICE_TIME" in sections else (
        [float(heads["SERVICE_TIME"])] * nodes)  # fmt: skip
    windows = [Window(math.ceil(row[1] * scale), int(row[2] * scale)) for row in sections["TIME_WINDOW"]]
    room = {int(row[0]): int(row[1]) for row in sections.get("CAPACITY", [])}
    allowed = {int(row[0]): set(map(int, row[1:])) for row in sections.get("VEHICLES_ALLOWED_CLIENTS", [])}
    jobs = tuple(
        Job(node, places[node], int(work[node] * scale), windows=(windows[node],),
            parts={"load": load[node]} if load[node] else {},
            declined_by=frozenset(who for who, mine in allowed.items() if node + 1 not in mine))
        for node in range(1, nodes)
    )  # fmt: skip
    technicians = tuple(
        Technician(who, places[0], places[0], windows[0],
                   parts={"load": room.get(who) or int(heads["CAPACITY"])})
        for who in range(1, crew + 1)
    )  # fmt: skip
    seconds = Matrix.of(places, np.floor(metres * scale + 1e-9).astype(np.int64))
    return Problem(date(2026, 1, 1), jobs, technicians, seconds)


def _sections(path: Path) -> tuple[dict[str, str], dict[str, list[list[float]]]]:
    heads: dict[str, str] = {}
    sections: dict[str, list[list[float]]] = {}
    current: list[list[float]] = []
    for line in path.read_text().splitlines():
        if ":" in line:
            name, _, value = line.partition(":")
            heads[name.strip()] = value.strip()
        elif line.strip().endswith("_SECTION"):
            current = sections.setdefault(line.strip().removesuffix("_SECTION"), [])
        elif line.strip() and line.strip() != "EOF":
            current.append([float(word) for word in line.split()])
    return heads, sections


def _timed(propose: Callable[[Problem], Proposal], problem: Problem) -> tuple[Proposal, float]:
    start = time.perf_counter()
    found = propose(replace(problem))
    return found, time.perf_counter() - start


CASES = {
    "districts": bench_districts,
    "large": bench_large,
    "emergency": bench_emergency,
    "files": bench_files,
}

if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        CASES[case]()
