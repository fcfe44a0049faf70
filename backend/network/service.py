"""What can be done with the network. The caller owns the transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKTElement
from shapely.geometry import shape
from sqlalchemy.orm import Session

from backend.kernel import audit, ids, paging
from backend.kernel.errors import Conflict
from backend.kernel.periods import Period
from backend.kernel.scope import Role, Scope
from backend.kernel.tree import path_of
from backend.kernel.units import Carrier
from backend.network import queries, rules
from backend.network.models import Line, Position, PositionKind, Site, SupplyAgreement

GeoJson = dict[str, Any]


@dataclass(frozen=True)
class NewPosition:
    """What is said of a position when it is made. geometry: GeoJSON in WGS 84."""

    kind: PositionKind
    name: str
    name_zh: str | None = None
    code: str | None = None
    carriers: tuple[Carrier, ...] = ()
    category: str | None = None
    geometry: GeoJson | None = None
    is_simulated: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)


def create_site(
    session: Session, scope: Scope, *, organisation_id: UUID, new: NewPosition, timezone: str, currency: str,
    calendar: str = "CN", address: str | None = None,
) -> Position:  # fmt: skip
    """Make a site: a top position with its time zone, calendar, currency and address."""
    scope.demand(organisation_id, Role.ADMINISTRATOR, Role.OPERATOR)
    rules.demand_zone(timezone)
    if queries.site_names_taken(session, scope, organisation_id, new.name):
        raise Conflict(f"there is already a site '{new.name}'", field="name", value=new.name)
    position = _add(session, scope, organisation_id, new, parent=None)
    session.add(
        Site(
            position_id=position.id, organisation_id=organisation_id, timezone=timezone, calendar=calendar,
            currency=currency, address=address,
        )
    )  # fmt: skip
    session.flush()
    return position


def create_position(
    session: Session, scope: Scope, *, parent_id: UUID, new: NewPosition, organisation_id: UUID | None = None
) -> Position:
    """Make a position under another; it belongs to the parent's organisation unless another is named."""
    parent = queries.position(session, scope, parent_id)
    owner = organisation_id or parent.organisation_id
    scope.demand(owner, Role.ADMINISTRATOR, Role.OPERATOR)
    return _add(session, scope, owner, new, parent=parent)


def create_line(
    session: Session, scope: Scope, *, organisation_id: UUID, kind: str, geometry: GeoJson,
    carrier: Carrier | None = None, name: str | None = None, from_position_id: UUID | None = None,
    to_position_id: UUID | None = None, length_m: float | None = None, attributes: dict[str, Any] | None = None,
) -> Line:  # fmt: skip
    """Add a feeder, a pipe, or a piece of the base map."""
    scope.demand(organisation_id, Role.ADMINISTRATOR, Role.OPERATOR)
    rules.demand_wgs84(geometry)
    line = Line(
        id=ids.new_id(), organisation_id=organisation_id, carrier=carrier, kind=kind, name=name,
        from_position_id=from_position_id, to_position_id=to_position_id, geometry=_element(geometry),
        length_m=length_m, attributes=attributes or {},
    )  # fmt: skip
    session.add(line)
    return line


