"""Plans in two stages: right on paper, and never worse on average than deciding for the mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel.errors import Refused
from backend.optimisation.rules import catalogue
from backend.optimisation.rules.plan import Status
from backend.optimisation.rules.planning import Task, plan
from backend.optimisation.rules.scenarios.drawing import Dependence, Forecast
from backend.optimisation.rules.scenarios.recourse import follow_on, hedge, weigh
from backend.optimisation.rules.scenarios.telling import told
from backend.optimisation.rules.scenarios.uncertain import Scenario, Uncertain, foreseen
from backend.optimisation.rules.solver import Limits
from backend.optimisation.rules.targets import Kind, Target
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import Renewable, Sale, Supply
from tests.backend.optimisation.scene import NOON, gas, grid, park, task


def newsboy(*demands: float) -> Uncertain:
    """A power demand bought ahead at 1, what is missing at 2.8, what is left over sold at 0.5."""
    units = (
        Supply("ahead", "electricity", 1.0),
        Supply("balancing", "electricity", 2.8, 1000.0),
        Sale("left over", "electricity", 0.5, 1000.0),
    )
    plain = task(*units, demand={"electricity": [np.mean(demands)]}, steps=1)
    of = tuple(Scenario(1 / len(demands), {"electricity": np.array([demand])}) for demand in demands)
    return Uncertain(plain, of, frozenset({"ahead"}))


def test_what_is_bought_ahead_is_the_quantile_that_the_prices_ask_for():
    """(2.8 - 1) / (2.8 - 0.5) = 0.78 of the demand's distribution: the fourth of five demands."""
    found = hedge(newsboy(10, 20, 30, 40, 50))
    assert found.now[("ahead", "rate")] == pytest.approx([40])
    left, short = (30 + 20 + 10) / 5, 10 / 5
    assert found.cost == pytest.approx(40 + 2.8 * short - 0.5 * left)
    assert [one.quantities[("balancing", "rate")][0] for one in found.plans] == pytest.approx(
        [0, 0, 0, 0, 10]
    )


def test_hedging_the_newsboy_is_worth_what_paper_says():
    """Bought for the mean, 30, it pays 30 + 2.8·(10 + 20)/5 - 0.5·(20 + 10)/5 = 43.8, hedged 40 + 5.6 - 6 = 39.6."""
    uncertain = newsboy(10, 20, 30, 40, 50)
    worth = weigh(uncertain, hedge(uncertain))
    assert worth.its_course.cost == pytest.approx(43.8)
    assert worth.saved == pytest.approx(4.2)
    assert worth.foresight == pytest.approx(30)


def windy(seed: int, count: int = 3) -> Uncertain:
    """A small park whose engine must be decided on before wind and demand are known."""
    chance = np.random.default_rng(seed)
    steps = 8
    engine = catalogue.chp("engine", 60, 0.4, 0.45, cost=0.02, electric_at_least=0.34,
                           commitment=Commitment(0.5, start_cost=8, min_up_h=2, min_down_h=2))  # fmt: skip
    price = chance.uniform(0.4, 1.6, steps)
    units = (grid(price, most=300), gas(0.3), engine, catalogue.boiler("boiler", 150, 0.9),
             Renewable("wind", "electricity", np.full(steps, 20.0)),
             catalogue.battery("battery", 40, 15, content=20, price_per_kwh=900, cycles=6000))  # fmt: skip
    plain = task(*units, demand={"electricity": np.full(steps, 60.0), "heat": np.full(steps, 40.0)}, steps=steps,
                 disposable=frozenset({"heat"}))  # fmt: skip
    share = chance.dirichlet(np.full(count, 3.0))
    of = tuple(
        Scenario(
            float(p),
            {"electricity": chance.uniform(20, 120, steps), "heat": chance.uniform(10, 80, steps)},
            {"wind": chance.uniform(0, 60, steps)},
        )
        for p in share
    )
    return Uncertain(replace(plain, limits=Limits(1e-7, 30)), of)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_hedging_never_costs_more_than_the_means_plan_nor_less_than_knowing(seed):
    uncertain = windy(seed)
    worth = weigh(uncertain, hedge(uncertain))
    near = 1e-5 * abs(worth.hedged.cost) + 1e-4
    assert not worth.hedged.failing
    assert worth.saved is not None and worth.saved >= -near
    assert worth.information >= -near


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_scenario_is_the_plan_without_scenarios(seed):
    uncertain = windy(seed, count=1)
    found = hedge(uncertain)
    assert found.cost == pytest.approx(plan(uncertain.tasks()[0]).cost, rel=1e-6)
    assert found.plans[0].status == Status.OPTIMAL


def test_a_park_of_every_unit_with_one_scenario_costs_what_it_does_without():
    plain = park(1)
    found = hedge(Uncertain(plain, (Scenario(1.0),)))
    alone = plan(plain)
    assert found.bound <= alone.cost + 1e-6 and alone.bound <= found.cost + 1e-6


def test_what_is_decided_now_is_the_same_in_all_scenarios_and_the_rest_balances_in_each():
    uncertain = windy(11)
    found = hedge(uncertain)
    for one, given_task in zip(found.plans, uncertain.tasks(), strict=True):
        assert (np.round(one.quantities[("engine", "on")]) == np.round(found.now[("engine", "on")])).all()
        power = sum(flow for (_, carrier), flow in one.flows.items() if carrier == "electricity")
        assert power == pytest.approx(given_task.plant.demand["electricity"], abs=1e-5)
    assert found.cost == pytest.approx(np.dot(found.probabilities, [one.cost for one in found.plans]))
    assert follow_on(uncertain, found.now).cost == pytest.approx(found.cost, rel=1e-6)


