"""The register of devices: entering them, saying what is known of them, and what they are part of."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.models import Device, DeviceStatus, Installation
from backend.assets.rules import life as rules
from backend.assets.service import trace
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role, Scope
from backend.network import service as network

CHANGEABLE = (
    "family", "manufacturer", "model", "serial_number", "purchased_on", "purchase_cost", "purchase_currency",
    "supplier", "warranty_until", "attributes",
)  # fmt: skip
"""What may be said otherwise of a device; its status and place have commands of their own."""
PLATE = frozenset({"manufacturer", "model", "serial_number"})
"""What its rating plate says: whoever stands before it may put that right."""


@dataclass(frozen=True)
class Purchase:
    """How a device was bought. on: day; cost: in currency (ISO 4217); warranty_until: the last day."""

    on: date | None = None
    cost: Decimal | None = None
    currency: str | None = None
    supplier: str | None = None
    warranty_until: date | None = None


NOT_SAID = Purchase()


def register_device(
    session: Session, scope: Scope, *, organisation_id: UUID, manufacturer: str, model: str, serial_number: str,
    family: str | None = None, is_simulated: bool = False, attributes: dict[str, Any] | None = None,
    status: DeviceStatus = DeviceStatus.STORED, purchase: Purchase = NOT_SAID, parent_id: UUID | None = None,
    at: datetime | None = None,
) -> Device:  # fmt: skip
    """Enter a device; family names its register table. It stands nowhere yet.

    status: planned, purchased or stored; at: since when it is that, now unless said
    """
    scope.demand(organisation_id, *rules.EDITORS)
    return enter(
        session, scope, organisation_id=organisation_id, manufacturer=manufacturer, model=model,
        serial_number=serial_number, family=family, is_simulated=is_simulated, attributes=attributes,
        status=status, purchase=purchase, parent_id=parent_id, at=at,
    )  # fmt: skip


def enter(
    session: Session, scope: Scope, *, organisation_id: UUID, manufacturer: str, model: str, serial_number: str,
    family: str | None = None, is_simulated: bool = False, attributes: dict[str, Any] | None = None,
    status: DeviceStatus = DeviceStatus.STORED, purchase: Purchase = NOT_SAID, parent_id: UUID | None = None,
    at: datetime | None = None,
) -> Device:  # fmt: skip
    """Enter a device for somebody whose right to do so was looked at before."""
    if status not in rules.BEGINNINGS:
        raise Refused(
            f"a device does not enter the register as {status.value}", field="status", value=status.value,
            remedy="enter it as stored, then install it",
        )  # fmt: skip
    now = clock.now()
    rules.demand_order(at or now, last=None, now=now)
    device = Device(
        id=ids.new_id(), organisation_id=organisation_id, parent_id=None, family=family, manufacturer=manufacturer,
        model=model, serial_number=serial_number, status=status, is_simulated=is_simulated,
        attributes=attributes or {}, created_at=now, commissioned_at=None, purchased_on=purchase.on,
        purchase_cost=purchase.cost, purchase_currency=purchase.currency, supplier=purchase.supplier,
        warranty_until=purchase.warranty_until,
    )  # fmt: skip
    _demand_sense(device)
    _demand_new_number(session, scope, device)
    session.add(device)
    session.flush()
    trace.step(session, scope, device, "entered", before=None, at=at or now)
    audit.record(
        session, scope, action="device.registered", entity="device", entity_id=device.id,
        organisation_id=organisation_id, after={"model": model, "serial_number": serial_number},
    )  # fmt: skip
    if parent_id is not None:
        put_into(session, scope, device_id=device.id, parent_id=parent_id)
    return device


def change_device(session: Session, scope: Scope, *, device_id: UUID, **said: Any) -> Device:
    """Say otherwise what a device is, how it was bought, how long its warranty runs; see CHANGEABLE."""
    device = queries.device(session, scope, device_id, lock=True)
    scope.demand(device.organisation_id, *(rules.MENDERS if said.keys() <= PLATE else rules.EDITORS))
    unknown = set(said) - set(CHANGEABLE)
    if unknown:
        raise Refused("this is not changed here", field=min(unknown), remedy="use the commands of its life")
    before = {name: getattr(device, name) for name in said}
    changed = {name: value for name, value in said.items() if value != before[name]}
    if not changed:
        return device
    for name, value in changed.items():
        setattr(device, name, value)
    _demand_sense(device)
    if changed.keys() & {"manufacturer", "serial_number"}:
        with session.no_autoflush:
            _demand_new_number(session, scope, device)
    session.flush()
    trace.noted(session, scope, device)
    audit.record(
        session, scope, action="device.changed", entity="device", entity_id=device.id,
        organisation_id=device.organisation_id, before={name: _plain(before[name]) for name in changed},
        after={name: _plain(value) for name, value in changed.items()},
    )  # fmt: skip
    return device


def put_into(session: Session, scope: Scope, *, device_id: UUID, parent_id: UUID | None) -> Device:
    """Make a device part of another (None: of none); raises Refused where it would be part of itself."""
    device = queries.device(session, scope, device_id, lock=True)
    scope.demand(device.organisation_id, *rules.EDITORS, Role.TECHNICIAN)
    before = device.parent_id
    if parent_id is not None:
        whole = queries.device(session, scope, parent_id)
        if queries.is_within(session, scope, whole.id, device.id):
            raise Refused(
                "a device is no part of itself", field="parent_id", value=str(parent_id),
                remedy="choose a device that is not part of this one",
            )  # fmt: skip
    if before == parent_id:
        return device
    device.parent_id = parent_id
    session.flush()
    trace.noted(session, scope, device)
    audit.record(
        session, scope, action="device.put_into", entity="device", entity_id=device.id,
        organisation_id=device.organisation_id, before={"parent": _plain(before)},
        after={"parent": _plain(parent_id)},
    )  # fmt: skip
    return device


def device(session: Session, scope: Scope, device_id: UUID) -> Device:
    """Return one device; raises NotFound."""
    return queries.device(session, scope, device_id)


def devices_by_id(session: Session, scope: Scope, device_ids: Collection[UUID]) -> dict[UUID, Device]:
    """Return devices by their ids; those the scope does not see are left out."""
    return {found.id: found for found in queries.devices_by_id(session, scope, device_ids)}


def devices_at(session: Session, scope: Scope, position_id: UUID) -> Sequence[tuple[Installation, Device]]:
    """Return all that stands and stood at a position, the present first."""
    return queries.devices_at(session, scope, network.position(session, scope, position_id).id)


def list_devices_at(
    session: Session, scope: Scope, position_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[tuple[Installation, Device]]:
    """Return a page of what stands and stood at a position, the present first."""
    here = network.position(session, scope, position_id)
    return queries.devices_page(session, scope, here.id, cursor=cursor, limit=limit)


def standing_at(
    session: Session, scope: Scope, position_ids: Collection[UUID]
) -> Sequence[tuple[Installation, Device]]:
    """Return what stands now at several positions, as far as the scope sees it."""
    return queries.standing_at(session, scope, position_ids)


def parts_of(
    session: Session, scope: Scope, device_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Device]:
    """Return a page of the devices that are directly part of another."""
    return queries.parts_of(session, scope, device_id, cursor=cursor, limit=limit)


def _demand_sense(device: Device) -> None:
    for name in ("manufacturer", "model", "serial_number"):
        value = (getattr(device, name) or "").strip()
        if not 1 <= len(value) <= 200:
            raise Refused(
                "this needs 1 to 200 characters",
                field=name,
                value=value[:200],
                remedy="read the rating plate",
            )
        setattr(device, name, value)
    if device.purchase_cost is not None and device.purchase_cost < 0:
        raise Refused("a price is not negative", field="purchase_cost", value=str(device.purchase_cost))
    if device.purchase_cost is not None and not re.fullmatch("[A-Z]{3}", device.purchase_currency or ""):
        raise Refused(
            "a price needs its currency", field="purchase_currency", value=device.purchase_currency,
            remedy="use three letters such as CNY",
        )  # fmt: skip


def _demand_new_number(session: Session, scope: Scope, device: Device) -> None:
    known = queries.of_number(
        session, scope, device.organisation_id, device.manufacturer, device.serial_number
    )
    if known is not None and known.id != device.id:
        raise Conflict(
            f"{device.manufacturer} {device.serial_number} is already in the register", field="serial_number",
            value=device.serial_number, remedy="read the rating plate again, or open that device",
            device_id=str(known.id),
        )  # fmt: skip


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | dict | list) else str(value)
