"""A P1 comes in while the day runs: the place where it moves least. README.md tells how the search goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from backend.workorders.rules.dispatch.ground import Ground, earliest
from backend.workorders.rules.dispatch.plan import Plan
from backend.workorders.rules.dispatch.settle import cost, settled
from backend.workorders.rules.dispatch.standing import planned
from backend.workorders.rules.dispatch.values import (
    Assignment,
    Change,
    Cost,
    Job,
    Key,
    Problem,
    Proposal,
    Window,
)

SHIFTED, GIVEN = 1, 2
POSTPONED = {4: 4, 3: 6, 2: 8, 1: 20}
"""Points of disturbance: another start, another technician, not today (by priority)."""

MOST_MOVED = 3
"""The search is complete over all ways that move at most so many jobs."""

TRIES = 30_000
"""Routes tried at most: well under a second on an idle machine."""


@dataclass(frozen=True)
class Emergency:
    """An emergency in a plan.

    before, after: what the plan came to without and with it
    disturbed: what it changes for others; the emergency itself is not among them
    points: how much that disturbs; None when it fits nowhere
    is_least: nothing moves less (False: the search gave up before it could tell)
    """

    proposal: Proposal
    before: Cost
    after: Cost
    disturbed: tuple[Change, ...]
    points: int | None
    is_least: bool


def insert(problem: Problem, job: Key, *, tries: int = TRIES) -> Emergency:
    """Put one more job into the plan before, moving the least; frozen work is never touched.

    Fewest points first, then the earliest start of the emergency, then the least driving.
    raises FrozenDoesNotFit when accepted work cannot be kept
    """
    ground = Ground(problem)
    number = ground.job_number[job]
    if problem.jobs[number].current is not None:
        ground = Ground(replace(problem, jobs=tuple(_without_plan(one, job) for one in problem.jobs)))
    plan, windows = planned(ground)
    search = _Search(plan, windows, number, tries)
    search.run()
    before = cost(
        ground,
        [
            ground.route(t, items, windows)
            for t, items in enumerate(plan.routes)
            if any(j >= 0 for j in items)
        ],
    )
    asked = frozenset(plan.unserved()) - {number}
    if search.best is None:
        proposal = settled(plan, planner="emergency", windows=windows, untouched=asked)
        return Emergency(proposal, before, before, (), None, search.is_complete)
    for technician in search.best.routes:
        plan.set_route(technician, [])
    for technician, items in search.best.routes.items():
        plan.set_route(technician, items)
    proposal = settled(plan, planner="emergency", windows=search.best.windows, untouched=asked)
    disturbed = tuple(_disturbed(search.base, proposal))
    return Emergency(proposal, before, proposal.cost, disturbed, search.best.points, search.is_complete)


def serve_urgent(problem: Problem, proposal: Proposal, *, most: int = 5) -> Proposal:
    """Return the proposal with P1 that it leaves out put in, moving the least; at most `most` are tried."""
    eligible = Ground(problem).eligible
    left_out = {one.job for one in proposal.unserved}
    urgent = [
        job.id
        for job, able in zip(problem.jobs, eligible, strict=True)
        if job.id in left_out and job.priority == 1 and able
    ]
    for job in urgent[:most]:
        planned_now = proposal.assignments()
        day = tuple(replace(one, current=planned_now.get(one.id)) for one in problem.jobs)
        found = insert(replace(problem, jobs=day), job)
        if found.points is not None:
            proposal = found.proposal
    return proposal


@dataclass(frozen=True)
class _Way:
    points: int
    start_s: int
    travel_s: int
    routes: dict[int, list[int]]
    windows: list[tuple[Window, ...]]

    def key(self) -> tuple[int, int, int]:
        return self.points, self.start_s, self.travel_s


class _Search:
    """First into gaps, then by moving the rest of a day on, then by taking out one job, then two, then three."""

    def __init__(self, plan: Plan, windows: list[tuple[Window, ...]], job: int, tries: int) -> None:
        self.ground, self.plan, self.job, self.tries = plan.ground, plan.copy(), job, tries
        self.kept = windows
        self.windows = list(windows)
        self.home = dict(plan.of)
        self.base = {
            plan.ground.jobs[one].id: Assignment(plan.ground.technicians[t].id, windows[one][0].earliest_s)
            for one, t in plan.of.items()
        }
        self.routes = {t: list(items) for t, items in enumerate(plan.routes)}
        self.best: _Way | None = None
        self.is_complete = False

    def run(self) -> None:
        for most in range(MOST_MOVED + 1):
            self._place([self.job], 0, most)
            if most == 0:
                self._move_on()
            is_settled = (
                self.best is not None and self.best.points <= most + 1
            )  # one more moved costs as much
            self.is_complete = is_settled and self.tries > 0
            if is_settled or self.tries <= 0:
                return

    def _place(self, pending: list[int], points: int, left: int) -> None:
        """Place all pending jobs, taking out at most `left` more; remember the best way."""
        if self.best is not None and points + len(pending) - (self.job in pending) > self.best.points:
            return
        if not pending:
            self._remember(points)
            return
        job, rest = pending[0], pending[1:]
        for technician in self.ground.eligible[job]:
            movable = [
                item for item in self.plan.routes[technician] if item >= 0 and self._is_untouched(item)
            ]
            for size in range(left + 1):
                for out in combinations(movable, size):
                    self._take(job, technician, out, rest, points, left - size)
                    if self.tries <= 0:
                        return
        if job != self.job:
            self._place(rest, points + POSTPONED[self.ground.jobs[job].priority], left)

    def _take(
        self, job: int, technician: int, out: Sequence[int], rest: list[int], points: int, left: int
    ) -> None:
        """Put a job into a technician's day after taking out others, wherever it then fits."""
        before = list(self.plan.routes[technician])
        jobs = [item for item in before if item >= 0 and item not in out]
        self.plan.set_route(technician, [item for item in before if item not in out])
        for gone in (*out, job):
            self.windows[gone] = self.ground.windows[gone]
        if self.plan.has_parts(technician, job):
            step = 0 if job == self.job else SHIFTED if self.home[job] == technician else GIVEN
            for items in self._fits(job, technician, jobs):
                self.plan.set_route(technician, items)
                self._place([*rest, *out], points + step, left)
                if self.tries <= 0:
                    break
        for gone in out:
            self.windows[gone] = self.kept[gone]
        self.plan.set_route(technician, before)

    def _fits(self, job: int, technician: int, jobs: list[int]) -> Iterator[list[int]]:
        ground, seconds = self.ground, self.ground.seconds[technician]
        here, free, place = (
            ground.at[job],
            ground.technicians[technician].shift.earliest_s,
            ground.home[technician],
        )
        for position in range(len(jobs) + 1):
            start = earliest(self.windows[job], free + seconds[place][here])
            after = jobs[position] if position < len(jobs) else None
            if start is not None and (after is None or self._leaves_time(job, start, after, seconds)):
                self.tries -= 1
                items = self.plan.lay(technician, [*jobs[:position], job, *jobs[position:]], self.windows)
                if items is not None:
                    yield items
            if after is not None:
                if self._is_held(after):
                    free, place = self.windows[after][0].latest_s + ground.work[after], ground.at[after]
                else:  # its start is not settled: only what is surely true may rule a place out
                    free, place = free + ground.work[after], here

    def _leaves_time(self, job: int, start: int, after: int, seconds: list[list[int]]) -> bool:
        onward = seconds[self.ground.at[job]][self.ground.at[after]]
        return start + self.ground.work[job] + onward <= max(
            window.latest_s for window in self.windows[after]
        )

    def _move_on(self) -> None:
        """Try the emergency everywhere, what comes after it on the same day beginning later where it must."""
        job = self.job
        for technician in self.ground.eligible[job]:
            if not self.plan.has_parts(technician, job):
                continue
            jobs = [item for item in self.plan.routes[technician] if item >= 0]
            for position in range(len(jobs) + 1):
                windows = list(self.windows)
                for later in jobs[position:]:
                    if not self.ground.jobs[later].is_frozen:
                        windows[later] = self._from(later)
                self.tries -= 1
                items = self.plan.lay(technician, [*jobs[:position], job, *jobs[position:]], windows)
                timed = items and self.ground.time(technician, items, windows)
                if items and timed:
                    points = sum(
                        item >= 0 and item != job and start != self.kept[item][0].earliest_s
                        for item, start in zip(items, timed.start, strict=True)
                    )
                    self._keep(points, {technician: items}, windows)

    def _from(self, job: int) -> tuple[Window, ...]:
        """Return the windows of a job from its start in the plan on."""
        start = self.kept[job][0].earliest_s
        left = [
            Window(max(one.earliest_s, start), one.latest_s)
            for one in self.ground.windows[job]
            if one.latest_s >= start
        ]
        return tuple(left) or self.kept[job]

    def _is_untouched(self, job: int) -> bool:
        return (
            job in self.home and not self.ground.jobs[job].is_frozen and self.windows[job] is self.kept[job]
        )

    def _is_held(self, job: int) -> bool:
        return job != self.job and self.windows[job] is self.kept[job]

    def _remember(self, points: int) -> None:
        changed = {t: list(items) for t, items in enumerate(self.plan.routes) if items != self.routes[t]}
        self._keep(points, changed, list(self.windows))

    def _keep(self, points: int, routes: dict[int, list[int]], windows: list[tuple[Window, ...]]) -> None:
        start_s, travel_s = 0, 0
        for technician, items in routes.items():
            travel_s += self.ground.travel(technician, items) - self.ground.travel(
                technician, self.routes[technician]
            )
            if self.job in items:
                timed = self.ground.time(technician, items, windows)
                assert timed is not None
                start_s = timed.start[items.index(self.job)]
        way = _Way(points, start_s, travel_s, routes, windows)
        if self.best is None or way.key() < self.best.key():
            self.best = way


def _without_plan(job: Job, wanted: Key) -> Job:
    return replace(job, current=None, is_frozen=False) if job.id == wanted else job


def _disturbed(base: dict[Key, Assignment], proposal: Proposal) -> Iterator[Change]:
    after = proposal.assignments()
    for job, before in base.items():
        now = after.get(job)
        if now is None:
            yield Change(job, "postponed", before, None)
        elif now.technician != before.technician:
            yield Change(job, "given", before, now)
        elif now.start_s != before.start_s:
            yield Change(job, "shifted", before, now)
