"""Try dead letters again, by the connection's present templates and channels.

Each letter has a transaction of its own, so that one the database refuses holds up no other, and the lock under
which batches are ordered is held briefly. Values without a time of their own keep the instant at which they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import exc
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.service import replays
from ingest import entries
from ingest.mqtt import json_handler
from ingest.mqtt.sparkplug import handler as sparkplug
from ingest.plan import Plan
from ingest.ports import Readings
from ingest.store import storable

log = structlog.get_logger(__name__)


def replay_asked(database: Database, scope: Scope, plan: Plan, protocols: Mapping[UUID, str]) -> int:
    """Try the letters somebody asked for; return how many were tried.

    Each is stored and settled in one transaction, so that a crash between leaves it asked for.
    protocols: of every connection this worker answers for; letters of others are left to theirs
    """
    with database.transaction(scope) as session:
        asked = replays.letters_asked(session, scope, connections=list(protocols))
    tried = 0
    for letter_id in asked:
        try:
            with database.transaction(scope) as session:
                letter = replays.letter_to_replay(session, scope, letter_id)
                if letter is not None:
                    _try_again(session, scope, plan, letter, protocols[letter.connection_id])
                    tried += 1
        except exc.DBAPIError as error:  # asked for still: tried again at the next look, after the others
            log.warning("dead letter not tried", letter=str(letter_id), error=str(error).split("\n", 1)[0])
            if error.connection_invalidated:
                raise
    return tried


def _try_again(session: Session, scope: Scope, plan: Plan, letter: Any, source: str) -> None:
    """Store what a letter says and settle it, or note why that cannot be."""
    try:
        readings, rest = _decode(plan, letter)
        if len(readings):
            batch = metering.ReadingBatch(
                readings.point_key, readings.read_at_us, readings.value, readings.quality
            )
            with session.begin_nested():
                metering.store_readings(
                    session, scope, batch, source=source, connection_id=letter.connection_id, live=False
                )
        reason = "; ".join(rest[:5]) or None
    except (exc.OperationalError, exc.InterfaceError):
        raise  # the database's trouble, not the letter's
    except EnerfieldError as error:
        reason = error.message
    except Exception as error:  # whatever a letter does to us, the next one has its turn
        log.exception("dead letter defeated its handler", letter=str(letter.id))
        reason = f"could not be handled: {type(error).__name__}: {error}".split("\n", 1)[0]
    replays.note_replay(session, scope, letter=letter, reason=reason and storable(reason))
    log.info("dead letter tried again", letter=str(letter.id), failed=reason)


def _decode(plan: Plan, letter: Any) -> tuple[Readings, list[str]]:
    """Return a letter's readings and what still cannot be used; raises Refused where nothing can."""
    connection_id, address, payload = letter.connection_id, letter.address, letter.payload
    if entries.holds_readings(letter.known) and connection_id is not None:
        return entries.portion_of(connection_id, payload).readings, []
    connection = next((c for c in plan.connections if c.id == connection_id), None)
    if connection is None:
        raise Refused("the connection is switched off")
    channels, now_us = plan.behind(connection), clock.to_us(letter.received_at)
    if connection.protocol == "mqtt":
        return json_handler.replay(connection, channels, address, payload, letter.known, now_us=now_us)
    if connection.protocol == "sparkplug":
        return sparkplug.replay(connection, channels, address, payload, letter.known, now_us=now_us)
    raise Refused(f"{connection.protocol} asks for the present value; a past one cannot be read again")
