"""The map, confined to a scope: what stands in a box, one by one or gathered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.network.models import Line, Position, PositionKind
from backend.network.queries.positions import visible
from backend.network.rules import Box


def extent(
    session: Session, scope: Scope, organisations: frozenset[UUID], but: Collection[PositionKind]
) -> Box | None:
    """The box around the places of organisations; None where none is drawn."""
    around = func.ST_Extent(Position.geometry)
    edges = (func.ST_XMin(around), func.ST_YMin(around), func.ST_XMax(around), func.ST_YMax(around))
    row = session.execute(select(*edges).where(*_drawn(scope, organisations, but, None))).one()
    return None if row[0] is None else Box.around(*row)


def count(
    session: Session, scope: Scope, organisations: frozenset[UUID], but: Collection[PositionKind], box: Box
) -> int:
    """How many places of organisations stand in a box."""
    query = select(func.count()).select_from(Position).where(*_drawn(scope, organisations, but, box))
    return session.scalar(query) or 0


def position_shapes(
    session: Session, scope: Scope, organisations: frozenset[UUID], but: Collection[PositionKind], box: Box,
    only: Collection[UUID] | None, limit: int,
) -> Sequence[Any]:  # fmt: skip
    """Places in a box: id, kind, name, name_zh, carriers, is_simulated, geometry as GeoJSON. only: these ones."""
    query = select(
        Position.id, Position.kind, Position.name, Position.name_zh, Position.carriers, Position.is_simulated,
        _drawable(Position.geometry, box.fine),
    ).where(*_drawn(scope, organisations, but, box))  # fmt: skip
    if only is not None:
        query = query.where(Position.id.in_(only))
    return session.execute(query.order_by(Position.id).limit(limit)).all()


def heaps(
    session: Session, scope: Scope, organisations: frozenset[UUID], but: Collection[PositionKind], box: Box,
    apart: Collection[UUID], cell: float,
) -> Sequence[Any]:  # fmt: skip
    """Places in a box gathered by cells of a grid: count, longitude and latitude of their middle.

    apart: places that are shown by themselves; cell: width of a cell [degrees]
    """
    spot = func.ST_PointOnSurface(Position.geometry)
    x, y = func.ST_X(spot), func.ST_Y(spot)
    column, row = func.floor((x - box.west) / cell), func.floor((y - box.south) / cell)
    query = (
        select(func.count().label("count"), func.avg(x).label("longitude"), func.avg(y).label("latitude"))
        .where(*_drawn(scope, organisations, but, box), Position.id.not_in(apart))
        .group_by(column, row)
        .order_by(column, row)
    )
    return session.execute(query).all()


def line_shapes(
    session: Session, scope: Scope, organisations: frozenset[UUID], box: Box | None, fine: float, limit: int
) -> Sequence[Any]:
    """Feeders, pipes and base-map lines (in a box), the longest first: id, carrier, kind, name, length, geometry.

    fine: what is finer is left out [degrees]
    Staff see the network of their organisations; customers see the base map of their operator only.
    """
    query = select(
        Line.id, Line.carrier, Line.kind, Line.name, Line.length_m, _drawable(Line.geometry, fine)
    ).where(Line.organisation_id.in_(organisations & scope.organisations))
    if box is not None:
        query = query.where(_inside(Line.geometry, box))
    longest = func.ST_Length(Line.geometry).desc()
    return session.execute(query.order_by(longest, Line.id).limit(limit)).all()


def _drawn(
    scope: Scope, organisations: frozenset[UUID], but: Collection[PositionKind], box: Box | None
) -> list[ColumnElement[bool]]:
    confined = Scope.system(organisations & scope.organisations, "part of the scope")
    found = [visible(confined), Position.geometry.is_not(None)]
    if but:
        found.append(Position.kind.not_in(but))
    if box is not None:
        found.append(_inside(Position.geometry, box))
    return found


def _inside(geometry: Any, box: Box) -> ColumnElement[bool]:
    return geometry.op("&&")(func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, 4326))


def _drawable(geometry: Any, fine: float) -> Any:
    return cast(func.ST_AsGeoJSON(func.ST_Simplify(geometry, fine, True), 6), JSONB).label("geometry")
