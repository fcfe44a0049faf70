"""What was worked out by schedule: fits, and places among peers; confined to who sees the organisation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.analysis.models import PeerPlace, UseFit
from backend.analysis.queries.confined import analyses
from backend.analysis.queries.drivers import sees
from backend.kernel import paging
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier


def baseline(
    session: Session, scope: Scope, organisation_id: UUID, carrier: Carrier, until: date
) -> UseFit | None:
    """The latest fit of days that were over by a day."""
    query = select(UseFit).where(
        UseFit.organisation_id == organisation_id, UseFit.carrier == carrier, UseFit.until <= until,
        sees(scope, UseFit.organisation_id),
    )  # fmt: skip
    return session.scalar(query.order_by(UseFit.until.desc(), UseFit.first).limit(1))


def of_days(
    session: Session, scope: Scope, organisation_id: UUID, carrier: Carrier, first: date, until: date
) -> UseFit | None:
    """The fit of very these days, locked for who fits again."""
    query = select(UseFit).where(
        UseFit.organisation_id == organisation_id, UseFit.carrier == carrier, UseFit.first == first,
        UseFit.until == until, sees(scope, UseFit.organisation_id),
    )  # fmt: skip
    return session.scalar(query.with_for_update())


def fits(
    session: Session, scope: Scope, organisations: Collection[UUID], *, cursor: str | None, limit: int
) -> paging.Page[UseFit]:
    """A page of fits, those of the latest days first."""
    query = select(UseFit).where(
        UseFit.organisation_id.in_(organisations), analyses(scope, UseFit.organisation_id)
    )
    return paging.page(session, query, by=(UseFit.until.desc(), UseFit.id.desc()), cursor=cursor, limit=limit)


def places(
    session: Session, scope: Scope, organisations: Collection[UUID], first: date, until: date
) -> Sequence[PeerPlace]:
    """Where organisations stood among others in very these days."""
    query = select(PeerPlace).where(
        PeerPlace.organisation_id.in_(organisations), PeerPlace.first == first, PeerPlace.until == until,
        sees(scope, PeerPlace.organisation_id),
    )  # fmt: skip
    return session.scalars(query.order_by(PeerPlace.carrier, PeerPlace.basis, PeerPlace.value)).all()


def places_of(session: Session, scope: Scope, organisation_id: UUID, limit: int = 200) -> Sequence[PeerPlace]:
    """Where one organisation stood, the latest period first."""
    query = select(PeerPlace).where(
        PeerPlace.organisation_id == organisation_id, sees(scope, PeerPlace.organisation_id)
    )
    by = (PeerPlace.until.desc(), PeerPlace.first, PeerPlace.carrier, PeerPlace.basis)
    return session.scalars(query.order_by(*by).limit(limit)).all()


def made_periods(session: Session, scope: Scope, organisations: Collection[UUID]) -> set[tuple[date, date]]:
    """The periods whose places were made for any of these organisations."""
    query = select(PeerPlace.first, PeerPlace.until).where(
        PeerPlace.organisation_id.in_(organisations), sees(scope, PeerPlace.organisation_id)
    )
    return {(first, until) for first, until in session.execute(query.distinct())}
