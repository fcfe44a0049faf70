"""Cheapest insertion in plain Python: the most urgent first, each where it adds least driving. The fallback planner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

from backend.workorders.rules.dispatch.explain import plan_of
from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.plan import Insertion, Plan
from backend.workorders.rules.dispatch.settle import settled
from backend.workorders.rules.dispatch.standing import planned
from backend.workorders.rules.dispatch.values import Problem, Proposal

CHANGE_S = 900
"""What giving a job to another technician than before must save [s of driving] to be worth the disturbance."""

SHIFT_S = 180
"""What another start must save likewise."""


def propose(problem: Problem, *, note: str = "") -> Proposal:
    """Return a proposal for a day: made anew, or the plan before with what waits inserted, whichever is better.

    raises FrozenDoesNotFit when accepted work cannot be kept
    """
    plan = Plan(Ground(problem))
    plan.keep_frozen()
    insert_all(plan, plan.unserved())
    anew = settled(plan, planner="insertion", note=note)
    return max(keep(problem, note=note), anew, key=partial(judged, problem))


def keep(problem: Problem, *, note: str = "") -> Proposal:
    """Return the plan before with what waits inserted."""
    plan, _windows = planned(Ground(problem))
    insert_all(plan, plan.unserved())
    return settled(plan, planner="insertion", note=note)


def judged(problem: Problem, proposal: Proposal) -> tuple[int, int, int]:
    """Return what a proposal is judged by: P1 served, worth of all served, driving and disturbance (less is more)."""
    urgent = {job.id for job in problem.jobs if job.priority == 1}
    changed = Counter(change.kind for change in proposal.changes)
    disturbance_s = CHANGE_S * changed["given"] + SHIFT_S * changed["shifted"]
    return (
        len(urgent & proposal.assignments().keys()),
        proposal.cost.worth,
        -proposal.cost.travel_s - disturbance_s,
    )


def extend(problem: Problem, proposal: Proposal) -> Proposal:
    """Return the proposal with whatever else now fits inserted; nobody changes hands, starts may move in their windows.

    For days whose promises cannot all be kept: `problem` then asks less of those jobs than when it was proposed.
    """
    plan = plan_of(Ground(problem), proposal)
    insert_all(plan, plan.unserved())
    return settled(plan, planner=proposal.planner, note=proposal.note)


def insert_all(plan: Plan, jobs: Iterable[int]) -> None:
    """Insert what fits: priority by priority, of each the job first that adds least driving anywhere."""
    waiting: dict[int, list[int]] = {}
    for job in jobs:
        waiting.setdefault(plan.ground.jobs[job].priority, []).append(job)
    for priority in sorted(waiting):
        _insert_group(plan, waiting[priority])


def _insert_group(plan: Plan, jobs: list[int]) -> None:
    ground = plan.ground
    found: dict[int, dict[int, Insertion]] = {
        job: {t: where for t in ground.eligible[job] if (where := plan.cheapest(job, t))} for job in jobs
    }
    while found:
        _price_s, job, where = min(
            (
                (_price(plan, job, where), job, where)
                for job, wheres in found.items()
                for where in wheres.values()
            ),
            default=(0, -1, None),
        )
        if where is None:
            return
        if not plan.has_parts(where.technician, job):  # somebody else reserved the last one meanwhile
            del found[job][where.technician]
            continue
        plan.put(job, where)
        del found[job]
        for other, wheres in found.items():
            if where.technician in wheres:
                again = plan.cheapest(other, where.technician)
                if again is None:
                    del wheres[where.technician]
                else:
                    wheres[where.technician] = again


def _price(plan: Plan, job: int, where: Insertion) -> int:
    current = plan.ground.jobs[job].current
    is_moved = (
        current is not None and plan.ground.technician_number.get(current.technician) != where.technician
    )
    return where.added_s + (CHANGE_S if is_moved else 0)
