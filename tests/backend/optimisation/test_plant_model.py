"""A plant as data: read with every finding, written back the same, built, changed, kept; hours, hindcasts, outcomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel.errors import Refused
from backend.optimisation.rules import hindcast, hours, keeping, outcome
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.model import Changes, Given, State
from backend.optimisation.rules.model import given as kept_given
from backend.optimisation.rules.plan import Input, Quality
from backend.optimisation.rules.planning import plan
from backend.optimisation.rules.units.exchange import DemandCharge

MIDNIGHT = datetime(2026, 7, 5, 16, tzinfo=UTC)
TEXT = """
name: Park
demands:
  - {carrier: electricity, name: Load, base: 300}
  - {carrier: heat, name: Net, base: 400}
units:
  - {kind: supply, name: Grid, carrier: electricity, price: 0.8, most: 2000, co2_kg: 0.5}
  - {kind: sale, name: Feed-in, carrier: electricity, price: 0.3, most: 500, against: Grid}
  - {kind: supply, name: Gas, carrier: gas, price: 0.3, co2_kg: 0.2}
  - {kind: chp, name: Engine, power_kw: 300, electric: 0.42, thermal: 0.44, least_load: 0.5, min_up_h: 2}
  - {kind: boiler, name: Boiler, heat_kw: 800, efficiency: 0.93}
  - {kind: heat_pump, name: Pump, heat_kw: 100, sink_c: 50}
  - {kind: battery, name: Battery, capacity_kwh: 400, power_kw: 100, price_per_kwh: 900, cycles: 6000}
  - {kind: storage, name: Tank, carrier: heat, capacity: 500, charge_most: 200, discharge_most: 200}
  - kind: charging
    name: Cars
    stays: [{vehicle: A, arrives: "08:00", leaves: "17:00", energy_kwh: 30, most_kw: 11}]
  - {kind: shiftable, name: Laundry, carrier: electricity, share: 0.1, hours: 3}
