"""The table of devices: its rows, what is wrong with them, and writing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.models import Device, DeviceStatus
from backend.assets.queries.register import Asset, DeviceFilter
from backend.assets.rules import life as rules
from backend.assets.rules import sheet
from backend.assets.rules.sheet import DEVICES, Parsed, Problem, Row
from backend.assets.service import devices, life
from backend.assets.service.devices import Purchase
from backend.kernel import clock, ids
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope

PLAIN = (
    "manufacturer", "model", "serial_number", "family", "purchased_on", "purchase_cost", "purchase_currency",
    "supplier", "warranty_until",
)  # fmt: skip


class Names(Protocol):
    """Positions by what a table calls them."""

    def find(self, said: str) -> UUID | Parsed:
        """Return a position that is there, or the row that makes it; raises ValueError."""

    def id_of(self, said: str) -> UUID:
        """Return its id, once the table's positions are written."""


class Report(Protocol):
    """Where findings go."""

    problems: list[Problem]
    created: list[tuple[str, int]]
    changed: list[tuple[str, int]]
    unchanged: int


class RowRefused(Exception):
    """A row looked right and was refused all the same when it was written."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def rows(session: Session, scope: Scope, organisations: frozenset[UUID]) -> list[Row]:
    """Return the devices of organisations as rows, by serial number."""
    wanted = DeviceFilter(organisations=organisations)
    found = queries.register.table(session, scope, wanted, limit=sheet.MOST_ROWS)
    return [Row(number, _cells(asset)) for number, asset in enumerate(found, start=2)]


def look(session: Session, scope: Scope, parsed_rows: Sequence[Parsed], named: Names, report: Report) -> None:
    """Say what is wrong with each row, or whether it is new, changes something, or nothing."""
    identifiers = tuple(one.values["id"] for one in parsed_rows if one.values["id"])
    there = {
        asset.device.id: asset
        for asset in queries.register.table(
            session, scope, DeviceFilter(device_ids=identifiers), limit=sheet.MOST_ROWS
        )
    }
    numbers = {(one.values["manufacturer"] or "", one.values["serial_number"] or "") for one in parsed_rows}
    taken = {
        (one.manufacturer, one.serial_number): one.id
        for one in queries.taken_numbers(session, scope, numbers)
    }
    seen: dict[tuple[str, str], int] = {}
    for parsed in parsed_rows:
        before = len(report.problems)
        for column, message in _faults(parsed, there, taken, seen, named):
            report.problems.append(Problem(DEVICES, parsed.number, column, message))
        if len(report.problems) > before:
            continue
        if parsed.values["id"] is None:
            report.created.append((DEVICES, parsed.number))
        elif _changes(parsed, there[parsed.values["id"]].device):
            report.changed.append((DEVICES, parsed.number))
        else:
            report.unchanged += 1


def write(
    session: Session, scope: Scope, organisation_id: UUID, parsed_rows: Sequence[Parsed], named: Names
) -> None:
    """Write the rows; raises RowRefused at the first that cannot be."""
    for parsed in parsed_rows:
        try:
            _write(session, scope, organisation_id, parsed, named)
        except EnerfieldError as error:
            raise RowRefused(Problem(DEVICES, parsed.number, error.field or "", error.message)) from None


def _cells(asset: Asset) -> dict[str, Any]:
    device = asset.device
    return {
        "id": ids.show(device.id), "position": ids.show(asset.position.id) if asset.position else None,
        "status": device.status.value, **{name: getattr(device, name) for name in PLAIN},
    }  # fmt: skip


def _faults(
    parsed: Parsed, there: dict[UUID, Asset], taken: dict[tuple[str, str], UUID],
    seen: dict[tuple[str, str], int], named: Names,
) -> list[tuple[str, str]]:  # fmt: skip
    """Return what is wrong with a row, as (column, message)."""
    values, faults = parsed.values, []
    for column in ("manufacturer", "model", "serial_number"):
        if not values[column]:
            faults.append((column, "read it off the rating plate"))
    if values["purchase_cost"] is not None and not values["purchase_currency"]:
        faults.append(("purchase_currency", "a price needs its currency"))
    number = (values["manufacturer"] or "", values["serial_number"] or "")
    if seen.setdefault(number, parsed.number) != parsed.number:
        faults.append(("serial_number", f"the same as in row {seen[number]}"))
    if taken.get(number) not in (None, values["id"]):
        faults.append(("serial_number", "already in the register under another id"))
    place: UUID | Parsed | None = None
    if values["position"]:
        try:
            place = named.find(values["position"])
        except ValueError as error:
            faults.append(("position", str(error)))
    if values["id"] is None:
        return faults + _faults_of_new(values)
    known = there.get(values["id"])
    if known is None:
        return [*faults, ("id", "no device of yours has this id")]
    if values["status"] and values["status"] != known.device.status.value:
        faults.append(("status", "a status is changed by the steps of its life, not by a table"))
    if place != (known.position.id if known.position else None):
        faults.append(("position", "a device is moved on its page, not by a table"))
    return faults


def _faults_of_new(values: dict[str, Any]) -> list[tuple[str, str]]:
    status = DeviceStatus(values["status"] or DeviceStatus.STORED.value)
    if values["position"] and status not in rules.STANDING:
        return [("status", "what stands at a position is installed, in_service or out_of_service")]
    if not values["position"] and status not in rules.BEGINNINGS:
        return [("position", f"a new device that is {status.value} stands somewhere")]
    return []


def _changes(parsed: Parsed, known: Device) -> dict[str, Any]:
    return {name: parsed.values[name] for name in PLAIN if parsed.values[name] != getattr(known, name)}


def _write(session: Session, scope: Scope, organisation_id: UUID, parsed: Parsed, named: Names) -> None:
    values = parsed.values
    if values["id"] is not None:
        changed = _changes(parsed, queries.device(session, scope, values["id"]))
        if changed:
            devices.change_device(session, scope, device_id=values["id"], **changed)
        return
    status = DeviceStatus(values["status"] or DeviceStatus.STORED.value)
    purchase = Purchase(
        values["purchased_on"], values["purchase_cost"], values["purchase_currency"], values["supplier"],
        values["warranty_until"],
    )  # fmt: skip
    made = devices.register_device(
        session, scope, organisation_id=organisation_id, manufacturer=values["manufacturer"], model=values["model"],
        serial_number=values["serial_number"], family=values["family"], purchase=purchase,
        status=status if status in rules.BEGINNINGS else DeviceStatus.STORED,
    )  # fmt: skip
    if not values["position"]:
        return
    now = clock.now()
    life.install(
        session, scope, device_id=made.id, position_id=named.id_of(values["position"]), at=now,
        commissioned=status is not DeviceStatus.INSTALLED,
    )  # fmt: skip
    if status is DeviceStatus.OUT_OF_SERVICE:
        life.take_step(session, scope, device_id=made.id, step="take_out", at=now)
