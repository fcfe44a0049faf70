"""Nothing fails silently: what cannot be planned is said in words, and every plan says how far to rely on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from backend.kernel.errors import Refused
from backend.optimisation.rules import catalogue, explaining, margins
from backend.optimisation.rules.checking import BadInput
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.plan import Input, Quality, Status
from backend.optimisation.rules.planning import NoPlan, plan
from backend.optimisation.rules.plant import Emissions
from backend.optimisation.rules.solver import Limits
from backend.optimisation.rules.targets import Kind, Target
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.exchange import Renewable, Sale, Supply
from backend.optimisation.rules.units.flexible import Charging, Room, Session
from backend.optimisation.rules.units.storage import Storage
from tests.backend.optimisation.scene import NOON, gas, grid, park, task

LOAD = {"electricity": np.full(4, 5.0)}
STORE = Storage("hot water", "heat", 100, 10, 10, content=50)
NAN = np.array([1.0, np.nan, 1.0, np.nan])


def units_with(**fields):
    """Return a task whose store has these fields."""
    return task(grid(), replace(STORE, **fields), demand=LOAD)


@pytest.mark.parametrize(
    ("given", "field", "value", "remedy"),
    [
        (task(grid(NAN), demand=LOAD), "grid.price[1]", "nan", "fill the gap"),
        (task(grid(), demand={"heat": np.array([])}), "demand[heat]", "", "one value for each step"),
        (task(grid(np.ones(3)), demand=LOAD), "grid.price", "", "one value for each step"),
        (task(grid(), demand={"hydrogen": 1.0}), "demand[hydrogen]", "hydrogen", "use one of electricity"),
        (task(Supply("oil", "oil", 1.0), demand=LOAD), "oil.carrier", "oil", "use one of electricity"),
        (task(grid(), grid(), demand=LOAD), "units", "grid", "give each its own"),
        (task(grid(), demand={"heat": -1.0}), "demand[heat]", "-1", "from 0 to inf"),
        (task(grid(most=5, least=6), demand=LOAD), "grid.least", "6", "lower it"),
        (task(grid(), Sale("out", "electricity", 1, 5, against="x"), demand=LOAD), "out.against", "x", "name the"),
        (task(grid(), Sale("out", "electricity", 1, 5, against="grid"), demand=LOAD), "grid.most", "inf", "say what"),
        (task(grid(), Renewable("pv", "electricity", NAN), demand=LOAD), "pv.available[1]", "nan", "the fallback"),
        (units_with(content=120), "hot water.content", "120", "read the sensor again"),
        (units_with(final_least=200), "hot water.final_least", "200", "lower it"),
        (units_with(final_least=95), "hot water.final_least", "95", "plan over a longer horizon"),
        (units_with(charge_share=1.2), "hot water.charge_share", "1.2", "to 1"),
        (units_with(least=0.9, most=0.5), "hot water.least", "0.9", "lower it"),
        (
            task(grid(), catalogue.boiler("kiln", 5, 0.9, commitment=Commitment(1.5)), demand=LOAD),
            "kiln.commitment.least_load", "1.5", "from 0 to 1",
        ),
        (
            task(grid(), Charging("cars", "electricity", (Session("A", 1, 3, 100, 11),)), demand=LOAD),
            "cars.sessions[A]", "100", "a later departure",
        ),
        (
            task(grid(), Charging("cars", "electricity", (Session("A", 0, 1, 1, 9),) * 2), demand=LOAD),
            "cars.sessions", "A", "its own name",
        ),
        (
            task(grid(), Charging("cars", "electricity", (Session("A", 3, 9, 1, 11),)), demand=LOAD),
            "cars.sessions[A]", "3 to 9", "cut the stay",
        ),
        (
            task(grid(), Room("office", 1, 9, 5.0, 25, 21, 22, heat="heat"), demand=LOAD),
            "office.coldest", "25", "lower it",
        ),
    ],
)  # fmt: skip
def test_a_bad_input_is_named_with_its_value_and_what_to_do(given, field, value, remedy):
    with pytest.raises(BadInput) as caught:
        plan(given)
    said = caught.value
    assert said.field == field
    assert said.value == value
    assert remedy in said.remedy
    assert field in said.message
    assert remedy in said.message


def test_all_faults_are_told_at_once():
    with pytest.raises(BadInput) as caught:
        plan(task(grid(NAN), replace(STORE, content=120), demand={"hydrogen": 1.0}))
    assert [fault["field"] for fault in caught.value.context["faults"]] == [
        "demand[hydrogen]", "grid.price[1]", "hot water.content",
    ]  # fmt: skip


def test_stale_weather_is_refused_with_its_age():
    weather = Input("weather", NOON - timedelta(hours=9), oldest=timedelta(hours=6))
    with pytest.raises(
        BadInput, match=r"weather: 2026-07-06 03:00 is old: known for 9:00:00, at most 6:00:00"
    ) as told:
        plan(replace(task(grid(), demand=LOAD), inputs=(weather,)))
    assert told.value.remedy == "fetch it again, or name a fallback"


def test_steps_out_of_order_are_refused():
    starts = [NOON, NOON + timedelta(hours=2), NOON + timedelta(hours=1)]
    with pytest.raises(Refused, match="step 1 is -1 h long") as caught:
        Horizon.of(starts, NOON + timedelta(hours=3))
    assert caught.value.field == "horizon.hours[1]"
    assert caught.value.remedy == "put the steps in order of time, each longer than nothing"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((0, 0)), "empty"),
        (np.array([[1.0, np.nan], [2, 3], [4, 5]]), "no number"),
        (np.array([[1.0, 4], [2, 3], [4, 5]]), "cross"),
    ],
)
def test_a_forecast_that_is_none_gives_no_margin(values, message):
    with pytest.raises(Refused, match=message):
        margins.margin([0.1, 0.5, 0.9], values)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            task(gas(), catalogue.boiler("boiler", 1000, 0.9), demand={"heat": [500, 600, 1400, 900]}),
            "heat demand 14:00–15:00 exceeds capacity by 0.4 MW",
        ),
        (
            task(grid(most=100), demand={"electricity": [150, 150, 50, 120]}),
            "electricity demand 12:00–14:00 exceeds capacity by 50 kW; "
            "electricity demand 15:00–16:00 exceeds capacity by 20 kW",
        ),
        (
            task(grid(), Renewable("pv", "electricity", np.array([0, 9.0, 0, 0]), curtailable=False), demand=LOAD),
            "electricity 13:00–14:00: 4 kW more is made than can be used, stored or sold",
        ),
        (
            task(grid(most=9), Storage("battery", "electricity", 40, 10, 10, content=0, final_least=30), demand=LOAD),
            "battery ends with 14.0 kWh less than asked for",
        ),
        (
            task(grid(most=9), Charging("cars", "electricity", (Session("A", 0, 2, 10, 11),), 1.0), demand=LOAD),
            "cars: session 1 leaves with 2.0 kWh less than asked for",
        ),
        (
            task(grid(co2_kg=0.5), demand=LOAD, emissions=Emissions(most_kg=8)),
            "the CO2 cap is exceeded by 2.0 kg",
        ),
        (
            task(grid(), demand=LOAD, margins={"electricity": np.array([0, 0, 2.0, 0])}),
            "the margin of electricity 14:00–15:00 is short by 2 kW",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_met_is_the_smallest_part_in_words(given, words):
    found = plan(given)
    assert found.status == Status.RELAXED
    assert found.said() == "No plan meets everything: " + words


@pytest.mark.parametrize(
    ("most", "is_limited"), [(0.0, True), (1e6, False)]
)  # fmt: skip
def test_where_a_target_cannot_be_kept_it_is_told_as_what_limits_and_no_penalty_as_a_price(most, is_limited):
    boiler = catalogue.boiler("kiln", 50, 0.9)
    given = task(grid(), gas(), boiler, STORE, demand=LOAD | {"heat": np.full(4, 20.0)})
    target = Target(Kind.ENERGY, most, NOON, NOON + timedelta(hours=4), "electricity")
    found = plan(replace(given, targets=(target,)))
    assert found.limit == ("electricity bought" if is_limited else "")
    assert np.isnan(found.prices["electricity"]).all() == is_limited
    assert found.prices["heat"] == pytest.approx(0.3 / 0.9)
    for one in explaining.explain(given.plant, found):
        assert "10000" not in one.words and "nan" not in one.words


def test_every_price_beyond_reason_is_told_as_what_limits_by_each_unit():
    given = park(1)
    found = plan(replace(given, targets=tuple(
        Target(Kind.ENERGY, 0.0, NOON, NOON + timedelta(hours=24), one) for one in ("electricity", "gas")
    )))  # fmt: skip
    said = [one for one in explaining.explain(given.plant, found) if one.template.endswith(explaining.AGREED)]
    assert len({one.unit for one in said}) > 3
    assert all("is what limits here" in one.words for one in said)


def test_a_room_that_cannot_be_kept_warm_says_by_how_much():
    office = Room("office", 10, 1e-6, 0.0, 20, 24, 20, heat_most=190, heat="heat")
    found = plan(task(Supply("district", "heat", 0.3), office, demand={}))
    assert found.said() == "No plan meets everything: office 12:00–16:00 is 1.0 K too cold"


def test_a_plan_cut_short_says_how_far_from_the_best_it_may_be():
    given = park(7, steps=96)
    found = plan(replace(given, limits=Limits(gap=0.0, seconds=5)))
    assert found.status == Status.TIME_LIMIT
    assert found.gap > 0
    assert found.cost * (1 - found.gap) == pytest.approx(found.bound)
    assert (
        found.said()
        == f"Stopped at the time limit: at most {found.gap:.2%} dearer than the best possible plan"
    )


def test_every_plan_carries_age_and_quality_of_what_it_was_made_from():
    load = Input(
        "load", NOON - timedelta(minutes=20), Quality.FALLBACK, timedelta(hours=1), "same day last week"
    )
    found = plan(replace(task(grid(), demand=LOAD), inputs=(load,)))
    assert found.ages() == {"load": timedelta(minutes=20)}
    assert found.inputs[0].quality == Quality.FALLBACK
    assert found.said() == "Optimal to within 0.00%"


def test_a_problem_without_end_says_that_something_has_no_limit():
    with pytest.raises(NoPlan, match="unbounded") as caught:
        plan(task(grid(-1.0), Supply("waste", "heat", -0.5), demand=LOAD, disposable=frozenset({"heat"})))
    assert caught.value.remedy == "give every supply, sale and load that earns money a limit"


def test_too_short_a_time_says_so():
    with pytest.raises(NoPlan, match="time limit"):
        plan(replace(park(7, steps=96), limits=Limits(seconds=0.001)))


@pytest.mark.parametrize(
    ("status", "gap", "words"),
    [
        (Status.TIME_LIMIT, np.inf, "Stopped at the time limit: how much dearer than the best possible plan"),
        (Status.RELAXED, 0.12, "; it may be 12.00% dearer than the best that misses as little"),
        (Status.RELAXED, np.inf, "; how much dearer than the best possible plan it is is not known"),
    ],
)
def test_how_far_a_plan_is_from_the_best_is_said_whatever_gave_and_though_no_bound_is_known(
    status, gap, words
):
    found = replace(plan(task(grid(), demand=LOAD)), status=status, gap=gap)
    assert words in found.said()
    assert "dearer" not in replace(found, status=Status.RELAXED, gap=0.0).said()
