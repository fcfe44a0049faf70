"""Dispatch by VROOM (pyvroom): the default planner. What it answers is put together again and checked by our rules."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from backend.workorders.rules.dispatch import insertion
from backend.workorders.rules.dispatch.emergency import serve_urgent
from backend.workorders.rules.dispatch.explain import plan_of
from backend.workorders.rules.dispatch.ground import EVER, Ground
from backend.workorders.rules.dispatch.insertion import CHANGE_S
from backend.workorders.rules.dispatch.plan import FrozenDoesNotFit
from backend.workorders.rules.dispatch.settle import assemble, settled
from backend.workorders.rules.dispatch.validator import violations
from backend.workorders.rules.dispatch.values import Problem, Proposal, Window

log = structlog.get_logger(__name__)

FROZEN_WEIGHT = 100
PRIORITY = {1: 100, 2: 30, 3: 12, 4: 8}
"""As `WEIGHT` in the rules; VROOM serves the largest sum of priorities (0 to 100), then costs least."""


@dataclass(frozen=True)
class Vroom:
    """A planner that asks VROOM; where that is missing, fails or does worse, it plans by insertion and says so.

    VROOM now and then leaves a P1 out for the sake of several others: it is put in afterwards, moving the least.

    limit_s: how long it may search [s]; exploration: how thoroughly, 1 to 5
    """

    limit_s: float = 8.0
    exploration: int = 5
    threads: int = min(4, os.cpu_count() or 1)

    def propose(self, problem: Problem) -> Proposal:
        """Return a proposal for a day that keeps every rule; raises FrozenDoesNotFit."""
        try:
            import vroom  # 3.5 MB, and not on every platform: only those who plan need it
        except ImportError:
            log.warning("vroom missing", remedy="install pyvroom")
            return insertion.propose(problem, note="missing")
        try:
            proposal = self._ask(vroom, problem)
        except FrozenDoesNotFit:
            raise
        except Exception as error:  # whatever a solver throws, somebody must be sent out
            log.warning("vroom failed", error=repr(error))
            return insertion.propose(problem, note="failed")
        broken = violations(problem, proposal)
        if broken:
            log.error("vroom's answer broke rules", first=broken[0].words, count=len(broken))
            return insertion.propose(problem, note="failed")
        plain = insertion.propose(problem, note="better")
        return max(proposal, plain, key=partial(insertion.judged, problem))

    def _ask(self, vroom: Any, problem: Problem) -> Proposal:
        ground = Ground(problem)
        if not any(ground.eligible):
            return insertion.propose(problem)  # nobody can do anything: VROOM refuses such a question
        answer = _Question(vroom, ground).input.solve(
            self.exploration, self.threads, timedelta(seconds=self.limit_s)
        )
        plan = assemble(ground, _orders(answer.routes))
        plan = plan_of(ground, serve_urgent(problem, settled(plan, planner="vroom")))
        insertion.insert_all(plan, plan.unserved())
        return settled(plan, planner="vroom")


class _Question:
    """A problem as VROOM reads it. Location of job j is j, of technicians' starts and ends the numbers after."""

    def __init__(self, vroom: Any, ground: Ground) -> None:
        self.vroom, self.ground = vroom, ground
        self.origin_s = min(one.shift.earliest_s for one in ground.technicians)
        homes = [place for pair in zip(ground.home, ground.end, strict=True) for place in pair]
        self.places = [*ground.at, *homes]
        self.scarce = _scarce(ground.problem)
        self.groups = {
            tuple(who): number for number, who in enumerate(dict.fromkeys(map(tuple, ground.eligible)))
        }
        self.input = vroom.Input()
        self._set_matrices()
        for number in range(len(ground.technicians)):
            self.input.add_vehicle(self._vehicle(number))
        for number in range(len(ground.jobs)):
            if ground.eligible[number]:
                self.input.add_job(self._job(number))

    def _set_matrices(self) -> None:
        """Give each technician a matrix of seconds, and one of costs where jobs would be taken from others."""
        ground = self.ground
        is_planned = any(job.current is not None for job in ground.jobs)
        self.profiles: list[str] = []
        for number, who in enumerate(ground.technicians):
            profile = f"t{number}" if is_planned else f"v{who.speed_kmh}"
            if profile not in self.profiles:
                full: NDArray[np.int64] = np.array(ground.seconds[number], dtype=np.int64)
                seconds = full[np.ix_(self.places, self.places)]
                self.input.set_durations_matrix(profile, seconds)
                if is_planned:
                    taken = [
                        job
                        for job, one in enumerate(ground.jobs)
                        if one.current is not None and one.current.technician != who.id
                    ]
                    costs = seconds.copy()
                    costs[:, taken] += CHANGE_S
                    self.input.set_costs_matrix(profile, costs)
            self.profiles.append(profile)

    def _vehicle(self, number: int) -> Any:
        who, first = self.ground.technicians[number], len(self.ground.jobs) + 2 * number
        store = self.ground.problem.store
        return self.vroom.Vehicle(
            number, start=first, end=None if who.end is None else first + 1, profile=self.profiles[number],
            capacity=[who.parts.get(part, 0) + store.get(part, 0) for part in self.scarce],
            skills={group for members, group in self.groups.items() if number in members},
            time_window=self._window(who.shift),
            breaks=[
                self.vroom.Break(k, [self._window(Window(one.earliest_s, one.latest_s))], service=one.length_s)
                for k, one in enumerate(who.breaks)
            ],
        )  # fmt: skip

    def _job(self, number: int) -> Any:
        job, windows = self.ground.jobs[number], self._windows(self.ground.windows[number])
        return self.vroom.Job(
            number, number, default_service=job.work_s, time_windows=windows,
            delivery=[job.parts.get(part, 0) for part in self.scarce],
            skills={self.groups[tuple(self.ground.eligible[number])]},
            priority=FROZEN_WEIGHT if job.is_frozen else PRIORITY[job.priority],
        )  # fmt: skip

    def _windows(self, windows: tuple[Window, ...]) -> list[Any]:
        """Return windows as VROOM wants them: apart from each other, none before the day begins."""
        if windows == EVER:
            return [self.vroom.TimeWindow()]
        merged: list[Window] = []
        ahead = [window for window in windows if window.latest_s > self.origin_s]
        for window in ahead or windows[-1:]:  # several that are over would all be the day's first second
            if merged and window.earliest_s <= merged[-1].latest_s:
                merged[-1] = Window(merged[-1].earliest_s, max(merged[-1].latest_s, window.latest_s))
            else:
                merged.append(window)
        return [self._window(window) for window in merged]

    def _window(self, window: Window) -> Any:
        return self.vroom.TimeWindow(
            max(0, window.earliest_s - self.origin_s), max(0, window.latest_s - self.origin_s)
        )


def _scarce(problem: Problem) -> list[Any]:
    """Return parts that the store alone cannot give to every job."""
    needed: dict[Any, int] = {}
    for job in problem.jobs:
        for part, amount in job.parts.items():
            needed[part] = needed.get(part, 0) + amount
    return [part for part, amount in needed.items() if amount > problem.store.get(part, 0)]


def _orders(routes: Any) -> dict[int, list[int]]:
    """Return technician -> items of VROOM's table of steps."""
    orders: dict[int, list[int]] = {}
    if "id" not in routes:  # pyvroom leaves the column out when nobody does anything
        return orders
    for vehicle, kind, number in zip(routes["vehicle_id"], routes["type"], routes["id"], strict=True):
        if kind in ("job", "break"):
            orders.setdefault(int(vehicle), []).append(int(number) if kind == "job" else ~int(number))
    return orders
