"""What commissioning asks: what hangs on a connection, how a point is read, which trials wait."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.metering.models import Batch, Channel, Connection, ConnectionTrial, DeadLetter, Point


def channel(session: Session, scope: Scope, channel_id: UUID) -> Channel:
    """One channel; raises NotFound."""
    query = select(Channel).where(
        Channel.id == channel_id, Channel.organisation_id.in_(scope.staff_organisations)
    )
    return required(session, query, "there is no such channel", channel_id=channel_id)


def channels_of_point(
    session: Session, scope: Scope, point_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[tuple[Channel, Connection]]:
    """How a point is read: its channels with their connections, by the connection's name."""
    query = (
        select(Channel, Connection)
        .join(Connection, Connection.id == Channel.connection_id)
        .where(Channel.point_id == point_id, Channel.organisation_id.in_(scope.staff_organisations))
    )
    return paging.page(session, query, by=(Connection.name, Channel.id), cursor=cursor, limit=limit)


def name_taken(session: Session, scope: Scope, organisation_id: UUID, name: str, but: UUID | None) -> bool:
    """Whether another connection of an organisation has this name."""
    return organisation_id in scope.organisations and bool(
        session.scalar(
            select(
                exists().where(
                    Connection.organisation_id == organisation_id,
                    Connection.name == name,
                    Connection.id.is_distinct_from(but),
                )
            )
        )
    )


def hanging_on(session: Session, scope: Scope, connection_id: UUID) -> tuple[int, int, bool]:
    """What hangs on a connection: channels, dead letters, and whether readings ever came by it."""
    seen = scope.staff_organisations
    channels = session.scalar(
        select(func.count()).where(Channel.connection_id == connection_id, Channel.organisation_id.in_(seen))
    )
    letters = session.scalar(
        select(func.count()).where(
            DeadLetter.connection_id == connection_id, DeadLetter.organisation_id.in_(seen)
        )
    )
    has_brought = session.scalar(select(exists().where(Batch.connection_id == connection_id)))
    return channels or 0, letters or 0, bool(has_brought)


def tag_reader(
    session: Session, scope: Scope, connection_id: UUID, tag: str, but: UUID | None
) -> Point | None:
    """The point that a tag of a connection fills already, through another channel than `but`."""
    return session.scalar(
        select(Point)
        .join(Channel, Channel.point_id == Point.id)
        .where(
            Channel.connection_id == connection_id,
            Channel.organisation_id.in_(scope.staff_organisations),
            Channel.address["tag"].astext == tag,
            Channel.id.is_distinct_from(but),
        )
        .limit(1)
    )


def trial(
    session: Session, scope: Scope, connection_id: UUID, *, lock: bool = False
) -> ConnectionTrial | None:
    """The last trial of a connection."""
    query = select(ConnectionTrial).where(
        ConnectionTrial.connection_id == connection_id,
        ConnectionTrial.organisation_id.in_(scope.staff_organisations),
    )
    return session.scalar(query.with_for_update() if lock else query)


def waiting_trials(
    session: Session, scope: Scope, protocols: Sequence[str], limit: int
) -> Sequence[tuple[ConnectionTrial, Connection]]:
    """Trials no worker has taken up, locked; other workers pass them over."""
    rows = session.execute(
        select(ConnectionTrial, Connection)
        .join(Connection, Connection.id == ConnectionTrial.connection_id)
        .where(
            ConnectionTrial.taken_at.is_(None),
            ConnectionTrial.organisation_id.in_(scope.organisations),
            Connection.protocol.in_(protocols),
        )
        .order_by(ConnectionTrial.asked_at)
        .limit(limit)
        .with_for_update(of=ConnectionTrial, skip_locked=True)
    )
    return [(row[0], row[1]) for row in rows]
