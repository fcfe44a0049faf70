"""The map: what stands in a box, never more than a screen can show.

Where more places stand in the box than are asked for, they are gathered into heaps with a count, by the cells
of a grid; those that somebody must see (`apart`) are always shown by themselves. Whoever looks closer, with a
smaller box, gets the places.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import ids
from backend.kernel.scope import Scope
from backend.network.models import PositionKind
from backend.network.queries import map as queries
from backend.network.rules import Box
from backend.network.service.keeping import GeoJson

MOST_PLACES = 2_000
MOST_LINES = 5_000
CELLS = 24
"""Heaps lie on a grid of so many cells along the longer side of the box: at most CELLS² of them."""


def map_layers(
    session: Session, scope: Scope, organisations: frozenset[UUID], *, box: Box | None = None,
    lines_of: frozenset[UUID] | None = None, but: Collection[PositionKind] = (), apart: Collection[UUID] = (),
    limit: int = MOST_PLACES,
) -> GeoJson:  # fmt: skip
    """Return the map as one GeoJSON feature collection; property `layer` is position, heap, feeder, pipe, street, …

    box: without it, all there is; lines_of: whose lines, theirs when left out; but: kinds of places left out
    apart: places shown by themselves however many there are; limit: so many places one by one [1, MOST_PLACES]
    returns: also `bbox` (None: nothing is there), `total` places in it, whether they are `gathered`, and whether
        there are `more_lines` than MOST_LINES, which are the longest
    """
    limit = max(1, min(limit, MOST_PLACES))
    whole = box or queries.extent(session, scope, organisations, but)
    seen = whole or Box.world()
    which = (session, scope, organisations, but, seen)
    total = queries.count(*which) if whole else 0
    features = []
    if total <= limit:
        features += [_place(row) for row in queries.position_shapes(*which, None, limit)]
    else:
        shown = queries.position_shapes(*which, apart, limit)
        cell = max(seen.width, seen.height) / CELLS
        features += [_place(row) for row in shown]
        features += [_heap(row) for row in queries.heaps(*which, [row.id for row in shown], cell)]
    drawn = organisations if lines_of is None else lines_of
    lines = queries.line_shapes(session, scope, drawn, box, seen.fine, MOST_LINES + 1)
    features += [_line(row) for row in lines[:MOST_LINES]]
    return {
        "type": "FeatureCollection", "features": features, "bbox": list(seen.edges) if whole else None,
        "total": total, "gathered": total > limit, "more_lines": len(lines) > MOST_LINES,
    }  # fmt: skip


def _place(row: Any) -> GeoJson:
    return {
        "type": "Feature", "id": ids.show(row.id), "geometry": row.geometry,
        "properties": {
            "layer": "position", "id": ids.show(row.id), "kind": row.kind.value, "name": row.name,
            "name_zh": row.name_zh, "carriers": row.carriers,
        },
    }  # fmt: skip


def _heap(row: Any) -> GeoJson:
    middle = [round(row.longitude, 6), round(row.latitude, 6)]
    return {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": middle},
        "properties": {"layer": "heap", "count": row.count},
    }  # fmt: skip


def _line(row: Any) -> GeoJson:
    return {
        "type": "Feature", "id": ids.show(row.id), "geometry": row.geometry,
        "properties": {
            "layer": row.kind, "carrier": row.carrier.value if row.carrier else None, "name": row.name,
            "length_m": row.length_m,
        },
    }  # fmt: skip
