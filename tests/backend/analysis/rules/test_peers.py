"""What may be told of others: the floor holds for any group."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.rules.peers import (
    FLOOR,
    MOST_SHARE,
    Member,
    Width,
    comparable,
    keeps_floor,
    places,
    quantile,
    rounded,
    size_band,
    told,
    weights,
)

members = st.builds(
    lambda trade, band, use, size: (trade, band, use, size), st.sampled_from(["shop", "hotel", ""]),
    st.sampled_from([None, 0, 1, 2]), st.floats(0, 1e6), st.floats(1, 1e4),
)  # fmt: skip
groups = st.lists(members, min_size=1, max_size=25).map(
    lambda rows: [Member(UUID(int=number), *row) for number, row in enumerate(rows)]
)


@given(groups)
def test_nothing_is_told_below_the_floor(group):
    for member in group:
        found = told(member, group)
        if found is None:
            continue
        assert found.others >= FLOOR
        others = [one for one in group if one.id != member.id]
        if found.width in (Width.TRADE, Width.TRADE_AND_SIZE):
            others = [one for one in others if one.trade == member.trade]
        if found.width in (Width.SIZE, Width.TRADE_AND_SIZE):
            others = [one for one in others if one.band == member.band]
        assert len(others) == found.others
        assert max(one.use for one in others) <= MOST_SHARE * sum(one.use for one in others)


@given(st.integers(FLOOR, 40), st.sampled_from([0.25, 0.5, 0.75]))
def test_no_quartile_rests_on_one_member(n, at):
    counted = weights(n, at)
    assert counted.sum() == pytest.approx(1)
    assert counted.max() < 0.5


@given(groups)
def test_the_own_value_moves_nothing_that_is_told_of_others(group):
    member = group[0]
    found = told(member, group)
    louder = Member(member.id, member.trade, member.band, member.use * 3 + 1, member.size)
    again = told(louder, [louder, *group[1:]])
    assert (found is None) == (again is None)
    if found and again:
        assert (found.width, found.quartiles) == (again.width, again.quartiles)


@given(st.lists(st.floats(0.1, 1e6), min_size=FLOOR, max_size=40))
def test_quartiles_lie_in_order_between_the_extremes(values):
    low, middle, high = (quantile(values, at) for at in (0.25, 0.5, 0.75))
    assert min(values) * 0.999999 <= low <= middle * 1.000001
    assert middle <= high * 1.000001 <= max(values) * 1.00001


def _of(count, use=10.0, **more):
    said = {"trade": "shop", "band": 1, "size": 1.0} | more
    return [Member(UUID(int=100 + number), said["trade"], said["band"], use + number, said["size"])
            for number in range(count)]  # fmt: skip


def test_the_narrowest_group_that_keeps_the_floor_is_taken():
    me = Member(UUID(int=1), "shop", 1, 11.0, 1.0)
    assert told(me, [me, *_of(5)]).width is Width.TRADE_AND_SIZE
    mixed = [me, *_of(4), *[Member(UUID(int=50), "shop", 2, 12.0, 1.0)]]
    assert told(me, mixed).width is Width.TRADE
    assert told(me, [me, *_of(4)]) is None


def test_one_that_outweighs_the_rest_closes_a_group():
    giant = Member(UUID(int=9), "shop", 1, 1000.0, 1.0)
    assert not keeps_floor([giant, *_of(5)])
    assert keeps_floor(_of(5))


def test_those_that_make_different_products_are_not_compared():
    me = Member(UUID(int=1), "mill", 1, 5.0, 1.0, "steel [t]")
    others = [Member(UUID(int=10 + n), "mill", 1, 5.0 + n, 1.0, "paper [t]") for n in range(8)]
    assert told(me, [me, *others]) is None


def test_ranks_count_from_the_least_and_share_a_place():
    found = places([Member(UUID(int=n), "", None, use, 1.0) for n, use in enumerate([3.0, 1.0, 1.0, 9.0])])
    assert [found[UUID(int=n)].rank for n in range(4)] == [3, 1, 1, 4]
    assert found[UUID(int=3)].percentile == 100


@pytest.mark.parametrize(("area", "band"), [(None, None), (999, 0), (1000, 1), (19_999, 2), (500_000, 4)])
def test_size_bands_are_fixed(area, band):
    assert size_band(area) == band


def test_what_is_told_has_two_digits():
    assert [rounded(value) for value in (123.456, 0.04567, 0.0)] == [120.0, 0.046, 0.0]


def test_cold_places_are_compared_as_in_the_weather_of_most():
    assert comparable(120, 1200, 1000) == pytest.approx(100)
    assert comparable(120, 20, 1000) == 120
