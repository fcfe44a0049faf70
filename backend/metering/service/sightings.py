"""Sightings: what speaks on the wire and no channel reads, until it is adopted or dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict
from backend.kernel.scope import Scope
from backend.metering import queries
from backend.metering.models import Channel, Connection, Sighting
from backend.metering.service.connections import KEEPERS, NewChannel, create_channel


def add_sightings(
    session: Session, scope: Scope, *, connection_id: UUID, organisation_id: UUID,
    seen: Sequence[tuple[str, dict[str, Any]]],
) -> None:  # fmt: skip
    """Remember devices seen on the wire that no channel reads: (address, sample) each."""
    scope.demand(organisation_id)
    now = clock.now()
    for address, sample in sorted(dict(seen).items()):
        statement = insert(Sighting).values(
            id=ids.new_id(), organisation_id=organisation_id, connection_id=connection_id, address=address,
            sample=sample, first_seen_at=now, last_seen_at=now,
        )  # fmt: skip
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["connection_id", "address"], set_={"sample": sample, "last_seen_at": now}
            )
        )


def list_sightings(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[tuple[Sighting, Connection]]:
    """Return a page of what was seen on the wire and waits for adoption, the newest first."""
    return queries.sightings(session, scope, cursor=cursor, limit=limit)


def sighting(session: Session, scope: Scope, sighting_id: UUID) -> Sighting:
    """Return what was seen; raises NotFound, and Conflict where somebody has adopted or dismissed it."""
    found = queries.sighting(session, scope, sighting_id)
    if found.adopted_at is not None or found.dismissed_at is not None:
        raise Conflict(
            "this was adopted or dismissed meanwhile", field="sighting_id", value=str(sighting_id),
            remedy="choose another",
        )  # fmt: skip
    return found


def count_sightings(session: Session, scope: Scope) -> int:
    """Return how much was seen on the wire and waits for adoption."""
    return queries.waiting_sightings(session, scope)


def adopt_sighting(
    session: Session, scope: Scope, *, sighting_id: UUID, point_id: UUID, channel: NewChannel
) -> Channel:
    """Read a sighted device or tag into a point from now on."""
    sighting = queries.sighting(session, scope, sighting_id)
    scope.demand(sighting.organisation_id, *KEEPERS)
    made = create_channel(
        session, scope, connection_id=sighting.connection_id, point_id=point_id, new=channel
    )
    sighting.adopted_at = clock.now()
    session.flush()
    return made


def dismiss_sighting(session: Session, scope: Scope, *, sighting_id: UUID) -> None:
    """Say that a sighted device is none of ours."""
    sighting = queries.sighting(session, scope, sighting_id)
    scope.demand(sighting.organisation_id, *KEEPERS)
    sighting.dismissed_at = clock.now()
    audit.record(
        session, scope, action="sighting.dismissed", entity="sighting", entity_id=sighting.id,
        organisation_id=sighting.organisation_id, before={"address": sighting.address},
    )  # fmt: skip
