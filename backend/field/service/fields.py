"""The fields that phones and the office both write: names and pins of positions, plates of devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.network.models import Position


def read(
    session: Session, scope: Scope, entity: str, entity_id: UUID, names: Iterable[str]
) -> tuple[UUID, dict[str, Any]]:
    """Return whose the thing is, and what its fields say now: nobody else writes them until the transaction ends, so
    that what they say is what gives way."""
    if entity == "device":
        device = assets.device(session, scope, entity_id)
        session.refresh(device, with_for_update=True)
        return device.organisation_id, {name: getattr(device, name) for name in names}
    position = network.position(session, scope, entity_id)
    session.refresh(position, with_for_update=True)
    here = _pin(position)
    return position.organisation_id, {
        name: here[name] if name in here else getattr(position, name) for name in names
    }


def write(session: Session, scope: Scope, entity: str, entity_id: UUID, said: Mapping[str, Any]) -> None:
    """Let the fields say something else."""
    if entity == "device":
        assets.change_device(session, scope, device_id=entity_id, **said)
        return
    words: dict[str, Any] = {name: said[name] for name in said if name not in ("lat", "lon")}
    if "lat" in said:
        at = None if said["lat"] is None else {"type": "Point", "coordinates": [said["lon"], said["lat"]]}
        words["geometry"] = at
    network.change_position(session, scope, position_id=entity_id, **words)


def _pin(position: Position) -> dict[str, float | None]:
    if position.geometry is None:
        return {"lat": None, "lon": None}
    point = to_shape(position.geometry).representative_point()
    return {"lat": point.y, "lon": point.x}
