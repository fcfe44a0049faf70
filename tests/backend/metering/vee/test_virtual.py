"""Virtual meters: sums, differences and shares, made by the follower in the order they depend on each other."""

from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.kernel.units import PointKind
from backend.metering import service as metering
from backend.metering.rules import Method, Rule
from backend.metering.rules.virtual import CycleError, Term, in_order, part_of
from backend.metering.service import Part
from tests.backend.metering.conftest import NOON

names = itertools.count()
PERIOD = Period(NOON - timedelta(days=1), NOON + timedelta(days=1))


def interval(meters, name="virtual", **more):
    return meters.make(f"{name} {next(names)}", PointKind.INTERVAL, **more)


def define(meters, point, *parts, since=NOON - timedelta(days=1)):
    with meters.world.database.transaction(meters.scope) as session:
        metering.define_virtual(session, meters.scope, point_id=point.id, parts=parts, since=since)


def made(meters, point):
    with meters.world.database.transaction(meters.scope) as session:
        rows = metering.intervals(session, meters.scope, point_id=point.id, period=PERIOD)
        return [(row.amount, row.method, row.rule) for row in rows]


def amounts(meters, point):
    return [amount for amount, *_ in made(meters, point)]


def test_layers_put_sources_before_what_is_made_of_them():
    terms = {3: [Term(1), Term(2)], 4: [Term(3)], 5: [Term(4), Term(3), Term(9)], 6: [Term(1)]}
    assert [sorted(layer) for layer in in_order(terms)] == [[3, 6], [4], [5]]
    assert in_order({}) == []


def test_a_circle_is_refused_with_its_path():
    with pytest.raises(CycleError) as circle:
        in_order({1: [Term(2)], 2: [Term(7), Term(3)], 3: [Term(1)]})
    assert circle.value.path == [1, 2, 3, 1]


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=20),
    st.lists(st.floats(0.001, 0.999), min_size=0, max_size=6, unique=True),
)
def test_shares_that_touch_sum_to_their_source(amount, cuts):
    border = [0.0, *sorted(cuts), 1.0]
    parts = [part_of(np.array(amount), Term(1, 1, low, high)) for low, high in itertools.pairwise(border)]
    assert np.sum(parts, axis=0).tolist() == amount
    assert min(part.min() for part in parts) >= 0


def test_a_sum_a_difference_and_shares_follow_what_they_are_made_of(meters):
    one, other = interval(meters, "one"), interval(meters, "other")
    total, rest, tenant, landlord = (interval(meters) for _ in range(4))
    define(meters, total, Part(one.id), Part(other.id))
    define(meters, rest, Part(total.id), Part(other.id, sign=-1))
    define(meters, tenant, Part(one.id, share_to=0.3))
    define(meters, landlord, Part(one.id, share_from=0.3))
    meters.store(one, [0, 15], [1.001, 2.0])
    meters.store(other, [0, 15], [4.0, 8.0])
    meters.follow()
    assert amounts(meters, total) == [5001, 10_000]
    assert amounts(meters, rest) == amounts(meters, one) == [1001, 2000]
    assert np.add(amounts(meters, tenant), amounts(meters, landlord)).tolist() == [1001, 2000]
    assert {(method, rule) for _, method, rule in made(meters, total)} == {(Method.MEASURED, Rule.VIRTUAL)}


def test_it_is_made_where_all_its_sources_have_an_interval(meters):
    one, other, total = interval(meters), interval(meters), interval(meters)
    define(meters, total, Part(one.id), Part(other.id))
    follower = metering.RollUpFollower()
    meters.store(one, [0, 15, 30], [1.0, 2.0, 3.0])
    meters.follow(follower)
    assert amounts(meters, total) == []
    meters.store(other, [0, 30], [1.0, 1.0])
    meters.follow(follower)
    assert amounts(meters, total) == [2000, 4000]
    meters.store(other, [15], [1.0])
    meters.follow(follower)
    assert amounts(meters, total) == [2000, 3000, 4000]


def test_a_revised_source_revises_what_is_made_of_it(meters):
    one, total, of_total = interval(meters), interval(meters), interval(meters)
    define(meters, total, Part(one.id))
    define(meters, of_total, Part(total.id))
    meters.store(one, [0, 15], [1.0, 2.0])
    meters.follow()
    meters.store(one, [15], [7.0])
    meters.follow()
    assert amounts(meters, of_total) == [1000, 7000]


def test_what_was_there_before_it_was_said_is_made_as_well(meters):
    one, total = interval(meters), interval(meters)
    meters.store(one, [0, 15], [1.0, 2.0])
    meters.follow()
    define(meters, total, Part(one.id))
    meters.follow()
    assert amounts(meters, total) == [1000, 2000]
    define(meters, total, Part(one.id, share_to=0.5))
    meters.follow()
    assert amounts(meters, total) == [500, 1000]


def test_what_is_estimated_below_is_estimated_above(meters):
    register, total = meters.make(f"register {next(names)}"), interval(meters)
    define(meters, total, Part(register.id))
    meters.store(register, [0, 15, 60, 75], [1.0, 2.0, 5.0, 6.0])
    meters.follow()
    assert [method for _, method, _ in made(meters, total)] == [0, 1, 1, 1, 0]


def test_a_difference_below_zero_counts_nothing(meters):
    one, other, rest = interval(meters), interval(meters), interval(meters)
    define(meters, rest, Part(one.id), Part(other.id, sign=-1))
    meters.store(one, [0], [1.0])
    meters.store(other, [0], [3.0])
    meters.follow()
    assert amounts(meters, rest) == [0]


def test_a_circle_is_refused_by_the_names_on_it(meters):
    one, other, third = interval(meters, "roof"), interval(meters, "hall"), interval(meters, "yard")
    define(meters, other, Part(one.id))
    define(meters, third, Part(other.id))
    with pytest.raises(Refused, match=rf"'{one.name}' would depend on itself: .*{other.name} → .*"):
        define(meters, one, Part(third.id))


def test_parts_that_make_no_sense_are_refused(meters):
    one, total, hourly = interval(meters), interval(meters), interval(meters, interval_minutes=60)
    for parts in ([], [Part(one.id), Part(one.id)], [Part(hourly.id)]):
        with pytest.raises(Refused):
            define(meters, total, *parts)
    with pytest.raises(Refused):
        define(meters, meters.make(f"real {next(names)}"), Part(one.id))
    for wrong in ({"sign": 2}, {"share_from": 0.5, "share_to": 0.5}, {"share_to": 1.5}):
        with pytest.raises(Refused):
            Part(one.id, **wrong)
