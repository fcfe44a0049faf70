"""From a plan in the making to a proposal: times, reasons, changes, cost. Also: from another planner's answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from backend.workorders.rules.dispatch.eligibility import exclusions
from backend.workorders.rules.dispatch.ground import Ground, Windows
from backend.workorders.rules.dispatch.plan import Insertion, Plan
from backend.workorders.rules.dispatch.values import (
    WEIGHT,
    Assignment,
    Change,
    Cost,
    Exclusion,
    Key,
    Proposal,
    Route,
    Unserved,
    Window,
)


def settled(
    plan: Plan,
    *,
    planner: str,
    note: str = "",
    windows: Windows | None = None,
    untouched: frozenset[int] = frozenset(),
) -> Proposal:
    """Return a plan as a proposal.

    Jobs that stay with their technician keep their start wherever the rest of the route allows it.
    windows: when given, the starts are these and nothing else is tried
    untouched: jobs nobody was asked to plan; unserved, but not for want of room
    """
    ground = plan.ground
    routes = tuple(
        _route(ground, technician, items, windows)
        for technician, items in enumerate(plan.routes)
        if any(item >= 0 for item in items)
    )
    unserved = tuple(
        Unserved(
            ground.jobs[job].id, ((Exclusion("unplanned"), 1),) if job in untouched else blockers(plan, job)
        )
        for job in plan.unserved()
    )
    after = {stop.job: Assignment(route.technician, stop.start_s) for route in routes for stop in route.stops}
    return Proposal(routes, unserved, changes(ground, after), cost(ground, routes), planner, note)


def blockers(plan: Plan, job: int, windows: Windows | None = None) -> tuple[tuple[Exclusion, int], ...]:
    """Return what keeps how many technicians from a job that is not in the plan, the most frequent first."""
    found: Counter[Exclusion] = Counter()
    for technician in range(len(plan.ground.technicians)):
        reason = obstacle(plan, job, technician, windows)
        found[Exclusion("full") if isinstance(reason, Insertion) else reason[0]] += 1
    return tuple(found.most_common())


def obstacle(
    plan: Plan, job: int, technician: int, windows: Windows | None = None
) -> Insertion | tuple[Exclusion, ...]:
    """Return where a job would fit a technician's day, or else every rule that keeps them from it."""
    ground = plan.ground
    problem, who = ground.problem, ground.technicians[technician]
    ruled_out = exclusions(ground.jobs[job], who, day=problem.day, store=problem.store)
    if ruled_out:
        return ruled_out
    if not plan.has_parts(technician, job):
        return (Exclusion("parts", ", ".join(str(part) for part in ground.jobs[job].parts)),)
    if Plan(ground).lay(technician, [job]) is None:
        return (Exclusion("window"),)
    return plan.cheapest(job, technician, windows) or (Exclusion("full"),)


def changes(ground: Ground, after: Mapping[Key, Assignment]) -> tuple[Change, ...]:
    """Return what `after` does otherwise than the jobs' current assignments."""
    found = []
    for job in ground.jobs:
        before, now = job.current, after.get(job.id)
        if now is None and before is not None:
            found.append(Change(job.id, "postponed", before, None))
        elif now is not None and before is None:
            found.append(Change(job.id, "new", None, now))
        elif now is not None and before is not None and now.technician != before.technician:
            found.append(Change(job.id, "given", before, now))
        elif now is not None and before is not None and now.start_s != before.start_s:
            found.append(Change(job.id, "shifted", before, now))
    return tuple(found)


def cost(ground: Ground, routes: Sequence[Route]) -> Cost:
    """Return what routes come to."""
    served = [stop.job for route in routes for stop in route.stops]
    worth = sum(WEIGHT[ground.jobs[ground.job_number[job]].priority] for job in served)
    return Cost(len(served), worth, sum(route.travel_s for route in routes))


def assemble(ground: Ground, orders: Mapping[int, Sequence[int]]) -> Plan:
    """Make a plan of another planner's orders (technician -> items), trusting nothing.

    Frozen work comes first; what an order cannot keep is taken out, the least worth first, and stays unserved.
    """
    plan = Plan(ground)
    plan.keep_frozen()
    for technician, order in orders.items():
        frozen = [item for item in plan.routes[technician] if item >= 0]
        mine = _with(frozen, [item for item in dict.fromkeys(order) if item < 0 or item in frozen or (
            item not in plan.of and technician in ground.eligible[item])])  # fmt: skip
        plan.set_route(technician, [~k for k in range(len(ground.technicians[technician].breaks))])
        _set_what_fits(plan, technician, mine, frozen)
    return plan


def _with(frozen: Sequence[int], order: list[int]) -> list[int]:
    """Return the order with frozen jobs it forgot, each before the next frozen one that it has."""
    for number, job in enumerate(frozen):
        if job not in order:
            after = next((order.index(other) for other in frozen[number + 1 :] if other in order), len(order))
            order.insert(after, job)
    return order


def _set_what_fits(plan: Plan, technician: int, order: list[int], frozen: Sequence[int]) -> None:
    ground, droppable = plan.ground, [item for item in order if item >= 0 and item not in frozen]
    droppable.sort(key=lambda job: (WEIGHT[ground.jobs[job].priority], job))
    breaks = len(ground.technicians[technician].breaks)
    has_breaks = sorted(item for item in order if item < 0) == sorted(~k for k in range(breaks))
    while True:
        jobs = [item for item in order if item >= 0]
        items = order if has_breaks and ground.time(technician, order) else plan.lay(technician, jobs)
        if items is not None and _set_if_parts(plan, technician, items):
            return
        if not droppable:
            items = plan.lay(technician, frozen)
            assert items is not None  # keep_frozen tried it
            plan.set_route(technician, items)
            return
        order = [item for item in order if item != droppable[0]]
        droppable.pop(0)


def _set_if_parts(plan: Plan, technician: int, items: Sequence[int]) -> bool:
    """Set the route if vans and store hold all it takes; else leave the technician without a job."""
    empty = list(plan.routes[technician])
    for item in items:
        if item >= 0:
            if not plan.has_parts(technician, item):
                plan.set_route(technician, [entry for entry in empty if entry < 0])
                return False
            plan.put(item, Insertion(0, technician, len(plan.routes[technician])))
    plan.set_route(technician, items)
    return True


def _route(ground: Ground, technician: int, items: Sequence[int], windows: Windows | None) -> Route:
    if windows is None:
        held = holding(ground, technician, items)
        windows = held if ground.time(technician, items, held) else None
    return ground.route(technician, items, windows)


def holding(ground: Ground, technician: int, items: Sequence[int]) -> Windows:
    """Return windows in which nothing on this route begins earlier than it was to begin with this technician."""
    windows = list(ground.windows)
    for item in items:
        current = ground.jobs[item].current if item >= 0 else None
        if current is not None and ground.technician_number.get(current.technician) == technician:
            windows[item] = not_before(windows[item], current.start_s)
    return windows


def not_before(windows: tuple[Window, ...], start_s: int) -> tuple[Window, ...]:
    """Return what is left of windows from `start_s` on; all of them when nothing is left."""
    left = tuple(
        Window(max(window.earliest_s, start_s), window.latest_s)
        for window in windows
        if window.latest_s >= start_s
    )
    return left or windows