def test_more_scenarios_held_apart_never_cost_less_than_their_own_plans():
    uncertain = windy(12)
    known = [plan(one).cost for one in uncertain.tasks()]
    assert hedge(uncertain).cost >= np.dot([one.probability for one in uncertain.scenarios], known) - 1e-4


def kiln() -> Uncertain:
    """A kiln that must be lit beforehand, though only the colder of two days needs it."""
    lit = Converter("kiln", {"gas": 1.0}, {"heat": 1.0}, 10, commitment=Commitment(0.5, start_cost=5))
    plain = task(gas(1.0), Supply("district", "heat", 2.0, most=6.0), lit, demand={"heat": [4.0]}, steps=1,
                 disposable=frozenset({"heat"}))  # fmt: skip
    return Uncertain(
        plain, (Scenario(0.75, {"heat": np.array([2.0])}), Scenario(0.25, {"heat": np.array([10.0])}))
    )


def test_a_plan_is_told_with_what_it_is_worth():
    uncertain = kiln()
    said = [one.words for one in told(uncertain, weigh(uncertain, hedge(uncertain)))]
    assert said[0] == "2 scenarios: on average 11.25 CNY, from 10.00 to 15.00"
    assert said[1] == (
        "Deciding for the mean alone would fall short with a probability of 25 %: heat demand 12:00–13:00 exceeds"
        " capacity by 4 kW"
    )
    assert "Decided now: kiln is on 12:00–13:00" in said
    assert any(
        line.startswith("12:00–13:00 kiln is on, which a plan for the mean would not have") for line in said
    )
    assert any(line.startswith("Left open: kiln gives 5 kW to 10 kW of heat") for line in said)


def test_what_is_bought_ahead_and_what_hedging_saves_are_told():
    uncertain = newsboy(10, 20, 30, 40, 50)
    said = [one.words for one in told(uncertain, weigh(uncertain, hedge(uncertain)))]
    assert "Deciding for the mean alone would cost 43.80 CNY on average: hedging saves 4.20" in said
    assert "Decided now: ahead takes 40.0 kWh ahead, at most 40 kW at 12:00–13:00" in said
    assert "To know beforehand which comes would be worth 9.60 CNY more" in said


def test_a_scenario_that_cannot_be_met_says_what_is_short_and_the_others_stand():
    uncertain = kiln()
    cold = replace(uncertain, scenarios=(uncertain.scenarios[0], Scenario(0.25, {"heat": np.array([20.0])})))
    found = hedge(cold)
    assert found.failing == (1,) and found.risk == 0.25
    assert found.plans[0].status == Status.OPTIMAL
    assert (
        found.plans[1].said() == "No plan meets everything: heat demand 12:00–13:00 exceeds capacity by 4 kW"
    )
    said = [one.words for one in told(cold, weigh(cold, found))]
    assert said[1].startswith("With a probability of 25 % something is short: heat demand")


def broken(**changed: object) -> Uncertain:
    """Return the kiln's scenarios, spoilt."""
    return replace(kiln(), **changed)


@pytest.mark.parametrize(
    ("uncertain", "message"),
    [
        (broken(scenarios=()), "sum to 0"),
        (broken(scenarios=(Scenario(0.5),)), "sum to 0.5"),
        (broken(scenarios=(Scenario(0.5, {"heat": 1.0}), Scenario(0.5))), "not every scenario says"),
        (broken(scenarios=(Scenario(1.0, {"heat": np.array([np.nan])}),)), "demand.heat.*is no number"),
        (broken(ahead=frozenset({"kiln"})), "kiln is neither a supply nor a sale"),
    ],
)
def test_scenarios_that_do_not_fit_are_refused(uncertain, message):
    with pytest.raises(Refused, match=message):
        hedge(uncertain)


def test_what_was_agreed_to_binds_every_scenario():
    uncertain = newsboy(10, 20, 30, 40, 50)
    agreed = Target(Kind.PEAK, 45.0, NOON, NOON + timedelta(hours=1), "electricity")
    found = hedge(replace(uncertain, task=replace(uncertain.task, targets=(agreed,))))
    assert found.failing == (4,)
    assert (
        found.plans[4]
        .shortfalls[0]
        .words.startswith("the target for the peak of electricity bought is exceeded")
    )


def test_a_task_with_decisions_taken_keeps_them():
    uncertain = kiln()
    plain: Task = uncertain.task
    assert plan(plain).quantities[("kiln", "on")] == pytest.approx([0])
    held = plan(replace(plain, held={("kiln", "on"): np.array([1.0])}))
    assert held.quantities[("kiln", "rate")] == pytest.approx([5])


def test_scenarios_drawn_from_forecasts_hedge_a_plan():
    uncertain = windy(5)
    steps = uncertain.task.horizon.steps
    levels, spread = (0.05, 0.5, 0.95), np.array([[-1.0], [0.0], [1.0]])
    forecasts = {
        ("demand", "electricity"): Forecast(levels, 70 + 30 * np.repeat(spread, steps, axis=1)),
        ("available", "wind"): Forecast(levels, 25 + 20 * np.repeat(spread, steps, axis=1)),
    }
    of = foreseen(forecasts, uncertain.task.horizon, 4, dependence=Dependence(3.0), seed=1)
    assert len(of) == 4 and sum(one.probability for one in of) == pytest.approx(1)
    assert set(of[0].demand) == {"electricity"} and set(of[0].available) == {"wind"}
    drawn = replace(uncertain, scenarios=of)
    worth = weigh(drawn, hedge(drawn))
    assert worth.foresight <= worth.hedged.cost + 1e-4
