"""What is too late already comes as soon as somebody can be there, and it is said why so late."""

from __future__ import annotations

from datetime import date

from hypothesis import HealthCheck, given, settings

from backend.workorders.rules.dispatch import hurry, insertion
from backend.workorders.rules.dispatch.explain import plan_of
from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.settle import settled
from backend.workorders.rules.dispatch.travel import Place, great_circle
from backend.workorders.rules.dispatch.validator import violations
from backend.workorders.rules.dispatch.values import Assignment, Job, Problem, Technician, Window, places_of
from tests.backend.workorders.dispatch.days import days

HOUR = 3600
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
HERE, NEAR, FAR = Place(121.5, 31.2), Place(121.51, 31.2), Place(121.6, 31.3)


def _day(*jobs, shift=Window(8 * HOUR, 17 * HOUR)):
    people = (Technician("Sun", HERE, HERE, shift),)
    return Problem(date(2026, 11, 28), jobs, people, great_circle(places_of(jobs, people)))


def _routed(problem, *jobs):
    plan = plan_of(
        Ground(problem), settled(plan_of(Ground(problem), insertion.propose(problem)), planner="test")
    )
    plan.set_route(0, [plan.ground.job_number[job] for job in jobs])
    return settled(plan, planner="test")


def test_a_broken_p1_goes_before_the_p2_that_lay_on_the_way():
    problem = _day(Job("P2", NEAR, 5400, 2), Job("P1", FAR, 5400, 1))
    before = _routed(problem, "P2", "P1")
    after = hurry.hurry(problem, before, ["P1", "P2"])
    assert [stop.job for stop in after.routes[0].stops] == ["P1", "P2"]
    assert violations(problem, after) == ()


def test_accepted_work_is_not_moved_for_it():
    accepted = Job("P2", NEAR, 5400, 2, current=Assignment("Sun", 9 * HOUR), is_frozen=True)
    problem = _day(accepted, Job("P1", FAR, 5400, 1))
    after = hurry.hurry(problem, insertion.propose(problem), ["P1"])
    assert after.assignments()["P2"].start_s == 9 * HOUR


@patient
@given(days())
def test_hurrying_breaks_no_rule_leaves_nobody_out_and_delays_no_more_urgent_work(problem):
    before = insertion.propose(problem)
    late = [job.id for job in sorted(problem.jobs, key=lambda job: job.priority) if job.priority <= 2]
    after = hurry.hurry(problem, before, late)
    assert violations(problem, after) == ()
    assert before.assignments().keys() == after.assignments().keys()
    first = next((job for job in late if job in before.assignments()), None)
    if first is not None:
        assert after.assignments()[first].start_s <= before.assignments()[first].start_s


def _late(problem, due_s, now_s=0):
    return hurry.lateness(problem, {"P1": due_s}, _routed(problem, "P1"), now_s=now_s).get("P1")


def test_why_so_late_is_told_apart():
    job = Job("P1", HERE, HOUR, 1)
    assert _late(_day(job), 10 * HOUR) is None
    assert _late(_day(job), -HOUR, now_s=-5 * HOUR) == hurry.Late(10 * HOUR, "duty", 8 * HOUR)
    assert _late(_day(job), -HOUR, now_s=0) == hurry.Late(10 * HOUR, "over")
    far = _late(_day(Job("P1", FAR, HOUR, 1)), 9 * HOUR)
    assert far is not None
    assert far.because == "way"


def test_who_is_kept_by_other_work_is_said_to_be():
    accepted = Job("P2", HERE, 5400, 2, current=Assignment("Sun", 8 * HOUR), is_frozen=True)
    problem = _day(accepted, Job("P1", HERE, HOUR, 1))
    late = hurry.lateness(problem, {"P1": 10 * HOUR}, insertion.propose(problem), now_s=0)
    assert late == {"P1": hurry.Late(1800, "room")}
