"""The live ladder looks around a gap: alike points, the weather, holidays, and whether the point was shut."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from backend.kernel.errors import Forbidden, Refused
from backend.kernel.periods import Period
from backend.kernel.scope import Role
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.rules import Method, Rule
from backend.network import service as network
from tests.backend.metering.conftest import NOON

names = itertools.count()
DAYS = 30
START = NOON.replace(hour=16) - timedelta(days=DAYS)  # midnight in Shanghai
HOURS = np.arange(DAYS * 24)
SHAPE = np.where((HOURS % 24 >= 6) & (HOURS % 24 < 20), 3.0, 1.0)
LONG = slice((DAYS - 3) * 24, (DAYS - 1) * 24)
"""Two days that were not read."""


@pytest.fixture
def make(meters):
    """Make an hourly point and store what it read, but for the gap; `register`: as a register's standings."""

    def maker(amount, *, gap=LONG, kind=PointKind.INTERVAL, carrier=Carrier.GAS, at=meters):
        point = at.make(
            f"around {next(names)}", kind, carrier=carrier, quantity="volume", unit="m3", interval_minutes=60
        )
        keep = np.ones(len(amount), dtype=bool)
        if kind is PointKind.REGISTER:
            amount = 100 + np.concatenate(([0], np.cumsum(amount)))
            keep = np.ones(len(amount), dtype=bool)
            gap = slice(gap.start + 1, gap.stop)
        keep[gap] = False
        meters.store(point, np.arange(len(amount))[keep] * 60, amount[keep], start=START)
        return point

    return maker


def estimated(meters):
    """Make all amounts, and estimate all gaps."""
    follower = metering.RollUpFollower()
    meters.follow(follower)
    with meters.world.database.transaction(meters.scope) as session:
        while follower.estimate(session, meters.scope):
            pass


def rows(meters, point, part=LONG):
    with meters.world.database.transaction(meters.scope) as session:
        found = metering.intervals(
            session, meters.scope, point_id=point.id,
            period=Period(START + timedelta(hours=part.start), START + timedelta(hours=part.stop)),
        )  # fmt: skip
        return [(row.amount, Method(row.method), Rule(row.rule)) for row in found]


def room(meters, name):
    with meters.world.database.transaction(meters.scope) as session:
        return network.create_position(
            session, meters.scope, parent_id=meters.building.id,
            new=network.NewPosition(network.PositionKind.BUILDING, name),
        )  # fmt: skip


def set_to(meters, **said):
    with meters.world.database.transaction(meters.scope) as session:
        metering.change_vee_settings(
            session, meters.scope, organisation_id=meters.world.east.region.id, **said
        )


@pytest.fixture(autouse=True)
def defaults(meters):
    yield
    with meters.world.database.transaction(meters.scope) as session:
        session.execute(text("DELETE FROM vee_setting"))
        session.execute(text("DELETE FROM shut_period"))


def test_gas_without_a_register_follows_what_alike_points_did_in_these_hours(meters, make):
    twice = np.where((LONG.start <= HOURS) & (LONG.stop > HOURS), 2.0, 1.0)
    for factor in (1.0, 5.0):
        make(SHAPE * twice * factor, gap=slice(0, 0))
    mine = make(SHAPE * 2)
    estimated(meters)
    found = rows(meters, mine)
    assert {(method, rule) for _, method, rule in found} == {(Method.ESTIMATED, Rule.SIBLINGS)}
    expected = SHAPE[LONG] * 2 * 2000
    assert np.abs(np.array([amount for amount, *_ in found]) / expected - 1).max() < 0.25
    assert sum(amount for amount, *_ in found) == pytest.approx(expected.sum(), rel=0.1)


def test_an_organisation_may_leave_alike_points_and_the_weather_out(meters, make):
    set_to(meters, uses_siblings=False, uses_weather=False)
    mine = make(SHAPE)
    estimated(meters)
    assert {rule for *_, rule in rows(meters, mine)} == {Rule.EDGED}


