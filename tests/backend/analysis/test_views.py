"""What the services say of a world whose every amount is known."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy import event

from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask, By, Compare
from backend.analysis.rules.flows import Node
from backend.analysis.service.consumption import consumption
from backend.analysis.service.flows import flows
from backend.analysis.service.habits import habits
from backend.analysis.service.telling import REST
from backend.kernel import clock
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.units import Carrier
from tests.measured import NOW, measure
from tests.world import make_world

FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
HOURS, BEFORE = 744, 720
MOST_STATEMENTS = 8
"""That go through the ORM; sums come in up to three more."""


@pytest.fixture(scope="module")
def world(database):
    with clock.shifted(NOW - clock.now()):
        made = make_world(database)
        measure(made)
        yield made


@pytest.fixture(scope="module")
def east(world):
    return world.east


@pytest.fixture
def ask(east):
    """Ask about October, of the whole region unless said."""
    return lambda **more: Ask(**{"organisation_id": east.region.id, "first": FIRST, "until": UNTIL} | more)


@pytest.fixture
def told(world, east):
    """Ask a service as somebody."""

    def one(service, ask, role="manager", region=None):
        scope = world.scope(region or east, role)
        with world.database.transaction(scope) as session:
            return service(session, scope, ask=ask)

    return one


def group(found, carrier=Carrier.ELECTRICITY):
    return next(one for one in found.groups if one.carrier is carrier)


def kwh(base):
    return None if base is None else Fraction(base, 3_600_000)


def rows(found, **more):
    here = group(found, **more)
    return {here.labels[key].name or key: kwh(row.now) for key, row in here.explained.rows.items()}


def test_october_against_september_by_use_sums_exactly(told, ask):
    found = told(consumption, ask(by=By.CATEGORY))
    here = group(found).explained
    assert (kwh(here.total.now), kwh(here.total.before)) == (14 * HOURS, 12 * BEFORE)
    assert rows(found) == {"lighting": 4 * HOURS, "hvac": 2 * HOURS, REST: 8 * HOURS}
    moved = sum(row.moved for row in here.rows.values())
    assert here.unlike == 0
    assert moved == here.total.now - here.total.before
    assert here.share == 1.0


def test_amounts_in_other_units_are_told_in_common_ones(told, ask):
    heat = group(told(consumption, ask(carrier=Carrier.HEAT)), Carrier.HEAT)
    assert heat.unit == "kWh"
    assert measures.in_unit(heat.explained.total.now, "kWh") == 3 * HOURS
    assert measures.in_unit(heat.explained.total.now, "GJ") == Fraction(3 * HOURS * 36, 10_000)


def test_places_are_told_apart_to_any_depth(told, ask, east):
    assert rows(told(consumption, ask(by=By.POSITION))) == {"works": 14 * HOURS}
    below = told(consumption, ask(by=By.POSITION, under=east.ids["site"]))
    assert rows(below) == {"mill": 10 * HOURS, "office": 4 * HOURS}
    deeper = told(consumption, ask(by=By.POSITION, under=east.ids["mill"]))
    assert rows(deeper) == {"mill floor": 4 * HOURS, REST: 6 * HOURS}
    assert [one.name for one in deeper.steps] == ["works", "mill"]
    deepest = told(consumption, ask(under=east.ids["mill floor"]))
    assert kwh(group(deepest).explained.total.now) == 4 * HOURS


def test_a_meter_against_its_sub_meters(told, ask, east):
    found = told(consumption, ask(by=By.METER, meter=east.ids["mill meter"]))
    assert rows(found) == {"mill lighting": 4 * HOURS, "mill hvac": 2 * HOURS, REST: 4 * HOURS}


def test_what_changed_hands_counts_for_each_as_long_as_it_was_theirs(told, ask, east):
    found = told(consumption, ask(by=By.ORGANISATION, organisation_id=east.enterprise.id))
    theirs = 10 * 16 * 24
    assert rows(found) == {"East mill": theirs, REST: 14 * HOURS - theirs}
    here = group(found).explained
    assert sum(row.moved for row in here.rows.values()) + here.unlike == here.total.now - here.total.before
    of_region = told(consumption, ask(by=By.ORGANISATION))
    assert rows(of_region) == {"East park": 14 * HOURS}


def test_no_data_is_not_zero(told, ask):
    water = group(told(consumption, ask()), Carrier.WATER).explained
    assert (water.total.now, water.total.before, water.silent) == (None, None, 1)
    assert not water.rows
    february = ask(first=date(2026, 2, 1), until=date(2026, 3, 1))
    found = group(told(consumption, february))
    assert found.explained.total.now is None
    assert all(now is None and before is None for _, now, before in found.series)


def test_series_sum_to_the_total_and_days_stand_against_days(told, ask):
    found = group(told(consumption, ask()))
    assert len(found.series) == 31
    assert sum(now for _, now, _ in found.series) == found.explained.total.now
    assert sum(before or 0 for _, _, before in found.series) == found.explained.total.before
    assert found.series[-1][2] is None  # September has no 31st


def test_a_month_with_a_day_of_25_hours(told, ask, world):
    west = world.west
    found = told(consumption, ask(organisation_id=west.region.id), region=west)
    assert found.zone == "Europe/Berlin"
    assert kwh(group(found).explained.total.now) == 745
    seen = told(habits, ask(organisation_id=west.region.id), region=west)
    assert seen.days[0].tolist() == [24.0] * 24 + [25.0] + [24.0] * 6


def test_a_running_period_is_compared_with_as_much_of_the_one_before(told, ask):
    found = told(consumption, ask(first=date(2026, 11, 1), until=date(2026, 12, 1)))
    assert found.stretches.is_running
    assert group(found).explained.total.before == (9 * 24 + 12) * 14 * 3_600_000
    assert (
        group(found).explained.unlike != 0
    )  # November was read for two days only: not compared like with like
    assert not group(found).explained.total.is_compared


def test_flows_balance_and_name_what_is_lost(told, ask):
    energy = told(flows, ask()).parts[0]
    graph = energy.graph
    for node in {one for pair in graph.flows for one in pair}:
        if node.kind in ("carrier", "plant"):
            assert graph.into(node) == graph.out_of(node)
    power, hour = Node("carrier", carrier="electricity"), HOURS * 3_600_000
    assert graph.into(power) == 15 * hour
    assert (
        graph.flows[power, Node("loss", carrier="electricity")] == 1 * hour
    )  # the feeder counted 11, the mill 10
    heat = Node("carrier", carrier="heat")
    assert graph.flows[heat, Node("unmetered", carrier="heat")] == 1 * hour
    lost = sum(flow for (_, target), flow in graph.flows.items() if target.kind == "conversion")
    assert lost == HOURS * 1000 * measures.GAS_J_PER_L - 8 * hour


def test_habits_of_a_region_and_of_a_meter(told, ask, east):
    found = told(habits, ask())
    assert found.carrier is Carrier.ELECTRICITY
    assert (found.load.base, found.load.peak, found.load.whole, found.load.hours) == (14, 14, HOURS, HOURS)
    one = told(habits, ask(meter=east.ids["mill lighting meter"]))
    assert one.load.peak == 4


def test_only_those_who_analyse_may_ask_and_only_what_is_theirs(told, ask, world, east):
    for service in (consumption, flows, habits):
        with pytest.raises(Forbidden):
            told(service, ask(organisation_id=east.customer.id), role="customer")
        with pytest.raises((Forbidden, NotFound)):
            told(service, ask(organisation_id=world.west.region.id))
    with pytest.raises(NotFound):
        told(consumption, ask(organisation_id=east.customer.id, under=east.ids["office"]))
    with pytest.raises(NotFound):
        told(consumption, ask(organisation_id=east.customer.id, meter=east.ids["office meter"]))


def test_a_customer_is_told_only_what_was_theirs(told, ask, east):
    found = told(consumption, ask(organisation_id=east.customer.id))
    assert kwh(group(found).explained.total.now) == 10 * 16 * 24
    assert kwh(sum(now or 0 for _, now, _ in group(found).series)) == 10 * 16 * 24


@pytest.mark.parametrize("by", list(By))
def test_a_view_costs_few_statements(told, ask, world, by):
    seen = []

    def note(*said):
        seen.append(said[2])

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        told(consumption, ask(by=by, compare=Compare.YEAR))
        asked = [one for one in seen if "set_config" not in one]
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)
    assert len(asked) <= MOST_STATEMENTS + 4  # four make the scope of the person