def create_supply_agreement(
    session: Session, scope: Scope, *, customer_id: UUID, operator_id: UUID, position_id: UUID,
    starts_at: datetime, ends_at: datetime | None = None,
) -> SupplyAgreement:  # fmt: skip
    """Supply a customer at a position and below it, for a half-open period: from then on they see it."""
    scope.demand(operator_id, Role.ADMINISTRATOR, Role.OPERATOR, Role.MANAGER)
    Period(starts_at, ends_at)
    position = queries.position(session, scope, position_id)
    agreement = SupplyAgreement(
        id=ids.new_id(), organisation_id=customer_id, operator_id=operator_id, position_id=position.id,
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    session.add(agreement)
    session.flush()
    audit.record(
        session, scope, action="supply_agreement.created", entity="supply_agreement", entity_id=agreement.id,
        organisation_id=operator_id,
        after={"customer": str(customer_id), "position": str(position_id), "starts_at": starts_at.isoformat()},
    )  # fmt: skip
    return agreement


def position(session: Session, scope: Scope, position_id: UUID) -> Position:
    """Return one position; raises NotFound."""
    return queries.position(session, scope, position_id)


def site_of(session: Session, scope: Scope, position_id: UUID) -> Site:
    """Return the site a position belongs to: its time zone, currency, calendar."""
    return queries.site(session, scope, position_id)


def sites(session: Session, scope: Scope) -> Sequence[tuple[Site, Position]]:
    """Return the sites the scope sees, by name."""
    return queries.sites(session, scope)


def way_to(session: Session, scope: Scope, position: Position) -> Sequence[Position]:
    """Return the positions from the site down to this one, itself included."""
    return queries.ancestors(session, scope, position)


def children(session: Session, scope: Scope, parent_id: UUID) -> Sequence[Position]:
    """Return the positions directly under one, by name."""
    return queries.positions(session, scope, parent_id=queries.position(session, scope, parent_id).id)


def list_positions(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, under: UUID | None = None,
    search: str | None = None, cursor: str | None = None, limit: int = 50,
) -> paging.Page[Position]:  # fmt: skip
    """Return a page of positions by name: of organisations, under a position, or matching a text."""
    after = None
    if cursor:
        name, last = paging.decode(cursor, 2)
        after = (name, ids.parse(last))
    limit = min(limit, paging.MOST)
    found = queries.positions(
        session, scope, organisations=organisations,
        under=queries.position(session, scope, under) if under else None, search=search, after=after, limit=limit + 1,
    )  # fmt: skip
    rest = len(found) > limit
    items = found[:limit]
    return paging.Page(items, paging.encode(items[-1].name, str(items[-1].id)) if rest else None)


def positions_by_id(session: Session, scope: Scope, position_ids: Collection[UUID]) -> dict[UUID, Position]:
    """Return positions by their ids; those the scope does not see are left out."""
    return {found.id: found for found in queries.positions_by_id(session, scope, position_ids)}


def nearest_positions(
    session: Session, scope: Scope, *, longitude: float, latitude: float, limit: int = 20
) -> Sequence[tuple[Position, float]]:
    """Return positions nearest first, each with its distance [m]."""
    return queries.nearest(session, scope, longitude, latitude, min(limit, paging.MOST))


def visible_periods(session: Session, scope: Scope, position: Position) -> list[Period] | None:
    """Return the periods in which the scope may see what was measured at a position; None: always.

    The owner always may; a customer in the periods of their supply agreements.
    """
    if position.organisation_id in scope.organisations:
        return None
    return queries.agreements_covering(session, scope, position, scope.organisations)


def supply_agreements(
    session: Session, scope: Scope, *, at: datetime | None = None
) -> Sequence[SupplyAgreement]:
    """Return who is supplied where, as far as the scope sees it."""
    return queries.agreements(session, scope, at=at)


def map_layers(session: Session, scope: Scope, organisations: frozenset[UUID]) -> GeoJson:
    """Return the map as one GeoJSON feature collection; property `layer` is position, feeder, pipe, street, …"""
    features: list[GeoJson] = [
        {
            "type": "Feature", "id": ids.show(row.id), "geometry": row.geometry,
            "properties": {
                "layer": "position", "id": ids.show(row.id), "kind": row.kind.value, "name": row.name,
                "name_zh": row.name_zh, "carriers": row.carriers,
            },
        }
        for row in queries.position_shapes(session, scope, organisations)
    ]  # fmt: skip
    features += [
        {
            "type": "Feature", "id": ids.show(row.id), "geometry": row.geometry,
            "properties": {
                "layer": row.kind, "carrier": row.carrier.value if row.carrier else None, "name": row.name,
                "length_m": row.length_m,
            },
        }
        for row in queries.line_shapes(session, scope, organisations)
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def _add(
    session: Session, scope: Scope, organisation_id: UUID, new: NewPosition, *, parent: Position | None
) -> Position:
    rules.demand_wgs84(new.geometry)
    identifier = ids.new_id()
    position = Position(
        id=identifier, organisation_id=organisation_id, site_id=parent.site_id if parent else identifier,
        parent_id=parent.id if parent else None, path=path_of(identifier, parent.path if parent else None),
        kind=new.kind, code=new.code, name=new.name, name_zh=new.name_zh, carriers=[c.value for c in new.carriers],
        category=new.category, geometry=_element(new.geometry) if new.geometry else None,
        is_simulated=new.is_simulated, attributes=new.attributes,
    )  # fmt: skip
    session.add(position)
    session.flush()
    audit.record(
        session, scope, action="position.created", entity="position", entity_id=position.id,
        organisation_id=organisation_id, after={"name": new.name, "kind": new.kind.value},
    )  # fmt: skip
    return position


def _element(geometry: GeoJson) -> WKTElement:
    return WKTElement(shape(json.loads(json.dumps(geometry))).wkt, srid=4326)
