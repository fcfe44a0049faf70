"""Try dead letters again, by the connection's present templates and channels."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import structlog

from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.service import replays
from ingest import entries
from ingest.mqtt import json_handler
from ingest.plan import Plan
from ingest.ports import Readings

log = structlog.get_logger(__name__)


def replay_asked(database: Database, scope: Scope, plan: Plan, protocols: Mapping[UUID, str]) -> int:
    """Try the letters somebody asked for; return how many were tried.

    Each is stored and settled in one transaction, so that a crash between leaves it asked for.
    protocols: of every connection this worker answers for; letters of others are left to theirs
    """
    with database.transaction(scope) as session:
        letters = [
            letter
            for letter in replays.letters_to_replay(session, scope)
            if letter.connection_id in protocols
        ]
        for letter in letters:
            try:
                readings, rest = _decode(plan, letter.connection_id, letter.address, letter.payload)
                if len(readings):
                    batch = metering.ReadingBatch(
                        readings.point_key, readings.read_at_us, readings.value, readings.quality
                    )
                    with session.begin_nested():
                        metering.store_readings(
                            session, scope, batch, source=protocols[letter.connection_id],
                            connection_id=letter.connection_id, live=False,
                        )  # fmt: skip
                reason = "; ".join(rest[:5]) or None
            except EnerfieldError as error:
                reason = error.message
            replays.note_replay(session, scope, letter=letter, reason=reason)
            log.info("dead letter tried again", letter=str(letter.id), failed=reason)
    return len(letters)


def _decode(
    plan: Plan, connection_id: UUID | None, address: str, payload: bytes
) -> tuple[Readings, list[str]]:
    """Return a letter's readings and what still cannot be used; raises Refused where nothing can."""
    if address == "readings" and connection_id is not None:
        return entries.portion_of(connection_id, payload).readings, []
    connection = next((c for c in plan.connections if c.id == connection_id), None)
    if connection is None:
        raise Refused("the connection is switched off")
    if connection.protocol != "mqtt":
        raise Refused(f"{connection.protocol} cannot be decoded again from its bytes alone")
    return json_handler.replay(connection, plan.behind(connection), address, payload, now_us=clock.now_us())
