"""Travel, who may do what, what the validator catches, why and why not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from backend.workorders.rules.dispatch import emergency, insertion
from backend.workorders.rules.dispatch.eligibility import exclusions
from backend.workorders.rules.dispatch.explain import Explainer, plan_of
from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.standing import as_it_stands
from backend.workorders.rules.dispatch.travel import Matrix, Place, great_circle
from backend.workorders.rules.dispatch.validator import violations
from backend.workorders.rules.dispatch.values import (
    Assignment,
    Exclusion,
    Job,
    Pause,
    Problem,
    Rest,
    Technician,
    Window,
    places_of,
)
from tests.backend.workorders.dispatch.days import days

DAY, HOUR = date(2026, 11, 27), 3600
DEPOT, EAST, NORTH = Place(104.0, 30.0), Place(104.1, 30.0), Place(104.0, 30.1)
SHIFT, LUNCH = Window(8 * HOUR, 16 * HOUR), Pause(12 * HOUR, 13 * HOUR, HOUR // 2)
README = Path("backend/workorders/rules/dispatch/README.md")


def make_technician(name="Li", **said):
    return replace(Technician(name, DEPOT, DEPOT, SHIFT, (LUNCH,), frozenset({"gas"})), **said)


def make_job(name="leak", **said):
    return replace(Job(name, EAST, HOUR, skills=frozenset({"gas"})), **said)


def make_day(jobs, technicians, **said):
    return Problem(DAY, tuple(jobs), tuple(technicians), great_circle(places_of(jobs, technicians)), **said)


def test_a_degree_of_latitude_takes_111_km_of_great_circle_and_a_third_more_of_road():
    there, back = Place(104, 30), Place(104, 31)
    matrix = great_circle([there, back])
    assert matrix.between(there, back, 40) == pytest.approx(111_195 * 1.3 / (40 / 3.6), rel=1e-4)
    assert matrix.between(there, back, 20) == pytest.approx(2 * matrix.between(there, back, 40), abs=2)
    assert matrix.between(there, there, 40) == 0


def test_a_road_service_may_answer_instead_of_the_great_circle_and_ways_there_and_back_differ():
    roads = Matrix.of([DEPOT, EAST], np.array([[0, 700], [900, 0]]))
    day = Problem(DAY, (make_job(),), (make_technician(),), roads)
    [route] = insertion.propose(day).routes
    assert (route.stops[0].travel_s, route.travel_home_s) == (700, 900)
    assert violations(day, insertion.propose(day)) == ()


@pytest.mark.parametrize(
    ("job", "technician", "excluded_by"),
    [
        ({}, {}, []),
        ({"skills": {"gas", "heat"}}, {}, [("skill", "heat")]),
        ({"certificates": {"hot work"}}, {}, [("certificate", "hot work")]),
        ({"certificates": {"hot work"}}, {"certificates": {"hot work": DAY}}, []),
        (
            {"certificates": {"hot work"}},
            {"certificates": {"hot work": date(2026, 11, 26)}},
            [("certificate_expired", "hot work 2026-11-26")],
        ),
        ({"parts": {"valve": 2}}, {"parts": {"valve": 1}}, []),
        ({"parts": {"valve": 3}}, {"parts": {"valve": 1}}, [("parts", "valve")]),
        ({"declined_by": {"Li"}}, {}, [("declined", "")]),
        ({"is_frozen": True, "current": Assignment("Wang", 9 * HOUR)}, {}, [("frozen", "Wang")]),
    ],
)
def test_a_technician_is_kept_from_a_job_by_rules_alone(job, technician, excluded_by):
    job = {name: frozenset(value) if isinstance(value, set) else value for name, value in job.items()}
    found = exclusions(make_job(**job), make_technician(**technician), day=DAY, store={"valve": 1})
    assert [(one.rule, one.about) for one in found] == excluded_by


def test_a_break_may_interrupt_a_drive_and_then_costs_no_waiting():
    day = make_day([make_job(windows=(Window(12 * HOUR, 14 * HOUR),), work_s=600)], [make_technician()])
    [route] = insertion.propose(day).routes
    assert violations(day, insertion.propose(day)) == ()
    assert sum(isinstance(step, Rest) for step in route.steps) == 1


def test_two_vans_do_not_get_the_same_part_from_the_store():
    jobs = [make_job("a", parts={"valve": 1}), make_job("b", parts={"valve": 1}, place=NORTH)]
    day = make_day(jobs, [make_technician("Li"), make_technician("Wang", parts={})], store={"valve": 1})
    proposal = insertion.propose(day)
    assert proposal.cost.served == 1
    [left] = proposal.unserved
    assert left.because == ((Exclusion("parts", "valve"), 2),)


def _moved(proposal, **changes):
    """Return the proposal with the first stop of the first route changed."""
    route = proposal.routes[0]
    stop = route.stops[0]
    steps = tuple(replace(step, **changes) if step is stop else step for step in route.steps)
    return replace(proposal, routes=(replace(route, steps=steps), *proposal.routes[1:]))


def _route(proposal, **changes):
    return replace(proposal, routes=(replace(proposal.routes[0], **changes), *proposal.routes[1:]))


def _without_rest(proposal):
    return _route(proposal, steps=proposal.routes[0].stops)


def _long_rest(proposal):
    steps = tuple(
        replace(step, end_s=step.end_s + 60) if isinstance(step, Rest) else step
        for step in proposal.routes[0].steps
    )
    return _route(proposal, steps=steps)


def _early_rest(proposal):
    rest = Rest(9 * HOUR, 9 * HOUR + 1800)
    return _route(proposal, steps=(rest, *proposal.routes[0].stops))


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("window", lambda p: _moved(p, start_s=p.routes[0].stops[0].start_s + 5 * HOUR)),
        ("overlap", lambda p: _moved(p, start_s=p.routes[0].stops[0].arrive_s - 1)),
        ("travel", lambda p: _moved(p, arrive_s=p.routes[0].stops[0].arrive_s - 1)),
        ("travel", lambda p: _moved(p, travel_s=p.routes[0].stops[0].travel_s - 1)),
        ("travel", lambda p: _route(p, travel_home_s=0)),
        ("work", lambda p: _moved(p, leave_s=p.routes[0].stops[0].leave_s - 1)),
        ("shift", lambda p: _route(p, leave_s=8 * HOUR - 1)),
        ("shift", lambda p: _route(p, back_s=16 * HOUR + 1)),
        ("break", _without_rest),
        ("break", _long_rest),
        ("break", _early_rest),
        ("overlap", _early_rest),
        ("skill", lambda p: _route(p, technician="Wang")),
        ("certificate", lambda p: _route(p, technician="Wang")),
        ("declined", lambda p: _route(p, technician="Wang")),
        ("parts", lambda p: _route(p, technician="Wang")),
        ("technician", lambda p: _route(p, technician="nobody")),
        ("technician", lambda p: replace(p, routes=p.routes * 2)),
        ("job", lambda p: replace(p, routes=p.routes * 2)),
        ("job", lambda p: replace(p, routes=())),
        ("job", lambda p: _moved(p, job="dream")),
        ("frozen", lambda p: replace(p, routes=())),
    ],
)
def test_the_validator_catches_every_kind_of_breach(rule, broken):
    jobs = [
        make_job(
            "a", windows=(Window(9 * HOUR, 10 * HOUR),), certificates=frozenset({"hot work"}), parts={"valve": 1},
            declined_by=frozenset({"Wang"}),
        ),
        make_job("b", place=NORTH, is_frozen=True, current=Assignment("Li", 14 * HOUR)),
    ]  # fmt: skip
    able = make_technician("Li", certificates={"hot work": DAY}, parts={"valve": 1})
    day = make_day(jobs, [able, make_technician("Wang", skills=frozenset())])
    proposal = insertion.propose(day)
    assert violations(day, proposal) == ()
    assert [stop.job for stop in proposal.routes[0].stops] == ["a", "b"]
    assert rule in {one.rule for one in violations(day, broken(proposal))}


def test_accepted_work_whose_certificate_ended_is_free_again_and_who_is_late_stays_late():
    sealed = make_job(
        "a", certificates=frozenset({"hot work"}), is_frozen=True, current=Assignment("Li", 9 * HOUR)
    )
    far = make_job("b", is_frozen=True, current=Assignment("Li", 8 * HOUR))
    standing = as_it_stands(
        make_day([sealed, far], [make_technician(certificates={"hot work": date(2026, 11, 1)})])
    )
    released, late = standing.troubles
    assert (released.job, released.because) == ("a", Exclusion("certificate_expired", "hot work 2026-11-01"))
    drive_s = standing.problem.travel.between(DEPOT, EAST, 40)
    assert (late.job, late.late_s) == ("b", drive_s)
    assert [job.is_frozen for job in standing.problem.jobs] == [False, True]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(days())
def test_what_another_would_cost_more_is_what_driving_then_comes_to(problem):
    proposal = insertion.propose(problem)
    explainer = Explainer(problem, proposal)
    for job in problem.jobs:
        why = explainer.why(job.id)
        assert len(why.alternatives) == len(problem.technicians) - (why.technician is not None)
        for other in why.alternatives:
            assert (other.more_s is None) == bool(other.excluded_by)
            if why.technician is None:
                continue
            if other.more_s is not None:
                assert _cheapest_with(problem, proposal, job.id, other.technician) == (
                    proposal.cost.travel_s + other.more_s
                )
            elif other.excluded_by == (Exclusion("full"),):
                assert _cheapest_with(problem, proposal, job.id, other.technician) is None


def _cheapest_with(problem, proposal, wanted, technician):
    """Return the least driving [s] of the proposal with one job somewhere on another's route, all else as it is."""
    ground = Ground(problem)
    routes = [list(items) for items in plan_of(ground, proposal).routes]
    job, other = ground.job_number[wanted], ground.technician_number[technician]
    rest = sum(
        ground.travel(t, [i for i in items if i != job]) for t, items in enumerate(routes) if t != other
    )
    tried = [[*routes[other][:place], job, *routes[other][place:]] for place in range(len(routes[other]) + 1)]
    return min(
        (rest + ground.travel(other, items) for items in tried if ground.time(other, items)), default=None
    )


