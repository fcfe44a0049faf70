"""Connect the field as people do it: add, change, remove; what they say is checked before it is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Scope
from backend.metering import queries
from backend.metering.models import (
    Connection,
    ConnectionState,
    ConnectionTrial,
    DeviceSequence,
    GatewayRequest,
    Sighting,
    ToldNumbers,
)
from backend.metering.models.connection import Protocol
from backend.metering.ports import FieldGuide
from backend.metering.queries import commissioning
from backend.metering.service.connections import (
    KEEPERS,
    ConnectionView,
    NewConnection,
    all_connections,
    create_connection,
)

PERIODS = {
    "poll_seconds": (0.1, 86_400.0),
    "timeout_seconds": (0.1, 60.0),
    "silence_seconds": (1.0, 2_678_400.0),
}
"""What the periods of a connection can be [s]."""

SPOKEN = (Protocol.MQTT, Protocol.SPARKPLUG, Protocol.MODBUS, Protocol.OPCUA, Protocol.HTTP)
"""Protocols a person can add a connection for; files are brought by the command."""


def connection(session: Session, scope: Scope, connection_id: UUID) -> Connection:
    """Return one connection; raises NotFound."""
    return queries.connection(session, scope, connection_id)


def connection_view(session: Session, scope: Scope, connection_id: UUID) -> ConnectionView:
    """Return one connection with what it is doing; raises NotFound."""
    return all_connections(session, scope, only=queries.connection(session, scope, connection_id).id)[0]


def add_connection(
    session: Session, scope: Scope, guide: FieldGuide, *, organisation_id: UUID, new: NewConnection
) -> Connection:
    """Make a connection whose address a worker can use; raises Refused by field, Conflict for a name taken."""
    scope.demand(organisation_id, *KEEPERS)
    if new.protocol not in SPOKEN:
        raise Refused(
            f"'{new.protocol.value}' is not connected to", field="protocol", value=new.protocol.value,
            remedy="files are read with `enerfield readings import`",
        )  # fmt: skip
    said = _checked(session, scope, guide, new.protocol, organisation_id, new.__dict__, but=None)
    return create_connection(session, scope, organisation_id=organisation_id, new=NewConnection(**said))


def change_connection(
    session: Session, scope: Scope, guide: FieldGuide, *, connection_id: UUID, **said: Any
) -> Connection:
    """Say otherwise how a connection is reached: name, name_zh, address, periods; its protocol stays."""
    found = queries.connection(session, scope, connection_id)
    scope.demand(found.organisation_id, *KEEPERS)
    told = {name: getattr(found, name) for name in ("name", "name_zh", "address", *PERIODS)}
    checked = _checked(
        session, scope, guide, found.protocol, found.organisation_id, told | said, but=found.id
    )
    changed = {name: checked[name] for name in told if checked[name] != told[name]}
    for name, value in changed.items():
        setattr(found, name, value)
    if changed:
        _plan_changed(session)
        audit.record(
            session, scope, action="connection.changed", entity="connection", entity_id=found.id,
            organisation_id=found.organisation_id, before={name: told[name] for name in changed}, after=changed,
        )  # fmt: skip
    session.flush()
    return found


def remove_connection(session: Session, scope: Scope, *, connection_id: UUID) -> None:
    """Take a connection away that never brought anything; raises Conflict where something hangs on it."""
    found = queries.connection(session, scope, connection_id)
    scope.demand(found.organisation_id, *KEEPERS)
    channels, letters, has_brought = commissioning.hanging_on(session, scope, found.id)
    if channels:
        raise Conflict(
            f"{channels} points are read over '{found.name}'", field="connection_id", value=str(found.id),
            remedy="remove its channels first, or switch it off",
        )  # fmt: skip
    if letters or has_brought:
        raise Conflict(
            f"'{found.name}' has brought readings or dead letters, whose origin is kept", field="connection_id",
            value=str(found.id), remedy="switch it off instead",
        )  # fmt: skip
    for table in (ConnectionState, ConnectionTrial, DeviceSequence, GatewayRequest, Sighting, ToldNumbers):
        session.execute(
            delete(table).where(
                table.connection_id == found.id, table.organisation_id == found.organisation_id
            )
        )
    audit.record(
        session, scope, action="connection.removed", entity="connection", entity_id=found.id,
        organisation_id=found.organisation_id, before={"name": found.name, "protocol": found.protocol.value},
    )  # fmt: skip
    session.delete(found)
    session.flush()
    _plan_changed(session)


def revoke_gateway_key(session: Session, scope: Scope, *, connection_id: UUID) -> None:
    """Have a gateway's key open nothing from now on; a new one can be issued later."""
    found = queries.connection(session, scope, connection_id)
    scope.demand(found.organisation_id, *KEEPERS)
    if found.key_hash is None:
        raise Conflict("this connection has no key", field="connection_id", value=str(found.id))
    found.key_hash = None
    session.flush()
    audit.record(
        session, scope, action="connection.key_revoked", entity="connection", entity_id=found.id,
        organisation_id=found.organisation_id,
    )  # fmt: skip


def _checked(
    session: Session, scope: Scope, guide: FieldGuide, protocol: Protocol, organisation_id: UUID,
    said: dict[str, Any], *, but: UUID | None,
) -> dict[str, Any]:  # fmt: skip
    """Return what is said of a connection as it is to be kept; raises Refused or Conflict by field."""
    name = str(said["name"] or "").strip()
    if not 1 <= len(name) <= 200:
        raise Refused(
            "a name has 1 to 200 characters", field="name", value=name[:200], remedy="name what it reaches"
        )
    if commissioning.name_taken(session, scope, organisation_id, name, but):
        raise Conflict(
            f"there is already a connection '{name}'", field="name", value=name, remedy="choose another name"
        )
    for period, (low, high) in PERIODS.items():
        if not low <= said[period] <= high:
            raise Refused(
                f"{said[period]:g} s cannot be waited for", field=period, value=said[period],
                remedy=f"between {low:g} and {high:g} s",
            )  # fmt: skip
    address = guide.check_connection(protocol.value, said["address"], organisation_id=organisation_id)
    return said | {
        "name": name,
        "name_zh": (said.get("name_zh") or "").strip()[:200] or None,
        "address": address,
    }


def _plan_changed(session: Session) -> None:
    session.execute(text("SELECT pg_notify('ingest_plan', '')"))
