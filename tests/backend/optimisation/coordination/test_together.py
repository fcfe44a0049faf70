"""Sites planned together: never dearer than apart, within the lines' limits, with their losses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.kernel.errors import Refused
from backend.optimisation.rules.checking import BadInput
from backend.optimisation.rules.coordination.region import Line, Region
from backend.optimisation.rules.coordination.together import alone, together
from backend.optimisation.rules.planning import plan
from backend.optimisation.rules.units.converter import Converter
from backend.optimisation.rules.units.exchange import Supply
from tests.backend.optimisation.coordination.scene import cable, meshed, mixed, office, roof
from tests.backend.optimisation.scene import gas, grid, task


def test_sun_goes_to_a_neighbour_as_far_as_the_cable_and_its_losses_allow():
    """60 kW over; the cable takes 40, of which 36 arrive; the rest is sold at 0.3: 2·(14 - 20·0.3)."""
    region = Region({"roof": roof(), "office": office()}, (cable("roof", "office", 40.0, share=0.9),))
    found = together(region)
    assert found.sent["roof-office"] == pytest.approx([40, 40])
    assert found.plans["office"].flows[("roof-office", "electricity")] == pytest.approx([36, 36])
    assert found.plans["roof"].flows[("roof-office", "electricity")] == pytest.approx([-40, -40])
    assert found.cost == pytest.approx(2 * (14 - 20 * 0.3))


def test_a_fee_keeps_a_line_idle_where_it_eats_the_gain():
    for fee, sent in ((0.6, 50), (0.8, 0)):
        region = Region({"roof": roof(), "office": office()}, (cable("roof", "office", fee=fee),))
        found = together(region)
        assert found.sent["roof-office"] == pytest.approx([sent, sent])
        assert found.fees == pytest.approx(2 * fee * sent)


def test_heat_for_a_neighbour_runs_an_engine_that_would_rest():
    engine = Converter("engine", {"gas": 2.5}, {"electricity": 1.0, "heat": 1.25}, 100)
    plant = task(
        gas(0.3), grid(0.5), engine, demand={"electricity": [100]}, steps=1, disposable=frozenset({"heat"})
    )
    mill = task(Supply("boiler house", "heat", 0.4), demand={"heat": [125]}, steps=1)
    region = Region({"plant": plant, "mill": mill}, (Line("pipe", "heat", "plant", "mill", 200.0, 0.0),))
    assert plan(plant).quantities[("engine", "rate")] == pytest.approx([0])
    found = together(region)
    assert found.plans["plant"].quantities[("engine", "rate")] == pytest.approx([100])
    assert found.cost == pytest.approx(75)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_together_never_costs_more_than_apart_and_every_balance_holds(seed):
    region = mixed(seed)
    apart = alone(region)
    found = together(region, apart)
    assert found.cost <= sum(one.cost for one in apart.values()) + 1e-4
    assert found.cost == pytest.approx(sum(one.cost for one in found.plans.values()) + found.fees)
    for name, one in region.tasks.items():
        for carrier in ("electricity", "heat"):
            flows = sum(flow for (_, of), flow in found.plans[name].flows.items() if of == carrier)
            left = flows - one.plant.demand[carrier]
            assert (left > -1e-4).all()
            assert carrier == "heat" or (left < 1e-4).all()
    for line in region.lines:
        assert (found.sent[line.name] <= np.asarray(line.most) + 1e-6).all()
        assert (-found.sent[line.name] <= np.asarray(line.most_back) + 1e-6).all()


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_wider_line_never_costs_more(seed):
    region = mixed(seed, sites=2)
    wider = replace(region, lines=tuple(replace(one, most=90.0, most_back=90.0) for one in region.lines))
    assert together(wider).cost <= together(region).cost + 1e-4


def test_one_site_by_itself_is_its_own_plan():
    region = Region({"office": office()}, ())
    assert together(region).cost == pytest.approx(plan(office()).cost)


def test_power_does_not_circle_between_sites_that_are_paid_to_use_it():
    region = meshed({"one": office(10, -1.0), "two": office(10, -1.0)})
    lossy = replace(region, lines=(replace(region.lines[0], share=0.5),))
    found = together(lossy)
    line = lossy.lines[0]
    arrived = found.plans["two"].flows[(line.name, "electricity")]
    sent = found.plans["one"].flows[(line.name, "electricity")]
    assert (
        np.minimum(np.abs(arrived), np.abs(sent)) <= 0.5 * np.maximum(np.abs(arrived), np.abs(sent)) + 1e-6
    ).all()


def test_groups_are_what_lines_join():
    region = Region({name: office() for name in "ABCD"}, (cable("A", "B"), cable("C", "B")))
    assert region.groups() == [frozenset("ABC"), frozenset("D")]


AB = {"A": office(), "B": office()}


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (Region({}, ()), "at least one site"),
        (Region(AB, (cable("A", "C"),)), "C is no site here"),
        (Region(AB, (cable("A", "A"),)), "is both its ends"),
        (Region(AB, (cable("A", "B"), cable("A", "B"))), "names? of 2 lines|is the name of 2 lines"),
        (Region(AB, (Line("steam", "steam", "A", "B", 1.0, 1.0),)), "steam is unknown to A"),
        (Region(AB, (cable("A", "B", float("nan")),)), "is no limit"),
        (Region(AB, (cable("A", "B", share=1.2),)), "is no share"),
        (Region(AB | {"C": task(grid(), demand={}, steps=3)}, ()), "has other steps"),
        (Region(AB | {"C": task(grid(), demand={}, steps=2, currency="EUR")}, ()), "another currency"),
    ],
)
def test_a_region_that_does_not_fit_is_refused(region, message):
    with pytest.raises(Refused, match=message):
        region.check()


def test_a_site_with_bad_figures_is_refused_with_all_of_them():
    with pytest.raises(BadInput, match="demand"):
        Region(AB | {"C": task(grid(), demand={"electricity": [np.nan, 1]}, steps=2)}, ()).check()


def test_a_site_that_cannot_meet_its_own_demand_has_nothing_to_compare_with():
    short = task(grid(1.0, most=10), demand={"electricity": [50, 50]}, steps=2)
    with pytest.raises(Refused, match=r"C has no plan of its own.*exceeds capacity by 40 kW"):
        alone(Region(AB | {"C": short}, (cable("A", "C"),)))
