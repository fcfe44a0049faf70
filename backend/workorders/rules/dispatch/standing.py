"""The plan as it stands: what of accepted work can still be kept, and the routes of what is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.workorders.rules.dispatch.eligibility import exclusions
from backend.workorders.rules.dispatch.ground import EVER, Ground
from backend.workorders.rules.dispatch.plan import Insertion, Plan
from backend.workorders.rules.dispatch.settle import not_before
from backend.workorders.rules.dispatch.values import (
    WEIGHT,
    Assignment,
    Exclusion,
    Job,
    Key,
    Problem,
    Technician,
    Window,
)


@dataclass(frozen=True)
class Trouble:
    """Accepted work that cannot stay as it is, or makes its technician's day another.

    because: the rule its technician no longer meets (it is then free to be planned), or None
    late_s: how much later it will begin [s]
    overtime_s, break_late_s: by how much all of it together delays the end of the shift and a break; job is None
    """

    job: Key | None
    technician: Key
    because: Exclusion | None = None
    late_s: int = 0
    overtime_s: int = 0
    break_late_s: int = 0


@dataclass(frozen=True)
class Standing:
    """A problem in which all frozen work can be kept, and what had to give way for that."""

    problem: Problem
    troubles: tuple[Trouble, ...]


def as_it_stands(problem: Problem) -> Standing:
    """Return the problem with accepted work as it can really be done.

    Whoever no longer may do a job (a certificate ended, a part is gone) is released from it. Who is late stays late:
    starts move on, breaks and the end of the shift as far as that needs.
    """
    jobs = {job.id: job for job in problem.jobs}
    technicians, troubles = [], []
    trial = Plan(Ground(replace(problem, jobs=tuple(replace(job, is_frozen=False) for job in problem.jobs))))
    for number, who in enumerate(problem.technicians):
        mine = [
            job for job in problem.jobs if job.is_frozen and job.current and job.current.technician == who.id
        ]
        kept = []
        for job in sorted(mine, key=_start):
            reason = _released(trial, job, number)
            if reason is None:
                trial.put(trial.ground.job_number[job.id], Insertion(0, number, len(trial.routes[number])))
                kept.append(job)
            else:
                troubles.append(Trouble(job.id, who.id, because=reason))
                jobs[job.id] = replace(job, is_frozen=False)
        patient, later = _in_time(problem, who, kept)
        technicians.append(patient)
        for job in later:
            troubles.append(Trouble(job.id, who.id, late_s=_start(job) - _start(jobs[job.id])))
            jobs[job.id] = job
        if patient != who:
            troubles.append(_longer(who, patient))
    return Standing(
        replace(problem, jobs=tuple(jobs.values()), technicians=tuple(technicians)), tuple(troubles)
    )


def _released(trial: Plan, job: Job, technician: int) -> Exclusion | None:
    problem = trial.ground.problem
    who = problem.technicians[technician]
    broken = exclusions(job, who, day=problem.day, store=problem.store)
    if broken:
        return broken[0]
    has_parts = trial.has_parts(technician, trial.ground.job_number[job.id])
    return None if has_parts else Exclusion("parts", ", ".join(str(part) for part in job.parts))


def _in_time(problem: Problem, who: Technician, jobs: Sequence[Job]) -> tuple[Technician, list[Job]]:
    """Return a technician and those of their accepted jobs that begin later, so that the day can be kept."""
    ground = Ground(replace(problem, jobs=tuple(jobs), technicians=(who,)))
    if Plan(ground).lay(0, range(len(jobs))) is not None:
        return who, []
    late = EVER[0].latest_s
    patient = replace(
        who,
        shift=Window(who.shift.earliest_s, late),
        breaks=tuple(one._replace(latest_s=late) for one in who.breaks),
    )
    ground = Ground(replace(problem, jobs=tuple(jobs), technicians=(patient,)))
    windows = [(Window(_start(job), late),) for job in jobs]
    items = Plan(ground).lay(0, range(len(jobs)), windows)
    timed = items and ground.time(0, items, windows)
    assert items and timed  # with all the time in the world every order can be kept
    starts = dict(zip(items, timed.start, strict=True))
    breaks = tuple(one._replace(latest_s=max(one.latest_s, starts[~k])) for k, one in enumerate(who.breaks))
    shift = Window(who.shift.earliest_s, max(who.shift.latest_s, timed.back_s))
    moved = [
        replace(job, current=Assignment(who.id, starts[number]))
        for number, job in enumerate(jobs)
        if starts[number] != _start(job)
    ]
    return replace(who, breaks=breaks, shift=shift), moved


def _longer(before: Technician, after: Technician) -> Trouble:
    late = [new.latest_s - old.latest_s for old, new in zip(before.breaks, after.breaks, strict=True)]
    overtime_s = after.shift.latest_s - before.shift.latest_s
    return Trouble(None, before.id, overtime_s=overtime_s, break_late_s=max(late, default=0))


def _start(job: Job) -> int:
    assert job.current is not None
    return job.current.start_s


def planned(ground: Ground) -> tuple[Plan, list[tuple[Window, ...]]]:
    """Return the plan before, and windows that hold every job of it at its start.

    Starts that cannot be kept move on; what then still does not fit, the least worth first, is left out.
    """
    plan, windows = Plan(ground), list(ground.windows)
    plan.keep_frozen()
    for technician in range(len(ground.technicians)):
        frozen = [item for item in plan.routes[technician] if item >= 0]
        jobs = [*frozen, *_still_possible(plan, technician)]
        jobs.sort(key=lambda job: (_start(ground.jobs[job]), job))
        droppable = sorted(
            (job for job in jobs if job not in frozen),
            key=lambda job: (WEIGHT[ground.jobs[job].priority], job),
        )
        while True:
            held = _held(ground, jobs, exactly=True)
            items = plan.lay(technician, jobs, held)
            if items is None:
                held = _held(ground, jobs, exactly=False)
                items = plan.lay(technician, jobs, held)
            if items is not None:
                break
            dropped = droppable.pop(0)
            jobs = [job for job in jobs if job != dropped]
        timed = ground.time(technician, items, held)
        assert timed is not None
        plan.set_route(technician, items)
        for item, start in zip(items, timed.start, strict=True):
            if item >= 0:
                windows[item] = (Window(start, start),)
    return plan, windows


def _still_possible(plan: Plan, technician: int) -> list[int]:
    """Return jobs planned for a technician that they may do, as far as parts reach."""
    ground, found = plan.ground, []
    trial = plan.copy()
    for number, job in enumerate(ground.jobs):
        is_mine = job.current is not None and job.current.technician == ground.technicians[technician].id
        is_free = is_mine and not job.is_frozen and technician in ground.eligible[number]
        if is_free and trial.has_parts(technician, number):
            trial.put(number, Insertion(0, technician, 0))
            found.append(number)
    return found


def _held(ground: Ground, jobs: Sequence[int], *, exactly: bool) -> list[tuple[Window, ...]]:
    windows = list(ground.windows)
    for job in jobs:
        if not ground.jobs[job].is_frozen:
            start = _start(ground.jobs[job])
            within = [window for window in windows[job] if window.earliest_s <= start <= window.latest_s]
            windows[job] = (Window(start, start),) if exactly and within else not_before(windows[job], start)
    return windows
