"""Rows sum to the total and their changes to the change, whatever is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import analysis
from backend.analysis.rules.comparing import Forest, Sum, explain, explain_split, rests

AMOUNTS = st.integers(0, 10**9)
SUMS = st.builds(Sum, AMOUNTS, st.integers(0, 1000), st.sampled_from([0.3, 0.96, 1.0]))


@st.composite
def forests(draw):
    """Return up to twelve meters, each on top or below an earlier one."""
    count = draw(st.integers(1, 12))
    tops, subs = [0], {}
    for key in range(1, count):
        above = draw(st.one_of(st.none(), st.integers(0, key - 1)))
        if above is None:
            tops.append(key)
        else:
            subs.setdefault(above, []).append(key)
    return Forest(tops, subs)


def some_sums(forest, draw):
    keys = [key for top in forest.tops for key in forest.below(top)]
    return {key: draw(SUMS) for key in keys if draw(st.booleans())}


@given(forests(), st.data())
def test_rests_sum_to_what_the_top_counted(forest, data):
    sums = some_sums(forest, data.draw)
    for top in forest.tops:
        told = {key for key in forest.below(top) if data.draw(st.booleans())} | {top}
        found = rests(forest, top, told, sums)
        assert sum(found.values()) == (sums[top].amount if top in sums else 0)


@given(forests(), st.data())
def test_rows_and_changes_sum_exactly(forest, data):
    now, before = some_sums(forest, data.draw), some_sums(forest, data.draw)
    found = explain(forest, now, before, lambda key: key % 3)
    assert sum(row.now or 0 for row in found.rows.values()) == (found.total.now or 0)
    assert sum(row.before or 0 for row in found.rows.values()) == (found.total.before or 0)
    assert found.total.now == (sum(now[top].amount for top in forest.tops if top in now)
                               if any(top in now for top in forest.tops) else None)  # fmt: skip
    moved = sum(row.moved for row in found.rows.values())
    assert moved + found.unlike == (found.total.now or 0) - (found.total.before or 0)
    assert found.silent == sum(top not in now for top in forest.tops)


def test_no_data_is_not_zero():
    found = explain(Forest([1, 2]), {1: Sum(0)}, {}, lambda key: key)
    assert found.total.now == 0
    assert found.total.before is None
    assert 2 not in found.rows


def test_sub_meters_that_count_more_than_the_meter_above_are_told():
    found = explain(Forest([1], {1: [2, 3]}), {1: Sum(100), 2: Sum(70), 3: Sum(60)}, None, lambda key: key)
    assert found.disagree == {1: 30}
    assert {key: row.now for key, row in found.rows.items()} == {1: -30, 2: 70, 3: 60}


def test_a_sub_meter_that_was_not_read_before_stays_with_the_one_above_in_both():
    now, before = {1: Sum(100), 2: Sum(40)}, {1: Sum(90), 2: Sum(5, 0, 0.2)}
    found = explain(Forest([1], {1: [2]}), now, before, lambda key: key)
    assert found.rows.keys() == {1}
    assert found.rows[1].moved == 10


@pytest.mark.parametrize(("share", "moved", "unlike"), [(1.0, 20, 0), (0.5, 0, 20)])
def test_like_is_compared_with_like(share, moved, unlike):
    found = explain(Forest([1]), {1: Sum(120)}, {1: Sum(100, 0, share)}, lambda _: "all")
    assert (found.rows["all"].moved, found.unlike) == (moved, unlike)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, st.booleans()), min_size=1, max_size=6))
def test_a_meter_that_changed_hands_counts_for_each_as_long_as_it_was_theirs(parts):
    now = {key: {"old": Sum(a, 0, 0.4), "new": Sum(b, 0, 0.6)} for key, (a, b, _) in enumerate(parts)}
    before = {key: {"old": Sum(a + b, 0, 1.0)} for key, (a, b, known) in enumerate(parts) if known}
    found = explain_split(now, before, list(now))
    assert found.total.now == sum(a + b for a, b, _ in parts)
    moved = sum(row.moved for row in found.rows.values())
    assert moved + found.unlike == (found.total.now or 0) - (found.total.before or 0)


def test_the_worked_example_of_the_readme_is_what_comes_out():
    october = {1: Sum(10 * 744), 2: Sum(4 * 744), 3: Sum(2 * 744)}
    september = {1: Sum(8 * 720), 2: Sum(3 * 720), 3: Sum(2 * 720)}
    names = {1: "not told apart", 2: "lighting", 3: "air conditioning"}
    found = explain(Forest([1], {1: [2, 3]}), october, september, names.__getitem__)
    told = [*found.rows.items(), ("total", found.total)]
    readme = (Path(analysis.__file__).parent / "README.md").read_text(encoding="utf-8")
    for name, row in told:
        assert f"| {name} | {row.now:,} | {row.before:,} | {row.moved:,} |" in readme