disposable: heat
outdoor: {thermometer: 01KASG2V3W4X5Y6Z7A8B9C0D1E}
"""


@pytest.fixture(scope="module")
def model():
    return rules.read(TEXT)


def some(steps=24, **changed):
    planned = Horizon.regular(MIDNIGHT, steps, 60)
    price = np.where(np.arange(steps) % 24 < 8, 0.3, 1.0)
    return Given(
        planned, MIDNIGHT, {"electricity": np.full(steps, 300.0), "heat": np.full(steps, 400.0)},
        prices={"Grid": price, "Feed-in": np.full(steps, 0.2), "Gas": np.full(steps, 0.3)},
        charges={"Grid": (DemandCharge(40.0, 250.0, np.arange(steps) < 12),)}, states={"Engine": State(True, 1.0)},
        contents={"Battery": 200.0, "Tank": 100.0}, outdoor_c=np.full(steps, 5.0),
        inputs=(Input("Load", MIDNIGHT, Quality.FALLBACK, timedelta(hours=6), "why"),), **changed,
    )  # fmt: skip


def test_a_text_is_read_and_written_back_the_same(model):
    assert rules.read(rules.write(model)) == model
    assert list(model.carriers) == ["electricity", "heat", "gas"]
    assert model.electric == {"Grid", "Feed-in"}


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (
            "kind: chp, name: Engine, power_kw: 300",
            "kind: chpp, name: Engine, power_kw: 300",
            "units[3].kind",
        ),
        ("electric: 0.42", "electric: 42", "units[3].electric"),
        ("thermal: 0.44", "thermal: 0.8", "units[3].thermal"),
        ("least_load: 0.5", "least_load: 1, electric_at_least: 0.3", "units[3].electric_at_least"),
        ("least_load: 0.5", "least_load: 0.5, electric_at_least: 0.1", "units[3].electric_at_least"),
        ("sink_c: 50", "sink_c: -280", "units[5].sink_c"),
        ("price: 0.8, most: 2000", "price: 0.8", "units[1].against"),
        ("price: 0.8", "price: 0.8, tariff: x", "units[0].price"),
        ("against: Grid", "against: Wire", "units[1].against"),
        ("name: Boiler", "name: Engine", "units"),
        ("outdoor: {thermometer: 01KASG2V3W4X5Y6Z7A8B9C0D1E}", "hours: 24", "units[5]"),
        ('arrives: "08:00"', 'arrives: "8 am"', "units[8].stays[0].arrives"),
        ("carrier: heat, name: Net, base: 400", "carrier: heat, name: Net", "demands[1].meters"),
        ("kind: supply, name: Gas, carrier: gas", "kind: supply, name: Gas, carrier: water", "units"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(before, after, field):
    with pytest.raises(Refused) as refused:
        rules.read(TEXT.replace(before, after))
    assert field in {one["field"] for one in refused.value.context["findings"]}


def test_a_plan_is_made_kept_and_read_back(model):
    found = plan(rules.task(model, some()))
    again, demand = keeping.read(keeping.kept(found, {"heat": np.full(24, 400.0)}))
    assert again.cost == pytest.approx(found.cost) and again.status == found.status
    assert again.inputs == found.inputs and again.horizon.start == MIDNIGHT
    for key, values in found.flows.items():
        np.testing.assert_allclose(again.flows[key], values, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(demand["heat"], 400.0)


def test_what_was_given_is_kept_whole(model):
    once = some(parts={"Load": np.full(24, 300.0)}, margins={"heat": np.full(24, 20.0)})
    again = kept_given.read(kept_given.write(once))
    assert again.states == once.states and again.contents == once.contents and again.inputs == once.inputs
    assert again.charges["Grid"][0].so_far == 250.0 and again.charges["Grid"][0].counts.sum() == 12
    assert plan(rules.task(model, again)).cost == pytest.approx(plan(rules.task(model, once)).cost, rel=1e-3)


def test_what_if_moves_the_plan_the_way_it_must(model):
    base = plan(rules.task(model, some())).cost

    def cost(**changes):
        return plan(rules.task(model, some(), Changes(**changes))).cost

    assert cost(price_factor=2.0) > base and cost(load_factor=1.2) > base
    assert cost(out=("Engine",)) >= base and cost(co2_price=200.0) > base
    assert cost(comfort=2.0) <= base + 1e-6
    with pytest.raises(Refused, match="price_factor is 9"):
        Changes(price_factor=9)


@settings(max_examples=40)
@given(
    minutes=st.integers(0, 95).map(lambda n: 15 * n),
    length=st.integers(2, 60),
    fine=st.sampled_from([1.0, 4.0, 12.0]),
)
def test_steps_follow_one_another_and_hold_their_quarter_hours(minutes, length, fine):
    start = MIDNIGHT + timedelta(minutes=minutes)
    planned = hours.horizon(start, start + timedelta(hours=length), fine, "Asia/Shanghai")
    assert planned.at(planned.steps) == start + timedelta(hours=length)
    assert set(planned.hours.tolist()) <= {0.25, 1.0}
    assert all(planned.at(step).minute == 0 for step in np.flatnonzero(planned.hours == 1.0))
    values = np.arange(hours.quarters(planned), dtype=float)
    means = hours.to_steps(values, planned)
    assert means @ planned.hours == pytest.approx(values.sum() / 4)
    np.testing.assert_allclose(hours.to_steps(hours.to_quarters(means, planned), planned), means)


@settings(max_examples=30)
@given(seed=st.integers(0, 999), times=st.integers(2, 6))
def test_a_hindcast_never_crosses_and_keeps_the_middle(seed, times):
    chance = np.random.default_rng(seed)
    past = chance.uniform(50, 150, (times, 40))
    found = hindcast.hindcast(past, "Load")
    assert (np.diff(found.values, axis=0) >= -1e-9).all()
    np.testing.assert_allclose(found.median, np.median(past, axis=0))


def test_a_hindcast_bridges_short_gaps_and_refuses_long_ones():
    past = np.full((2, 40), 10.0)
    past[:, 5:8] = np.nan
    np.testing.assert_allclose(hindcast.hindcast(past, "Load").median, 10.0)
    past[:, 5:20] = np.nan
    with pytest.raises(Refused, match=r"3\.75 h of Load were never counted"):
        hindcast.hindcast(past, "Load")
    with pytest.raises(Refused, match="nothing was counted for Load"):
        hindcast.hindcast(np.full((2, 40), np.nan), "Load")


@pytest.mark.parametrize(
    ("sort", "money"), [("supply", 5.0), ("demand", 5.0), ("sale", -5.0), ("unit", -5.0)]
)
def test_more_than_planned_costs_or_earns_by_what_it_is(sort, money):
    planned, actual = np.full(8, 10.0), np.array([20.0] * 4 + [np.nan] * 4)
    one = outcome.line("x", "heat", "kWh", sort, (planned, actual), np.full(8, 0.5))
    assert (one.planned, one.actual, one.known) == (10.0, 20.0, 0.5)
    assert one.deviation_money == pytest.approx(money)
    nothing = outcome.line("x", "heat", "kWh", sort, (planned, np.full(8, np.nan)), np.full(8, 0.5))
    assert nothing.actual is None and nothing.deviation_money is None
