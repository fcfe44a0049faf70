"""Pushing gateways: their keys, the answers they got, and the numbers devices gave their messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.metering.models import Channel, Connection, DeadLetter, GatewayRequest, Point


def gateway_of_key(session: Session, _scope: Scope, key_hash: bytes) -> Any:
    """Row (connection_id, organisation_id, organisations) of the gateway a key opens; None where none.

    The one question that is asked before there is a scope: the key itself says whose it is.
    """
    return session.execute(text("SELECT * FROM gateway_of_key(:hash)"), {"hash": key_hash}).first()


def gateway_points(session: Session, scope: Scope, connection_id: UUID) -> Sequence[Any]:
    """Rows of what a gateway may write: address, scale, offset; id, key, low, high, kind of the point."""
    return session.execute(
        select(
            Channel.address,
            Channel.scale,
            Channel.offset,
            Point.id,
            Point.key,
            Point.low,
            Point.high,
            Point.kind,
        )
        .join(Point, Point.id == Channel.point_id)
        .where(
            Channel.connection_id == connection_id,
            Channel.is_enabled,
            Channel.organisation_id.in_(scope.organisations),
        )
    ).all()


def gateway_request(session: Session, scope: Scope, connection_id: UUID, key: str) -> GatewayRequest | None:
    """The request a gateway sent under an idempotency key."""
    return session.scalar(
        select(GatewayRequest).where(
            GatewayRequest.connection_id == connection_id,
            GatewayRequest.key == key,
            GatewayRequest.organisation_id.in_(scope.organisations),
        )
    )


def broken_sequences(session: Session, scope: Scope, before: datetime) -> Sequence[Any]:
    """Devices with a hole in their numbers since before an instant, locked.

    rows: connection_id, organisation_id, device, first and last missing number, how many are missing
    """
    return session.execute(
        text(
            "SELECT d.connection_id, d.organisation_id, d.device, min(lower(hole)) AS first,"
            " max(upper(hole)) - 1 AS last, sum(upper(hole) - lower(hole))::bigint AS missing"
            " FROM (SELECT * FROM device_sequence WHERE broken_at < :before"
            "       AND organisation_id = ANY (:organisations) FOR UPDATE SKIP LOCKED) d,"
            " LATERAL unnest(int8multirange(range_merge(d.seen)) - d.seen) AS hole"
            " GROUP BY d.connection_id, d.organisation_id, d.device"
        ),
        {"before": before, "organisations": list(scope.organisations)},
    ).all()


def letters_asked(
    session: Session, scope: Scope, outcome: str, connections: Sequence[UUID], limit: int
) -> Sequence[UUID]:
    """Ids of connections' unsettled dead letters of an outcome, least tried first, then oldest."""
    return session.scalars(
        select(DeadLetter.id)
        .where(
            DeadLetter.organisation_id.in_(scope.organisations),
            DeadLetter.connection_id.in_(connections),
            DeadLetter.settled_at.is_(None),
            DeadLetter.outcome == outcome,
        )
        .order_by(DeadLetter.attempts, DeadLetter.id)
        .limit(limit)
    ).all()


def letter_asked(session: Session, scope: Scope, outcome: str, letter_id: UUID) -> DeadLetter | None:
    """An unsettled dead letter of an outcome, locked; None where another worker holds it."""
    return session.scalars(
        select(DeadLetter)
        .where(
            DeadLetter.id == letter_id,
            DeadLetter.organisation_id.in_(scope.organisations),
            DeadLetter.settled_at.is_(None),
            DeadLetter.outcome == outcome,
        )
        .with_for_update(skip_locked=True)
    ).one_or_none()


def connection_owners(session: Session, scope: Scope) -> Sequence[Any]:
    """Rows (id, organisation_id, protocol) of every connection, enabled or not."""
    return session.execute(
        select(Connection.id, Connection.organisation_id, Connection.protocol).where(
            Connection.organisation_id.in_(scope.organisations)
        )
    ).all()


def written_by(
    session: Session, _scope: Scope, batch_id: int, point_key: list[int], read_at: list[datetime]
) -> set[int]:
    """Places (from 0) of the readings, of those given, that a batch just stored in this transaction wrote.

    The caller stored that batch in its own scope, which is all that is looked at.
    """
    rows = session.scalars(
        text(
            "SELECT i.place - 1 FROM unnest(cast(:keys AS int8[]), cast(:instants AS timestamptz[]))"
            " WITH ORDINALITY AS i(point_key, read_at, place)"
            " JOIN reading r ON r.point_key = i.point_key AND r.read_at = i.read_at"
            " WHERE r.batch_id = :batch AND r.read_at BETWEEN :first AND :last"
        ),
        {
            "keys": point_key,
            "instants": read_at,
            "batch": batch_id,
            "first": min(read_at),
            "last": max(read_at),
        },
    )
    return set(rows)
