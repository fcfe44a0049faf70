"""The plan as workers follow it: from the database, or from this worker's copy while that is away."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import structlog

from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.service import ConnectionPlan, gateways
from backend.tenancy import service as tenancy
from ingest.plan import Channel, Connection, Plan
from ingest.store import Owner

log = structlog.get_logger(__name__)

REASON = "readings of field devices"


@dataclass(frozen=True)
class Loaded:
    """A plan, whose each connection is, and the scopes of the trees it spans."""

    plan: Plan
    owners: dict[UUID, Owner]
    scopes: tuple[Scope, ...]


def from_database(database: Database, protocols: tuple[str, ...]) -> Loaded:
    """Read what is to be done from the database."""
    found: list[ConnectionPlan] = []
    owners: dict[UUID, Owner] = {}
    scopes = tuple(tenancy.system_scopes(database, REASON))
    for scope in scopes:
        with database.transaction(scope) as session:
            found += metering.ingest_plan(session, scope, protocols=protocols)
            by_organisation: dict[UUID, Scope] = {}
            for connection_id, (organisation_id, protocol) in gateways.connection_owners(
                session, scope
            ).items():
                if organisation_id not in by_organisation:
                    by_organisation[organisation_id] = tenancy.system_scope(
                        session, organisation_id, reason=REASON
                    )
                owners[connection_id] = Owner(organisation_id, protocol, by_organisation[organisation_id])
    return Loaded(_plan(found), owners, scopes)


def keep_copy(path: Path, loaded: Loaded) -> None:
    """Keep a copy for a start without database; a copy that cannot be written is only logged."""
    owners = [
        [
            str(connection_id),
            str(owner.organisation_id),
            owner.protocol,
            sorted(map(str, owner.scope.organisations)),
        ]
        for connection_id, owner in loaded.owners.items()
    ]
    body = {"connections": [asdict(c) for c in loaded.plan.connections],
            "channels": [asdict(c) for c in loaded.plan.channels], "owners": owners}  # fmt: skip
    written = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(orjson.dumps(body))
        os.replace(written, path)
    except OSError as error:
        log.warning("plan not kept", path=str(path), error=str(error))


def from_copy(path: Path) -> Loaded | None:
    """Read the copy of an earlier run; None where there is none that can be read."""
    try:
        body = orjson.loads(path.read_bytes())
        plan = Plan.of(
            [Connection(**{**c, "id": UUID(c["id"])}) for c in body["connections"]],
            [Channel(**{**c, "connection_id": UUID(c["connection_id"])}) for c in body["channels"]],
        )
        owners = {
            UUID(connection): Owner(UUID(owner), protocol, Scope.system(frozenset(map(UUID, seen)), REASON))
            for connection, owner, protocol, seen in body["owners"]
        }
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Loaded(plan, owners, ())


def _plan(found: list[ConnectionPlan]) -> Plan:
    """Turn metering's plan into the wires' own."""
    connections = [
        Connection(c.id, c.protocol, c.name, c.address, c.poll_seconds, c.timeout_seconds) for c in found
    ]
    channels = [_channel(c.id, channel) for c in found for channel in c.channels]
    return Plan.of(connections, channels)


def _channel(connection_id: UUID, channel: Any) -> Channel:
    return Channel(
        channel.point_key, connection_id, channel.address, channel.decoding, channel.scale, channel.offset,
        channel.poll_seconds, channel.low, channel.high, channel.kind,
    )  # fmt: skip
