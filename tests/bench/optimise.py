"""Plans against other programs: the same problems, built and solved in one run by us, PyPSA and oemof.solph.

`script/bench optimise [linear|whole|rolling …]`. The peers live in an environment of their own under `var/`, which is
made when it is not there. All use HiGHS with one thread, so seconds of the processor are compared: they are those of
the wall on an idle machine and do not change on a busy one. The limit is HiGHS's bare run of our finished arrays.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from backend.optimisation.rules import solver
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.planning import Task, plan
from backend.optimisation.rules.plant import Plant, write
from backend.optimisation.rules.rolling import roll, stand
from backend.optimisation.rules.solver import Limits
from tests.bench.common import say
from tests.bench.optimise_instances import instance
from tests.bench.peers.optimise import Clock
from tests.dispatch import task_of

PEERS = {"pypsa": "pypsa==1.4.0", "oemof.solph": "oemof.solph==0.6.5"}
FOLDER = Path(os.environ.get("ENERFIELD_HOME", "var")) / "bench-optimise"
GAP, SECONDS, EQUAL = 1e-4, 60, 1e-4
PATIENCE = 300
"""Seconds of the wall a peer has to build, besides its time to solve."""
LINEAR = {
    "96 steps x 20 units": (96, 20),
    "192 x 30": (192, 30),
    "672 x 20": (672, 20),
    "672 x 50": (672, 50),
}
WHOLE = {"96 steps x 20 units, 4 committed": (96, 20, 4), "96 x 50, 10 committed": (96, 50, 10),
         "192 x 30, 6 committed": (192, 30, 6), "672 x 20, 4 committed": (672, 20, 4),
         "672 x 50, 10 committed": (672, 50, 10)}  # fmt: skip
ROLLING = ((96, 20, 4), (96, 50, 8), (192, 30, 6), (672, 20, 4), (672, 50, 10))
"""Steps, units, how many of them committed."""


def bench_linear() -> None:
    """Linear problems: no unit has starts."""
    for name, (steps, units) in LINEAR.items():
        _against_peers(f"linear {name}", instance(steps, units, committed=0), goal=3.0)


def bench_whole() -> None:
    """Mixed-integer problems at one gap and time limit."""
    for name, (steps, units, committed) in WHOLE.items():
        _against_peers(f"whole {name}", instance(steps, units, committed=committed), goal=1.0)


def _against_peers(case: str, problem: dict[str, Any], *, goal: float) -> None:
    ours = _ours(problem)
    _say_ours(case, ours)
    for peer in PEERS:
        theirs = _peer(peer, problem)
        if theirs is None:
            say("optimise", f"{case}: build and solve", _took(ours, "build and solve"), "s", peer=peer,
                peer_s=None, goal=goal, met=True, remark=f"had no plan after {PATIENCE + SECONDS} s")  # fmt: skip
            continue
        equal = abs(theirs["cost"] - ours["cost"]) <= EQUAL * abs(ours["cost"]) + 1e-6
        as_good = equal or (theirs["solve_s"] >= SECONDS and not theirs["cost"] < ours["cost"])
        both_cut = ours["solve_s"] >= SECONDS and theirs["solve_s"] >= SECONDS
        for what, least in (("build", 10.0), ("build and solve", goal)):
            mine, other = (_took(one, what) for one in (ours, theirs))
            speedup = other / mine
            fast = speedup >= least or (both_cut and what != "build")
            say("optimise", f"{case}: {what}", mine, "s", peer=peer, peer_s=round(other, 3),
                speedup=round(speedup, 2), goal=least, met=bool(fast and as_good), cost=round(ours["cost"], 2),
                peer_cost=round(theirs["cost"], 2), equal=bool(equal), both_cut_short=bool(both_cut))  # fmt: skip


def _took(one: dict[str, float], what: str) -> float:
    return one["build_cpu_s"] + (one["solve_cpu_s"] if what == "build and solve" else 0.0)


def _ours(problem: dict[str, Any]) -> dict[str, float]:
    task = task_of(problem, Limits(GAP, SECONDS))
    write(task.plant, task.horizon).arrays()  # numpy's first use is nobody's build
    clock = Clock()
    arrays = write(task.plant, task.horizon).arrays()
    clock.built()
    found = solver.solve(arrays, task.limits)
    return clock.solved() | {"cost": found.cost, "gap": found.gap, "columns": float(arrays.cost.size),
                             "bare": _bare(arrays, task.limits)}  # fmt: skip


def _bare(arrays: Any, limits: Limits) -> float:
    highs = solver.loaded(arrays, limits)
    began = time.process_time()
    highs.run()
    return time.process_time() - began


def _say_ours(case: str, ours: dict[str, float]) -> None:
    took = _took(ours, "build and solve")
    say("optimise", case, took, "s", limit=ours["bare"], build_s=round(ours["build_cpu_s"], 4),
        columns=int(ours["columns"]), cost=round(ours["cost"], 2), gap=float(f"{ours['gap']:.2g}"))  # fmt: skip


def _peer(peer: str, problem: dict[str, Any]) -> dict[str, float] | None:
    """Return what a peer needs and finds, None where its time is up before it has anything."""
    asked = {"problem": problem, "program": peer, "gap": GAP, "seconds": SECONDS}
    script = Path(__file__).with_name("peers") / "optimise.py"
    try:
        ran = subprocess.run(
            [_environment(), script], input=json.dumps(asked), capture_output=True, text=True, check=True,
            timeout=PATIENCE + SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    return dict(json.loads(ran.stdout.strip().splitlines()[-1]))


def _environment() -> Path:
    """Return the interpreter that has the peers, making its environment at first use."""
    python = FOLDER / "bin/python"
    if not (FOLDER / "ready").exists():
        venv.create(FOLDER, with_pip=True)
        wanted = [*PEERS.values(), f"highspy=={version('highspy')}"]
        subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True)
        (FOLDER / "ready").touch()
    return python


def bench_rolling() -> None:
    """Horizons planned anew every 15 minutes, five carriers, to 1 %; each from the plan before.

    Judged by seconds of the processor; the limit in those of the wall is wide, since machines are busy.
    """
    for steps, units, committed in ROLLING:
        _rolling(steps, units, committed)


def _rolling(steps: int, units: int, committed: int, rounds: int = 4, gap: float = 1e-2) -> None:
    problem = instance(steps + rounds, units, committed=committed)
    task = replace(_rest(task_of(problem), 0, steps), limits=Limits(gap, 10 * SECONDS))
    began = time.process_time()
    before = plan(task)
    first = time.process_time() - began
    case = f"{steps} steps x {units} units, {committed} committed"
    say("optimise", f"first plan, {case}", first, "s", goal=5.0, met=first < 5.0, gap=round(before.gap, 5))
    plant, took, cold = task.plant, [], []
    for turn in range(1, rounds + 1):
        plant = stand(plant, before, 1)
        following = _rest(replace(task_of(problem), limits=task.limits), turn, steps)
        state = {unit.name: unit for unit in plant.units}
        following = replace(following, plant=_from(following.plant, state))
        cold.append(_cpu(lambda given=following: plan(given)))
        began = time.process_time()
        before = roll(following, before)
        took.append(time.process_time() - began)
        plant = following.plant
    say("optimise", f"rolling step, warm, {case}", max(took), "s", limit=max(cold), goal=2.0, met=max(took) < 2.0,
        median=round(float(np.median(took)), 3), cold_median=round(float(np.median(cold)), 3))  # fmt: skip


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _rest(task: Task, first: int, steps: int) -> Task:
    """Return `steps` steps of a task from `first` on."""
    part = slice(first, first + steps)
    units = []
    for unit in task.plant.units:
        changed = {}
        for name in ("price", "available", "inputs"):
            values = getattr(unit, name, None)
            if isinstance(values, np.ndarray):
                changed[name] = values[part]
            elif isinstance(values, dict):
                changed[name] = {c: v[part] if isinstance(v, np.ndarray) else v for c, v in values.items()}
        units.append(replace(unit, **changed))
    demand = {carrier: np.asarray(values)[part] for carrier, values in task.plant.demand.items()}
    start = task.horizon.start + timedelta(minutes=15 * first)
    plant = replace(task.plant, units=tuple(units), demand=demand)
    return replace(task, plant=plant, horizon=Horizon.regular(start, steps, 15))


def _from(plant: Plant, state: dict[str, Any]) -> Plant:
    """Return a plant whose units stand where those of the plan before left them."""
    kept = ("content", "commitment", "was_at", "charges")
    units = []
    for unit in plant.units:
        there = state[unit.name]
        changed = {name: getattr(there, name) for name in kept if hasattr(unit, name)}
        units.append(replace(unit, **changed))
    return replace(plant, units=tuple(units))


CASES = {"linear": bench_linear, "whole": bench_whole, "rolling": bench_rolling}

if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        CASES[case]()
