"""Random small days for properties: every rule of dispatch occurs in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, permutations, product

from hypothesis import strategies as st

from backend.workorders.rules.dispatch import emergency, insertion
from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.standing import as_it_stands, planned
from backend.workorders.rules.dispatch.travel import Place, great_circle
from backend.workorders.rules.dispatch.values import (
    Assignment,
    Job,
    Pause,
    Problem,
    Technician,
    Window,
    places_of,
)

DAY = date(2026, 11, 27)
HOUR = 3600
SKILLS = ("gas", "heat")
places = st.builds(lambda x, y: Place(104 + x / 100, 30.6 + y / 100), st.integers(0, 30), st.integers(0, 30))
starts = st.integers(7 * 4, 17 * 4).map(lambda quarter: quarter * 900)
windows = st.lists(
    st.builds(lambda start, length: Window(start, start + length * 900), starts, st.integers(0, 16)),
    max_size=2,
).map(tuple)


@st.composite
def technicians(draw: st.DrawFn, number: int) -> Technician:
    """Draw somebody with a shift, perhaps a break, some of two skills, perhaps an old certificate."""
    start = draw(st.integers(7 * 4, 10 * 4)) * 900
    noon = draw(st.integers(11 * 4, 13 * 4)) * 900
    breaks = (Pause(noon, noon + draw(st.integers(0, 4)) * 900, 1800),) if draw(st.booleans()) else ()
    return Technician(
        f"T{number}", draw(places), draw(st.none() | places), Window(start, start + draw(st.integers(7, 10)) * HOUR),
        breaks, frozenset(draw(st.sets(st.sampled_from(SKILLS)))),
        draw(st.dictionaries(st.just("hot work"), st.integers(-1, 1).map(lambda days: DAY + timedelta(days)))),
        draw(st.dictionaries(st.just("valve"), st.integers(0, 2))), draw(st.sampled_from((20.0, 33.3, 40.0))),
    )  # fmt: skip


@st.composite
def work(draw: st.DrawFn, number: int, crew: int) -> Job:
    """Draw a job, often planned before, some of these accepted."""
    current = None
    if draw(st.booleans()):
        current = Assignment(f"T{draw(st.integers(0, crew - 1))}", draw(starts))
    return Job(
        f"J{number}", draw(places), draw(st.integers(1, 12)) * 900, draw(st.integers(1, 4)), draw(windows),
        frozenset(draw(st.sets(st.sampled_from(SKILLS), max_size=1))),
        frozenset({"hot work"}) if draw(st.integers(0, 4)) == 0 else frozenset(),
        {"valve": 1} if draw(st.integers(0, 3)) == 0 else {}, current,
        current is not None and draw(st.integers(0, 2)) == 0,
        frozenset({"T0"}) if current is None and draw(st.integers(0, 5)) == 0 else frozenset(),
    )  # fmt: skip


@st.composite
def raw_days(draw: st.DrawFn, most_jobs: int = 9, most_technicians: int = 3) -> Problem:
    """Draw a day whose accepted work may be impossible to keep."""
    crew = draw(st.integers(1, most_technicians))
    people = tuple(draw(technicians(number)) for number in range(crew))
    jobs = tuple(draw(work(number, crew)) for number in range(draw(st.integers(0, most_jobs))))
    store = draw(st.dictionaries(st.just("valve"), st.integers(0, 2)))
    return Problem(DAY, jobs, people, great_circle(places_of(jobs, people)), store)


def days() -> st.SearchStrategy[Problem]:
    """Draw a day whose accepted work can be kept."""
    return raw_days().map(lambda problem: as_it_stands(problem).problem)


@st.composite
def emergencies(draw: st.DrawFn) -> Problem:
    """Draw a small planned day and one more job, `leak`, nobody has planned; parts are no matter here."""
    problem = replace(draw(raw_days(most_jobs=5, most_technicians=2)), store={})
    jobs = tuple(replace(job, parts={}, is_frozen=False, current=None) for job in problem.jobs)
    plan = insertion.propose(replace(problem, jobs=jobs)).assignments()
    jobs = tuple(
        replace(job, current=plan.get(job.id), is_frozen=job.id in plan and draw(st.integers(0, 3)) == 0)
        for job in jobs
    )
    start = draw(starts)
    leak = Job("leak", draw(places), HOUR, 1, (Window(start, start + draw(st.integers(1, 8)) * 1800),))
    jobs = (*jobs, leak)
    return replace(problem, jobs=jobs, travel=great_circle(places_of(jobs, problem.technicians)))


def least_points(problem: Problem) -> int | None:
    """Return the fewest points at which `leak` fits, by trying everything; None when it fits nowhere."""
    ground = Ground(problem)
    plan, kept = planned(ground)
    leak = ground.job_number["leak"]
    movable = [job for job in plan.of if not ground.jobs[job].is_frozen]
    best: int | None = None
    for count in range(len(movable) + 1):
        for moved in combinations(movable, count):
            choices = [[*ground.eligible[job], -1] for job in moved]
            for crew in product(ground.eligible[leak], *choices):
                points = sum(
                    _points(ground, job, plan.of[job], t) for job, t in zip(moved, crew[1:], strict=True)
                )
                if best is not None and points >= best:
                    continue
                of = {job: t for job, t in plan.of.items() if job not in moved}
                of |= {job: t for job, t in zip((leak, *moved), crew, strict=True) if t >= 0}
                held = [
                    ground.windows[j] if j in moved or j == leak else kept[j] for j in range(len(ground.jobs))
                ]
                if all(
                    any(
                        plan.lay(t, order, held) is not None
                        for order in permutations([job for job, who in of.items() if who == t])
                    )
                    for t in range(len(ground.technicians))
                ):
                    best = points
    return best


def _points(ground: Ground, job: int, before: int, after: int) -> int:
    if after < 0:
        return emergency.POSTPONED[ground.jobs[job].priority]
    return emergency.SHIFTED if after == before else emergency.GIVEN
