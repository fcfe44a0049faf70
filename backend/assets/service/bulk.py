"""Change many devices in one go: one command, one audit event for each device that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets.rules import life as rules
from backend.assets.service import devices, life
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Scope

MOST = 1000
SETTABLE = ("family", "supplier", "warranty_until", "purchased_on")
"""What may be set for many at once; attributes are added to those that are there."""


@dataclass(frozen=True)
class NotChanged:
    """A device the command did not fit, and why."""

    device_id: UUID
    error: EnerfieldError


def change_many(
    session: Session, scope: Scope, *, device_ids: Sequence[UUID], step: str | None = None,
    reason: str | None = None, said: Mapping[str, Any] | None = None, attributes: Mapping[str, Any] | None = None,
) -> list[NotChanged]:  # fmt: skip
    """Take a step of their lives with many devices, set the same for all, or both.

    step: a step without a place; said: any of SETTABLE; attributes: added to each one's own (None takes one out)
    returns: devices that were left as they were, each with the reason; the others are changed
    """
    if not device_ids or len(set(device_ids)) > MOST:
        raise Refused(f"choose 1 to {MOST} devices", field="device_ids", value=len(device_ids))
    said = dict(said or {})
    if set(said) - set(SETTABLE):
        raise Refused(
            "this is not set for many at once", field=min(set(said) - set(SETTABLE)),
            remedy="use " + ", ".join(SETTABLE),
        )  # fmt: skip
    if step is not None and (step not in rules.STEPS or step in rules.WITH_A_PLACE):
        raise Refused("this is no step to take with many at once", field="step", value=step)
    if step is None and not said and not attributes:
        raise Refused("nothing is to be changed", remedy="choose a step or something to set")
    left = []
    for device_id in sorted(set(device_ids)):
        try:
            with session.begin_nested():
                _change(session, scope, device_id, step, reason, said, attributes or {})
        except EnerfieldError as error:
            left.append(NotChanged(device_id, error))
    return left


def _change(
    session: Session, scope: Scope, device_id: UUID, step: str | None, reason: str | None, said: dict[str, Any],
    attributes: Mapping[str, Any],
) -> None:  # fmt: skip
    if step is not None:
        life.take_step(session, scope, device_id=device_id, step=step, reason=reason)
    if attributes:
        own = devices.device(session, scope, device_id).attributes | dict(attributes)
        said = said | {"attributes": {name: value for name, value in own.items() if value is not None}}
    if said:
        devices.change_device(session, scope, device_id=device_id, **said)
