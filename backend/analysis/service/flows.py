"""From source to use: what came in, what it was turned into, what was lost on the way, and who used it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask, By, Compare
from backend.analysis.rules.comparing import THROUGHOUT, Forest, Sum, rests
from backend.analysis.rules.flows import Given, Graph, Head, Taken, graph
from backend.analysis.rules.periods import Stretches
from backend.analysis.service.consumption import summed
from backend.analysis.service.ground import NOW, Ground, Meter, stand_on
from backend.analysis.service.telling import Label
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier
from backend.metering.models import Direction


@dataclass(frozen=True)
class Flows:
    """Flows of one measure [base units]: energy together, water by itself. labels: names of places and uses by key.

    estimated: part of what was used that was not measured, 0..1; share: of the period the meters cover; silent: meters
    of which nothing is known; left_out: carriers that cannot be told as energy
    """

    dimension: str
    graph: Graph
    labels: Mapping[str, Label]
    estimated: float
    share: float
    silent: int
    left_out: Sequence[Carrier]

    @property
    def unit(self) -> str:
        """Return the unit its amounts are told in."""
        return measures.SHOWN[self.dimension]


@dataclass(frozen=True)
class FlowView:
    """The flows of an organisation in a period: those of energy, then those of water. known: carriers there are."""

    ask: Ask
    node: object
    zone: str
    stretches: Stretches
    parts: Sequence[Flows]
    known: frozenset[Carrier]


def flows(session: Session, scope: Scope, *, ask: Ask) -> FlowView:
    """Return the flows of an organisation in a period; uses by category or organisation. Raises Forbidden, NotFound."""
    ask = replace(ask, compare=Compare.NONE, by=ask.by if ask.by is By.ORGANISATION else By.CATEGORY)
    ground = stand_on(session, scope, ask)
    pieces = ground.pieces(by_holder=False)
    heads = _heads(ground)
    tops = ground.used(None)
    forest = ground.forest(tops)
    given = [
        one for one in ground.meters.values() if one.is_total and one.direction is Direction.OUT
    ]  # fmt: skip
    keys = {key for top in forest.tops for key in forest.below(top)} | {one.key for one in given} | set(heads)
    sums = summed(pieces, ground.sums(keys, pieces), NOW)
    parts = [
        _of(ground, forest, given, heads, sums, carriers, dimension)
        for carriers, dimension in _groups(ground, ask.carrier)
    ]  # fmt: skip
    known = frozenset(ground.meters[key].carrier for key in (*forest.tops, *(one.key for one in given)))
    flowing = [one for one in parts if one.graph.flows]
    return FlowView(ask, ground.node, ground.zone, ground.stretches, flowing, known)


def _groups(ground: Ground, wanted: Carrier | None) -> list[tuple[frozenset[Carrier], str]]:
    """Return which carriers flow together, and in what: energies (gas by its heating value), water by itself."""
    if wanted is not None and wanted is not Carrier.WATER:
        return [(frozenset({wanted}), measures.ENERGY)]
    water = [(frozenset({Carrier.WATER}), "volume")]
    if wanted is Carrier.WATER:
        return water
    return [(frozenset(Carrier) - {Carrier.WATER, Carrier.ENVIRONMENT}, measures.ENERGY), *water]


def _of(
    ground: Ground, forest: Forest, out: Sequence[Meter], heads: Mapping[int, Sequence[int]], sums: Mapping[int, Sum],
    carriers: frozenset[Carrier], dimension: str,
) -> Flows:  # fmt: skip
    def told(key: int, amount: int) -> int | None:
        meter = ground.meters[key]
        if meter.carrier not in carriers:
            return None
        if dimension == measures.ENERGY:
            return measures.energy_j(amount, meter.carrier, meter.dimension)
        return amount if meter.dimension == dimension else None

    use, labels = _uses(ground)
    names: dict[object, str] = {}
    for one in ground.meters.values():
        names[one.position_id] = str(one.position_id)
        labels[str(one.position_id)] = _place(one)
    given, taken = [], []
    for one in out:
        if one.key in sums and (amount := told(one.key, sums[one.key].amount)) is not None:
            given.append(Given(one.position_id, one.carrier, amount))
    tops = [key for key in forest.tops if ground.meters[key].carrier in carriers]
    for top in tops:
        for key, rest in rests(forest, top, sums.keys(), sums).items():
            if (amount := told(key, rest)) is not None:
                meter = ground.meters[key]
                taken.append(Taken(meter.position_id, meter.carrier, amount, use(key, top)))
    known = [sums[top] for top in tops if top in sums]
    counted = sum(told(top, sums[top].amount) or 0 for top in tops if top in sums)
    guessed = sum(told(top, sums[top].estimated) or 0 for top in tops if top in sums)
    return Flows(
        dimension, graph(given, taken, _measured_heads(ground, heads, sums, told), names), labels,
        guessed / counted if counted else 0.0, sum(one.share for one in known) / len(tops) if tops else 0.0,
        len(tops) - len(known), sorted({
            ground.meters[key].carrier for key in tops if key in sums and told(key, sums[key].amount) is None
        }),
    )  # fmt: skip


def _uses(ground: Ground) -> tuple[Callable[[int, int], str], dict[str, Label]]:
    """Return what says what a meter's amount is used for (by its key and that of the meter on top), and its words."""
    if ground.ask.by is not By.ORGANISATION:
        return (lambda key, _top: ground.meters[key].category or ""), {}
    nodes = {one.id: one for one in ground.nodes}
    labels = {str(one.id): Label(str(one.id), one.name, one.name_zh, one.id) for one in ground.nodes}
    start = ground.stretches.now[0].start
    depth = str(ground.node.path).count(".") + 1
    by_label = {str(one.path).split(".")[-1]: one.id for one in ground.nodes}

    def use(_key: int, top: int) -> str:
        holder: UUID | None = ground.holder(ground.meters[top], start)
        path = str(nodes[holder].path).split(".") if holder in nodes else []
        return str(by_label[path[depth]]) if len(path) > depth else str(ground.node.id)

    return use, labels


def _place(meter: Meter) -> Label:
    """Return the name of a meter's place."""
    name, name_zh = meter.place
    return Label(str(meter.position_id), name, name_zh, meter.position_id)


def _heads(ground: Ground) -> dict[int, list[int]]:
    """Return meters at the head of a network, with those behind them that count in totals."""
    found: dict[int, list[int]] = {}
    for one in ground.used(None):
        above = ground.by_id.get(one.parent_id) if one.parent_id else None
        if above and above.carrier is one.carrier and above.dimension == one.dimension:
            found.setdefault(above.key, []).append(one.key)
    return found


def _measured_heads(
    ground: Ground, heads: Mapping[int, Sequence[int]], sums: Mapping[int, Sum],
    told: Callable[[int, int], int | None],
) -> list[Head]:  # fmt: skip
    found = []
    for head, behind in heads.items():
        if head in sums and (amount := told(head, sums[head].amount)) is not None:
            read = all(key in sums and sums[key].share >= THROUGHOUT for key in behind)
            counted = sum(told(key, sums[key].amount) or 0 for key in behind) if read else None
            found.append(Head(ground.meters[head].carrier, amount, counted))
    return found
