"""What holds for every plan, whatever the day brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.optimisation.rules.plan import Plan, Status
from backend.optimisation.rules.planning import Task, plan
from backend.optimisation.rules.units.exchange import DemandCharge, Sale, Supply
from backend.optimisation.rules.units.storage import Storage
from tests.backend.optimisation.scene import grid, park, task


@pytest.fixture(scope="module", params=[1, 2])
def planned(request) -> tuple[Task, Plan]:
    """A park's day and its plan."""
    given = park(request.param)
    return given, plan(given)


def test_every_balance_holds(planned):
    given, found = planned
    for carrier in given.plant.carriers:
        flows = sum(flow for (_, name), flow in found.flows.items() if name == carrier)
        left = flows - given.horizon.fill(given.plant.demand.get(carrier, 0.0))
        assert (left > -1e-4).all()
        if carrier not in given.plant.disposable:
            assert (left < 1e-4).all()


def test_every_unit_stays_within_its_bounds(planned):
    given, found = planned
    for unit in given.plant.units:
        if isinstance(unit, Storage):
            content = found.quantities[(unit.name, "content")]
            assert (content > unit.least * unit.capacity - 1e-4).all()
            assert (content < unit.most * unit.capacity + 1e-4).all()
            assert content[-1] >= unit.final_least - 1e-4
    engine = found.quantities[("chp", "rate")]
    assert ((engine < 1e-4) | ((engine > 150 - 1e-4) & (engine < 300 + 1e-4))).all()
    office = found.quantities[("office", "temperature")]
    assert ((office > 21 - 1e-6) & (office < 25 + 1e-6)).all()


def test_contents_are_what_went_in_less_what_came_out_and_was_lost(planned):
    given, found = planned
    for unit in given.plant.units:
        if isinstance(unit, Storage):
            content = found.quantities[(unit.name, "content")]
            before = np.concatenate(([content[-1] if unit.content is None else unit.content], content[:-1]))
            gained = found.quantities[(unit.name, "charge")] * unit.charge_share
            given_out = found.quantities[(unit.name, "discharge")] / unit.discharge_share
            assert content == pytest.approx(before * (1 - unit.loss_per_h) + gained - given_out, abs=1e-3)


def test_nothing_charges_and_discharges_nor_buys_and_sells_at_once(planned):
    given, found = planned
    pairs = [((u.name, "charge"), (u.name, "discharge")) for u in given.plant.units if isinstance(u, Storage)]
    for one, other in [*pairs, (("grid", "rate"), ("feed-in", "rate"))]:
        assert np.minimum(found.quantities[one], found.quantities[other]).max() < 1e-2


def test_an_engine_keeps_its_shortest_times(planned):
    _, found = planned
    on = np.round(found.quantities[("chp", "on")])
    starts, stops = (np.flatnonzero(np.diff(on, prepend=0) == change) for change in (1, -1))
    assert all(stop - start >= 3 for start in starts for stop in stops if stop > start)
    assert all(start - stop >= 2 for start in starts for stop in stops if start > stop)


def test_vehicles_leave_with_what_they_need(planned):
    given, found = planned
    cars = next(unit for unit in given.plant.units if unit.name == "cars")
    for session in cars.sessions:
        assert found.quantities[("cars", session.vehicle)].sum() * cars.share == pytest.approx(
            session.energy, abs=1e-4
        )


def test_the_cost_is_what_its_parts_add_up_to(planned):
    given, found = planned
    bought = sum(
        (found.quantities[(u.name, "rate")] * given.horizon.fill(u.price)).sum()
        for u in given.plant.units
        if isinstance(u, Supply)
    )
    peak = 10.0 * max(found.quantities[("grid", "rate")].max() - 600.0, 0.0)
    sold = 0.25 * found.quantities[("feed-in", "rate")].sum()
    engine = 0.05 * found.quantities[("chp", "rate")].sum() + 40 * found.quantities[("chp", "start")].sum()
    wear = 900 / (6000 * 0.8) * found.quantities[("battery", "discharge")].sum()
    moved = 0.02 * found.quantities[("laundry", "lowered")].sum()
    assert found.cost == pytest.approx(bought + peak - sold + engine + wear + moved, rel=1e-6)


@pytest.mark.parametrize("seed", [4])
def test_more_freedom_never_costs_more(seed):
    given = park(seed)
    units = given.plant.units
    bound = plan(given)
    for freed in ("battery", "hot water", "ice", "laundry", "absorption"):
        tighter = tuple(unit for unit in units if unit.name != freed)
        without = plan(replace(given, plant=replace(given.plant, units=tighter)))
        assert bound.bound <= without.cost + 1e-6
        assert bound.cost <= without.cost * (1 + 2 * given.limits.gap) + 1e-6


def test_a_store_does_not_burn_what_is_worth_less_than_nothing():
    store = Storage("battery", "electricity", 100, 50, 50, 0.8, 0.8, content=50)
    found = plan(task(grid(-1.0, most=40), store, demand={"electricity": np.full(4, 5.0)}))
    both = np.minimum(found.quantities[("battery", "charge")], found.quantities[("battery", "discharge")])
    assert both.max() < 1e-6
    assert found.status == Status.OPTIMAL


def test_a_connection_does_not_buy_what_it_sells_at_a_higher_price():
    found = plan(
        task(grid(0.5, most=100), Sale("feed-in", "electricity", 0.8, 100, against="grid"),
             demand={"electricity": np.full(4, 10.0)})
    )  # fmt: skip
    assert found.cost == pytest.approx(4 * 10 * 0.5)


@pytest.mark.parametrize(("so_far", "cost"), [(0.0, 30 + 20 * 2), (15.0, 30 + 5 * 2), (50.0, 30)])
def test_the_months_peak_costs_only_what_it_grows(so_far, cost):
    connection = grid(1.0, charges=(DemandCharge(2.0, so_far),))
    assert plan(task(connection, demand={"electricity": [10.0, 20.0]}, steps=2)).cost == pytest.approx(cost)
