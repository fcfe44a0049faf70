"""Ids sort by birth, whoever makes them and whatever the clock does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import RFC_4122

from backend.kernel import ids


def test_ids_of_one_millisecond_sort_in_the_order_they_were_made():
    made = [ids.new_id() for _ in range(20_000)]
    assert all(before < after for before, after in pairwise(made))
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}


def test_ids_sort_by_birth_across_a_clock_that_steps_back(monkeypatch):
    before = [ids.new_id() for _ in range(3)]
    past = time.time_ns() - 3_600 * 10**9
    monkeypatch.setattr(ids.time, "time_ns", lambda: past)
    after = [ids.new_id() for _ in range(3)]
    assert sorted(before + after) == before + after


def test_threads_never_make_the_same_id():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new_id(), range(20_000)))
    assert len(set(made)) == len(made)


def test_an_id_tells_when_it_was_made():
    at = time.time_ns() // 1_000_000
    assert 0 <= (ids.new_id().int >> 80) - at < 60_000
