"""What can be done with devices. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.models import Device, DeviceStatus, Installation
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict
from backend.kernel.scope import Role, Scope
from backend.network import service as network


def register_device(
    session: Session, scope: Scope, *, organisation_id: UUID, manufacturer: str, model: str, serial_number: str,
    family: str | None = None, is_simulated: bool = False, attributes: dict[str, Any] | None = None,
) -> Device:  # fmt: skip
    """Enter a device; family names its register table. It stands nowhere yet."""
    scope.demand(organisation_id, Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER)
    device = Device(
        id=ids.new_id(), organisation_id=organisation_id, family=family, manufacturer=manufacturer, model=model,
        serial_number=serial_number, status=DeviceStatus.STORED, is_simulated=is_simulated,
        attributes=attributes or {}, created_at=clock.now(),
    )  # fmt: skip
    session.add(device)
    session.flush()
    audit.record(
        session, scope, action="device.registered", entity="device", entity_id=device.id,
        organisation_id=organisation_id, after={"model": model, "serial_number": serial_number},
    )  # fmt: skip
    return device


def install(
    session: Session, scope: Scope, *, device_id: UUID, position_id: UUID, at: datetime
) -> Installation:
    """Put a device up at a position from an instant on; raises Conflict while it stands elsewhere."""
    device = queries.device(session, scope, device_id)
    position = network.position(session, scope, position_id)
    scope.demand(
        position.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR, Role.TECHNICIAN, Role.DISPATCHER
    )
    if queries.standing(session, scope, device.id) is not None:
        raise Conflict("this device stands somewhere else", field="device_id", value=str(device_id),
                       remedy="remove it there first")  # fmt: skip
    installation = Installation(
        id=ids.new_id(), organisation_id=position.organisation_id, device_id=device.id, position_id=position.id,
        installed_at=at, removed_at=None,
    )  # fmt: skip
    device.status = DeviceStatus.IN_SERVICE
    session.add(installation)
    session.flush()
    audit.record(
        session, scope, action="device.installed", entity="device", entity_id=device.id,
        organisation_id=position.organisation_id, after={"position": str(position.id), "at": at.isoformat()},
    )  # fmt: skip
    return installation


def remove(session: Session, scope: Scope, *, device_id: UUID, at: datetime) -> None:
    """Take a device down; its readings and the position's history stay."""
    device = queries.device(session, scope, device_id)
    standing = queries.standing(session, scope, device.id)
    if standing is None:
        raise Conflict("this device stands nowhere", field="device_id", value=str(device_id))
    scope.demand(
        standing.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR, Role.TECHNICIAN, Role.DISPATCHER
    )
    standing.removed_at = at
    device.status = DeviceStatus.STORED
    session.flush()
    audit.record(
        session, scope, action="device.removed", entity="device", entity_id=device.id,
        organisation_id=standing.organisation_id, before={"position": str(standing.position_id)},
        after={"at": at.isoformat()},
    )  # fmt: skip


def devices_at(session: Session, scope: Scope, position_id: UUID) -> Sequence[tuple[Installation, Device]]:
    """Return what stands and stood at a position, the present first."""
    return queries.devices_at(session, scope, network.position(session, scope, position_id).id)


def find_devices(
    session: Session, scope: Scope, *, text: str, limit: int = 20
) -> Sequence[tuple[Device, Installation | None]]:
    """Return devices by a part of maker, model or serial number, with where each stands now."""
    return queries.find(session, scope, text, limit)
