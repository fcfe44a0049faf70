"""The ladder is held to real meters: over gaps whose content is known it picks the best, or near it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.bench.punched import GAP_HOURS, LADDER, LINE, WEEK, errors, punch
from tests.bench.real_meters import real_meters

NEAR_THE_BEST = 1.15
"""Fewer gaps than the README's table rests on: some room for chance."""
ENOUGH = 36


@pytest.fixture(scope="module")
def gaps(data_folder):
    return list(punch(real_meters(data_folder), 2, at_least=40))


@pytest.fixture(scope="module")
def found(gaps):
    return {with_register: errors(gaps, with_register=with_register) for with_register in (False, True)}


@pytest.mark.parametrize("with_register", [False, True])
def test_no_estimator_is_much_better_than_what_the_ladder_picks(found, with_register):
    worse = {}
    for where, of_all in found[with_register].items():
        own = of_all.of(LADDER)
        for name in of_all.found:
            is_told = of_all.count(name) >= ENOUGH and where[1] > 1  # of an hour only two meters tell
            if is_told and own > NEAR_THE_BEST * of_all.of(name):
                worse[where, name] = (own, of_all.of(name))
    assert not worse


@pytest.mark.parametrize("baseline", [LINE, WEEK])
def test_over_a_day_and_more_the_ladder_beats_both_baselines_for_every_carrier(found, baseline):
    ratios = defaultdict(list)
    for (carrier, hours), of_all in found[False].items():
        if hours >= 24:
            ratios[carrier].append(of_all.of(LADDER) / of_all.of(baseline))
    assert len(ratios) == 5
    assert all(sum(of_carrier) / len(of_carrier) < 1.05 for of_carrier in ratios.values()), ratios


def test_a_register_makes_every_estimate_better(found):
    without, with_one = found[False], found[True]
    assert all(with_one[where].of(LADDER) < without[where].of(LADDER) for where in with_one if where[1] > 1)


def test_every_carrier_and_length_is_covered(gaps):
    assert len({(one.carrier, one.hours) for one in gaps}) == 5 * len(GAP_HOURS)
