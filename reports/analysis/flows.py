"""From source to use: the flow chart, and every flow in rows that balance."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy.orm import Session

from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask, By, ViewName
from backend.analysis.rules.flows import Node
from backend.analysis.service.flows import Flows, FlowView, flows
from backend.kernel.scope import Scope
from reports.analysis.content import FLOW, Band, Chart, Report
from reports.analysis.registry import view
from reports.analysis.words import BY, CATEGORIES, Say, amount, facts, quality, ratio
from reports.tabular import NUMBER, PERCENT, Column, Document, Table

MOST_USES = 14
"""So many uses are drawn of a carrier; the smaller ones together. The table has them all."""

UNSEEN = 0.0005
"""Losses below this share of the largest flow are not drawn."""

NODES = {
    "loss": ("{carrier}: network loss", "{carrier}：管网（线路）损失"),
    "unmetered": ("{carrier}: not metered", "{carrier}：未计量"),
    "conversion": ("Conversion loss", "转换损失"),
    "surroundings": ("Heat of the surroundings", "环境热量"),
    "delivered": ("{carrier}: delivered, not metered here", "{carrier}：外部供入（此处未计量）"),
    "disagree": ("Meters disagree", "计量不符"),
    "many": ("smaller uses", "其他用途"),
}
STEPS = ((1_000_000, "GWh"), (1_000, "MWh"), (1, "kWh"))


@view(ViewName.FLOWS, "Energy flows", "能流分析")
def content(session: Session, scope: Scope, ask: Ask, locale: str) -> Report:
    """Make the view."""
    return told(flows(session, scope, ask=ask), locale)


def told(found: FlowView, locale: str) -> Report:
    """Put flows into words, a table and a chart."""
    say = Say(locale, found.zone)
    tables = [_table(say, found, part) for part in found.parts]
    charts = [_chart(say, found, part, place) for place, part in enumerate(found.parts)]
    if not tables:
        tables = [Table(say("flows"), _columns(say, "kWh"), [], empty=say("empty"))]
    about = [*facts(say, found.ask, found.stretches, found.zone), (say("told_by"), say.of(BY, found.ask.by))]
    notes = quality(say, found.stretches)
    for part in found.parts:
        notes += _notes(say, found, part)
    return Report(
        "flows", Document(say.locale, say("flows"), say.named(found.node), about, tables, notes=notes), charts
    )


def name_of(say: Say, part: Flows, node: Node, by: By) -> str:
    """Return what a node is called."""
    if node.kind == "carrier":
        return say.carrier(node.carrier)
    if node.kind == "use":
        if by is By.ORGANISATION or node.name in part.labels:
            return say.named(part.labels[node.name])
        return say.of(CATEGORIES, node.name) if node.name else f"{say.carrier(node.carrier)} · {say('rest')}"
    if node.kind in ("source", "plant"):
        return say.named(part.labels[node.name])
    return NODES[node.kind][say.at].format(carrier=say.carrier(node.carrier))


def _heading(say: Say, part: Flows) -> str:
    return say("flows") if part.dimension == measures.ENERGY else say("water")


def _columns(say: Say, unit: str) -> list[Column]:
    return [
        Column("from", say("from"), is_wide=True), Column("to", say("to"), is_wide=True),
        Column("amount", f"{say('amount')} [{say.unit(unit)}]", NUMBER),
        Column("share", say("of_source"), PERCENT),
    ]  # fmt: skip


def _table(say: Say, found: FlowView, part: Flows) -> Table:
    order = {"source": 0, "delivered": 1, "surroundings": 2, "plant": 3, "carrier": 4, "disagree": 5}
    flows = sorted(
        part.graph.flows.items(),
        key=lambda one: (order.get(one[0][0].kind, 9), str(one[0][0]), -one[1], str(one[0][1])),
    )
    out: dict[Node, int] = defaultdict(int)
    for (source, _), flow in flows:
        out[source] += flow
    rows = [
        [name_of(say, part, source, found.ask.by), name_of(say, part, target, found.ask.by), amount(flow, part.unit),
         ratio(flow, out[source])]
        for (source, target), flow in flows
    ]  # fmt: skip
    return Table(_heading(say, part), _columns(say, part.unit), rows, empty=say("empty"))


def _chart(say: Say, found: FlowView, part: Flows, table: int) -> Chart:
    flows = _drawn(part)
    nodes = sorted({node for pair in flows for node in pair})
    place = {node: at for at, node in enumerate(nodes)}
    per, unit = _scale(part, max(flows.values(), default=0))
    named = [
        (
            NODES["many"][say.at]
            if node == Node("use", "\N{BULLET}")
            else name_of(say, part, node, found.ask.by),
            _shade(node),
        )
        for node in nodes
    ]
    bands = [
        Band(
            place[source],
            place[target],
            float(measures.in_unit(flow, part.unit)) / per,
            _band(source, target),
        )
        for (source, target), flow in flows.items()
    ]
    return Chart(FLOW, _heading(say, part), say.unit(unit), table, nodes=named, bands=bands)


def _drawn(part: Flows) -> dict[tuple[Node, Node], int]:
    """Return the flows to be drawn: smaller uses together, losses nobody would see left to the table."""
    uses: dict[Node, int] = defaultdict(int)
    for (_, target), flow in part.graph.flows.items():
        if target.kind == "use":
            uses[target] += flow
    kept = set(sorted(uses, key=lambda node: -uses[node])[:MOST_USES])
    found: dict[tuple[Node, Node], int] = defaultdict(int)
    least = max(part.graph.flows.values(), default=0) * UNSEEN
    for (source, target), flow in part.graph.flows.items():
        if target.kind in ("loss", "unmetered") and flow < least:
            continue
        end = target if target.kind != "use" or target in kept else Node("use", "\N{BULLET}")
        found[source, end] += flow
    return found


def _scale(part: Flows, largest: int) -> tuple[int, str]:
    if part.dimension != measures.ENERGY:
        return 1, part.unit
    kwh = largest / 3_600_000
    return next(((per, unit) for per, unit in STEPS if kwh >= per * 10), STEPS[-1])


def _shade(node: Node) -> str:
    if node.kind == "carrier":
        return node.carrier
    return {"use": "use", "plant": "use"}.get(node.kind, "loss" if node.kind != "source" else "")


def _band(source: Node, target: Node) -> str:
    if target.kind in ("loss", "unmetered", "conversion"):
        return "loss"
    return source.carrier if source.kind == "carrier" else target.carrier


def _notes(say: Say, found: FlowView, part: Flows) -> list[str]:
    notes = []
    if part.silent:
        notes.append(say.either("{count} meters have no data in this period; they are not counted as zero.",
                                "本期有 {count} 个计量点无数据，未按零计入。", count=part.silent))  # fmt: skip
    if part.share < 0.999 or part.estimated >= 0.0005:
        notes.append(say.either(
            "{heading}: meters cover {share:.1%} of the period; {estimated:.1%} of what was used is estimated.",
            "{heading}：数据完整率 {share:.1%}，其中 {estimated:.1%} 为估算。", heading=_heading(say, part),
            share=part.share, estimated=part.estimated))  # fmt: skip
    if part.left_out:
        notes.append(say.either("Not told as energy, and left out: {which}.", "未折算为能量、未计入：{which}。",
                                which=", ".join(say.carrier(one) for one in part.left_out)))  # fmt: skip
    if any(source.kind == "disagree" for source, _ in part.graph.flows):
        notes.append(say.either(
            "Meters disagree: those behind another count more than it does; what is too much stands as a source.",
            "计量不符：下级计量之和大于上级，超出部分单列为来源。"))  # fmt: skip
    if part.dimension == measures.ENERGY and any(
        node.carrier == "gas" for pair in part.graph.flows for node in pair
    ):
        notes.append(say.either(
            "Gas as energy by its lower heating value, {value} kJ/m³ (GB/T 2589).",
            "燃气按低位发热量 {value} kJ/m³（GB/T 2589）折算为能量。", value=f"{measures.GAS_J_PER_L:,}"))  # fmt: skip
    if part.dimension == measures.ENERGY:
        notes.append(say.either(
            "Network loss is what a meter at the head of a network counted beyond all meters behind it. Not metered is "
            "what else came in and is counted nowhere. In equals out at every carrier and plant.",
            "管网损失为总表与其全部下级表之差；未计量为其余无表计的部分。各能源与设备节点收支平衡。"))  # fmt: skip
    return notes
