"""From source to use: a graph of flows that balances exactly, made of what meters counted. Pure, whole numbers only.

Nodes: sources (what plants, grid and intakes deliver), a node a carrier, plants that turn one carrier into others,
uses, and what is lost. In at every carrier and plant equals out, to the unit, because what does not add up has a node:

- network loss: what meters at the head of a network counted beyond those behind it, where all of those were read;
- not metered: what else was supplied and is counted nowhere;
- conversion loss: what went into a plant and did not come out;
- surroundings: heat that heat pumps and chillers move, beyond what drives them;
- delivered: what was used beyond the supply that is metered here;
- meters disagree: what meters behind one counted beyond it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from backend.kernel.units import Carrier

Position = Hashable
DRIVES = frozenset({Carrier.ELECTRICITY, Carrier.HEAT, Carrier.GAS})
MOVES_HEAT = frozenset({Carrier.HEAT, Carrier.COOLING})


@dataclass(frozen=True, order=True)
class Node:
    """An end of flows. kind: source, carrier, plant, use, loss, unmetered, conversion, surroundings, delivered,
    disagree; name: of a source, plant or use; carrier: of a carrier, a loss, …"""

    kind: str
    name: str = ""
    carrier: str = ""


@dataclass(frozen=True)
class Taken:
    """What is used at a position, of one carrier: a meter's amount without its sub-meters'. May be below zero."""

    position: Position
    carrier: Carrier
    amount: int
    use: str


@dataclass(frozen=True)
class Given:
    """What a position delivers, of one carrier."""

    position: Position
    carrier: Carrier
    amount: int


@dataclass(frozen=True)
class Head:
    """A meter at the head of a network. behind: what those behind it counted; None where one of them is silent."""

    carrier: Carrier
    amount: int
    behind: int | None


@dataclass
class Graph:
    """Flows between nodes, by (from, to), each > 0."""

    flows: dict[tuple[Node, Node], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, source: Node, target: Node, amount: int) -> None:
        """Add a flow; nothing flows backwards."""
        assert amount >= 0, "a flow is not negative"
        if amount:
            self.flows[source, target] += amount

    def into(self, node: Node) -> int:
        """Return what flows into a node."""
        return sum(amount for (_, target), amount in self.flows.items() if target == node)

    def out_of(self, node: Node) -> int:
        """Return what flows out of a node."""
        return sum(amount for (source, _), amount in self.flows.items() if source == node)


def graph(
    given: Sequence[Given], taken: Sequence[Taken], heads: Sequence[Head], names: Mapping[Position, str]
) -> Graph:
    """Return the flows of what was given and taken. names: of positions"""
    found = Graph()
    outs: dict[Position, dict[Carrier, int]] = defaultdict(lambda: defaultdict(int))
    for one in given:
        outs[one.position][one.carrier] += one.amount
    drives: dict[Position, dict[Carrier, int]] = defaultdict(lambda: defaultdict(int))
    for part in taken:
        if _drives(part, outs):
            drives[part.position][part.carrier] += part.amount
    turned = _turned(drives, outs)
    for position, ways in outs.items():
        source = Node("plant" if position in turned else "source", names[position])
        for carrier, amount in ways.items():
            found.add(source, _carrier(carrier), amount)
    for part in taken:
        is_drive = part.position in turned and _drives(part, outs)
        use = Node("use", part.use, "" if part.use else part.carrier.value)
        _take(found, part, Node("plant", names[part.position]) if is_drive else use)
    for position in turned:
        _balance_plant(found, Node("plant", names[position]), set(drives[position]), set(outs[position]))
    for here in sorted({*(one.carrier for one in given), *(part.carrier for part in taken)}):
        _balance_carrier(found, here, [head for head in heads if head.carrier is here])
    return found


def _carrier(carrier: Carrier) -> Node:
    return Node("carrier", carrier=carrier.value)


def _drives(one: Taken, outs: Mapping[Position, Mapping[Carrier, int]]) -> bool:
    """Tell whether what is taken drives a plant: it stands where another carrier comes out, and not the same."""
    ways = outs.get(one.position, {})
    return one.amount > 0 and one.carrier not in ways and any(ways.values())


def _turned(
    drives: Mapping[Position, Mapping[Carrier, int]], outs: Mapping[Position, Mapping[Carrier, int]]
) -> set[Position]:
    """Return the plants that turn carriers into others, the largest first, without one that would close a circle.

    What would close one keeps two ends: what it takes is a use, what it gives a source.
    """
    reaches: dict[Carrier, set[Carrier]] = defaultdict(set)
    found: set[Position] = set()
    for position in sorted(drives, key=lambda one: (-sum(drives[one].values()), str(one))):
        into, out = set(drives[position]), {carrier for carrier, amount in outs[position].items() if amount}
        beyond = set(out).union(*(reaches[carrier] for carrier in out))
        if beyond & into:
            continue
        found.add(position)
        for carrier in list(Carrier):
            if carrier in into or reaches[carrier] & into:
                reaches[carrier] |= beyond
    return found


def _take(found: Graph, one: Taken, end: Node) -> None:
    """Add what is taken; where sub-meters count more than the meter above, their uses take out what nobody put in."""
    here = _carrier(one.carrier)
    if one.amount < 0:
        found.add(Node("disagree", carrier=one.carrier.value), here, -one.amount)
    else:
        found.add(here, end, one.amount)


def _balance_plant(found: Graph, plant: Node, into: set[Carrier], out: set[Carrier]) -> None:
    left = found.into(plant) - found.out_of(plant)
    if left >= 0:
        found.add(plant, Node("conversion"), left)
    elif into <= DRIVES and out & MOVES_HEAT and Carrier.GAS not in into:
        found.add(Node("surroundings"), plant, -left)
    else:
        found.add(Node("disagree", name=plant.name), plant, -left)


def _balance_carrier(found: Graph, carrier: Carrier, heads: Sequence[Head]) -> None:
    here = _carrier(carrier)
    left = found.into(here) - found.out_of(here)
    known = [one.amount - one.behind for one in heads if one.behind is not None]
    if left >= 0:
        lost = min(left, sum(loss for loss in known if loss > 0))
        found.add(here, Node("loss", carrier=carrier.value), lost)
        found.add(here, Node("unmetered", carrier=carrier.value), left - lost)
    else:
        disagree = min(-left, sum(-loss for loss in known if loss < 0))
        found.add(Node("disagree", carrier=carrier.value), here, disagree)
        found.add(Node("delivered", carrier=carrier.value), here, -left - disagree)