def _tables(text):
    """Return the tables of a page as lists of rows of cells."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()]
        for block in blocks
    ]


def _clock(seconds):
    return f"{seconds // HOUR:02}:{seconds % HOUR // 60:02}:{seconds % 60:02}"


def example():
    """Return the day of the worked example in the README."""
    li = Technician(
        "Li", Place(104.06, 30.66), Place(104.06, 30.66), SHIFT, (LUNCH,), frozenset({"gas", "water"}),
        {"hot work": date(2026, 11, 20)}, {"valve": 1},
    )  # fmt: skip
    wang = Technician(
        "Wang", Place(104.12, 30.62), Place(104.12, 30.62), SHIFT, (LUNCH,), frozenset({"gas", "heat"}),
        {"hot work": date(2027, 6, 30)},
    )  # fmt: skip
    gas, hot = frozenset({"gas"}), frozenset({"hot work"})
    jobs = [
        Job("A", Place(104.08, 30.67), HOUR, 2, (Window(9 * HOUR, 10 * HOUR),), gas),
        Job("B", Place(104.11, 30.64), 3 * HOUR // 2, 3, skills=gas, certificates=hot),
        Job("C", Place(104.05, 30.63), HOUR, 3, skills=gas, parts={"valve": 1}),
        Job("D", Place(104.15, 30.65), HOUR, 4, skills=frozenset({"heat"})),
    ]
    return make_day(jobs, [li, wang])


def test_the_worked_example_of_the_readme_comes_out_as_it_says():
    routes, why, added = _tables(README.read_text(encoding="utf-8"))[-3:]
    day = example()
    proposal = insertion.propose(day)
    assert violations(day, proposal) == ()
    shown = [
        [route.technician, "lunch", "", _clock(step.start_s), _clock(step.end_s)]
        if isinstance(step, Rest)
        else [route.technician, step.job, str(step.travel_s), _clock(step.start_s), _clock(step.leave_s)]
        for route in proposal.routes
        for step in route.steps
    ]
    assert routes[2:] == shown
    assert why[2:] == [_said(Explainer(day, proposal).why(job.id)) for job in day.jobs]
    planned = proposal.assignments()
    leak = Job("E", Place(104.09, 30.65), HOUR, 1, (Window(9 * HOUR, 9 * HOUR + 1800),), frozenset({"gas"}))
    jobs = tuple(replace(job, current=planned.get(job.id), is_frozen=job.id == "A") for job in day.jobs)
    found = emergency.insert(make_day([*jobs, leak], day.technicians), "E")
    start = found.proposal.assignments()["E"]
    assert added[2:] == [
        ["E", f"{start.technician} {_clock(start.start_s)}", "", ""],
        *(
            [one.job, one.kind, f"{one.before.technician} {_clock(one.before.start_s)}",
             f"{one.after.technician} {_clock(one.after.start_s)}"]
            for one in found.disturbed
        ),
        ["points", str(found.points), "", ""],
        ["driving", "", f"{found.before.travel_s} s", f"{found.after.travel_s} s"],
    ]  # fmt: skip


def _said(why):
    [other] = why.alternatives
    says = ", ".join(f"{one.rule} {one.about}".strip() for one in other.excluded_by) or f"{other.more_s:+} s"
    return [why.job, why.technician, why.reason, str(why.added_s), f"{other.technician}: {says}"]
