"""A gain is split so that it is all handed out, alike for the alike, nothing for nothing, and nobody loses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backend.kernel.errors import Refused
from backend.optimisation.rules.coordination.game import Game, coalitions, covered, objections
from backend.optimisation.rules.coordination.sharing import Drawing, Rule, Split, accounts, share_out
from backend.optimisation.rules.coordination.splitting import equal, nucleolus, sampled, shapley


def game(**gains: float) -> Game:
    """Return a game of the sites named in its longest coalition: game(AB=3, ABC=9); what is not named gains 0."""
    players = tuple(max(gains, key=len))
    named = {frozenset(members): gain for members, gain in gains.items()}
    return Game(players, {members: named.get(members, 0.0) for members in coalitions(players)})


@st.composite
def games(draw, most: int = 5) -> Game:
    """Any game in which parts may stay apart."""
    players = tuple("ABCDE"[: draw(st.integers(2, most))])
    amount = st.floats(0, 1000, allow_nan=False)
    found = covered(Game(players, {members: draw(amount) for members in coalitions(players)}))
    parts = max(
        found.gain(frozenset(players) - {name}) for name in players
    )  # the whole is at least its parts, as plans are
    extra = draw(amount)
    gains = dict(found.gains)
    gains[frozenset(players)] = max(_apart(found), parts) + extra
    return Game(players, gains)


def _apart(found: Game) -> float:
    everyone = frozenset(found.players)
    return max(
        (
            found.gain(members) + found.gain(everyone - members)
            for members in found.gains
            if members != everyone
        ),
        default=0.0,
    )


def test_gloves_are_worth_most_to_whoever_has_the_only_left_one():
    """A has a left glove, B and C a right one each: Shapley gives 2/3, 1/6, 1/6; the core gives A all."""
    gloves = game(AB=1, AC=1, ABC=1)
    assert shapley(gloves) == pytest.approx({"A": 2 / 3, "B": 1 / 6, "C": 1 / 6})
    assert nucleolus(gloves) == pytest.approx({"A": 1, "B": 0, "C": 0}, abs=1e-9)


def test_the_nucleolus_splits_the_estate_as_the_talmud_does():
    """R. Aumann, M. Maschler, Journal of Economic Theory 36 (1985) 195-213: 200 for claims of 100, 200, 300."""
    claims, estate = {"A": 100, "B": 200, "C": 300}, 200.0
    gains = {
        members: max(estate - sum(claims[name] for name in claims if name not in members), 0.0)
        for members in coalitions(tuple("ABC"))
    }
    assert nucleolus(Game(tuple("ABC"), gains)) == pytest.approx({"A": 50, "B": 75, "C": 75})


@settings(max_examples=25, deadline=None)
@given(games())
def test_every_rule_hands_out_the_whole_gain_and_leaves_nobody_worse_off(found):
    for rule in Rule:
        split = share_out(found, rule)
        assert sum(split.shares.values()) == pytest.approx(found.whole, rel=1e-6, abs=1e-6)
        assert min(split.shares.values()) >= 0


@settings(max_examples=25, deadline=None)
@given(games())
def test_sites_that_add_the_same_get_the_same(found):
    players = found.players
    one, other = players[0], players[1]
    swapped = {one: other, other: one}
    turned = {
        members: (found.gain(members) + found.gain(frozenset(swapped.get(name, name) for name in members)))
        / 2
        for members in found.gains
    }
    alike = Game(players, turned)
    for rule in (shapley, nucleolus, equal):
        shares = rule(alike)
        assert shares[one] == pytest.approx(shares[other], rel=1e-5, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(games(most=4))
def test_a_site_that_adds_nothing_gets_nothing_by_shapley_and_the_nucleolus(found):
    players = (*found.players, "Z")
    gains = {members: found.gain(members - {"Z"}) for members in coalitions(players)}
    idle = Game(players, gains)
    for rule in (shapley, nucleolus):
        assert rule(idle)["Z"] == pytest.approx(0, abs=1e-6 * max(found.whole, 1))


@settings(max_examples=25, deadline=None)
@given(games())
def test_no_coalition_objects_to_a_split_that_claims_none_does(found):
    split = share_out(found)
    if not split.against:
        for members, gain in found.gains.items():
            assert sum(split.shares[name] for name in members) >= gain - found.tolerance - 1e-9


@settings(max_examples=25, deadline=None)
@given(games(), st.lists(st.floats(0.01, 1), min_size=5, max_size=5))
def test_the_nucleolus_is_in_the_core_wherever_there_is_one(found, weights):
    """A split drawn by chance, and a game to which nobody objects under it, has a core."""
    whole = found.whole
    assume(whole > 1e-3)
    drawn = dict(zip(found.players, weights, strict=False))
    split = {name: whole * weight / sum(drawn.values()) for name, weight in drawn.items()}
    everyone = frozenset(found.players)
    gains = {
        members: gain if members == everyone else min(gain, sum(split[name] for name in members))
        for members, gain in found.gains.items()
    }
    assert objections(Game(found.players, gains, 1e-6 * whole), nucleolus(Game(found.players, gains))) == []


def test_shapley_outside_the_core_gives_way_and_says_to_whom():
    split = share_out(game(AB=1, AC=1, ABC=1))
    assert split.rule == Rule.NUCLEOLUS and split.asked == Rule.SHAPLEY
    assert split.against_asked[0].sites == ("A", "B")
    assert split.against_asked[0].short == pytest.approx(1 / 6)
    assert split.against == ()


def test_where_no_split_satisfies_all_the_one_with_the_smallest_objection_stands():
    """Any two of three gain what all three do: whoever is left out can always offer more."""
    split = share_out(game(AB=1, AC=1, BC=1, ABC=1))
    assert split.shares == pytest.approx(dict.fromkeys("ABC", 1 / 3))
    assert split.against[0].short == pytest.approx(1 / 3)


def test_a_site_is_never_worse_off_even_where_the_whole_gains_less_than_a_part():
    """The solver stopped early: the pair gains 10, all three 9."""
    split = share_out(game(AB=10, ABC=9))
    assert min(split.shares.values()) >= 0
    assert sum(split.shares.values()) == pytest.approx(9)


def test_parts_may_always_stay_apart():
    found = covered(game(AB=4, CD=5, ABC=1, ABCD=20))
    assert found.gain(frozenset("ABC")) == 4
    assert found.gain(frozenset("ABD")) == 4
    assert found.whole == 20


def test_drawn_orders_come_near_the_exact_shares_by_their_own_error():
    found = game(AB=4, AC=3, BC=1, ABC=9, ABCD=14, ABD=6, ACD=5)
    exact, drawn = shapley(found), sampled(found.players, found.gain, 400, seed=3)
    assert sum(drawn.shares.values()) == pytest.approx(found.whole)
    for name in found.players:
        assert abs(drawn.shares[name] - exact[name]) <= 4 * drawn.errors[name] + 1e-9
    assert drawn.orders == 800


def test_errors_shrink_as_more_orders_are_drawn():
    found = game(AB=4, AC=3, BC=1, ABC=9, ABCD=14, ABD=6, ACD=5)
    few, many = (sampled(found.players, found.gain, pairs, seed=1) for pairs in (50, 800))
    assert max(many.errors.values()) < max(few.errors.values()) / 2


def big() -> Game:
    """Twelve sites of which each adds its number; only the coalitions that drawn orders meet are known."""
    players = tuple("ABCDEFGHIJKL")
    met: dict[frozenset[str], float] = {}

    def gain(members: frozenset[str]) -> float:
        """Squares make it better to be many."""
        if len(members) > 1:
            met[members] = float(len(members) ** 2 + ("A" in members) * len(members))
        return met.get(members, 0.0)

    sampled(players, gain, 60, seed=5)
    return Game(players, met)


def test_many_sites_share_by_drawn_orders_with_their_error_and_the_same_again():
    found = big()
    split, again = (share_out(found, drawing=Drawing(60, 5)) for _ in range(2))
    assert split.rule == Rule.SHAPLEY and not split.complete
    assert split.shares == again.shares
    assert sum(split.shares.values()) == pytest.approx(found.whole)
    assert split.shares["A"] > split.shares["B"] and 0 < split.errors["A"] < found.whole / 12
    with pytest.raises(Refused, match="is not known"):
        share_out(found, drawing=Drawing(60, 6))


def test_any_party_can_work_a_split_out_again_from_what_is_stored():
    found = game(AB=4, AC=3, BC=1, ABC=9)
    stored = found.plain()
    assert stored[0] == {"sites": ["A", "B"], "gain": 4}
    read = Game(("A", "B", "C"), {frozenset(one["sites"]): one["gain"] for one in stored})
    assert share_out(read).shares == share_out(found).shares


@settings(max_examples=25, deadline=None)
@given(
    games(),
    st.lists(st.floats(1, 5000, allow_nan=False), min_size=5, max_size=5),
    st.lists(st.floats(0.1, 1), min_size=5, max_size=5),
    st.floats(0, 50),
)
def test_accounts_are_exact_to_the_coin(found, costs, weights, fees):
    split = share_out(found)
    alone = {name: cost + found.whole for name, cost in zip(found.players, costs, strict=False)}
    left = sum(alone.values()) - found.whole - fees
    weighed = dict(zip(found.players, weights, strict=False))
    own = {name: left * weight / sum(weighed.values()) for name, weight in weighed.items()}
    said = accounts(split, alone, own, fees, "CNY")
    for one in said:
        assert one.alone - one.share == one.own + one.pays
        assert one.share.amount >= 0
        assert one.share.amount == one.share.amount.quantize(Decimal("0.01"))
    assert sum(one.pays.amount for one in said) == pytest.approx(Decimal(repr(fees)), abs=Decimal("0.011"))
    for one in said:
        assert float(one.share.amount) == pytest.approx(split.shares[one.site], abs=0.06)


def test_accounts_without_fees_pay_only_each_other():
    split = Split(Rule.EQUAL, Rule.EQUAL, {"A": 10 / 3, "B": 10 / 3, "C": 10 / 3})
    said = accounts(split, dict.fromkeys("ABC", 100.0), {"A": 90.0, "B": 100.0, "C": 100.0}, 0.0, "CNY")
    assert [str(one.share) for one in said] == ["3.34 CNY", "3.33 CNY", "3.33 CNY"]
    assert sum(one.pays.amount for one in said) == 0
