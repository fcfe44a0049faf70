"""No proposal of ours breaks a rule, whoever made it, whatever the day."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings

from backend.infra.vroom import Vroom
from backend.workorders.rules.dispatch import emergency, insertion, nearest_free
from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.plan import FrozenDoesNotFit
from backend.workorders.rules.dispatch.settle import assemble, settled
from backend.workorders.rules.dispatch.standing import as_it_stands
from backend.workorders.rules.dispatch.validator import violations
from backend.workorders.rules.dispatch.values import Stop, Window
from tests import districts
from tests.backend.workorders.dispatch.days import days, emergencies, least_points, raw_days
from tests.backend.workorders.dispatch.test_rules import make_day, make_job, make_technician

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
QUICK = Vroom(limit_s=2, exploration=2, threads=1)


@patient
@given(days())
def test_insertion_breaks_no_rule_and_leaves_accepted_work_alone(problem):
    proposal = insertion.propose(problem)
    assert violations(problem, proposal) == ()
    assert _frozen_stay(problem, proposal)


@patient
@given(days())
def test_the_nearest_free_rule_breaks_no_rule_either(problem):
    assert violations(problem, nearest_free.propose(problem)) == ()


@patient
@given(days())
def test_vroom_put_together_again_breaks_no_rule_and_leaves_accepted_work_alone(problem):
    proposal = QUICK.propose(problem)
    assert proposal.note in ("", "better")
    assert violations(problem, proposal) == ()
    assert _frozen_stay(problem, proposal)


@pytest.mark.parametrize("later", [(), (Window(13 * 3600, 15 * 3600),)], ids=["nothing after", "one after"])
def test_vroom_is_asked_although_several_windows_are_over_before_the_day_begins(later):
    over = (Window(1 * 3600, 2 * 3600), Window(3 * 3600, 4 * 3600))
    problem = make_day([make_job("missed", windows=over + later), make_job("leak")], [make_technician()])
    proposal = QUICK.propose(problem)
    assert proposal.note in ("", "better")
    assert violations(problem, proposal) == ()
    served = {step.job for route in proposal.routes for step in route.steps if isinstance(step, Stop)}
    assert served == ({"leak", "missed"} if later else {"leak"})


@patient
@given(days())
def test_any_order_of_a_foreign_planner_becomes_a_proposal_that_breaks_no_rule(problem):
    ground = Ground(problem)
    everything = list(range(len(ground.jobs)))
    plan = assemble(
        ground, {t: everything if t % 2 else everything[::-1] for t in range(len(ground.technicians))}
    )
    assert violations(problem, settled(plan, planner="nonsense")) == ()


@patient
@given(emergencies())
def test_an_emergency_breaks_no_rule_and_moves_the_least_there_is(problem):
    found = emergency.insert(problem, "leak")
    assert violations(problem, found.proposal) == ()
    assert found.points == least_points(problem)
    assert (found.points or 0) == sum(_points(problem, change) for change in found.disturbed)
    assert ("leak" in found.proposal.assignments()) == (found.points is not None)


@patient
@given(raw_days())
def test_accepted_work_can_always_be_kept_as_it_stands(problem):
    standing = as_it_stands(problem)
    proposal = insertion.propose(standing.problem)
    assert violations(standing.problem, proposal) == ()
    try:
        insertion.propose(problem)
    except FrozenDoesNotFit:
        assert standing.troubles
    else:
        assert standing.troubles == ()


@pytest.mark.parametrize("seed", range(5))
def test_vroom_serves_more_worth_than_insertion_and_that_more_jobs_than_the_nearest_free_rule(seed):
    problem = districts.district(seed, jobs=40, technicians=5)
    rule, inserted, asked = nearest_free.propose(problem), insertion.propose(problem), QUICK.propose(problem)
    assert asked.note in ("", "better")
    assert asked.cost.worth >= inserted.cost.worth
    assert inserted.cost.served >= rule.cost.served


def test_what_was_planned_before_is_not_given_to_others_without_need():
    problem = districts.district(3, jobs=40, technicians=5)
    before = districts.with_plan(problem, QUICK.propose(problem), frozen=0.3, seed=1)
    again = QUICK.propose(before)
    assert sum(change.kind == "given" for change in again.changes) <= 2
    assert again.cost.worth >= QUICK.propose(problem).cost.worth - 12


def test_without_vroom_the_day_is_planned_by_insertion_and_the_proposal_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "vroom", None)
    problem = districts.district(1, jobs=20, technicians=4)
    proposal = Vroom().propose(problem)
    assert (proposal.planner, proposal.note) == ("insertion", "missing")
    assert violations(problem, proposal) == ()


def _frozen_stay(problem, proposal):
    after = proposal.assignments()
    return all(after[job.id] == job.current for job in problem.jobs if job.is_frozen)


def _points(problem, change):
    if change.kind == "postponed":
        return emergency.POSTPONED[next(job.priority for job in problem.jobs if job.id == change.job)]
    return emergency.GIVEN if change.kind == "given" else emergency.SHIFTED
