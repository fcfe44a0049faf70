"""Create the region's organisations, people, places and devices through the services every user has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.demo.buying import bought
from backend.demo.calendar import ORIGIN, TIMEZONE
from backend.demo.meters import exchanges
from backend.demo.people import PASSWORD, REGION
from backend.demo.points_customers import serial_number
from backend.demo.region import Region
from backend.demo.spec import DeviceSpec, LineSpec, PositionSpec
from backend.infra.passwords import Argon2Passwords
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier
from backend.network import service as network
from backend.network.models import PositionKind
from backend.tenancy import service as tenancy
from backend.tenancy.models import OrganisationKind


@dataclass
class Ground:
    """What has been created so far: ids by key (people by role, too), and the system scope that may go on."""

    scope: Scope
    organisations: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    positions: dict[str, UUID] = field(default_factory=dict)
    owners: dict[str, UUID] = field(default_factory=dict)
    devices: dict[str, UUID] = field(default_factory=dict)


def found(session: Session, region: Region, *, now: datetime) -> Ground:
    """Create everything but what is measured, in the caller's transaction."""
    ground = _organisations(session, region)
    _people(session, region, ground)
    for position in region.positions:
        _position(session, position, ground)
    for line in region.lines:
        _line(session, line, ground)
    for supply in region.supplies:
        network.create_supply_agreement(
            session, ground.scope, customer_id=ground.organisations[supply.organisation],
            operator_id=ground.organisations[REGION], position_id=ground.positions[supply.position],
            starts_at=supply.starts_at, ends_at=supply.ends_at,
        )  # fmt: skip
    exchanged = {point.device for point in region.points if point.exchanged}
    for device in region.devices:
        _device(session, device, ground, exchanges(now) if device.key in exchanged else [])
    return ground


def _organisations(session: Session, region: Region) -> Ground:
    top, *below = region.organisations
    root, scope = tenancy.found_region(session, name=top.name, name_zh=top.name_zh, is_simulated=True)
    ground = Ground(scope, {top.key: root.id})
    for node in below:
        made = tenancy.create_organisation(
            session, ground.scope, parent_id=ground.organisations[node.parent or REGION],
            kind=OrganisationKind(node.kind), name=node.name, name_zh=node.name_zh, trade=node.trade,
        )  # fmt: skip
        ground.organisations[node.key] = made.id
        ground.scope = tenancy.widened(session, ground.scope)
    return ground


def _people(session: Session, region: Region, ground: Ground) -> None:
    passwords = Argon2Passwords()
    for spec in region.people:
        person = tenancy.add_person(session, email=spec.email, name=spec.name, locale=spec.locale)
        at = ground.organisations[spec.organisation]
        tenancy.grant(session, ground.scope, person=person, organisation_id=at, role=Role(spec.role))
        tenancy.give_password(session, ground.scope, passwords, person, PASSWORD)
        ground.people[spec.role] = ground.people.get(spec.role, person.id)
        ground.people[spec.email.partition("@")[0]] = person.id


def _position(session: Session, spec: PositionSpec, ground: Ground) -> None:
    new = network.NewPosition(
        kind=PositionKind(spec.kind), name=spec.name, name_zh=spec.name_zh,
        code=f"LW-{len(ground.positions) + 1:03}",
        carriers=tuple(Carrier(carrier) for carrier in spec.carriers), category=spec.category,
        geometry=_geometry(spec), is_simulated=True,
    )  # fmt: skip
    owner = ground.organisations[spec.organisation]
    if spec.parent is None:
        made = network.create_site(
            session, ground.scope, organisation_id=owner, new=new, timezone=TIMEZONE, currency="CNY",
            address=spec.address,
        )  # fmt: skip
    else:
        made = network.create_position(
            session, ground.scope, parent_id=ground.positions[spec.parent], new=new, organisation_id=owner
        )
    ground.positions[spec.key], ground.owners[spec.key] = made.id, owner


def _geometry(spec: PositionSpec) -> dict[str, Any]:
    if spec.outline:
        return {"type": "Polygon", "coordinates": [[list(corner) for corner in spec.outline]]}
    return {"type": "Point", "coordinates": list(spec.place)}


def _line(session: Session, spec: LineSpec, ground: Ground) -> None:
    course = [list(place) for place in spec.coordinates]
    geometry: Mapping[str, Any] = (
        {"type": "Polygon", "coordinates": [course]}
        if spec.is_area
        else {"type": "LineString", "coordinates": course}
    )
    network.create_line(
        session, ground.scope, organisation_id=ground.organisations[REGION], kind=spec.kind,
        geometry=dict(geometry), carrier=Carrier(spec.carrier) if spec.carrier else None, name=spec.name,
        length_m=spec.length_m,
        from_position_id=ground.positions.get(spec.from_position or ""),
        to_position_id=ground.positions.get(spec.to_position or ""),
    )  # fmt: skip


def _device(session: Session, spec: DeviceSpec, ground: Ground, exchanged: list[datetime]) -> None:
    """Enter a device and install it; where it was exchanged, its forerunners before it."""
    installed = [ORIGIN, *exchanged]
    for at, removed in zip(installed, [*exchanged, None], strict=True):
        number = spec.serial_number if removed is None else serial_number(f"{spec.key} of {at.year}")
        device = assets.register_device(
            session, ground.scope, organisation_id=ground.owners[spec.position],
            manufacturer=spec.manufacturer, model=spec.model, serial_number=number, family=spec.family,
            is_simulated=True, purchase=bought(spec, at.date()), at=at - timedelta(days=3),
        )  # fmt: skip
        assets.install(
            session, ground.scope, device_id=device.id, position_id=ground.positions[spec.position], at=at
        )
        ground.devices[spec.key] = device.id
        if removed is not None:
            assets.remove(session, ground.scope, device_id=device.id, at=removed)
