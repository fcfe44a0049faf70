"""Which row a meter counts in, and what the rows are called: by category, place, organisation or meter."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from uuid import UUID

from backend.analysis.rules.asking import By
from backend.analysis.rules.comparing import Forest
from backend.analysis.service.ground import Ground
from backend.network import queries as network

REST = "rest"
"""The row of what no sub-meter tells apart, or of what stands at no place below."""


@dataclass(frozen=True)
class Label:
    """What a row is called. id: of an organisation, position or point; None for words the reader's language has."""

    key: Hashable
    name: str = ""
    name_zh: str | None = None
    id: UUID | None = None


class Teller:
    """Says which row a meter counts in. labels: of the rows there can be, by their keys"""

    def __init__(self, ground: Ground, forest: Forest) -> None:
        self.labels: dict[Hashable, Label] = {REST: Label(REST)}
        self.rows: dict[int, Hashable] = {}
        self._paths = {one.id: str(one.path).split(".") for one in ground.nodes}
        self._depth = len(self._paths[ground.node.id])
        self._by_label = {str(one.path).split(".")[-1]: one for one in ground.nodes}
        by = ground.ask.by
        if by is By.CATEGORY:
            self._by_category(ground)
        elif by is By.POSITION:
            self._by_place(ground)
        elif by is By.METER:
            self._by_meter(ground, forest)

    def row_of(self, key: int) -> Hashable:
        """Return the row of what a meter counted beside its sub-meters."""
        return self.rows.get(key, REST)

    def branch_of(self, holder: UUID | None) -> Hashable:
        """Return the organisation directly below that somebody belongs to; REST for the one asked about itself."""
        path = self._paths.get(holder) if holder else None
        if path is None or len(path) <= self._depth:
            return REST
        node = self._by_label[path[self._depth]]
        self.labels[node.id] = Label(node.id, node.name, node.name_zh, node.id)
        found: Hashable = node.id
        return found

    def _by_category(self, ground: Ground) -> None:
        for key, one in ground.meters.items():
            if one.category:
                self.rows[key] = one.category
                self.labels[one.category] = Label(one.category, one.category)

    def _by_place(self, ground: Ground) -> None:
        """Tell apart by the places directly below the one asked for; by sites where none is."""
        depth = 0
        if ground.ask.under is not None:
            here = network.position(ground.session, ground.scope, ground.ask.under)
            depth = str(here.path).count(".") + 1
        paths = {key: one.path.split(".") for key, one in ground.meters.items()}
        wanted = {UUID(path[depth]) for path in paths.values() if len(path) > depth}
        for place in network.positions_by_id(ground.session, ground.scope, wanted):
            self.labels[place.id] = Label(place.id, place.name, place.name_zh, place.id)
        for key, path in paths.items():
            if len(path) > depth and (place_id := UUID(path[depth])) in self.labels:
                self.rows[key] = place_id

    def _by_meter(self, ground: Ground, forest: Forest) -> None:
        """Tell apart by meter; where one is asked for, by those directly behind it."""
        for top in forest.tops:
            for head in [top] if ground.ask.meter is None else forest.subs.get(top, ()):
                meter = ground.meters[head]
                self.rows |= dict.fromkeys(forest.below(head), head)
                self.labels[head] = Label(head, meter.name, meter.name_zh, meter.id)
