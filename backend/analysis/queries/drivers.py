"""What people said of organisations: drivers, own factors, quotas, measures, purchases; confined to who sees those."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from backend.analysis.models import Driver, Measure, OwnFactor, Purchase, UseQuota
from backend.analysis.rules.drivers import DriverKind, NewDriver
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.network.models import Position

MOST = 500
"""People write these one by one: nobody keeps more."""


def sees(scope: Scope, organisation_id: Any) -> ColumnElement[bool]:
    """Condition: the scope sees this organisation."""
    return organisation_id.in_(scope.organisations)


def drivers(
    session: Session, scope: Scope, organisations: Collection[UUID], *, kind: DriverKind | None, cursor: str | None,
    limit: int,
) -> paging.Page[Driver]:  # fmt: skip
    """A page of the drivers of organisations, the latest first."""
    query = select(Driver).where(
        Driver.organisation_id.in_(organisations), sees(scope, Driver.organisation_id)
    )
    if kind is not None:
        query = query.where(Driver.kind == kind)
    by = (Driver.starts_on.desc(), Driver.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def _one(session: Session, scope: Scope, table: Any, id_: UUID, what: str) -> Any:
    query = select(table).where(table.id == id_, sees(scope, table.organisation_id))
    return required(session, query, f"there is no such {what}", **{f"{what}_id": id_})


def driver(session: Session, scope: Scope, driver_id: UUID) -> Driver:
    """One driver; raises NotFound."""
    found: Driver = _one(session, scope, Driver, driver_id, "driver")
    return found


def same(
    session: Session, scope: Scope, organisation_id: UUID, position_id: UUID | None, new: NewDriver
) -> Driver | None:
    """The driver that says the same thing of the same first day, locked."""
    query = select(Driver).where(
        _about(organisation_id, position_id, new), Driver.starts_on == new.starts_on,
        sees(scope, Driver.organisation_id),
    )  # fmt: skip
    return session.scalar(query.with_for_update())


def _about(organisation_id: UUID, position_id: UUID | None, new: NewDriver) -> ColumnElement[bool]:
    return and_(
        Driver.organisation_id == organisation_id, Driver.position_id.is_not_distinct_from(position_id),
        Driver.kind == new.kind, Driver.product == new.product.strip(),
    )  # fmt: skip


def overlapping(
    session: Session, scope: Scope, organisation_id: UUID, position_id: UUID | None, new: NewDriver
) -> Driver | None:
    """A driver that is said of some of the same days, but not from the same first day."""
    query = select(Driver).where(
        _about(organisation_id, position_id, new), Driver.starts_on != new.starts_on,
        Driver.starts_on < new.ends_on, Driver.ends_on > new.starts_on, sees(scope, Driver.organisation_id),
    )  # fmt: skip
    return session.scalar(query.order_by(Driver.starts_on).limit(1))


def of_days(
    session: Session, scope: Scope, organisations: Collection[UUID], first: date, until: date
) -> Sequence[Driver]:
    """Drivers of whole organisations that touch [first, until), levels that were said before it too; in order."""
    query = (
        select(Driver)
        .where(
            Driver.organisation_id.in_(organisations), Driver.position_id.is_(None), Driver.starts_on < until,
            or_(Driver.ends_on.is_(None), Driver.ends_on > first), sees(scope, Driver.organisation_id),
        )
        .order_by(Driver.organisation_id, Driver.kind, Driver.product, Driver.starts_on)
    )  # fmt: skip
    return session.scalars(query).all()


def positions_called(
    session: Session, scope: Scope, organisations: Collection[UUID], code: str
) -> Sequence[Position]:
    """Positions of organisations that have a code."""
    query = select(Position).where(
        Position.organisation_id.in_(organisations),
        Position.code == code,
        sees(scope, Position.organisation_id),
    )
    return session.scalars(query.limit(2)).all()


def _all(session: Session, scope: Scope, table: Any, organisations: Collection[UUID], latest: Any) -> Any:
    query = select(table).where(table.organisation_id.in_(organisations), sees(scope, table.organisation_id))
    return session.scalars(query.order_by(latest.desc(), table.id).limit(MOST)).all()


def own_factors(session: Session, scope: Scope, organisations: Collection[UUID]) -> Sequence[OwnFactor]:
    """Factors that operators say, the latest first."""
    found: Sequence[OwnFactor] = _all(session, scope, OwnFactor, organisations, OwnFactor.from_on)
    return found


def own_factor(session: Session, scope: Scope, factor_id: UUID) -> OwnFactor:
    """One of them; raises NotFound."""
    found: OwnFactor = _one(session, scope, OwnFactor, factor_id, "factor")
    return found


def quotas(session: Session, scope: Scope, organisations: Collection[UUID]) -> Sequence[UseQuota]:
    """What standards allow, as operators keep it, the latest first."""
    found: Sequence[UseQuota] = _all(session, scope, UseQuota, organisations, UseQuota.from_on)
    return found


def quota(session: Session, scope: Scope, quota_id: UUID) -> UseQuota:
    """One of them; raises NotFound."""
    found: UseQuota = _one(session, scope, UseQuota, quota_id, "quota")
    return found


def measures(session: Session, scope: Scope, organisations: Collection[UUID]) -> Sequence[Measure]:
    """What was done to use less, the latest first."""
    found: Sequence[Measure] = _all(session, scope, Measure, organisations, Measure.begun_on)
    return found


def measure(session: Session, scope: Scope, measure_id: UUID) -> Measure:
    """One of them; raises NotFound."""
    found: Measure = _one(session, scope, Measure, measure_id, "measure")
    return found


def purchases(
    session: Session,
    scope: Scope,
    organisations: Collection[UUID],
    first: date | None = None,
    until: date | None = None,
) -> Sequence[Purchase]:
    """What organisations buy through intakes, of all days or of those that touch [first, until)."""
    query = select(Purchase).where(
        Purchase.organisation_id.in_(organisations), sees(scope, Purchase.organisation_id)
    )
    if first is not None and until is not None:
        is_on = or_(Purchase.ends_on.is_(None), Purchase.ends_on > first)
        query = query.where(Purchase.starts_on < until, is_on)
    return session.scalars(query.order_by(Purchase.starts_on, Purchase.id).limit(MOST)).all()


def purchases_through(session: Session, scope: Scope, point_id: UUID) -> Sequence[Purchase]:
    """What any organisation the scope sees buys through a meter: what two buy would count twice above them."""
    query = select(Purchase).where(Purchase.point_id == point_id, sees(scope, Purchase.organisation_id))
    return session.scalars(query.order_by(Purchase.starts_on, Purchase.id)).all()


def purchase(session: Session, scope: Scope, purchase_id: UUID) -> Purchase:
    """One of them; raises NotFound."""
    found: Purchase = _one(session, scope, Purchase, purchase_id, "purchase")
    return found
