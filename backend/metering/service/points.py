"""Make points and say what happened to their registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
        units.unit(self.unit)
        if self.kind in (PointKind.REGISTER, PointKind.INTERVAL):
            units.quanta_per(self.unit)
        if self.interval_minutes not in LENGTHS:
            raise Refused(
                f"intervals of {self.interval_minutes} min are not kept", field="interval_minutes",
                value=self.interval_minutes, remedy="use 5, 15, 30 or 60",
            )  # fmt: skip
        if self.dial is not None and self.dial <= 0:
            raise Refused("a dial shows more than 0", field="dial", value=self.dial)


def create_point(session: Session, scope: Scope, *, position_id: UUID, new: NewPoint) -> Point:
    """Make a point at a position."""
    position = network.position(session, scope, position_id)
    scope.demand(position.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR)
    if new.parent_id is not None:
        parent = queries.point(session, scope, new.parent_id)
        if (parent.carrier, parent.quantity) != (new.carrier, new.quantity):
            raise Refused(
                "a sub-meter measures what its parent measures", field="parent_id", value=str(new.parent_id)
            )
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
    """Return every point the scope sees, by name (up to 100,000)."""
    return queries.points(session, scope, limit=100_000)


def list_points(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, position_id: UUID | None = None,
    under: UUID | None = None, carrier: Carrier | None = None, kind: PointKind | None = None, search: str | None = None,
    cursor: str | None = None, limit: int = 100,
) -> paging.Page[Point]:  # fmt: skip
    """Return a page of points by name, narrowed by any of the arguments; `under` takes a position's subtree."""
    after = None
    if cursor:
        name, last = paging.decode(cursor, 2)
        after = (name, ids.parse(last))
    limit = min(limit, paging.MOST)
    found = queries.points(
        session, scope, organisations=organisations, position_id=position_id,
        under_path=network.position(session, scope, under).path if under else None,
        carrier=carrier, kind=kind, search=search, after=after, limit=limit + 1,
    )  # fmt: skip
    items = found[:limit]
    more = len(found) > limit
    return paging.Page(items, paging.encode(items[-1].name, str(items[-1].id)) if more else None)
