"""What was agreed over days binds each plan by what is left, is judged by the meters, and holds in `what if`, too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.optimisation import service
from backend.optimisation.rules.coordination.judging import Outcome
from backend.optimisation.rules.targets import Kind
from backend.optimisation.service import Changes, bound
from tests import coordination

BOUGHT_KW = 400.0
"""What the grid's meter counts all day, but for one quarter hour of 900 kW ten hours ago (tests/plants.py)."""
DAY = timedelta(days=1)


@pytest.fixture
def agree(world, east):
    """`agree(Kind.ENERGY, most)`: a target the plant accepted (tests/coordination.py)."""
    made = []

    def one(kind, most, **about):
        made.append(coordination.agree(world, east, kind, most, **about))
        return made[-1]

    yield one
    coordination.forget(world, east, *made)


def plan_now(acting, east):
    with acting("operator") as (session, scope):
        made = service.make_plan(session, scope, plant_id=east.ids["plant_model"])
        return service.open_plan(session, scope, plan_id=made.id)


def bought(opened_plan):
    return float(opened_plan.quantities[("Grid", "rate")] @ opened_plan.horizon.hours)


def test_an_energy_agreed_over_days_binds_each_plan_by_what_is_left(acting, east, agree):
    free = plan_now(acting, east)
    counted = BOUGHT_KW * 48 + (900 - BOUGHT_KW) / 4
    agree(Kind.ENERGY, counted + 95.0 * 48)
    opened = plan_now(acting, east)
    (said,) = opened.kept.targets
    part = said["budget"]
    assert part["used"] == pytest.approx(counted)
    assert part["filled"] == pytest.approx(BOUGHT_KW / 4)  # the quarter hour that runs
    assert part["known"] == pytest.approx(192 / 193) and part["by_need"]
    left = 95.0 * 48 - BOUGHT_KW / 4
    assert part["left"] == pytest.approx(left)
    assert part["allowed"] == pytest.approx(left * 12 / 47.75, rel=0.03)
    assert bought(opened.plan) <= part["allowed"] + 1e-3 < bought(free.plan)
    with acting("operator") as (session, scope):
        cheaper = Changes(price_factor=0.5)
        kept, let = (
            service.what_if(session, scope, plan_id=opened.kept.id, changes=cheaper, with_targets=one)
            for one in (True, False)
        )
    assert bought(kept.plan) <= part["allowed"] + 1e-3 < bought(let.plan)
    assert [one.kind for one in kept.targets] == [Kind.ENERGY] and let.targets == ()


def test_an_energy_that_is_used_up_leaves_nothing_and_the_plan_says_by_how_much_it_fails(acting, east, agree):
    agree(Kind.ENERGY, 1000.0)
    opened = plan_now(acting, east)
    assert opened.kept.targets[0]["budget"]["left"] == 0
    assert "target" in [one["what"] for one in opened.kept.shortfalls]
    assert "the target for electricity bought is exceeded by" in opened.kept.said


def test_a_co2_target_counts_all_that_emits_and_one_that_nothing_buys_asks_nothing(acting, east, agree):
    agree(Kind.CO2, 100_000.0, carrier="")
    agree(Kind.ENERGY, 10.0, carrier="steam")
    opened = plan_now(acting, east)
    (said,) = opened.kept.targets
    grid, gas_ = (BOUGHT_KW * 48 + 125) * 0.55, 8.0 * 10 * 192 * 0.2
    assert said["budget"]["used"] == pytest.approx(grid + gas_)


@pytest.mark.parametrize(
    ("kind", "most", "after", "outcome"),
    [
        (Kind.PEAK, 950.0, timedelta(0), Outcome.KEPT),
        (Kind.PEAK, 850.0, 2 * DAY, Outcome.EXCEEDED),
        (Kind.ENERGY, 20_000.0, 2 * DAY, Outcome.RUNNING),
        (Kind.ENERGY, 19_000.0, timedelta(0), Outcome.EXCEEDED),
    ],
)
def test_whether_it_was_kept_is_said_by_the_meters(acting, east, agree, kind, most, after, outcome):
    found = agree(kind, most, after=after)
    with acting("manager") as (session, scope):
        about = service.described(session, scope, plant_id=east.ids["plant_model"])
        judged = bound.judged(session, scope, about=about, found=found)
    counted = 900.0 if kind is Kind.PEAK else BOUGHT_KW * 48 + 125
    assert (judged.outcome, judged.counted) == (outcome, pytest.approx(counted))
    assert judged.left == pytest.approx(most - counted) and judged.known == 1.0
