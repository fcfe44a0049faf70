"""A whole round: alone, together, split, told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.optimisation.rules.coordination import rounds
from backend.optimisation.rules.coordination.game import Game
from backend.optimisation.rules.coordination.region import Region
from backend.optimisation.rules.coordination.rounds import coordinate
from backend.optimisation.rules.coordination.sharing import Drawing, Rule, share_out
from backend.optimisation.rules.coordination.telling import told
from backend.optimisation.rules.coordination.together import together
from tests.backend.optimisation.coordination.scene import cable, meshed, mixed, office, roof


@pytest.fixture(scope="module")
def neighbours():
    """A roof with sun for one office, and two offices that want it: gloves, one left and two right."""
    return coordinate(meshed({"roof": roof(), "north": office(60), "south": office(60)}))


def test_whoever_has_what_all_want_gets_most_of_it(neighbours):
    """60 kW over two hours are worth 0.7 more at an office than sold: 84, to either office or both."""
    assert neighbours.game.whole == pytest.approx(84)
    assert neighbours.split.rule == Rule.NUCLEOLUS
    assert neighbours.split.shares == pytest.approx({"roof": 84, "north": 0, "south": 0}, abs=1e-6)


def test_a_round_is_told_whole(neighbours):
    said = [one.words for one in told(neighbours)]
    assert said[0].startswith("Together the sites pay 120.00 instead of 204.00 CNY: 84.00 less")
    assert any(line.startswith("12:00–14:00 roof gives") and "is worth 1.000 at" in line for line in said)
    assert "roof gets 84.00 CNY: so that whoever is least satisfied is as satisfied as can be" in said
    assert (
        "Shapley's shares would leave north, roof with 14.00 CNY less than they could gain by themselves, so another"
        " rule is used"
    ) in said
    assert "No group of sites could gain more by itself: all 4 were planned" in said


def test_equal_gains_that_would_be_left_are_told(neighbours):
    found = coordinate(neighbours.region, Rule.EQUAL)
    assert found.split.shares == pytest.approx(dict.fromkeys(("roof", "north", "south"), 28.0))
    assert any("No split that was tried satisfies everyone" in one.words for one in told(found))
    pays = {one.site: one.pays.amount for one in found.accounts}
    assert sum(pays.values()) == 0


def test_two_sites_share_their_gain_in_halves_and_the_buyer_pays():
    found = coordinate(Region({"roof": roof(), "office": office()}, (cable("roof", "office"),)))
    assert found.split.rule == Rule.SHAPLEY and not found.split.against
    said = {one.site: one for one in found.accounts}
    assert str(said["roof"].share) == "35.00 CNY" and str(said["office"].share) == "35.00 CNY"
    assert str(said["office"].pays) == "65.00 CNY" and str(said["roof"].pays) == "-65.00 CNY"
    assert any(one.words.endswith("and it gets 65.00 CNY") for one in told(found))


def test_sites_for_which_nothing_better_was_found_keep_their_own_plans(monkeypatch):
    region = mixed(2, sites=2)
    found = together(region)
    monkeypatch.setattr(rounds, "together", lambda *_: replace(found, cost=found.cost + 1e6))
    kept = coordinate(region)
    assert kept.joint.cost == pytest.approx(sum(one.cost for one in kept.alone.values()))
    assert not np.any(list(kept.joint.sent.values()))
    assert [one.pays.amount for one in kept.accounts] == [0, 0]


def test_sites_that_nothing_joins_gain_nothing_and_keep_their_plans():
    found = coordinate(Region({"one": office(), "two": office(30)}, ()))
    assert not found.worthwhile
    assert [str(one.share) for one in found.accounts] == ["0.00 CNY", "0.00 CNY"]
    assert told(found)[0].words.startswith("Being together gains nothing")


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nobody_is_worse_off_than_alone_nor_any_group_than_by_itself(seed):
    found = coordinate(mixed(seed))
    for one in found.accounts:
        assert one.own.amount + one.pays.amount <= one.alone.amount
    assert found.game.complete
    assert sum(found.split.shares.values()) == pytest.approx(found.game.whole, abs=1e-6)
    if not found.split.against:
        for members, gain in found.game.gains.items():
            assert sum(found.split.shares[name] for name in members) >= gain - found.game.tolerance - 1e-6


def test_a_split_is_worked_out_again_from_what_a_round_stores():
    found = coordinate(mixed(3))
    stored = {
        "sites": list(found.game.players),
        "gains": found.game.plain(),
        "tolerance": found.game.tolerance,
    }
    read = Game(
        tuple(stored["sites"]),
        {frozenset(one["sites"]): one["gain"] for one in stored["gains"]},
        stored["tolerance"],
    )
    assert share_out(read).shares == found.split.shares


def test_many_sites_are_split_by_drawn_orders():
    names = [f"office {nth}" for nth in range(10)]
    region = Region(
        {"roof": roof(300)} | {name: office(40 + nth) for nth, name in enumerate(names)},
        tuple(cable("roof", name, 30.0) for name in names),
    )
    found = coordinate(region, drawing=Drawing(4, 2))
    assert not found.game.complete and found.split.asked == Rule.SHAPLEY
    assert sum(found.split.shares.values()) == pytest.approx(found.game.whole)
    assert found.split.shares["roof"] == max(found.split.shares.values())
    assert any("19 times out of 20" in one.words for one in told(found))


def test_a_line_that_is_not_there_takes_a_coalition_apart():
    chain = replace(mixed(1), lines=mixed(1).lines[:2])
    found = coordinate(chain)
    assert found.game.gain(frozenset("AC")) == 0
    assert found.split.shares["C"] == pytest.approx(0, abs=found.game.tolerance)
