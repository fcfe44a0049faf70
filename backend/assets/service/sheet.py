"""Positions and devices as a table: out, and in again after a dry run that names every fault by row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.rules import life, sheet
from backend.assets.rules.sheet import DEVICES, POSITIONS, Parsed, Problem, Row, Sheet
from backend.assets.service import sheet_devices
from backend.kernel import ids
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier
from backend.network import service as network
from backend.network.models import Position, PositionKind
from backend.network.service import NewPosition
from backend.tenancy import service as tenancy

KINDS = tuple(kind.value for kind in PositionKind)
PLAIN = ("code", "name", "name_zh", "category")


@dataclass
class SheetReport:
    """What an import would do, or did. problems: nothing is written while there is one."""

    problems: list[Problem] = field(default_factory=list)
    created: list[tuple[str, int]] = field(default_factory=list)
    changed: list[tuple[str, int]] = field(default_factory=list)
    unchanged: int = 0
    is_written: bool = False


def export_sheet(session: Session, scope: Scope, *, organisation_id: UUID) -> Sheet:
    """Return the positions and devices of an organisation and all below, as rows that import_sheet takes again."""
    nodes = frozenset(one.id for one in tenancy.subtree(session, scope, organisation_id))
    places = queries.register.positions_of(session, scope, nodes, sheet.MOST_ROWS)
    sites = {position.id: site for site, position in network.sites(session, scope)}
    positions = [
        Row(number, _position_cells(position, geometry, sites.get(position.id)))
        for number, (position, geometry) in enumerate(places, start=2)
    ]
    return Sheet(positions, sheet_devices.rows(session, scope, nodes))


def import_sheet(
    session: Session, scope: Scope, *, organisation_id: UUID, given: Sheet, write: bool = False
) -> SheetReport:
    """Look through a table, and write it when asked and nothing is wrong with it.

    Rows with an id change what is there; rows without one are new. Parents and positions are named by id or
    code, of the table or of the register. An empty place leaves a position where it is.
    organisation_id: whose the new sites and devices in no place become
    """
    scope.demand(organisation_id, *life.EDITORS)
    report = SheetReport()
    positions = sheet.parse(POSITIONS, given.positions, sheet.position_columns(KINDS), report.problems)
    rows = sheet.parse(DEVICES, given.devices, sheet.device_columns(), report.problems)
    named = _Named(session, scope, positions, rows)
    for parsed in positions:
        _look_at_position(parsed, named, report)
    sheet_devices.look(session, scope, rows, named, report)
    report.problems.sort(key=lambda one: (one.sheet != POSITIONS, one.row))
    if report.problems or not write:
        return report
    try:
        with session.begin_nested():
            for parsed in _parents_first(positions, named):
                _write_position(session, scope, organisation_id, parsed, named)
            sheet_devices.write(session, scope, organisation_id, rows, named)
    except sheet_devices.RowRefused as refused:
        report.problems.append(refused.problem)
        return report
    report.is_written = True
    return report


class _Named:
    """Positions by what the table calls them: an id or a code, of the register or of a row of the table itself."""

    def __init__(
        self, session: Session, scope: Scope, positions: Sequence[Parsed], rows: Sequence[Parsed]
    ) -> None:
        said = {str(one.values["parent"]) for one in positions} | {
            str(one.values["position"]) for one in rows
        }
        codes = said | {str(one.values["code"]) for one in positions}
        wanted = [one.values["id"] for one in positions] + [_id_of(one) for one in said]
        found = queries.register.positions_of_codes(session, scope, sorted(codes), [w for w in wanted if w])
        self.places: dict[UUID, Any] = {position.id: geometry for position, geometry in found}
        self.known: dict[UUID, Position] = {position.id: position for position, _geometry in found}
        self.of_code: dict[str, list[UUID | Parsed]] = {}
        for position in self.known.values():
            self.of_code.setdefault(position.code or "", []).append(position.id)
        mine = {one.values["id"] for one in positions}
        for parsed in positions:
            code = parsed.values["code"] or ""
            there = [one for one in self.of_code.get(code, []) if one not in mine]
            self.of_code[code] = [
                *there,
                *[p for p in self.of_code.get(code, []) if isinstance(p, Parsed)],
                parsed,
            ]
        self.made: dict[int, UUID] = {}

    def find(self, said: str) -> UUID | Parsed:
        """Return the position an id or code names: one that is there, or a row; raises ValueError."""
        identifier = _id_of(said)
        if identifier is not None:
            if identifier not in self.known:
                raise ValueError("no position of yours has this id")
            return identifier
        hits = self.of_code.get(said, [])
        if len(hits) != 1:
            raise ValueError(
                f"{'no position' if not hits else 'more than one position'} has the code '{said}'"
            )
        hit = hits[0]
        return hit.values["id"] if isinstance(hit, Parsed) and hit.values["id"] else hit

    def id_of(self, said: str) -> UUID:
        """Return the id a name stands for, once the table's own positions are written."""
        hit = self.find(said)
        return self.made[hit.number] if isinstance(hit, Parsed) else hit


def _id_of(said: str) -> UUID | None:
    try:
        return ids.parse(said) if len(said) in (26, 36) else None
    except EnerfieldError:
        return None


