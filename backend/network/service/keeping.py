"""Write down what stands where: sites, the places on them, lines. The caller owns the transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from geoalchemy2 import WKTElement
from geoalchemy2.shape import to_shape
from shapely.geometry import mapping, shape
from sqlalchemy.orm import Session

from backend.kernel import audit, changes, ids
from backend.kernel.errors import Conflict
from backend.kernel.scope import Role, Scope
from backend.kernel.tree import path_of
from backend.kernel.units import Carrier
from backend.network import queries, rules
from backend.network.models import Line, Position, PositionKind, Site

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
    rules.demand_currency(currency)
    rules.demand_kind(new.kind.value, is_site=True)
    if queries.site_names_taken(session, scope, organisation_id, new.name):
        raise Conflict(
            f"there is already a site '{new.name}'",
            field="name",
            value=new.name,
            remedy="choose another name",
        )
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
    """Make a position under another; it belongs to the parent's organisation unless another is named.

    The asker keeps both: seeing the parent, as a customer does, is not enough.
    """
    parent = queries.position(session, scope, parent_id)
    owner = organisation_id or parent.organisation_id
    for touched in (parent.organisation_id, owner):
        scope.demand(touched, Role.ADMINISTRATOR, Role.OPERATOR)
    rules.demand_kind(new.kind.value, is_site=False)
    rules.demand_depth(parent.path)
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


def change_position(session: Session, scope: Scope, *, position_id: UUID, **said: Any) -> Position:
    """Say otherwise what a position is: name, name_zh, code, kind, carriers, category, geometry (GeoJSON or None)."""
    found = queries.position(session, scope, position_id)
    hands = (Role.TECHNICIAN, Role.DISPATCHER) if said.keys() <= {"name", "name_zh", "geometry"} else ()
    scope.demand(found.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR, *hands)
    name, is_site = rules.demand_name(said.get("name", found.name)), found.parent_id is None
    rules.demand_wgs84(said.get("geometry"))
    rules.demand_kind(said.get("kind", found.kind).value, is_site=is_site)
    if (
        is_site
        and name != found.name
        and queries.site_names_taken(session, scope, found.organisation_id, name)
    ):
        raise Conflict(
            f"there is already a site '{name}'", field="name", value=name, remedy="choose another name"
        )
    said = said | {"name": name, "carriers": _each_once(said.get("carriers", found.carriers))}
    before = {}
    for name, value in said.items():
        if name == "geometry":
            before[name] = None if found.geometry is None else mapping(to_shape(found.geometry))
            found.geometry = _element(value) if value else None
        elif getattr(found, name) != value:
            before[name] = getattr(found, name)
            setattr(found, name, value)
    if not before:
        return found
    session.flush()
    _noted(session, scope, found)
    audit.record(
        session, scope, action="position.changed", entity="position", entity_id=found.id,
        organisation_id=found.organisation_id, before=before, after={name: said[name] for name in before},
    )  # fmt: skip
    return found


def change_site(
    session: Session, scope: Scope, *, position_id: UUID, timezone: str, currency: str, calendar: str,
    address: str | None,
) -> Site:  # fmt: skip
    """Say otherwise where a site keeps its days and money: time zone, currency, calendar, address."""
    found = queries.site(session, scope, position_id)
    scope.demand(found.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR)
    rules.demand_zone(timezone)
    rules.demand_currency(currency)
    said = {"timezone": timezone, "currency": currency, "calendar": calendar, "address": address}
    before = {name: getattr(found, name) for name in said}
    for name, value in said.items():
        setattr(found, name, value)
    session.flush()
    audit.record(
        session, scope, action="site.changed", entity="position", entity_id=found.position_id,
        organisation_id=found.organisation_id, before=before, after=said,
    )  # fmt: skip
    return found


def _add(
    session: Session, scope: Scope, organisation_id: UUID, new: NewPosition, *, parent: Position | None
) -> Position:
    rules.demand_wgs84(new.geometry)
    name = rules.demand_name(new.name)
    identifier = ids.new_id()
    position = Position(
        id=identifier, organisation_id=organisation_id, site_id=parent.site_id if parent else identifier,
        parent_id=parent.id if parent else None, path=path_of(identifier, parent.path if parent else None),
        kind=new.kind, code=new.code, name=name, name_zh=new.name_zh, carriers=_each_once(new.carriers),
        category=new.category, geometry=_element(new.geometry) if new.geometry else None,
        is_simulated=new.is_simulated, attributes=new.attributes,
    )  # fmt: skip
    session.add(position)
    session.flush()
    _noted(session, scope, position)
    audit.record(
        session, scope, action="position.created", entity="position", entity_id=position.id,
        organisation_id=organisation_id, after={"name": new.name, "kind": new.kind.value},
    )  # fmt: skip
    return position


def _noted(session: Session, scope: Scope, position: Position) -> None:
    changes.note(
        session, scope, entity="position", entity_id=position.id, organisation_id=position.organisation_id
    )


def _each_once(carriers: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(map(str, carriers)))


def _element(geometry: GeoJson) -> WKTElement:
    return WKTElement(shape(json.loads(json.dumps(geometry))).wkt, srid=4326)
