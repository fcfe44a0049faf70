"""Batches of readings, their journal bytes, and curves that keep the peaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.errors import Refused
from backend.metering import rules
from backend.metering.rules import ReadingBatch

T0 = 1_790_000_000_000_000
rows = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.integers(0, 5),
        st.sampled_from([0.0, 1.5, float("nan")]),
        st.sampled_from([0, 2]),
    ),
    max_size=40,
)


def batch(found) -> ReadingBatch:
    key, at, value, quality = zip(*found, strict=True) if found else ((), (), (), ())
    return ReadingBatch(
        np.array(key, np.int64), T0 + np.array(at, np.int64), np.array(value), np.array(quality)
    )


@given(rows)
def test_every_content_of_an_instant_is_passed_once_and_keys_are_unique_within_a_pass(found):
    seen = []
    for part in rules.passes(batch(found)):
        keys = list(zip(part.point_key.tolist(), part.read_at_us.tolist(), strict=True))
        assert keys == sorted(set(keys))
        seen += [
            (*k, repr(v), q) for k, v, q in zip(keys, part.value.tolist(), part.quality.tolist(), strict=True)
        ]
    assert {(k, T0 + t, repr(v), q) for k, t, v, q in found} == set(seen)


@given(rows)
def test_the_journal_gives_back_what_was_written(found):
    before = batch(found)
    after = rules.unpack(rules.pack(before))
    for name in ("point_key", "read_at_us", "value", "quality"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


@given(rows)
def test_spans_hold_every_reading(found):
    one = batch(sorted(found, key=lambda r: r[:2]))
    spans = rules.unpack_spans(rules.pack_spans(rules.spans_of(one)))
    assert spans.count.sum() == len(one)
    for key, at in zip(one.point_key, one.read_at_us, strict=True):
        assert ((spans.point_key == key) & (spans.first_us <= at) & (at <= spans.last_us)).sum() == 1


def test_one_late_reading_does_not_drag_a_year_along():
    year = 365 * 86_400_000_000
    late_and_new = ReadingBatch(np.array([1, 1]), np.array([T0 - year, T0]), np.zeros(2), np.zeros(2))
    assert len(rules.spans_of(late_and_new)) == 2


@pytest.mark.parametrize("at", [0, 4_200_000_000_000_000])
def test_an_absurd_instant_is_refused(at):
    with pytest.raises(Refused, match="1990"):
        ReadingBatch(np.array([1]), np.array([at]), np.zeros(1), np.zeros(1, np.int16))


@given(st.lists(st.floats(-1e9, 1e9), min_size=5, max_size=3000), st.integers(4, 300))
def test_a_thinned_curve_keeps_its_highest_and_lowest_value(values, width):
    at = T0 + np.arange(len(values)) * 1_000_000
    thin_at, thin_value = rules.thin(at, np.array(values), width=width)
    assert len(thin_at) <= max(width, 4) + 1
    assert thin_value.max() == max(values)
    assert thin_value.min() == min(values)
    assert (np.diff(thin_at) > 0).all()


def test_a_gap_stays_a_gap_when_thinned():
    at = T0 + np.arange(1000) * 1_000_000
    value = np.where((np.arange(1000) > 300) & (np.arange(1000) < 700), np.nan, 1.0)
    assert np.isnan(rules.thin(at, value, width=100)[1]).any()
