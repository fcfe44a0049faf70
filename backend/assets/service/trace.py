"""What every command of a device leaves behind: a line of its life, and a note for those who hold a copy."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.models import Device, DeviceEvent, DeviceStatus
from backend.kernel import changes, clock, ids
from backend.kernel.scope import Scope


def step(
    session: Session, scope: Scope, device: Device, name: str, *, before: DeviceStatus | None, at: datetime,
    position_id: UUID | None = None, reason: str | None = None,
) -> None:  # fmt: skip
    """Write a step of a device's life, at which its status became what it is now."""
    session.add(
        DeviceEvent(
            id=ids.new_id(), organisation_id=device.organisation_id, device_id=device.id, at=at,
            recorded_at=clock.now(), step=name, from_status=before, to_status=device.status,
            position_id=position_id, reason=reason, actor_kind=scope.kind.value, actor_id=scope.actor_id,
        )
    )  # fmt: skip
    noted(session, scope, device)


def noted(session: Session, scope: Scope, device: Device, *also: UUID) -> None:
    """Tell those who follow the device's organisation, and others it concerns, that it changed."""
    for organisation_id in dict.fromkeys((device.organisation_id, *also)):
        changes.note(session, scope, entity="device", entity_id=device.id, organisation_id=organisation_id)
