"""Promises that are broken already: such work comes as soon as somebody can be there, and it is said why so late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from backend.workorders.rules.dispatch.eligibility import exclusions
from backend.workorders.rules.dispatch.explain import plan_of
from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.plan import Plan
from backend.workorders.rules.dispatch.settle import holding, settled
from backend.workorders.rules.dispatch.values import Key, Problem, Proposal, Window

LEAST_S = 900
"""Coming sooner by less than this is not worth disturbing anybody [s]."""


@dataclass(frozen=True)
class Late:
    """How much too late work will end [s], and what is the reason.

    because: `over` (too late before the day was planned), `duty` (nobody who may do it is on duty before `from_s`),
    `way` (nobody can be there before), `room` (whoever may do it is kept by other work)
    """

    late_s: int
    because: Literal["over", "duty", "way", "room"]
    from_s: int | None = None


def hurry(problem: Problem, proposal: Proposal, late: Sequence[Key]) -> Proposal:
    """Return the proposal with `late` work, the most urgent first, begun as early as the promises to others allow.

    Nobody served is left out; accepted work stays; what comes later in `late` delays nothing that comes before.
    """
    ground = Ground(problem)
    plan, windows, moved = plan_of(ground, proposal), list(ground.windows), False
    for job in late:
        number = ground.job_number[job]
        if number not in plan.of or problem.jobs[number].is_frozen:
            continue
        found = _soonest(plan, number, windows)
        now_s = _start(plan, number, windows)
        if found is not None and found[0] + LEAST_S <= now_s:
            now_s, _, technician, items = found
            plan.take_out(number)
            plan.set_route(technician, items)
            moved = True
        windows[number] = tuple(
            Window(one.earliest_s, min(one.latest_s, now_s))
            for one in windows[number]
            if one.earliest_s <= now_s
        )
    if not moved:
        return proposal
    held = _held(plan, windows, {ground.job_number[job] for job in late})
    return settled(plan, planner=proposal.planner, note=proposal.note, windows=held)


def lateness(
    problem: Problem, promised: Mapping[Key, int], proposal: Proposal, *, now_s: int
) -> dict[Key, Late]:
    """Return which work would end after its promise, and why; promised: job -> when it must have ended [s]."""
    jobs, found = {job.id: job for job in problem.jobs}, {}
    for key, at in proposal.assignments().items():
        job, due_s = jobs[key], promised.get(key)
        if due_s is None or at.start_s + job.work_s <= due_s:
            continue
        latest_s, late_s = due_s - job.work_s, at.start_s + job.work_s - due_s
        able = [
            one
            for one in problem.technicians
            if not exclusions(job, one, day=problem.day, store=problem.store)
        ]
        begins_s = min((one.shift.earliest_s for one in able), default=now_s)
        there_s = min(
            (
                one.shift.earliest_s + problem.travel.between(one.start, job.place, one.speed_kmh)
                for one in able
            ),
            default=now_s,
        )
        if latest_s < now_s:
            found[key] = Late(late_s, "over")
        elif begins_s > latest_s:
            found[key] = Late(late_s, "duty", begins_s)
        elif there_s > latest_s:
            found[key] = Late(late_s, "way", there_s)
        else:
            found[key] = Late(late_s, "room")
    return found


def _soonest(
    plan: Plan, job: int, windows: Sequence[tuple[Window, ...]]
) -> tuple[int, int, int, list[int]] | None:
    """Return (start, driving, technician, items) of the way that begins soonest and keeps all others in the plan."""
    ground, best = plan.ground, None
    was = plan.take_out(job)
    left = ground.time(was.technician, plan.routes[was.technician], windows)
    for technician in ground.eligible[job]:
        if not plan.has_parts(technician, job) or (left is None and technician != was.technician):
            continue  # where a road service gave the times, a way round can be quicker than straight on
        jobs = [item for item in plan.routes[technician] if item >= 0]
        for position in range(len(jobs) + 1):
            items = plan.lay(technician, [*jobs[:position], job, *jobs[position:]], windows)
            timed = items and ground.time(technician, items, windows)
            if items and timed:
                way = (
                    timed.start[items.index(job)],
                    ground.travel(technician, items),
                    technician,
                    items,
                )
                best = way if best is None else min(best, way)
                break  # further back is later
    plan.put(job, was)
    return best


def _start(plan: Plan, job: int, windows: Sequence[tuple[Window, ...]]) -> int:
    technician = plan.of[job]
    items = plan.routes[technician]
    timed = plan.ground.time(technician, items, _held(plan, windows, set()))
    timed = timed or plan.ground.time(technician, items, windows)
    assert timed is not None  # a plan holds only what can be kept
    return timed.start[items.index(job)]


def _held(plan: Plan, windows: Sequence[tuple[Window, ...]], hurried: set[int]) -> list[tuple[Window, ...]]:
    """Return windows in which what is not hurried begins no earlier than it was to, wherever that can be kept."""
    ground, found = plan.ground, list(windows)
    for technician, items in enumerate(plan.routes):
        held = holding(ground, technician, items)
        mine = {item: windows[item] if item in hurried else held[item] for item in items if item >= 0}
        trial = list(found)
        for item, window in mine.items():
            trial[item] = window
        if ground.time(technician, items, trial):
            found = trial
    return found
