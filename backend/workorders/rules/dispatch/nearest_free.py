"""The rule most tools ship: each job, the most urgent first, to the nearest technician who is free for it.

For comparison only; it never inserts between two jobs.
"""

from __future__ import annotations

from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.plan import Plan
from backend.workorders.rules.dispatch.settle import settled
from backend.workorders.rules.dispatch.values import Problem, Proposal


def propose(problem: Problem) -> Proposal:
    """Return what the rule makes of a day."""
    ground = Ground(problem)
    plan = Plan(ground)
    plan.keep_frozen()
    due = {job: ground.windows[job][0].latest_s for job in range(len(ground.jobs))}
    for job in sorted(plan.unserved(), key=lambda job: (ground.jobs[job].priority, due[job], job)):
        nearest = min(
            ((_way(plan, t, job), t) for t in ground.eligible[job] if _appends(plan, t, job)), default=None
        )
        if nearest is not None:
            items = _appends(plan, nearest[1], job)
            assert items is not None
            plan.set_route(nearest[1], items)
    return settled(plan, planner="nearest free")


def _way(plan: Plan, technician: int, job: int) -> int:
    """Return the driving from a technician's last job, or the start of their day [s]."""
    ground = plan.ground
    last = [ground.at[item] for item in plan.routes[technician] if item >= 0]
    return ground.seconds[technician][last[-1] if last else ground.home[technician]][ground.at[job]]


def _appends(plan: Plan, technician: int, job: int) -> list[int] | None:
    """Return the route with the job after all others, breaks where they fit; None when the day has no room."""
    if not plan.has_parts(technician, job):
        return None
    items = plan.routes[technician]
    after = max((number + 1 for number, item in enumerate(items) if item >= 0), default=0)
    for position in range(after, len(items) + 1):
        route = [*items[:position], job, *items[position:]]
        if plan.ground.time(technician, route):
            return route
    return None
