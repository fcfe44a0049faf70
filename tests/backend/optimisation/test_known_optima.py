"""Plans cost what others found to be the least."""

from __future__ import annotations

import pytest

from backend.optimisation.rules.plan import Status
from backend.optimisation.rules.planning import plan
from backend.optimisation.rules.solver import Limits
from tests.dispatch import DATA, read, task_of

ANALYTIC = DATA / "dispatch_analytic/cases.json"
CAMPUS = DATA / "dispatch_campus"
CASES = list(read("dispatch_analytic/cases.json")) if ANALYTIC.exists() else []


@pytest.mark.skipif(not CASES, reason="dispatch_analytic is not there")
@pytest.mark.parametrize("name", CASES)
def test_a_plan_costs_what_was_worked_out_by_hand(name):
    case = read("dispatch_analytic/cases.json")[name]
    found = plan(task_of(case["problem"]))
    assert found.status == Status.OPTIMAL
    assert found.cost == pytest.approx(case["expected_cost"], rel=1e-4)


@pytest.mark.skipif(not CAMPUS.exists(), reason="dispatch_campus is not there")
@pytest.mark.parametrize(
    ("name", "gap"),
    [
        ("winter_day_lp", 1e-4),
        ("summer_day_lp", 1e-4),
        ("spring_day_uc", 1e-4),
        ("summer_week_demand_charge", 1e-4),
        (
            "summer_week_uc",
            2.5e-4,
        ),  # the plan is within 1e-4 of the best; proving that takes five times as long
    ],
)
def test_a_campus_plan_costs_what_another_model_of_it_costs(name, gap):
    case = read(f"dispatch_campus/{name}.json")
    found = plan(task_of(case["problem"], Limits(gap, seconds=200)))
    assert found.status == Status.OPTIMAL
    assert found.gap <= gap
    assert found.cost == pytest.approx(case["reference"]["optimal_cost"], rel=1e-4)
    assert found.bound <= case["reference"]["optimal_cost"] * (1 + 1e-9)
