"""What fixed priorities cost, and that a plan never costs more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.optimisation.rules import catalogue
from backend.optimisation.rules.planning import plan
from backend.optimisation.rules.rule_based import follow
from backend.optimisation.rules.units.exchange import DemandCharge, Renewable, Sale
from backend.optimisation.rules.units.flexible import Room
from tests.backend.optimisation.scene import gas, grid, park, task


def test_an_engine_follows_the_heat_and_the_grid_gives_the_rest():
    engine, other = catalogue.chp("chp", 100, 0.4, 0.5), catalogue.boiler("boiler", 500, 0.9)
    units = (grid([0.3, 0.4], charges=(DemandCharge(2.0),)), gas(0.3), engine, other)
    found = follow(task(*units, demand={"electricity": [100, 120], "heat": [50, 200]}, steps=2))
    assert found.rates["chp"] == pytest.approx([40, 100])
    assert found.rates["boiler"] == pytest.approx([0, 75])
    assert found.rates["grid"] == pytest.approx([60, 20])
    assert found.missing == {}
    bought = 60 * 0.3 + 20 * 0.4 + 60 * 2.0
    assert found.cost == pytest.approx(bought + 0.3 * (40 * 2.5 + 250 + 75 / 0.9))


def test_what_the_sun_gives_beyond_demand_is_sold():
    units = (
        grid(1.0),
        Renewable("pv", "electricity", np.array([9.0])),
        Sale("feed-in", "electricity", 0.2, 3),
    )
    found = follow(task(*units, demand={"electricity": [5.0]}, steps=1))
    assert found.rates["feed-in"] == pytest.approx([3])
    assert found.cost == pytest.approx(-0.6)


def test_what_priorities_cannot_meet_is_named():
    found = follow(task(grid(1.0, most=3), demand={"electricity": [5.0, 2.0]}, steps=2))
    assert found.missing["electricity"] == pytest.approx([2, 0])


@pytest.mark.parametrize("seed", [11, 12])
def test_a_plan_never_costs_more_than_fixed_priorities(seed):
    given = park(seed)
    units = tuple(unit for unit in given.plant.units if not isinstance(unit, Room))
    given = replace(given, plant=replace(given.plant, units=units))
    followed = follow(given)
    assert followed.missing == {}
    assert plan(given).cost <= followed.cost
