"""What must hold of the demo region's figures, whatever the weather."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.demo import balance, kept, meters, model, plant, region
from backend.demo.calendar import STEP_H, days
from backend.demo.customers import CUSTOMERS
from backend.demo.renewables import PV_PLANTS

CARRIERS = ("electricity", "heat", "cooling", "gas", "water")
BLOCKS = st.integers(min_value=0, max_value=60)
NOW = datetime(2026, 11, 22, 22, 7, 13, tzinfo=UTC)

few = settings(max_examples=6, deadline=None)


def customers(flows, carrier):
    return sum(flows[f"{c.key}.{carrier}"] for c in CUSTOMERS if f"{c.key}.{carrier}" in flows)


@few
@given(number=BLOCKS)
def test_electricity_made_and_bought_is_used_stored_sold_or_lost(number):
    flow = model.block(number).flows
    made = (
        sum(flow[f"{p.key}.electricity"] for p in PV_PLANTS)
        + flow["wind.electricity"]
        + flow["engine.electricity"]
    )
    arrives = made + flow["grid.imported"] + flow["battery.discharged"]
    lost = flow["main_transformer.loss"] + sum(
        flow[f"feeder{n}"] - sum(flow[f"{c.key}.electricity"] for c in CUSTOMERS if c.feeder == n)
        for n in balance.FEEDERS
    )
    leaves = customers(flow, "electricity") + flow["centre.electricity"] + flow["battery.charged"]
    np.testing.assert_allclose(arrives, leaves + flow["grid.exported"] + lost, rtol=1e-9)
    assert (lost > 0).all() and lost.sum() < 0.05 * arrives.sum()
    assert (flow["grid.imported"] * flow["grid.exported"] == 0).all()


@few
@given(number=BLOCKS)
def test_heat_made_is_sent_out_or_drives_the_absorption_chiller_or_is_cooled_away(number):
    flow = model.block(number).flows
    made = flow["engine.heat"] + flow["boiler.heat"]
    np.testing.assert_allclose(
        made, flow["heat_net"] + flow["absorption.heat"] + flow["dry_cooler.heat"], atol=1e-6
    )
    lost = flow["heat_net"] - customers(flow, "heat")
    assert (lost > 0).all()


@few
@given(number=BLOCKS)
def test_cooling_made_is_what_the_network_takes(number):
    flow = model.block(number).flows
    made = sum(flow[f"{k}.cooling"] for k in ("absorption", "chiller1", "chiller2")) + flow["ice.melted"]
    np.testing.assert_allclose(made, flow["cold_net"], atol=1e-6)
    assert (flow["cold_net"] > customers(flow, "cooling")).all()


@few
@given(number=BLOCKS)
def test_gas_and_water_taken_in_are_used_but_for_a_small_rest(number):
    flow = model.block(number).flows
    gas = customers(flow, "gas") + flow["engine.gas"] + flow["boiler.gas"]
    water = customers(flow, "water") + flow["centre.water"]
    np.testing.assert_allclose(flow["gas_intake"], gas * 1.003, rtol=1e-9)
    np.testing.assert_allclose(flow["water_intake"], water * 1.04, rtol=1e-9)


@few
@given(number=BLOCKS)
def test_a_main_meter_is_the_sum_of_its_sub_meters_and_a_small_unmetered_rest(number):
    flow = model.block(number).flows
    for customer in CUSTOMERS:
        for carrier in ("electricity", "water"):
            main = f"{customer.key}.{carrier}"
            subs = sum(values for key, values in flow.items() if key.startswith(f"{main}."))
            rest = flow[main] - subs
            assert (rest >= 0).all() and rest.sum() < 0.02 * flow[main].sum()


@few
@given(number=BLOCKS)
def test_nothing_flows_backwards_and_no_figure_is_missing(number):
    found = model.block(number)
    for key, flow in found.flows.items():
        assert (flow >= -1e-9).all(), key
    for key, level in found.levels.items():
        assert np.isfinite(level).all(), key
    for store in ("ice.level", "battery.level"):
        assert (found.levels[store] > 0).all() and (found.levels[store] < 1).all()


@few
@given(number=BLOCKS)
def test_heat_meters_obey_the_heat_equation(number):
    found = model.block(number)
    for key in ("hotel.heat", "office.cooling"):
        difference = np.abs(found.levels[f"{key}.supply"] - found.levels[f"{key}.return"])[1:-1]
        heat = plant.WATER_KWH_M3K * found.flows[f"{key}.volume"] * difference
        np.testing.assert_allclose(heat, found.flows[key], rtol=1e-9)


@few
@given(number=st.integers(min_value=0, max_value=58))
def test_blocks_meet_without_a_seam(number):
    left, right = model.block(number).levels, model.block(number + 1).levels
    for key in left:
        np.testing.assert_allclose(left[key][-2:], right[key][:2], rtol=1e-9, atol=1e-9, err_msg=key)


def test_years_differ_and_repeat_exactly():
    numbers = {year: round((year - 2024) * 365.25 / model.BLOCK_DAYS) + 6 for year in (2024, 2025, 2026)}
    july = {year: model.block(number).flows["grid.imported"].sum() for year, number in numbers.items()}
    assert len({round(total, -3) for total in july.values()}) == 3
    model.block.cache_clear()
    assert model.block(numbers[2025]).flows["grid.imported"].sum() == july[2025]
    assert model.block(numbers[2025], seed=5).flows["grid.imported"].sum() != july[2025]


def test_summer_cools_and_winter_heats():
    july, january = model.block(17).flows, model.block(11).flows
    assert july["cold_net"].sum() > 3 * january["cold_net"].sum()
    assert january["heat_net"].sum() > 3 * july["heat_net"].sum()
    assert january["boiler.heat"].sum() > 0 and july["chiller1.cooling"].sum() > 0


def test_a_plant_never_beats_its_rating():
    for number in range(0, 36, 5):
        flow = model.block(number).flows
        assert flow["engine.electricity"].max() / STEP_H <= plant.ENGINE_KW + 1e-6
        assert flow["absorption.cooling"].max() / STEP_H <= plant.ABSORPTION_KW + 1e-6
        for key in ("chiller1", "chiller2"):
            assert flow[f"{key}.cooling"].max() / STEP_H <= 1.1 * plant.CHILLER_KW
        assert flow["ice.melted"].max() / STEP_H <= plant.ICE_KW + 1e-6


def test_the_engine_sleeps_at_night():
    steps = days(0, model.BLOCK_DAYS)
    night = (steps.hour >= 23) | (steps.hour < 7)
    assert model.block(0).flows["engine.electricity"][night].sum() == 0


def test_the_district_is_as_large_as_promised():
    points = region.points()
    assert len(points) >= 300
    assert len(CUSTOMERS) >= 9
    assert len({customer.trade for customer in CUSTOMERS}) == len(CUSTOMERS)
    assert {point.carrier for point in points} >= set(CARRIERS)
    keys = {point.key for point in points}
    assert len(keys) == len(points)
    assert all(point.parent in keys for point in points if point.parent)
    assert {"NOx", "SO2", "dust", "COD"} <= {point.name.rsplit(" ", 1)[-1] for point in points}


@pytest.fixture(scope="module")
def everything():
    return meters.Meters(region.points())


def hours(first, last):
    return np.arange(meters.microseconds(first), meters.microseconds(last), 3_600_000_000)


def test_registers_never_run_backwards_but_at_rollover_and_exchange(everything):
    at = hours(NOW.replace(minute=0, second=0) - timedelta(days=760), NOW)
    shown = everything.values(at)
    rolled = 0
    for point, values in zip(everything.points, shown, strict=True):
        if point.kind != "register":
            continue
        back = np.flatnonzero(np.diff(values) < 0)
        if point.exchanged:
            replaced = np.searchsorted(at, [meters.microseconds(d) for d in meters.exchanges(NOW)]) - 1
            assert set(replaced[replaced >= 0]) <= set(back)
            continue
        rolled += len(back)
        assert ((values[back + 1] - values[back] + point.dial) < point.dial / 2).all(), point.key
    assert rolled > 10


def test_devices_carry_on_where_the_history_ends(everything):
    loaded = everything.values(hours(NOW - timedelta(days=3), NOW))
    fresh = meters.Meters(region.points())
    for back in (1, 7, 40):
        at = hours(NOW - timedelta(days=3), NOW)[-back]
        instant = datetime.fromtimestamp(at / 1e6, UTC)
        assert list(fresh.at(instant).values()) == loaded[:, -back].tolist()


def test_values_move_smoothly_from_second_to_second(everything):
    start = meters.microseconds(NOW)
    shown = everything.values(start + np.arange(0, 3600, 5) * 1_000_000)
    for point, values in zip(everything.points, shown, strict=True):
        if point.kind == "register":
            hour_before = everything.values(np.array([start - 3_600_000_000]))[
                everything.points.index(point), 0
            ]
            assert (np.diff(values) >= 0).all(), point.key
            assert np.diff(values).max() <= max(2 * point.resolution, 0.05 * (values[-1] - hour_before))


def test_interval_readings_are_what_the_register_beside_them_moved(everything):
    keys = [p.key for p in everything.points]
    interval = keys.index("charging.electricity.fast.interval")
    register = keys.index("charging.electricity.fast.energy")
    quarter = meters.microseconds(datetime(2026, 11, 20, tzinfo=UTC)) + np.arange(97) * 900_000_000
    shown = everything.values(quarter)
    moved = np.diff(shown[register]) * 0.93
    np.testing.assert_allclose(shown[interval][:-1], moved, atol=0.02)


def test_an_exchanged_meter_starts_at_zero_and_loses_nothing(everything):
    finals = everything.final_values(NOW)
    assert list(finals) == ["hotel.water.energy"]
    when, final = finals["hotel.water.energy"][-1]
    row = [p.key for p in everything.points].index("hotel.water.energy")
    at = np.array([meters.microseconds(when) + s * 1_000_000 for s in (-900, 0, 900)])
    before, new, after = everything.values(at)[row]
    assert new == 0 and before <= final and 0 <= after < 20


def test_what_flows_now_balances_too(everything):
    """The powers beside the meters that count: supply (out) covers demand (in) and a few percent of losses."""
    shown = everything.at(NOW)
    counted = {(p.position, p.carrier, p.direction) for p in everything.points if p.total}
    for carrier, unit, most_lost in (
        ("electricity", "kW", 0.05),
        ("heat", "kW", 0.12),
        ("cooling", "kW", 0.08),
        ("gas", "m3/h", 0.04),
        ("water", "m3/h", 0.08),
    ):
        rates = [
            (p.direction, shown[p.key])
            for p in everything.points
            if p.kind == "instant" and (p.carrier, p.unit) == (carrier, unit)
            if (p.position, p.carrier, p.direction) in counted
        ]
        supply = sum(value for way, value in rates if way == "out")
        demand = sum(value for way, value in rates if way == "in")
        assert -0.03 < (supply - demand) / supply < most_lost, (carrier, supply, demand)


def test_kept_totals_change_nothing_but_the_time_to_start(everything, tmp_path):
    path = kept.place(tmp_path)
    everything.at(NOW)
    everything.keep(path)
    again = meters.Meters(region.points()[:40], kept_in=path)
    assert len(again._opening) > 30
    shown = everything.at(NOW)
    assert again.at(NOW) == {key: shown[key] for key in again.at(NOW)}
    assert kept.read(path, model.SEED + 1, ["grid.imported"]) is None
    path.write_bytes(b"no archive")
    assert kept.read(path, model.SEED, ["grid.imported"]) is None
