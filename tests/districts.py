"""Made-up districts for dispatch: a city, technicians of four trades, jobs with windows, all from a seed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

from backend.workorders.rules.dispatch.travel import Place, great_circle
from backend.workorders.rules.dispatch.values import (
    Assignment,
    Job,
    Pause,
    Problem,
    Proposal,
    Technician,
    Window,
    places_of,
)

DAY = date(2026, 11, 27)
HOUR = 3600
TRADES = ("electricity", "heat", "gas", "water")
CENTRE = Place(104.06, 30.66)
WIDTH = 0.31
"""About 30 km [degrees of longitude here]."""


def district(seed: int, *, jobs: int = 80, technicians: int = 10) -> Problem:
    """Return a day of a district.

    Every technician has one or two of four trades, 8 h from 08:00 and lunch; some certificates end before the day.
    40 % of the jobs have a window of 2 h, P1 begins within 4 h; a tenth need a permit, a fifth a part.
    """
    chance = random.Random(seed)
    people = tuple(_technician(chance, number) for number in range(technicians))
    work = tuple(_job(chance, number) for number in range(jobs))
    return Problem(DAY, work, people, great_circle(places_of(work, people)), store={"valve": jobs // 40})


def with_plan(problem: Problem, proposal: Proposal, *, frozen: float, seed: int) -> Problem:
    """Return the problem with a proposal as the plan before, a share of it accepted."""
    chance, planned = random.Random(seed), proposal.assignments()
    return replace(
        problem,
        jobs=tuple(
            replace(
                job, current=planned.get(job.id), is_frozen=job.id in planned and chance.random() < frozen
            )
            for job in problem.jobs
        ),
    )


def emergency(problem: Problem, seed: int) -> Job:
    """Return a gas leak that must be seen to within the hour from 10:00."""
    chance = random.Random(seed)
    return Job("leak", _anywhere(chance), HOUR, 1, (Window(10 * HOUR, 11 * HOUR),), frozenset({"gas"}))


def with_job(problem: Problem, job: Job) -> Problem:
    """Return the problem with one more job."""
    jobs = (*problem.jobs, job)
    return replace(problem, jobs=jobs, travel=great_circle(places_of(jobs, problem.technicians)))


def planned_with(problem: Problem, job: str, technician: str, start_s: int) -> Problem:
    """Return the problem with one job planned."""
    return replace(
        problem,
        jobs=tuple(
            replace(one, current=Assignment(technician, start_s)) if one.id == job else one
            for one in problem.jobs
        ),
    )


def _technician(chance: random.Random, number: int) -> Technician:
    home = _anywhere(chance)
    trades = {TRADES[number % 4], chance.choice(TRADES)}
    ends = DAY.replace(year=2027) if chance.random() < 0.8 else DAY.replace(day=20)
    return Technician(
        f"T{number}", home, home, Window(8 * HOUR, 16 * HOUR), (Pause(int(11.5 * HOUR), 13 * HOUR, HOUR // 2),),
        frozenset(trades), {"hot work": ends} if chance.random() < 0.6 else {}, {"seal": 4, "fuse": 2},
    )  # fmt: skip


def _job(chance: random.Random, number: int) -> Job:
    priority = chance.choices((1, 2, 3, 4), (5, 20, 50, 25))[0]
    start = chance.randrange(8 * HOUR, 14 * HOUR, 900)
    windows: tuple[Window, ...] = ()
    if priority == 1:
        windows = (Window(8 * HOUR, 12 * HOUR),)
    elif chance.random() < 0.4:
        windows = (Window(start, start + 2 * HOUR),)
    parts = {chance.choice(("seal", "fuse", "valve")): 1} if chance.random() < 0.2 else {}
    return Job(
        f"J{number}", _anywhere(chance), chance.randrange(20, 91, 5) * 60, priority, windows,
        frozenset({chance.choice(TRADES)}), frozenset({"hot work"}) if chance.random() < 0.1 else frozenset(), parts,
    )  # fmt: skip


def _anywhere(chance: random.Random) -> Place:
    return Place(
        round(CENTRE.lon + (chance.random() - 0.5) * WIDTH, 5),
        round(CENTRE.lat + (chance.random() - 0.5) * WIDTH * 0.87, 5),
    )
