"""Drivers: said on a page, by a file after a dry run, or over the API; read as levels, amounts and days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis.models import Driver
from backend.analysis.queries import drivers as queries
from backend.analysis.rules import drivers as rules
from backend.analysis.rules.drivers import DriverKind, NewDriver, Source
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Role, Scope
from backend.kernel.sheets import Parsed, Problem, Row
from backend.network import service as network
from backend.tenancy import service as tenancy

EDITORS = (Role.MANAGER, Role.OPERATOR, Role.ADMINISTRATOR)
"""Roles that say what others are judged by; a customer does not judge itself."""


@dataclass
class ImportReport:
    """What a file would do, or did. problems: nothing is written while there is one."""

    problems: list[Problem] = field(default_factory=list)
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    is_written: bool = False


def record_driver(
    session: Session, scope: Scope, *, organisation_id: UUID, new: NewDriver, position_id: UUID | None = None,
    source: Source = Source.PAGE,
) -> Driver:  # fmt: skip
    """Say a driver; saying the same thing of the same first day again corrects it."""
    scope.demand(organisation_id, *EDITORS)
    for fault in rules.faults(new):
        raise Refused(fault.message, field=fault.field, value=fault.value or None, remedy=fault.remedy)
    if position_id is not None:
        network.position(session, scope, position_id)
    _demand_room(session, scope, organisation_id, position_id, new)
    known = queries.same(session, scope, organisation_id, position_id, new)
    before = None if known is None else _said(known)
    if known is None:
        known = Driver(id=ids.new_id(), organisation_id=organisation_id, position_id=position_id, kind=new.kind,
                       product=new.product.strip(), starts_on=new.starts_on)  # fmt: skip
        session.add(known)
    known.unit, known.ends_on, known.value = rules.unit_of(new), new.ends_on, new.value
    if before == _said(known):
        return known
    known.source, known.entered_at, known.entered_by = source, clock.now(), scope.actor_id
    session.flush()
    action = "driver.recorded" if before is None else "driver.corrected"
    audit.record(session, scope, action=action, entity="driver", entity_id=known.id, organisation_id=organisation_id,
                 before=before, after=_said(known))  # fmt: skip
    return known


def _demand_room(
    session: Session, scope: Scope, organisation_id: UUID, position_id: UUID | None, new: NewDriver
) -> None:
    if new.kind in rules.LEVELS:
        return
    other = queries.overlapping(session, scope, organisation_id, position_id, new)
    if other is not None:
        raise Refused(
            f"some of these days are said already, from {other.starts_on} on", field="first_day",
            value=new.starts_on.isoformat(), remedy="correct that one, or choose days it leaves",
        )  # fmt: skip


def _said(one: Driver) -> dict[str, object]:
    return {
        "kind": one.kind.value, "product": one.product, "value": one.value, "unit": one.unit,
        "starts_on": one.starts_on.isoformat(), "ends_on": one.ends_on and one.ends_on.isoformat(),
    }  # fmt: skip


def remove_driver(session: Session, scope: Scope, *, driver_id: UUID) -> None:
    """Take a driver back."""
    found = queries.driver(session, scope, driver_id)
    scope.demand(found.organisation_id, *EDITORS)
    audit.record(session, scope, action="driver.removed", entity="driver", entity_id=found.id,
                 organisation_id=found.organisation_id, before=_said(found))  # fmt: skip
    session.delete(found)
    session.flush()


def driver(session: Session, scope: Scope, *, driver_id: UUID) -> Driver:
    """Return one driver; raises NotFound."""
    return queries.driver(session, scope, driver_id)


def drivers(
    session: Session, scope: Scope, *, organisations: Collection[UUID], kind: DriverKind | None = None,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[Driver]:  # fmt: skip
    """Return a page of drivers of organisations, the latest first."""
    return queries.drivers(session, scope, organisations, kind=kind, cursor=cursor, limit=limit)


def import_drivers(
    session: Session, scope: Scope, *, organisation_id: UUID, rows: Sequence[Row], write: bool = False
) -> ImportReport:
    """Look through rows of a file, and write them when asked and nothing is wrong with any.

    organisation_id: the rows are of it and of those below, named by name or id; a row without a name is of itself
    """
    scope.demand(organisation_id, *EDITORS)
    nodes = tenancy.subtree(session, scope, organisation_id)
    named: dict[str, set[UUID]] = defaultdict(set)
    for node in nodes:
        for name in (node.name, node.name_zh, str(node.id), ids.show(node.id)):
            named[(name or "").casefold()].add(node.id)
    parsed, problems = rules.parse(rows)
    report = ImportReport(problems=problems)
    savepoint = session.begin_nested()
    for row, new in parsed:
        _take(session, scope, (row, new), (organisation_id, named), report)
    report.problems.sort(key=lambda one: (one.row, one.column))
    if report.problems or not write:
        savepoint.rollback()
        return report
    savepoint.commit()
    report.is_written = True
    return report


def _take(
    session: Session, scope: Scope, said: tuple[Parsed, NewDriver], about: tuple[UUID, Mapping[str, set[UUID]]],
    report: ImportReport,
) -> None:  # fmt: skip
    """Write a row within the savepoint, or say what is wrong with it."""
    (row, new), (organisation_id, named) = said, about
    try:
        owner = _owner(row, organisation_id, named)
        place = _place(session, scope, row, owner)
        known = queries.same(session, scope, owner, place, new)
        before = None if known is None else _said(known)
        now = record_driver(
            session, scope, organisation_id=owner, new=new, position_id=place, source=Source.FILE
        )
    except EnerfieldError as error:
        value = None if error.value is None else str(error.value)
        column = error.field if error.field in rules.COLUMNS else ""
        report.problems.append(
            Problem(rules.SHEET, row.number, column or "", error.message, value, error.remedy)
        )
        return
    report.created += before is None
    report.changed += before is not None and before != _said(now)
    report.unchanged += before == _said(now)


def _owner(row: Parsed, organisation_id: UUID, named: Mapping[str, set[UUID]]) -> UUID:
    said = row.values["organisation"]
    if not said:
        return organisation_id
    found = named.get(str(said).casefold(), set())
    if len(found) != 1:
        much = "no organisation here" if not found else "more than one organisation"
        raise Refused(
            f"{much} is called that", field="organisation", value=said, remedy=rules.HINTS["organisation"]
        )
    return next(iter(found))


def _place(session: Session, scope: Scope, row: Parsed, owner: UUID) -> UUID | None:
    said = row.values["position"]
    if not said:
        return None
    if len(said) in (26, 36):
        try:
            return network.position(session, scope, ids.parse(said)).id
        except EnerfieldError:
            pass
    found = queries.positions_called(session, scope, scope.organisations, said)
    if len(found) != 1:
        much = "no position" if not found else "more than one position"
        raise Refused(f"{much} has this code", field="position", value=said, remedy=rules.HINTS["position"])
    return found[0].id


# --- read


@dataclass(frozen=True)
class Said:
    """What is said of an organisation; area and heads, where it says none itself, of all below it together.

    levels: AREA and HEADS on the last day; amounts: of the whole period, None where some of its days are not said
    days: by day, for regressions; products: name -> unit
    """

    area_m2: float | None
    heads: float | None
    hours: float | None
    products: Mapping[str, tuple[float | None, str]]
    days: Mapping[str, Mapping[date, float]]
    temperature: Mapping[date, float]


def said(
    session: Session,
    scope: Scope,
    *,
    organisation_id: UUID,
    below: Collection[UUID],
    first: date,
    until: date,
) -> Said:
    """Return what is said of an organisation and its [first, until)."""
    rows = queries.of_days(session, scope, {organisation_id, *below}, first, until)
    groups: dict[tuple[DriverKind, str], list[Driver]] = defaultdict(list)
    for row in rows:
        groups[row.kind, row.product].append(row)
    own = {key: found for key, some in groups.items() if (found := _own_or_below(some, organisation_id))}
    days = {
        product or kind.value: rules.daily(_spans(some), is_mean=False)
        for (kind, product), some in own.items()
        if kind in (DriverKind.PRODUCTION, DriverKind.HOURS)
    }
    products = {
        product: (rules.total(_spans(some), first, until), some[0].unit)
        for (kind, product), some in own.items()
        if kind is DriverKind.PRODUCTION
    }
    hours = own.get((DriverKind.HOURS, ""))
    temperatures = own.get((DriverKind.TEMPERATURE, ""), [])
    return Said(
        _level(own.get((DriverKind.AREA, ""), ())), _level(own.get((DriverKind.HEADS, ""), ())),
        rules.total(_spans(hours), first, until) if hours else None, products, days,
        rules.daily(_spans(temperatures), is_mean=True),
    )  # fmt: skip


def _own_or_below(some: Sequence[Driver], organisation_id: UUID) -> list[Driver]:
    """Return what an organisation says itself, else levels of those below: the product of one is not that of all."""
    mine = [one for one in some if one.organisation_id == organisation_id]
    return mine or [one for one in some if one.kind in rules.LEVELS or one.kind is DriverKind.TEMPERATURE]


def _level(some: Sequence[Driver]) -> float | None:
    """Return what holds last, of each organisation, together."""
    last = {one.organisation_id: one.value for one in some}
    return sum(last.values()) if last else None


def _spans(some: Sequence[Driver]) -> list[tuple[date, date, float]]:
    return [(one.starts_on, one.ends_on, one.value) for one in some if one.ends_on is not None]
