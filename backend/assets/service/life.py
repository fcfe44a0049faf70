"""The life of a device: put up, taken down, exchanged, and every other step of the table in rules/life.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import events, queries
from backend.assets.events import RegisterSwap
from backend.assets.models import Device, DeviceStatus, Installation
from backend.assets.rules import life as rules
from backend.assets.service import devices, trace
from backend.assets.service.devices import NOT_SAID, Purchase
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.network.models import Position


@dataclass(frozen=True)
class NewDevice:
    """A device that is not in the register yet, as its rating plate says."""

    manufacturer: str
    model: str
    serial_number: str
    family: str | None = None
    purchase: Purchase = NOT_SAID
    is_simulated: bool = False


@dataclass(frozen=True)
class LifeStep:
    """One line of the life record. actor, place: names as they are now; None where not said or not to be seen."""

    at: datetime
    recorded_at: datetime
    device_id: UUID
    step: str
    from_status: DeviceStatus | None
    to_status: DeviceStatus
    reason: str | None
    actor_kind: str
    actor_id: UUID | None
    actor: str | None
    position: Position | None


def install(
    session: Session, scope: Scope, *, device_id: UUID, position_id: UUID, at: datetime,
    commissioned: bool = True, reason: str | None = None,
) -> Installation:  # fmt: skip
    """Put a device up at a position from an instant on; raises Conflict while it stands elsewhere.

    commissioned: it goes into service at once; otherwise that is a step of its own
    """
    device = queries.device(session, scope, device_id, lock=True)
    position = network.position(session, scope, position_id)
    scope.demand(position.organisation_id, *rules.MENDERS)
    scope.demand(device.organisation_id, *rules.MENDERS)
    if queries.standing(session, scope, device.id) is not None:
        raise Conflict("this device stands somewhere else", field="device_id", value=str(device_id),
                       remedy="remove it there first")  # fmt: skip
    installation = Installation(
        id=ids.new_id(), organisation_id=position.organisation_id, device_id=device.id, position_id=position.id,
        installed_at=at, removed_at=None,
    )  # fmt: skip
    _step(session, scope, device, "install", at=at, position_id=position.id, reason=reason)
    session.add(installation)
    session.flush()
    if commissioned:
        _step(session, scope, device, "commission", at=at, position_id=position.id, reason=None)
    trace.noted(session, scope, device, position.organisation_id)
    audit.record(
        session, scope, action="device.installed", entity="device", entity_id=device.id,
        organisation_id=position.organisation_id, after={"position": str(position.id), "at": at.isoformat()},
    )  # fmt: skip
    return installation


def remove(
    session: Session, scope: Scope, *, device_id: UUID, at: datetime, reason: str | None = None
) -> None:
    """Take a device down; its readings and the position's history stay."""
    device = queries.device(session, scope, device_id, lock=True)
    standing = queries.standing(session, scope, device.id)
    if standing is None:
        raise Conflict("this device stands nowhere", field="device_id", value=str(device_id))
    scope.demand(standing.organisation_id, *rules.MENDERS)
    scope.demand(device.organisation_id, *rules.MENDERS)
    if at <= standing.installed_at:
        raise Conflict(
            "this device was put up later", field="at", value=at.isoformat(),
            remedy=f"date it after {standing.installed_at.isoformat()}",
        )  # fmt: skip
    _step(session, scope, device, "remove", at=at, position_id=standing.position_id, reason=reason)
    standing.removed_at = at
    session.flush()
    trace.noted(session, scope, device, standing.organisation_id)
    audit.record(
        session, scope, action="device.removed", entity="device", entity_id=device.id,
        organisation_id=standing.organisation_id, before={"position": str(standing.position_id)},
        after={"at": at.isoformat()},
    )  # fmt: skip


def take_step(
    session: Session, scope: Scope, *, device_id: UUID, step: str, at: datetime | None = None,
    reason: str | None = None,
) -> Device:  # fmt: skip
    """Take a step of a device's life that leaves it where it is; see LIFE in rules/life.py.

    raises Conflict where the step does not lead on from its status, Refused for 'install' and 'remove'
    """
    if step in rules.WITH_A_PLACE:
        raise Refused(
            f"'{step}' needs a place", field="step", value=step, remedy="use the command of that name"
        )
    device = queries.device(session, scope, device_id, lock=True)
    before = device.status
    rules.take(before, step)
    scope.demand(device.organisation_id, *rules.STEPS[step].roles)
    standing = queries.standing(session, scope, device.id)
    _step(
        session, scope, device, step, at=at or clock.now(), reason=reason,
        position_id=standing.position_id if standing else None,
    )  # fmt: skip
    session.flush()
    audit.record(
        session, scope, action=f"device.{step}", entity="device", entity_id=device.id,
        organisation_id=device.organisation_id, before={"status": before.value},
        after={"status": device.status.value, "reason": reason},
    )  # fmt: skip
    return device


