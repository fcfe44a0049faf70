"""Make points and say what happened to their registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging, units
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role, Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import queries
from backend.metering.models import Direction, Point, RegisterEvent, RegisterEventKind
from backend.metering.service.store import have_made_again
from backend.network import service as network

LENGTHS = (5, 15, 30, 60)
CHANGEABLE = (
    "name",
    "name_zh",
    "category",
    "parent_id",
    "dial",
    "low",
    "high",
    "is_settled",
    "is_total",
    "is_simulated",
)
"""What may be said otherwise of a point without touching what was measured."""


@dataclass(frozen=True)
class NewPoint:
    """What is said of a point when it is made; see Point for the meaning and units of each."""

    name: str
    carrier: Carrier
    quantity: str
    unit: str
    kind: PointKind
    direction: Direction = Direction.IN
    name_zh: str | None = None
    category: str | None = None
    parent_id: UUID | None = None
    interval_minutes: int = 15
    dial: float | None = None
    low: float | None = None
    high: float | None = None
    is_settled: bool = False
    is_total: bool = False
    is_simulated: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= 200:
            raise Refused(
                "a name has 1 to 200 characters",
                field="name",
                value=self.name[:200],
                remedy="name what is measured",
            )
        units.unit(self.unit)
        if self.kind in (PointKind.REGISTER, PointKind.INTERVAL):
            units.quanta_per(self.unit)
        if self.interval_minutes not in LENGTHS:
            raise Refused(
                f"intervals of {self.interval_minutes} min are not kept", field="interval_minutes",
                value=self.interval_minutes, remedy="use 5, 15, 30 or 60",
            )  # fmt: skip
        if self.dial is not None and self.dial <= 0:
            raise Refused(
                "a dial shows more than 0", field="dial", value=self.dial,
                remedy="give the first value the register cannot show, such as 1000000",
            )  # fmt: skip
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise Refused(
                f"{self.low:g} is not below {self.high:g}", field="low", value=self.low,
                remedy="give the lowest plausible value first",
            )  # fmt: skip


def create_point(session: Session, scope: Scope, *, position_id: UUID, new: NewPoint) -> Point:
    """Make a point at a position."""
    position = network.position(session, scope, position_id)
    scope.demand(position.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR)
    _demand_parent(session, scope, new)
    point = Point(
        id=ids.new_id(), organisation_id=position.organisation_id, position_id=position.id, created_at=clock.now(),
        **new.__dict__,
    )  # fmt: skip
    session.add(point)
    session.flush()
    session.execute(text("SELECT pg_notify('ingest_plan', '')"))
    audit.record(
        session, scope, action="point.created", entity="point", entity_id=point.id,
        organisation_id=point.organisation_id, after={"name": new.name, "unit": new.unit, "kind": new.kind.value},
    )  # fmt: skip
    return point


def change_point(session: Session, scope: Scope, *, point_id: UUID, **said: Any) -> Point:
    """Say otherwise what a point is called and what it counts for.

    What its stored readings rest on stays: carrier, quantity, unit, kind, direction and interval length.
    """
    point = queries.point(session, scope, point_id)
    scope.demand(point.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR)
    told = {name: getattr(point, name) for name in CHANGEABLE}
    wanted = NewPoint(
        carrier=point.carrier, quantity=point.quantity, unit=point.unit, kind=point.kind, direction=point.direction,
        interval_minutes=point.interval_minutes, **told | said,
    )  # fmt: skip
    if wanted.parent_id is not None:
        _demand_parent(session, scope, wanted, of=point)
    changed = {name: getattr(wanted, name) for name in CHANGEABLE if getattr(wanted, name) != told[name]}
    for name, value in changed.items():
        setattr(point, name, value)
    session.flush()
    if changed:
        session.execute(text("SELECT pg_notify('ingest_plan', '')"))
        audit.record(
            session, scope, action="point.changed", entity="point", entity_id=point.id,
            organisation_id=point.organisation_id, before=_plain({name: told[name] for name in changed}),
            after=_plain(changed),
        )  # fmt: skip
    return point


def _demand_parent(session: Session, scope: Scope, new: NewPoint, *, of: Point | None = None) -> None:
    """Raise Refused unless the parent measures the same, and is neither the point itself nor below it."""
    parent = queries.point(session, scope, new.parent_id) if new.parent_id else None
    if parent is None:
        return
    if (parent.carrier, parent.quantity) != (new.carrier, new.quantity):
        raise Refused(
            "a sub-meter measures what its parent measures", field="parent_id", value=str(new.parent_id),
            remedy=f"choose a point of {new.quantity}",
        )  # fmt: skip
    if of is not None and queries.is_below(session, scope, parent.id, of.id):
        raise Refused(
            "a point is no part of itself", field="parent_id", value=str(new.parent_id),
            remedy="choose a point above this one",
        )  # fmt: skip


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}


def record_register_event(
    session: Session, scope: Scope, *, point_id: UUID, at: datetime, kind: RegisterEventKind, final: float,
    initial: float,
) -> RegisterEvent:  # fmt: skip
    """Say that a register was reset or its meter exchanged, with the last and first values [unit of the point]."""
    point = queries.point(session, scope, point_id)
    scope.demand(point.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR, Role.TECHNICIAN)
    if point.kind is not PointKind.REGISTER:
        raise Refused("only a register can be reset or exchanged", field="point_id", value=str(point_id))
    event = RegisterEvent(point_key=point.key, at=at, kind=kind, final=final, initial=initial)
    if any(known.at == at for known in queries.register_events(session, scope, point_id)):
        raise Conflict("something already happened to this register then", field="at", value=at.isoformat())
    session.add(event)
    session.flush()
    have_made_again(session, scope, point.key, at)
    audit.record(
        session, scope, action=f"register.{kind.value}", entity="point", entity_id=point.id,
        organisation_id=point.organisation_id, after={"at": at.isoformat(), "final": final, "initial": initial},
    )  # fmt: skip
    return event


def point(session: Session, scope: Scope, point_id: UUID) -> Point:
    """Return one point; raises NotFound."""
    return queries.point(session, scope, point_id)


def all_points(session: Session, scope: Scope) -> Sequence[Point]:
    """Return every point the scope sees, by name."""
    return queries.all_points(session, scope)


def list_points(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, position_id: UUID | None = None,
    under: UUID | None = None, carrier: Carrier | None = None, kind: PointKind | None = None, search: str | None = None,
    cursor: str | None = None, limit: int = 100,
) -> paging.Page[Point]:  # fmt: skip
    """Return a page of points by name, narrowed by any of the arguments; `under` takes a position's subtree."""
    return queries.points(
        session, scope, organisations=organisations, position_id=position_id,
        under_path=network.position(session, scope, under).path if under else None,
        carrier=carrier, kind=kind, search=search, cursor=cursor, limit=limit,
    )  # fmt: skip
