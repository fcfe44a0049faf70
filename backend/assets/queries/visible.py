"""Whose a device is to see: its owner's, and a customer's while it stood where and when they were supplied."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import aliased

from backend.assets.models import Device, DeviceEvent, Document, Installation
from backend.kernel.scope import Scope
from backend.network.models import Position, SupplyAgreement


@lru_cache(maxsize=512)
def installations(scope: Scope) -> ColumnElement[bool]:
    """Condition on Installation: at an own position, or within a period in which the scope was supplied there."""
    meets = (
        or_(SupplyAgreement.ends_at.is_(None), SupplyAgreement.ends_at > Installation.installed_at),
        or_(Installation.removed_at.is_(None), Installation.removed_at > SupplyAgreement.starts_at),
    )
    return or_(
        Installation.organisation_id.in_(scope.organisations),
        _supplied(scope, Installation.position_id, *meets),
    )


@lru_cache(maxsize=512)
def devices(scope: Scope) -> ColumnElement[bool]:
    """Condition on Device: the scope's own, or standing in an installation it may see."""
    stood = aliased_installation(scope)
    return or_(Device.organisation_id.in_(scope.organisations), Device.id.in_(stood))


def aliased_installation(scope: Scope) -> Select[Any]:
    """Ids of devices that stand or stood where the scope may see it."""
    return select(Installation.device_id).where(installations(scope)).correlate(None)


def events(scope: Scope) -> ColumnElement[bool]:
    """Condition on DeviceEvent: the scope's own, or at a position while the scope was supplied there."""
    meets = (
        SupplyAgreement.starts_at <= DeviceEvent.at,
        or_(SupplyAgreement.ends_at.is_(None), SupplyAgreement.ends_at > DeviceEvent.at),
    )
    return or_(
        DeviceEvent.organisation_id.in_(scope.organisations),
        _supplied(scope, DeviceEvent.position_id, *meets),
    )


def documents(scope: Scope) -> ColumnElement[bool]:
    """Condition on Document: kept by the scope's staff; to customers what is shared about what is theirs to see."""
    theirs = or_(
        Document.customer_id.in_(scope.organisations),
        Document.position_id.in_(select(Position.id).where(_supplied(scope, Position.id)).correlate(None)),
        Document.device_id.in_(aliased_installation(scope)),
        Document.organisation_id.in_(scope.organisations),
    )
    return or_(Document.organisation_id.in_(scope.staff_organisations), Document.is_shared & theirs)


def _supplied(scope: Scope, position_id: Any, *meets: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an agreement of the scope covers a position, in a period that meets what is asked."""
    root, here = aliased(Position), aliased(Position)
    return (
        select(SupplyAgreement.id)
        .select_from(SupplyAgreement)
        .join(root, root.id == SupplyAgreement.position_id)
        .join(here, here.path.op("<@")(root.path))
        .where(
            SupplyAgreement.organisation_id.in_(scope.organisations), here.id == position_id, *meets
        )
        .exists()
    )  # fmt: skip
