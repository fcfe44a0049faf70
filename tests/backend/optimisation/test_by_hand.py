"""Small plans whose best can be worked out on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from backend.optimisation.rules import catalogue, comparing, margins
from backend.optimisation.rules.explaining import explain
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.planning import plan
from backend.optimisation.rules.plant import Emissions
from backend.optimisation.rules.rolling import hint, roll, stand
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import DemandCharge, Renewable, Supply
from backend.optimisation.rules.units.flexible import Charging, Room, Session, Shiftable
from backend.optimisation.rules.units.storage import Storage
from tests.backend.optimisation.scene import NOON, gas, grid, park, task


def test_a_chp_runs_where_its_power_and_heat_are_worth_its_gas():
    """1 kWh of power takes 2.5 of gas (0.75) and saves 1.25/0.9 of gas for heat (0.41667): it costs 0.33333."""
    engine = catalogue.chp("chp", 100, 0.4, 0.5)
    units = (grid([0.3, 0.4]), gas(0.3), engine, catalogue.boiler("boiler", 500, 0.9))
    found = plan(task(*units, demand={"electricity": [100, 100], "heat": [200, 200]}, steps=2))
    assert found.quantities[("chp", "rate")] == pytest.approx([0, 100])
    assert found.cost == pytest.approx(30 + 200 / 0.9 * 0.3 + 250 * 0.3 + 75 / 0.9 * 0.3)
    assert found.prices["heat"] == pytest.approx([1 / 3, 1 / 3])
    assert found.prices["electricity"] == pytest.approx([0.3, 0.4])


def test_part_load_is_a_line_through_two_efficiencies():
    engine = catalogue.chp("chp", 100, 0.4, 0.5, commitment=Commitment(0.5), electric_at_least=0.32)
    found = plan(
        task(gas(1.0), engine, demand={"electricity": [100, 50, 75]}, steps=3, disposable=frozenset({"heat"}))
    )
    taken = -found.flows[("chp", "gas")]
    assert taken == pytest.approx([100 / 0.4, 50 / 0.32, (100 / 0.4 + 50 / 0.32) / 2])


def test_steps_may_have_any_length():
    """Minimum up time counts hours, not steps: on at 12:00 for 2 h is 3 steps of 30, 30 and 60 minutes."""
    steps = Horizon.of([NOON + timedelta(minutes=m) for m in (0, 30, 60, 120)], NOON + timedelta(hours=4))
    kiln = Converter("kiln", {"gas": 1}, {"heat": 1}, 10, commitment=Commitment(0.5, min_up_h=2))
    given = task(gas(1.0), Supply("district", "heat", 2.0), kiln, demand={"heat": [10, 0, 0, 0]},
                 disposable=frozenset({"heat"}))  # fmt: skip
    found = plan(replace(given, horizon=steps))
    assert found.cost == pytest.approx(5 * 2)  # the kiln would burn 5 + 2.5 + 5
    dear = replace(
        given, plant=replace(given.plant, units=(gas(1.0), Supply("district", "heat", 30.0), kiln))
    )
    found = plan(replace(dear, horizon=steps))
    assert np.round(found.quantities[("kiln", "on")]).tolist() == [1, 1, 1, 0]
    assert found.cost == pytest.approx(5 + 2.5 + 5)


def test_what_was_on_before_stays_on_for_the_rest_of_its_time():
    kiln = Converter("kiln", {"gas": 1}, {"heat": 1}, 10,
                     commitment=Commitment(0.5, min_up_h=3, was_on=True, since_h=1))  # fmt: skip
    found = plan(task(gas(1.0), kiln, demand={"heat": [0, 0, 0, 0]}, disposable=frozenset({"heat"})))
    assert found.quantities[("kiln", "rate")] == pytest.approx([5, 5, 0, 0])


def test_a_stop_costs_once_for_each_time_it_happens():
    kiln = Converter(
        "kiln", {"gas": 1}, {"heat": 1}, 10, commitment=Commitment(0.5, stop_cost=7, was_on=True)
    )
    units = (gas(1.0), kiln, Supply("district", "heat", 100.0))
    found = plan(task(*units, demand={"heat": [10, 0, 10, 0]}))
    assert found.cost == pytest.approx(20 + 2 * 7)


def test_heating_and_cooling_by_one_machine_exclude_each_other():
    warm = Converter("warm", {"electricity": 0.3}, {"heat": 1}, 10, commitment=Commitment(0.1))
    cold = Converter("cold", {"electricity": 0.3}, {"cooling": 1}, 10, commitment=Commitment(0.1))
    other = (Supply("district heat", "heat", 1.0), Supply("district cold", "cooling", 2.0))
    both = task(grid(1.0), warm, cold, *other, demand={"heat": [10], "cooling": [10]}, steps=1)
    apart = replace(both, plant=replace(both.plant, either=(("warm", "cold"),)))
    assert plan(both).cost == pytest.approx(6)
    assert plan(apart).cost == pytest.approx(3 + 10)


def test_wear_keeps_a_battery_from_a_spread_that_does_not_pay():
    prices = [0.4, 0.4, 0.6, 0.6]
    battery = Storage("battery", "electricity", 10, 10, 10, content=0)
    for wear, discharged in ((0.1, 5), (0.3, 0)):
        found = plan(task(grid(prices), replace(battery, wear=wear), demand={"electricity": [0, 0, 5, 0]}))
        assert found.quantities[("battery", "discharge")].sum() == pytest.approx(discharged)


def test_carbon_costs_what_it_weighs():
    units = (grid(0.5, co2_kg=0.5), Supply("green", "electricity", 0.7))
    demand = {"electricity": [100.0]}
    assert plan(task(*units, demand=demand, steps=1, emissions=Emissions(0.3))).cost == pytest.approx(65)
    assert plan(task(*units, demand=demand, steps=1, emissions=Emissions(0.5))).cost == pytest.approx(70)
    capped = plan(task(*units, demand=demand, steps=1, emissions=Emissions(most_kg=20)))
    assert capped.cost == pytest.approx(40 * 0.5 + 60 * 0.7)
    assert capped.co2_kg == pytest.approx(20)


def test_vehicles_charge_when_it_is_cheap_within_their_stay():
    cars = Charging("cars", "electricity", (Session("A", 0, 3, 18, 10), Session("B", 1, 4, 9, 10)), share=0.9)
    found = plan(task(grid([3, 1, 2, 0.5]), cars, demand={}))
    assert found.quantities[("cars", "A")] == pytest.approx([0, 10, 10])
    assert found.quantities[("cars", "B")] == pytest.approx([0, 0, 10])
    assert found.cost == pytest.approx(10 + 20 + 5)


def test_a_load_that_moves_pays_for_it_and_is_made_up():
    laundry = Shiftable("laundry", "electricity", 4, 3, 6, cost=0.1)
    found = plan(task(grid([2, 1, 1, 1]), laundry, demand={"electricity": [10, 10, 10, 10]}))
    assert found.quantities[("laundry", "lowered")] == pytest.approx([4, 0, 0, 0])
    assert found.cost == pytest.approx(12 + 34 + 0.4)


def test_a_room_is_heated_while_it_is_cheap():
    """Heavy enough to keep almost all: 20 °C is held from 21 °C on by its loss 1 kW/K × 20 K less what cools down."""
    office = Room("office", 1.0, 40.0, 0.0, 20, 22, 20, heat_most=100, heat="heat")
    found = plan(task(Supply("district", "heat", [0.1, 1.0, 1.0, 1.0]), office, demand={}))
    warmth = found.quantities[("office", "temperature")]
    assert warmth[0] == pytest.approx(20 * np.exp(3 / 40) if 20 * np.exp(3 / 40) < 22 else 22)
    assert found.quantities[("office", "heat")][1:] == pytest.approx([0, 0, 0], abs=1e-6)


def test_a_margin_keeps_an_engine_on_that_alone_would_not_run():
    engine = Converter("engine", {"gas": 2.5}, {"electricity": 1}, 50, commitment=Commitment(0.4))
    given = task(grid(0.5, most=100), gas(0.3), engine, demand={"electricity": [80, 95]}, steps=2)
    assert plan(given).quantities[("engine", "rate")] == pytest.approx([0, 0])
    safe = replace(given, plant=replace(given.plant, margins={"electricity": np.array([20.0, 20.0])}))
    found = plan(safe)
    assert np.round(found.quantities[("engine", "on")]).tolist() == [0, 1]
    assert found.quantities[("engine", "rate")] == pytest.approx([0, 20])


def test_a_stores_margin_is_what_is_in_it_as_far_as_its_terminals_go():
    battery = Storage("battery", "electricity", 100, 30, 30, content=10, final_least=10)
    given = task(grid(1.0, most=50), battery, demand={"electricity": [50]}, steps=1)
    for wanted, ok in ((10, True), (11, False)):
        found = plan(replace(given, plant=replace(given.plant, margins={"electricity": float(wanted)})))
        assert (not found.shortfalls) is ok


def test_margins_come_from_quantiles():
    levels, values = [0.1, 0.5, 0.9], np.array([[70.0, 80], [100, 100], [120, 160]])
    assert margins.margin(levels, values, 0.9) == pytest.approx([20, 60])
    assert margins.margin(levels, values, 0.7) == pytest.approx([10, 30])
    assert margins.margin_of_supply(levels, values, 0.9) == pytest.approx([30, 20])
    assert margins.pooled(np.array([3.0]), np.array([4.0])) == pytest.approx([5])


def test_plates_become_units():
    assert catalogue.cop(55.0, 7.0, 0.45) == pytest.approx(0.45 * 328.15 / 48)
    assert catalogue.pump("well", 40, 100, 0.5).inputs["electricity"] == pytest.approx(0.5448, abs=1e-4)
    assert catalogue.battery("b", 500, 1, content=250, price_per_kwh=960, cycles=6000).wear == pytest.approx(
        0.2
    )


def test_a_plan_says_what_it_saves_against_doing_nothing():
    battery = Storage("battery", "electricity", 10, 10, 10, content=0)
    cars = Charging("cars", "electricity", (Session("A", 0, 4, 10, 10),), share=1.0)
    given = task(grid([2, 1, 3, 1]), battery, cars, demand={"electricity": [0, 0, 10, 0]})
    found = comparing.compare(given, plan(given))
    assert found.idle_cost == pytest.approx(20 + 30)
    assert str(comparing.saving(found)) == "30.00 CNY"


def test_each_action_has_its_reason():
    battery = Storage("battery", "electricity", 100, np.array([10, 10, 10, 0.0]), 10, content=0)
    solar = Renewable("pv", "electricity", np.array([0, 0, 0, 9.0]))
    engine = Converter("engine", {"gas": 2}, {"electricity": 1}, 50)
    connection = grid([1, 2, 3, 0.1], charges=(DemandCharge(0.5),))
    given = task(connection, gas(4.0), battery, solar, engine, demand={"electricity": [5, 6, 5, 5]})
    said = [action.words for action in explain(given.plant, plan(given))]
    assert said == [
        "12:00–13:00 battery charges at 10 kW: it costs 1.500 CNY per unit now and is worth 2.000 when it comes out",
        "engine stays off: what it gives would be worth 1.375 CNY per unit, what it takes 8.000",
        "grid stays within 15 kW: a kW more would cost 0.50 CNY for the month's peak",
        "13:00–15:00 battery gives 5 kW: that is worth 2.000 CNY per unit, and cost 1.500 to charge",
        "15:00–16:00 pv leaves 4 kW unused: more could be neither used, stored nor sold at a gain"
        " (0.000 CNY per unit)",
    ]


def test_what_would_pay_and_stays_off_says_what_keeps_it():
    """An engine that was just stopped has to rest for four hours, though its power would be worth more than its gas."""
    engine = Converter("engine", {"gas": 2}, {"electricity": 1}, 50,
                       commitment=Commitment(0.1, min_down_h=4, was_on=False, since_h=0))  # fmt: skip
    given = task(grid(2.0), gas(0.3), engine, demand={"electricity": [20.0] * 4})
    (said,) = explain(given.plant, plan(given))
    assert said.words == (
        "engine stays off: what it gives would be worth 2.000 CNY per unit, what it takes 0.600"
        "; a start, its least load or its shortest times keep it off"
    )


def test_the_next_plan_begins_where_the_one_before_leaves_off():
    given = park(3)
    first = plan(given)
    later = Horizon.regular(NOON + timedelta(hours=4), 20, 60)
    expected = hint(first, later)
    assert expected[("chp", "on")] == pytest.approx(first.quantities[("chp", "on")][4:])
    plant = stand(given.plant, first, 4, measured={"battery": 222.0})
    units = {unit.name: unit for unit in plant.units}
    assert units["battery"].content == 222.0
    assert units["tower"].content == pytest.approx(first.quantities[("tower", "content")][3])
    assert units["grid"].charges[0].so_far == pytest.approx(
        max(600, first.quantities[("grid", "rate")][:4].max())
    )
    on = np.round(first.quantities[("chp", "on")][:4])
    assert units["chp"].commitment.was_on == bool(on[-1])


def test_a_rolled_plan_of_the_rest_of_the_day_costs_what_was_foreseen():
    store = Storage("hot water", "heat", 100, 40, 40, 0.95, 0.95, 0.01, content=20)
    kiln = Converter(
        "kiln", {"gas": 1.1}, {"heat": 1}, 80, commitment=Commitment(0.5, start_cost=3, min_up_h=2)
    )
    price = np.array([1, 1, 3, 3, 1, 2.0])
    demand = np.array([30, 40, 60, 20, 50, 30.0])
    given = task(gas(price), kiln, store, demand={"heat": demand}, steps=6)
    first = plan(given)
    plant = stand(given.plant, first, 2)
    units = tuple(replace(unit, price=price[2:]) if unit.name == "gas" else unit for unit in plant.units)
    rest = replace(given, plant=replace(plant, units=units, demand={"heat": demand[2:]}),
                   horizon=Horizon.regular(NOON + timedelta(hours=2), 4, 60))  # fmt: skip
    passed = (
        float(price[:2] @ first.quantities[("gas", "rate")][:2])
        + 3 * first.quantities[("kiln", "start")][:2].sum()
    )
    assert roll(rest, first).cost == pytest.approx(first.cost - passed, rel=1e-4)