def _position_cells(position: Position, geometry: Any, site: Any) -> dict[str, Any]:
    is_point = geometry is not None and geometry["type"] == "Point"
    return {
        "id": ids.show(position.id), "parent": ids.show(position.parent_id) if position.parent_id else None,
        "code": position.code, "name": position.name, "name_zh": position.name_zh, "kind": position.kind.value,
        "carriers": ", ".join(position.carriers) or None, "category": position.category,
        "longitude": geometry["coordinates"][0] if is_point else None,
        "latitude": geometry["coordinates"][1] if is_point else None,
        "timezone": site.timezone if site else None, "currency": site.currency if site else None,
    }  # fmt: skip


def _look_at_position(parsed: Parsed, named: _Named, report: SheetReport) -> None:
    """Say what is wrong with a row, or whether it is new, changes something, or nothing."""
    values = parsed.values
    known = named.known.get(values["id"]) if values["id"] else None
    faults = _faults(parsed, named)
    if values["id"] is None:
        faults += _faults_of_new(parsed, named)
    elif known is None:
        faults.append(("id", "no position of yours has this id"))
    else:
        faults += _faults_of_known(values, known, named)
    report.problems += [Problem(POSITIONS, parsed.number, column, message) for column, message in faults]
    if faults:
        return
    if known is None:
        report.created.append((POSITIONS, parsed.number))
    elif _changes(parsed, known, named):
        report.changed.append((POSITIONS, parsed.number))
    else:
        report.unchanged += 1


def _faults(parsed: Parsed, named: _Named) -> list[tuple[str, str]]:
    values, faults = parsed.values, []
    if not values["name"]:
        faults.append(("name", "a position has a name"))
    if not values["kind"]:
        faults.append(("kind", "say what kind of place it is"))
    if (values["longitude"] is None) != (values["latitude"] is None):
        faults.append(("latitude", "longitude and latitude go together"))
    if values["parent"]:
        try:
            named.find(values["parent"])
        except ValueError as error:
            faults.append(("parent", str(error)))
    elif values["kind"] not in (None, "site"):
        faults.append(("parent", "only a site stands under nothing"))
    return faults


def _faults_of_new(parsed: Parsed, named: _Named) -> list[tuple[str, str]]:
    values = parsed.values
    if _goes_round(parsed, named):
        return [("parent", "this position would stand under itself")]
    if values["parent"] and values["kind"] == "site":
        return [("kind", "a site stands under nothing")]
    if not values["parent"] and not (values["timezone"] and values["currency"]):
        return [("timezone", "a new site needs its time zone and currency")]
    return []


def _faults_of_known(values: Mapping[str, Any], known: Position, named: _Named) -> list[tuple[str, str]]:
    if values["kind"] and values["kind"] != known.kind.value:
        return [("kind", f"it stays {known.kind.value}")]
    if _parent_id(values["parent"], named) != known.parent_id:
        return [("parent", "a position is not moved by a table")]
    return []


def _parent_id(said: str | None, named: _Named) -> Any:
    try:
        return named.find(said) if said else None
    except ValueError:
        return None


def _goes_round(parsed: Parsed, named: _Named) -> bool:
    seen, at = {parsed.number}, parsed
    while True:
        above = _parent_id(at.values["parent"], named)
        if not isinstance(above, Parsed):
            return False
        if above.number in seen:
            return True
        seen.add(above.number)
        at = above


def _changes(parsed: Parsed, known: Position, named: _Named) -> dict[str, Any]:
    """Return what a row says otherwise than the register."""
    values = parsed.values
    said: dict[str, Any] = {name: values[name] for name in PLAIN if values[name] != getattr(known, name)}
    carriers = values["carriers"] or ()
    if list(carriers) != list(known.carriers):
        said["carriers"] = tuple(Carrier(one) for one in carriers)
    place = named.places.get(known.id)
    if values["longitude"] is not None:
        there = [values["longitude"], values["latitude"]]
        if place is None or place["type"] != "Point" or place["coordinates"] != there:
            said["geometry"] = {"type": "Point", "coordinates": there}
    return said


def _parents_first(positions: Sequence[Parsed], named: _Named) -> list[Parsed]:
    """Return the rows so that each comes after the row it stands under."""
    ordered: dict[int, Parsed] = {}

    def add(parsed: Parsed) -> None:
        above = _parent_id(parsed.values["parent"], named)
        if isinstance(above, Parsed) and above.number not in ordered:
            add(above)
        ordered.setdefault(parsed.number, parsed)

    for parsed in positions:
        add(parsed)
    return list(ordered.values())


def _write_position(
    session: Session, scope: Scope, organisation_id: UUID, parsed: Parsed, named: _Named
) -> None:
    values: Mapping[str, Any] = parsed.values
    try:
        if values["id"] is not None:
            said = _changes(parsed, named.known[values["id"]], named)
            if said:
                network.change_position(session, scope, position_id=values["id"], **said)
            return
        has_place = values["longitude"] is not None
        new = NewPosition(
            kind=PositionKind(values["kind"]), name=values["name"], name_zh=values["name_zh"], code=values["code"],
            carriers=tuple(Carrier(one) for one in values["carriers"] or ()), category=values["category"],
            geometry={"type": "Point", "coordinates": [values["longitude"], values["latitude"]]} if has_place else None,
        )  # fmt: skip
        if values["parent"]:
            made = network.create_position(session, scope, parent_id=named.id_of(values["parent"]), new=new)
        else:
            made = network.create_site(
                session, scope, organisation_id=organisation_id, new=new, timezone=values["timezone"],
                currency=values["currency"],
            )  # fmt: skip
        named.made[parsed.number] = made.id
    except EnerfieldError as error:
        raise sheet_devices.RowRefused(
            Problem(POSITIONS, parsed.number, error.field or "", error.message)
        ) from None
