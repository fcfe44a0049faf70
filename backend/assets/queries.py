"""Every SELECT of assets, each confined to a scope."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from backend.assets.models import Device, Installation
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope
from backend.network import queries as network


def device(session: Session, scope: Scope, device_id: UUID) -> Device:
    """One device, owned by the scope or standing where the scope is supplied; raises NotFound."""
    found = session.scalar(
        select(Device).where(
            Device.id == device_id,
            or_(
                Device.organisation_id.in_(scope.organisations),
                exists().where(
                    Installation.device_id == Device.id,
                    Installation.position_id.in_(network.covered_positions(scope)),
                ),
            ),
        )
    )
    if found is None:
        raise NotFound("there is no such device", field="device_id", value=str(device_id))
    return found


def devices_at(session: Session, scope: Scope, position_id: UUID) -> Sequence[tuple[Installation, Device]]:
    """Devices at a position, those standing there now first, then the ones before them."""
    rows = session.execute(
        select(Installation, Device)
        .join(Device, Device.id == Installation.device_id)
        .where(
            Installation.position_id == position_id,
            network.owned_or_covered(scope, Installation.organisation_id, Installation.position_id),
        )
        .order_by(Installation.removed_at.desc().nulls_first(), Installation.installed_at.desc())
    )
    return [(row[0], row[1]) for row in rows]


def standing(session: Session, scope: Scope, device_id: UUID) -> Installation | None:
    """Where a device stands now."""
    return session.scalar(
        select(Installation).where(
            Installation.device_id == device_id,
            Installation.removed_at.is_(None),
            Installation.organisation_id.in_(scope.organisations),
        )
    )


def find(
    session: Session, scope: Scope, text: str, limit: int
) -> Sequence[tuple[Device, Installation | None]]:
    """Devices whose maker, model or serial number holds a text, with where each stands now, by serial number."""
    rows = session.execute(
        select(Device, Installation)
        .outerjoin(Installation, (Installation.device_id == Device.id) & Installation.removed_at.is_(None))
        .where(
            or_(
                Device.organisation_id.in_(scope.organisations),
                Installation.position_id.in_(network.covered_positions(scope)),
            ),
            or_(
                *(
                    column.icontains(text, autoescape=True)
                    for column in (Device.manufacturer, Device.model, Device.serial_number)
                )
            ),
        )
        .order_by(Device.serial_number, Device.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]
