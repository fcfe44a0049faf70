"""Our own check of any proposal, whoever made it. Shares no code with the planners but the values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from backend.workorders.rules.dispatch.values import (
    Job,
    Key,
    Problem,
    Proposal,
    Rest,
    Route,
    Stop,
    Technician,
)


@dataclass(frozen=True)
class Violation:
    """A rule that a proposal breaks: its name, whom it is about, and words."""

    rule: str
    words: str
    technician: Key | None = None
    job: Key | None = None


def violations(problem: Problem, proposal: Proposal) -> tuple[Violation, ...]:
    """Return every rule that `proposal` breaks; none when it may be carried out."""
    jobs = {job.id: job for job in problem.jobs}
    technicians = {one.id: one for one in problem.technicians}
    found = list(_counted(problem, proposal))
    for route in proposal.routes:
        who = technicians.get(route.technician)
        if who is None:
            found.append(
                Violation("technician", f"there is no technician {route.technician}", route.technician)
            )
            continue
        found += _times(problem, who, route, jobs)
        found += _breaks(who, route)
        for stop in route.stops:
            if stop.job in jobs:
                found += _fitness(problem, who, jobs[stop.job], stop)
    found += _parts(problem, proposal, jobs, technicians)
    found += _frozen(problem, proposal)
    return tuple(found)


def _counted(problem: Problem, proposal: Proposal) -> Iterator[Violation]:
    """Every job once: on one route, or unserved."""
    named = Counter(stop.job for route in proposal.routes for stop in route.stops)
    named.update(one.job for one in proposal.unserved)
    known = {job.id for job in problem.jobs}
    for job in sorted(named.keys() | known, key=str):
        if job not in known:
            yield Violation("job", f"there is no job {job}", job=job)
        elif named[job] == 0:
            yield Violation("job", f"job {job} is forgotten: neither planned nor unserved", job=job)
        elif named[job] > 1:
            yield Violation("job", f"job {job} is named {named[job]} times", job=job)
    for technician, times in Counter(route.technician for route in proposal.routes).items():
        if times > 1:
            yield Violation("technician", f"{technician} has {times} routes at once", technician)


def _times(problem: Problem, who: Technician, route: Route, jobs: dict[Key, Job]) -> Iterator[Violation]:
    """Driving takes what it takes, work too, one thing after the other, all within the shift."""
    if route.leave_s < who.shift.earliest_s:
        yield Violation(
            "shift", f"{who.id} leaves {who.shift.earliest_s - route.leave_s} s before the shift", who.id
        )
    if route.back_s > who.shift.latest_s:
        yield Violation(
            "shift", f"{who.id} is back {route.back_s - who.shift.latest_s} s after the shift", who.id
        )
    place, left_s, rested_s, now_s = who.start, route.leave_s, 0, route.leave_s
    for step in route.steps:
        if isinstance(step, Rest):
            if step.start_s < now_s or step.end_s < step.start_s:
                yield Violation(
                    "overlap", f"a break of {who.id} begins before what is before it has ended", who.id
                )
            rested_s, now_s = rested_s + step.end_s - step.start_s, step.end_s
            continue
        job = jobs.get(step.job)
        if job is None:
            continue
        travel_s = problem.travel.between(place, job.place, who.speed_kmh)
        if step.travel_s != travel_s:
            yield _about(
                step, who, "travel", f"the drive to job {job.id} takes {travel_s} s, not {step.travel_s} s"
            )
        if step.arrive_s - left_s - rested_s < travel_s:
            yield _about(step, who, "travel", f"{who.id} cannot be at job {job.id} so early")
        if step.arrive_s < now_s or step.start_s < step.arrive_s:
            yield _about(step, who, "overlap", f"job {job.id} begins before {who.id} is there and free")
        if step.leave_s - step.start_s != job.work_s:
            yield _about(
                step, who, "work", f"job {job.id} takes {job.work_s} s, not {step.leave_s - step.start_s} s"
            )
        place, left_s, rested_s, now_s = job.place, step.leave_s, 0, step.leave_s
    home_s = 0 if who.end is None else problem.travel.between(place, who.end, who.speed_kmh)
    if route.travel_home_s != home_s or route.back_s < now_s or route.back_s - left_s - rested_s < home_s:
        yield Violation("travel", f"the way home of {who.id} takes {home_s} s after the last job", who.id)


def _breaks(who: Technician, route: Route) -> Iterator[Violation]:
    """All breaks, in order, each in its window and as long as it should be."""
    rests = [step for step in route.steps if isinstance(step, Rest)]
    if len(rests) != len(who.breaks):
        yield Violation("break", f"{who.id} has {len(rests)} breaks instead of {len(who.breaks)}", who.id)
        return
    for rest, due in zip(rests, who.breaks, strict=True):
        if not due.earliest_s <= rest.start_s <= due.latest_s:
            yield Violation("break", f"a break of {who.id} begins outside its window", who.id)
        if rest.end_s - rest.start_s != due.length_s:
            yield Violation(
                "break",
                f"a break of {who.id} lasts {rest.end_s - rest.start_s} s, not {due.length_s}",
                who.id,
            )


def _fitness(problem: Problem, who: Technician, job: Job, stop: Stop) -> Iterator[Violation]:
    """The right person at the right time; frozen work keeps the time it was accepted for."""
    for skill in sorted(job.skills):
        if skill not in who.skills:
            yield _about(stop, who, "skill", f"{who.id} lacks the skill {skill} for job {job.id}")
    for certificate in sorted(job.certificates):
        last_day = who.certificates.get(certificate)
        if last_day is None:
            yield _about(
                stop, who, "certificate", f"{who.id} lacks the certificate {certificate} for job {job.id}"
            )
        elif last_day < problem.day:
            yield _about(
                stop, who, "certificate", f"the certificate {certificate} of {who.id} ended on {last_day}"
            )
    if who.id in job.declined_by:
        yield _about(stop, who, "declined", f"{who.id} declined job {job.id}")
    is_in_window = any(window.earliest_s <= stop.start_s <= window.latest_s for window in job.windows)
    if job.windows and not job.is_frozen and not is_in_window:
        yield _about(stop, who, "window", f"job {job.id} begins outside its windows")


def _parts(
    problem: Problem, proposal: Proposal, jobs: dict[Key, Job], technicians: dict[Key, Technician]
) -> Iterator[Violation]:
    """What vans do not hold must be in the store, for all of them together."""
    reserved: Counter[Hashable] = Counter()
    for route in proposal.routes:
        need: Counter[Hashable] = Counter()
        for stop in route.stops:
            if stop.job in jobs:
                need.update(jobs[stop.job].parts)
        van = technicians[route.technician].parts if route.technician in technicians else {}
        reserved.update({part: max(0, amount - van.get(part, 0)) for part, amount in need.items()})
    for part, amount in reserved.items():
        if amount > problem.store.get(part, 0):
            yield Violation(
                "parts",
                f"{amount} of {part} would have to come from the store; it has {problem.store.get(part, 0)}",
            )


def _frozen(problem: Problem, proposal: Proposal) -> Iterator[Violation]:
    """Accepted work stays with its technician, at its time."""
    after = proposal.assignments()
    for job in problem.jobs:
        if job.is_frozen and job.current is not None and after.get(job.id) != job.current:
            yield Violation(
                "frozen", f"job {job.id} was accepted by {job.current.technician} and must stay as it is",
                job.current.technician, job.id,
            )  # fmt: skip


def _about(stop: Stop, who: Technician, rule: str, words: str) -> Violation:
    return Violation(rule, words, who.id, stop.job)
