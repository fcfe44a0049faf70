"""The life of a device: which step leads from where to where, and who may take it. Pure: one table says it all.

Server, pages, documentation and tests read this table; nothing else decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role

EDITORS = (Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER)
"""Who keeps the register: devices, parts, stores, customer files."""
MENDERS = (*EDITORS, Role.TECHNICIAN)
"""Who puts things up, takes them down, adds documents and moves parts."""

AHEAD = timedelta(minutes=5)
"""How far ahead of our clock a step may be dated: clocks of phones differ."""


class DeviceStatus(StrEnum):
    """Life cycle of a device."""

    PLANNED = "planned"
    PURCHASED = "purchased"
    STORED = "stored"
    INSTALLED = "installed"
    IN_SERVICE = "in_service"
    OUT_OF_SERVICE = "out_of_service"
    SCRAPPED = "scrapped"


_S = DeviceStatus
BEGINNINGS = frozenset({_S.PLANNED, _S.PURCHASED, _S.STORED})
"""How a device may enter the register."""
STANDING = frozenset({_S.INSTALLED, _S.IN_SERVICE, _S.OUT_OF_SERVICE})
"""It stands at a position, and only then."""


@dataclass(frozen=True)
class Step:
    """One allowed move of a device's life."""

    name: str
    sources: frozenset[DeviceStatus]
    target: DeviceStatus
    roles: tuple[Role, ...]


LIFE = (
    Step("purchase", frozenset({_S.PLANNED}), _S.PURCHASED, EDITORS),
    Step("receive", frozenset({_S.PLANNED, _S.PURCHASED}), _S.STORED, EDITORS),
    Step("install", BEGINNINGS, _S.INSTALLED, MENDERS),
    Step("commission", frozenset({_S.INSTALLED}), _S.IN_SERVICE, MENDERS),
    Step("take_out", frozenset({_S.IN_SERVICE}), _S.OUT_OF_SERVICE, MENDERS),
    Step("return", frozenset({_S.OUT_OF_SERVICE}), _S.IN_SERVICE, MENDERS),
    Step("remove", STANDING, _S.STORED, MENDERS),
    Step("scrap", BEGINNINGS, _S.SCRAPPED, EDITORS),
)
STEPS = {step.name: step for step in LIFE}
WITH_A_PLACE = frozenset({"install", "remove"})
"""Steps that are more than a change of status: they have commands of their own."""


def possible(status: DeviceStatus) -> tuple[Step, ...]:
    """Return the steps that lead on from a status."""
    return tuple(step for step in LIFE if status in step.sources)


def take(status: DeviceStatus, name: str) -> DeviceStatus:
    """Return the status a step leads to; raises Conflict where it is not allowed from here."""
    step = STEPS.get(name)
    if step is None:
        raise Refused(f"'{name}' is no step of a device's life", field="step", value=name,
                      remedy="use " + ", ".join(STEPS))  # fmt: skip
    if status not in step.sources:
        onward = ", ".join(one.name for one in possible(status)) or "none: its life is over"
        raise Conflict(
            f"a device that is {status.value} cannot take the step '{name}'", field="step", value=name,
            remedy=f"from here: {onward}",
        )  # fmt: skip
    return step.target


def demand_order(at: datetime, *, last: datetime | None, now: datetime) -> None:
    """Refuse a step dated in the future, or before the last one: the record would not read in order."""
    if at > now + AHEAD:
        raise Refused(
            "this lies in the future", field="at", value=at.isoformat(), remedy="say when it happened"
        )
    if last is not None and at < last:
        raise Conflict(
            "the last step of this device is dated later", field="at", value=at.isoformat(),
            remedy=f"date it {last.isoformat()} or after",
        )  # fmt: skip
