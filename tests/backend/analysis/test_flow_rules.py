"""Flows balance: in equals out at every carrier and plant, and nothing flows backwards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.rules.flows import Given, Graph, Head, Node, Taken, graph
from backend.kernel.units import Carrier
from reports.analysis import Band
from reports.analysis.content import FLOW, Chart
from reports.analysis.sankey import laid_out, ranks

SOME = (Carrier.ELECTRICITY, Carrier.GAS, Carrier.HEAT, Carrier.COOLING)
CARRIERS, PLACES = st.sampled_from(SOME), st.integers(0, 5)
AMOUNT = st.integers(0, 10**15)
NAMES = {place: f"place {place}" for place in range(6)}


def nodes_of(found: Graph) -> set[Node]:
    return {node for pair in found.flows for node in pair}


@given(
    st.lists(st.builds(Given, PLACES, CARRIERS, AMOUNT), max_size=10),
    st.lists(st.builds(Taken, PLACES, CARRIERS, st.integers(-(10**12), 10**15), st.sampled_from("abc")), max_size=14),
    st.lists(st.builds(Head, CARRIERS, AMOUNT, st.one_of(st.none(), AMOUNT)), max_size=4),
)  # fmt: skip
def test_what_flows_in_flows_out(given_, taken, heads):
    found = graph(given_, taken, heads, NAMES)
    assert all(amount > 0 for amount in found.flows.values())
    for node in nodes_of(found):
        if node.kind in ("carrier", "plant"):
            assert found.into(node) == found.out_of(node)
        else:
            assert not (found.into(node) and found.out_of(node))
    for carrier in SOME:
        delivered = sum(one.amount for one in given_ if one.carrier is carrier)
        used = sum(one.amount for one in taken if one.carrier is carrier and one.amount > 0)
        here = Node("carrier", carrier=carrier.value)
        assert found.into(here) >= delivered
        assert found.out_of(here) >= used
    order = sorted(nodes_of(found))
    bands = [Band(order.index(a), order.index(b), 1.0) for a, b in found.flows]
    assert all(rank < len(order) for rank in ranks(len(order), bands))  # it runs in no circle


def test_an_engine_turns_gas_into_two_carriers_and_a_chiller_takes_heat_from_its_surroundings():
    found = graph(
        [Given("grid", Carrier.ELECTRICITY, 50), Given("intake", Carrier.GAS, 100),
         Given("engine", Carrier.ELECTRICITY, 40), Given("engine", Carrier.HEAT, 45),
         Given("chiller", Carrier.COOLING, 90)],
        [Taken("engine", Carrier.GAS, 100, ""), Taken("chiller", Carrier.ELECTRICITY, 20, "hvac"),
         Taken("mill", Carrier.ELECTRICITY, 64, "power"), Taken("mill", Carrier.HEAT, 40, ""),
         Taken("mill", Carrier.COOLING, 90, "")],
        [Head(Carrier.ELECTRICITY, 66, 64), Head(Carrier.HEAT, 45, None)],
        {name: name for name in ("grid", "intake", "engine", "chiller", "mill")},
    )  # fmt: skip
    engine, chiller = Node("plant", "engine"), Node("plant", "chiller")
    power, heat = (Node("carrier", carrier=one.value) for one in (Carrier.ELECTRICITY, Carrier.HEAT))
    assert found.flows[engine, Node("conversion")] == 15
    assert found.flows[Node("surroundings"), chiller] == 70
    assert found.flows[power, Node("loss", carrier="electricity")] == 2  # 66 at the head, 64 behind it
    assert found.flows[power, Node("unmetered", carrier="electricity")] == 4
    assert (
        found.flows[heat, Node("unmetered", carrier="heat")] == 5
    )  # one behind the head is silent: no loss is told


def test_what_is_used_beyond_the_supply_that_is_metered_was_delivered():
    found = graph([], [Taken(1, Carrier.HEAT, 7, "a")], [], NAMES)
    assert found.flows[Node("delivered", carrier="heat"), Node("carrier", carrier="heat")] == 7


def test_meters_that_disagree_are_told_and_no_loss_is_below_zero():
    found = graph(
        [Given(0, Carrier.WATER, 10)],
        [Taken(1, Carrier.WATER, 12, "a")],
        [Head(Carrier.WATER, 10, 12)],
        NAMES,
    )
    assert found.flows[Node("disagree", carrier="water"), Node("carrier", carrier="water")] == 2


def test_a_plant_that_would_close_a_circle_keeps_two_ends():
    found = graph(
        [Given(0, Carrier.HEAT, 90), Given(1, Carrier.ELECTRICITY, 30)],
        [Taken(0, Carrier.ELECTRICITY, 100, "boiler"), Taken(1, Carrier.HEAT, 80, "turbine")], [], NAMES,
    )  # fmt: skip
    assert Node("plant", "place 0") in nodes_of(found)
    assert {Node("source", "place 1"), Node("use", "turbine")} <= nodes_of(found)


@given(
    st.integers(2, 5), st.lists(st.integers(1, 10**6), min_size=6, max_size=30), st.sampled_from([340.0, 1100.0]),
)  # fmt: skip
def test_no_name_in_between_lies_on_another(columns, amounts, width):
    nodes = [(f"节点 number {at}", "") for at in range(columns * 4)]
    bands = [
        Band(at % (columns * 4 - 4), (at % (columns * 4 - 4)) // 4 * 4 + 4 + at % 4, float(amount))
        for at, amount in enumerate(amounts)
    ]
    drawn = laid_out(Chart(FLOW, "flows", "kWh", nodes=nodes, bands=bands), width=width)
    boxes = [(one.anchor, area(one)) for one in drawn.nodes if one.label]
    for at, (anchor, box) in enumerate(boxes):
        for other_anchor, other in boxes[at + 1 :]:
            if "middle" in (anchor, other_anchor):
                assert not (
                    box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
                )
    assert all(one.said for one in drawn.nodes), "what is not written beside a node stands in its title"


def area(one):
    """Left, top, right, bottom of a name 12 px high [px]."""
    wide = 6.0 * sum(2 if letter > "\u2e80" else 1 for letter in one.label)
    left = one.text_x - {"start": 0, "middle": wide / 2, "end": wide}[one.anchor]
    return left, one.text_y - 9, left + wide, one.text_y + 2