def test_without_alike_points_gas_follows_the_outdoor_temperature(meters, make):
    set_to(meters, uses_siblings=False)
    cold = 16.0 - (HOURS // 24 % 7)
    cold[LONG] = 2.0
    outdoors = meters.make(
        "outdoors", PointKind.INSTANT, carrier=Carrier.ENVIRONMENT, quantity="temperature", unit="°C"
    )
    meters.store(outdoors, HOURS * 60 + 30, cold, start=START)
    meters.store(outdoors, [DAYS * 24 * 60 + 30], [10.0], start=START)
    mine = make(SHAPE * (16.5 - cold))
    estimated(meters)
    found = rows(meters, mine)
    assert {rule for *_, rule in found} == {Rule.WEATHER}
    usual = (SHAPE * (16.5 - cold))[: LONG.start].mean() * 1000
    assert np.mean([amount for amount, *_ in found]) > 2 * usual, "the cold snap is seen"


@pytest.mark.parametrize(("uses_holidays", "is_like_a_workday"), [(True, True), (False, False)])
def test_a_saturday_worked_for_spring_festival_is_filled_like_a_workday(
    meters, make, uses_holidays, is_like_a_workday
):
    """28 February 2026 is a Saturday worked for the holidays of 15 to 23 February (国办发明电〔2025〕7号)."""
    set_to(meters, uses_holidays=uses_holidays)
    days = [date(2026, 2, 9) + timedelta(days=n) for n in range(DAYS)]
    at_rest = [one.weekday() >= 5 or date(2026, 2, 15) <= one <= date(2026, 2, 23) for one in days]
    worked = [date(2026, 2, 14), date(2026, 2, 28)]
    amount = np.repeat(
        [1.0 if rest and one not in worked else 3.0 for one, rest in zip(days, at_rest, strict=True)], 24
    )
    gap = slice(days.index(worked[1]) * 24, (days.index(worked[1]) + 1) * 24)
    mine = make(amount, gap=gap, carrier=Carrier.WATER)
    estimated(meters)
    found = [amount for amount, *_ in rows(meters, mine, gap)]
    assert (found == [3000] * 24) is is_like_a_workday
    assert max(found) <= 3000


def test_while_its_valve_is_shut_nothing_flowed(meters, make):
    elsewhere = replace(meters, building=room(meters, "Valve closet"))
    valve = elsewhere.make("valve", PointKind.STATE, carrier=Carrier.WATER, quantity="valve", unit="1")
    meters.store(valve, [0, (LONG.start - 5) * 60, (LONG.start + 24) * 60], [1.0, 0.0, 1.0], start=START)
    mine = make(SHAPE, carrier=Carrier.WATER, at=elsewhere)
    counted = make(SHAPE, carrier=Carrier.WATER, kind=PointKind.REGISTER, at=elsewhere)
    estimated(meters)
    for one in (mine, counted):
        amount = np.array([amount for amount, *_ in rows(meters, one)])
        assert amount[:24].sum() == 0 and amount[24:].min() > 0
    assert sum(amount for amount, *_ in rows(meters, counted)) == SHAPE[LONG].sum() * 1000, (
        "the register's move"
    )


def test_a_point_that_is_said_to_be_shut_is_filled_with_zeros_at_once(meters, make):
    mine = make(SHAPE)
    estimated(meters)
    assert sum(amount for amount, *_ in rows(meters, mine)) > 0
    about = {"point_id": mine.id, "starts_at": START + timedelta(hours=LONG.start), "reason": "house empty"}
    with meters.world.database.transaction(meters.scope) as session:
        metering.shut_point(session, meters.scope, ends_at=None, **about)
    estimated(meters)
    assert {(amount, rule) for amount, _, rule in rows(meters, mine)} == {(0, Rule.ZERO)}
    with meters.world.database.transaction(meters.scope) as session:
        metering.shut_point(session, meters.scope, ends_at=about["starts_at"] + timedelta(hours=1), **about)
        (said,) = metering.shut_periods(session, meters.scope, point_id=mine.id)
        assert said.ends_at == about["starts_at"] + timedelta(hours=1)
    estimated(meters)
    amount = np.array([amount for amount, *_ in rows(meters, mine)])
    assert amount[0] == 0 and amount[1:].min() > 0


def test_where_the_contract_has_ended_nothing_flows_if_the_organisation_says_so(meters):
    with meters.world.database.transaction(meters.scope) as session:
        site = network.create_site(
            session, meters.scope, organisation_id=meters.world.east.region.id, timezone="Asia/Shanghai",
            currency="CNY", new=network.NewPosition(network.PositionKind.SITE, "Old mill"),
        )  # fmt: skip
        network.create_supply_agreement(
            session, meters.scope, customer_id=meters.world.east.customer.id,
            operator_id=meters.world.east.region.id, position_id=site.id, starts_at=START - timedelta(days=9),
            ends_at=START + timedelta(hours=LONG.start),
        )  # fmt: skip
        point = metering.create_point(
            session, meters.scope, position_id=site.id,
            new=metering.NewPoint("ended", Carrier.GAS, "volume", "m3", PointKind.INTERVAL, interval_minutes=60),
        )  # fmt: skip
    keep = np.r_[0 : LONG.start, LONG.stop : len(HOURS)]
    set_to(meters, is_shut_without_supply=True)
    meters.store(point, keep * 60, SHAPE[keep], start=START)
    estimated(meters)
    assert {(amount, rule) for amount, _, rule in rows(meters, point)} == {(0, Rule.ZERO)}


def test_a_gap_longer_than_an_organisation_allows_is_left_as_it_is(meters, make):
    set_to(meters, longest_gap_days=1)
    mine = make(SHAPE)
    estimated(meters)
    assert rows(meters, mine) == []


def test_settings_of_an_organisation_above_hold_below_until_it_says_otherwise(meters):
    world, east = meters.world, meters.world.east
    set_to(meters, spike=4.0)
    with world.database.transaction(meters.scope) as session:
        below = metering.vee_settings(session, meters.scope, organisation_id=east.enterprise.id)
        assert (below.spike, below.limits.spike, below.high) == (4.0, 4.0, 2.0)
        metering.change_vee_settings(session, meters.scope, organisation_id=east.enterprise.id, spike=5.0)
        assert metering.vee_settings(session, meters.scope, organisation_id=east.enterprise.id).spike == 5.0
        assert metering.vee_settings(session, meters.scope, organisation_id=east.region.id).spike == 4.0


@pytest.mark.parametrize(
    "said", [{"spike": 0.5}, {"longest_gap_days": 90}, {"loss": 2.0}, {"spike": float("nan")}]
)
def test_settings_that_make_no_sense_are_refused(meters, said):
    with pytest.raises(Refused, match=next(iter(said))):
        set_to(meters, **said)


def test_only_those_who_run_the_plant_set_limits(meters):
    scope = meters.world.scope(meters.world.east, Role.CUSTOMER.value)
    with meters.world.database.transaction(scope) as session, pytest.raises(Forbidden):
        metering.change_vee_settings(session, scope, organisation_id=meters.world.east.customer.id, spike=5.0)