def exchange_device(
    session: Session, scope: Scope, *, position_id: UUID, removed_id: UUID, installed: UUID | NewDevice,
    at: datetime, registers: Sequence[RegisterSwap] = (), reason: str | None = None,
) -> Installation:  # fmt: skip
    """Put up a device in place of another, at one instant; the position and its points go on.

    installed: a device from the register, or one that enters it with this
    registers: for each register point of the position what the old device last showed and what the new one
        began with [unit of the point]; metering hears of it and keeps the energy of both (assets.exchanged)
    """
    position = network.position(session, scope, position_id)
    scope.demand(position.organisation_id, *rules.MENDERS)
    standing = queries.standing(session, scope, removed_id)
    if standing is None or standing.position_id != position.id:
        raise Conflict(
            "this device does not stand here", field="removed_id", value=str(removed_id),
            remedy="look again at what stands here",
        )  # fmt: skip
    if len({one.point_id for one in registers}) < len(registers):
        raise Refused("a register is named twice", field="registers", remedy="give each point once")
    remove(session, scope, device_id=removed_id, at=at, reason=reason)
    if isinstance(installed, NewDevice):
        installed = _enter(session, scope, position.organisation_id, installed, at).id
    made = install(session, scope, device_id=installed, position_id=position.id, at=at, reason=reason)
    news = events.exchanged(
        position.id, position.organisation_id, removed=removed_id, installed=installed, at=at,
        registers=registers, actor_id=scope.actor_id,
    )  # fmt: skip
    publish(session, news)
    audit.record(
        session, scope, action="device.exchanged", entity="position", entity_id=position.id,
        organisation_id=position.organisation_id, before={"device": str(removed_id)},
        after={"device": str(installed), "at": at.isoformat(), "registers": news.body["registers"]},
    )  # fmt: skip
    return made


def life_of(
    session: Session, scope: Scope, device_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[LifeStep]:
    """Return a page of what happened in a device's life, in order, as far as the scope may see it."""
    found = queries.device(session, scope, device_id)
    steps = queries.life(session, scope, found.id, cursor=cursor, limit=limit)
    return steps.each(lambda row: _line(*row))


def life_at(
    session: Session, scope: Scope, position_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[LifeStep]:
    """Return a page of the steps taken at a position, the newest first."""
    found = network.position(session, scope, position_id)
    steps = queries.happened_at(session, scope, found.id, cursor=cursor, limit=limit)
    return steps.each(lambda row: _line(*row))


def places_of(
    session: Session, scope: Scope, device_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[tuple[Installation, Position]]:
    """Return a page of where a device stood, the present first."""
    return queries.places_of(session, scope, device_id, cursor=cursor, limit=limit)


def _enter(session: Session, scope: Scope, organisation_id: UUID, new: NewDevice, at: datetime) -> Device:
    said: dict[str, Any] = dict(new.__dict__)
    return devices.enter(session, scope, organisation_id=organisation_id, at=at, **said)


def _step(
    session: Session, scope: Scope, device: Device, name: str, *, at: datetime, position_id: UUID | None,
    reason: str | None,
) -> None:  # fmt: skip
    """Take a step of the table and write it down."""
    before = device.status
    after = rules.take(before, name)
    rules.demand_order(at, last=queries.last_step(session, scope, device.id), now=clock.now())
    device.status = after
    if after is DeviceStatus.IN_SERVICE and device.commissioned_at is None:
        device.commissioned_at = at
    trace.step(session, scope, device, name, before=before, at=at, position_id=position_id, reason=reason)


def _line(event: Any, actor: str | None, position: Position | None) -> LifeStep:
    return LifeStep(
        event.at, event.recorded_at, event.device_id, event.step, event.from_status, event.to_status, event.reason,
        event.actor_kind, event.actor_id, actor, position,
    )  # fmt: skip
