"""Devices, where each stood when, and their lives, confined to a scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.assets.models import Device, DeviceEvent, Installation
from backend.assets.queries import visible
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.network.models import Position
from backend.tenancy.models import Person


def device(session: Session, scope: Scope, device_id: UUID, *, lock: bool = False) -> Device:
    """One device, the scope's own or standing where it is supplied; raises NotFound.

    lock: nobody else changes its life until this transaction ends
    """
    query = select(Device).where(Device.id == device_id, visible.devices(scope))
    if lock:
        query = query.with_for_update(of=Device).execution_options(populate_existing=True)
    return required(session, query, "there is no such device", device_id=device_id)


def devices_by_id(session: Session, scope: Scope, device_ids: Collection[UUID]) -> Sequence[Device]:
    """Devices by id, in no order."""
    return session.scalars(select(Device).where(Device.id.in_(device_ids), visible.devices(scope))).all()


def of_number(
    session: Session, scope: Scope, organisation_id: UUID, manufacturer: str, serial_number: str
) -> Device | None:
    """The device with a maker's serial number in an organisation's register."""
    return session.scalar(
        select(Device).where(
            Device.organisation_id == organisation_id, Device.organisation_id.in_(scope.organisations),
            Device.manufacturer == manufacturer, Device.serial_number == serial_number,
        )
    )  # fmt: skip


def devices_at(session: Session, scope: Scope, position_id: UUID) -> Sequence[tuple[Installation, Device]]:
    """Devices at a position, those standing there now first, then the ones before them."""
    rows = session.execute(
        select(Installation, Device)
        .join(Device, Device.id == Installation.device_id)
        .where(Installation.position_id == position_id, visible.installations(scope))
        .order_by(Installation.removed_at.desc().nulls_first(), Installation.installed_at.desc())
    )
    return [(row[0], row[1]) for row in rows]


def standing_at(
    session: Session, scope: Scope, position_ids: Collection[UUID]
) -> Sequence[tuple[Installation, Device]]:
    """Devices that stand at several positions now."""
    rows = session.execute(
        select(Installation, Device)
        .join(Device, Device.id == Installation.device_id)
        .where(
            Installation.position_id.in_(position_ids), Installation.removed_at.is_(None), visible.installations(scope)
        )
        .order_by(Installation.position_id, Installation.installed_at.desc())
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def standing(session: Session, scope: Scope, device_id: UUID) -> Installation | None:
    """Where a device stands now."""
    return session.scalar(
        select(Installation).where(
            Installation.device_id == device_id,
            Installation.removed_at.is_(None),
            visible.installations(scope),
        )
    )


def devices_page(
    session: Session, scope: Scope, position_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[tuple[Installation, Device]]:
    """A page of the devices at a position, those standing there now first, then the ones before them."""
    query = (
        select(Installation, Device)
        .join(Device, Device.id == Installation.device_id)
        .where(Installation.position_id == position_id, visible.installations(scope))
    )
    stands = Installation.removed_at.is_(None)
    by = (stands.desc(), Installation.installed_at.desc(), Installation.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def places_of(
    session: Session, scope: Scope, device_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[tuple[Installation, Position]]:
    """Where a device stood, the present first."""
    query = (
        select(Installation, Position)
        .join(Position, Position.id == Installation.position_id)
        .where(Installation.device_id == device_id, visible.installations(scope))
    )
    by = (Installation.installed_at.desc(), Installation.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def parts_of(
    session: Session, scope: Scope, device_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[Device]:
    """Devices that are directly part of another, by maker and serial number."""
    query = select(Device).where(Device.parent_id == device_id, visible.devices(scope))
    by = (Device.manufacturer, Device.serial_number, Device.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def is_within(session: Session, _scope: Scope, device_id: UUID, whole_id: UUID) -> bool:
    """Whether a device is another, or part of it at any depth."""
    above = select(Device.id, Device.parent_id).where(Device.id == device_id).cte("above", recursive=True)
    higher = aliased(Device)
    above = above.union(select(higher.id, higher.parent_id).join(above, higher.id == above.c.parent_id))
    return session.scalar(select(above.c.id).where(above.c.id == whole_id)) is not None


def last_step(session: Session, _scope: Scope, device_id: UUID) -> datetime | None:
    """When the last dated step of a device's life was; its entry in the register may be dated later."""
    return session.scalar(
        select(func.max(DeviceEvent.at)).where(
            DeviceEvent.device_id == device_id, DeviceEvent.from_status.is_not(None)
        )
    )


def life(
    session: Session, scope: Scope, device_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[tuple[DeviceEvent, str, Position]]:
    """The steps of a device's life in order, each with who took it and where: its entry first."""
    query = _steps(scope).where(DeviceEvent.device_id == device_id)
    by = (DeviceEvent.from_status.is_not(None), DeviceEvent.at, DeviceEvent.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def happened_at(
    session: Session, scope: Scope, position_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[tuple[DeviceEvent, str, Position]]:
    """The newest steps taken at a position, whatever device they concern."""
    query = _steps(scope).where(DeviceEvent.position_id == position_id)
    by = (DeviceEvent.at.desc(), DeviceEvent.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def find(
    session: Session, scope: Scope, device_ids: Sequence[UUID]
) -> Sequence[tuple[Device, Installation | None]]:
    """Devices by id, each with where it stands now, in the order given."""
    rows = session.execute(
        select(Device, Installation)
        .select_from(Device)
        .outerjoin(
            Installation,
            (Installation.device_id == Device.id)
            & Installation.removed_at.is_(None)
            & visible.installations(scope),
        )
        .where(Device.id.in_(device_ids), visible.devices(scope))
    )
    found = {row[0].id: (row[0], row[1]) for row in rows}
    return [found[one] for one in device_ids if one in found]


def taken_numbers(session: Session, scope: Scope, numbers: Collection[tuple[str, str]]) -> Sequence[Device]:
    """Devices of the scope's own registers with one of these (maker, serial number)."""
    serials = {serial for _maker, serial in numbers}
    found = session.scalars(
        select(Device).where(
            Device.organisation_id.in_(scope.organisations), Device.serial_number.in_(serials)
        )
    )
    return [one for one in found if (one.manufacturer, one.serial_number) in numbers]


def _steps(scope: Scope) -> Select[Any]:
    return (
        select(DeviceEvent, Person.name, Position)
        .outerjoin(Person, Person.id == DeviceEvent.actor_id)
        .outerjoin(Position, Position.id == DeviceEvent.position_id)
        .where(or_(visible.events(scope)))
    )
