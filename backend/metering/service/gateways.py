"""Gateways that push readings over HTTP: whose key it is, what they may write, what they were answered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.errors import Refused, Unauthenticated
from backend.kernel.scope import Scope
from backend.metering.models import GatewayRequest
from backend.metering.queries import gateways as queries
from backend.metering.rules import ReadingBatch
from backend.metering.service.connections import note_contact
from backend.metering.service.store import Stored, store_readings

KEPT_HOURS = 48
"""An answer is repeated to the same idempotency key for so long [h]."""


@dataclass(frozen=True)
class Gateway:
    """Who pushes: its connection, that one's organisation, and the scope of its requests."""

    connection_id: UUID
    organisation_id: UUID
    scope: Scope


def gateway_of_key(session: Session, scope: Scope, *, key: str) -> Gateway:
    """Return the gateway an API key opens; raises Unauthenticated."""
    row = queries.gateway_of_key(session, scope, hashlib.sha256(key.encode()).digest())
    if row is None:
        raise Unauthenticated("this key opens no gateway", remedy="ask for a new key on the connections page")
    organisations = frozenset(row.organisations)
    return Gateway(row.connection_id, row.organisation_id, Scope.gateway(row.connection_id, organisations))


def gateway_points(session: Session, scope: Scope, *, connection_id: UUID) -> Sequence[Any]:
    """Return what a gateway may write: address, scale, offset; id, key, low, high, kind of the point."""
    return queries.gateway_points(session, scope, connection_id)


def store_push(session: Session, gateway: Gateway, batch: ReadingBatch) -> tuple[Stored, NDArray[np.bool_]]:
    """Store what a gateway pushed and note that it was heard.

    returns: what became of the batch, and for each of its readings whether it changed anything
    """
    stored = store_readings(
        session, gateway.scope, batch, source="http", connection_id=gateway.connection_id, live=True
    )
    system = Scope.system(gateway.scope.organisations, "contact of a gateway")
    note_contact(
        session, system, connection_id=gateway.connection_id, organisation_id=gateway.organisation_id,
        contact_at=clock.now(),
    )  # fmt: skip
    changed = np.full(len(batch), stored.unchanged == 0)
    if stored.unchanged and (stored.new or stored.revised):
        instants = [clock.from_us(at) for at in batch.read_at_us.tolist()]
        written = queries.written_by(
            session, gateway.scope, stored.batch_id, batch.point_key.tolist(), instants
        )
        changed[list(written)] = True
    return stored, changed


def answer_given(
    session: Session, scope: Scope, *, connection_id: UUID, key: str, body_hash: bytes
) -> dict[str, Any] | None:
    """Return the answer a request got before; requests under one key wait for each other.

    raises Refused where the same key came with another body
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:request, 0))"),
        {"request": f"{connection_id} {key}"},
    )
    request = queries.gateway_request(session, scope, connection_id, key)
    if request is None:
        return None
    if request.body_hash != body_hash:
        raise Refused(
            "this idempotency key came before with another content",
            field="Idempotency-Key",
            value=key,
            remedy="use a new key for each new request",
        )
    return request.answer


def remember_answer(
    session: Session, scope: Scope, gateway: Gateway, *, key: str, body_hash: bytes, answer: dict[str, Any]
) -> None:
    """Keep an answer for its idempotency key, and forget the oldest of this gateway."""
    now = clock.now()
    session.execute(
        delete(GatewayRequest).where(
            GatewayRequest.connection_id == gateway.connection_id,
            GatewayRequest.organisation_id.in_(scope.organisations),
            GatewayRequest.created_at < now - timedelta(hours=KEPT_HOURS),
        )
    )
    session.execute(
        insert(GatewayRequest).values(
            connection_id=gateway.connection_id, key=key, organisation_id=gateway.organisation_id,
            body_hash=body_hash, answer=answer, created_at=now,
        )
    )  # fmt: skip


def connection_owners(session: Session, scope: Scope) -> dict[UUID, tuple[UUID, str]]:
    """Return every connection's organisation and protocol, for workers that still hold readings of it."""
    rows = queries.connection_owners(session, scope)
    return {row.id: (row.organisation_id, row.protocol.value) for row in rows}
