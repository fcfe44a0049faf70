"""Trials: an administrator asks whether a connection works, a worker beside the field finds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import audit, clock
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Role, Scope
from backend.metering import queries
from backend.metering.models import Connection, ConnectionTrial, Outcome
from backend.metering.models.connection import Protocol
from backend.metering.queries import commissioning

OVERDUE = timedelta(seconds=20)
"""A trial no worker answered by then was not heard by any; it may be asked again."""

WORDS = {
    Outcome.ANSWERS: "It answers.",
    Outcome.QUIET: "The gateway is reached, but the device behind it does not answer.",
    Outcome.UNKNOWN_HOST: "No address is known for this host name.",
    Outcome.FORBIDDEN_HOST: "No device stands at this address: link-local, multicast or unspecified.",
    Outcome.UNREACHABLE: "Nothing takes a connection at this host and port.",
    Outcome.SILENT: "A connection is taken, but nothing answers within the time-out.",
    Outcome.REFUSES: "The other side refuses us: user, password, certificate or security.",
    Outcome.FOREIGN: "Something answers, but not in this protocol.",
    Outcome.UNUSABLE: "The connection's address cannot be used by the worker.",
}
"""What each outcome means."""

REMEDIES = {
    Outcome.QUIET: "check the unit id and the wiring behind the gateway",
    Outcome.UNKNOWN_HOST: "check the name, or use the IP address",
    Outcome.FORBIDDEN_HOST: "give the device's own address",
    Outcome.UNREACHABLE: "check host, port, cable and firewall",
    Outcome.SILENT: "check that the port is the protocol's, and that the device takes one more connection",
    Outcome.REFUSES: "check user, secret and security policy",
    Outcome.FOREIGN: "check the port and the protocol",
    Outcome.UNUSABLE: "edit the connection",
}
"""What to do about it."""


@dataclass(frozen=True)
class TrialWork:
    """A trial as its worker needs it: plain values; channels: address and decoding of each point read."""

    connection_id: UUID
    organisation_id: UUID
    protocol: str
    name: str
    address: dict[str, Any]
    unit: int | None
    channels: tuple[dict[str, Any], ...]


def ask_for_trial(
    session: Session, scope: Scope, *, connection_id: UUID, unit: int | None = None
) -> ConnectionTrial:
    """Have a worker try a connection now; only administrators may, since it makes us call an address.

    While one is under way, asking again returns it.
    unit: which Modbus unit to ask; None: the first that is read, else 1
    """
    connection = queries.connection(session, scope, connection_id)
    scope.demand(connection.organisation_id, Role.ADMINISTRATOR)
    if connection.protocol not in (Protocol.MQTT, Protocol.SPARKPLUG, Protocol.MODBUS, Protocol.OPCUA):
        raise Conflict(
            "a gateway that pushes cannot be called", field="connection_id", value=str(connection_id),
            remedy="have it push; its last contact shows on the connection's page",
        )  # fmt: skip
    if unit is not None and not 0 <= unit <= 255:
        raise Refused(f"{unit} is no unit id", field="unit", value=unit, remedy="between 0 and 255")
    now = clock.now()
    trial = commissioning.trial(session, scope, connection.id, lock=True)
    if trial is not None and is_under_way(trial):
        return trial
    if trial is None:
        trial = ConnectionTrial(connection_id=connection.id, organisation_id=connection.organisation_id)
        session.add(trial)
    trial.asked_at, trial.unit = now, unit
    trial.taken_at = trial.answered_at = trial.outcome = trial.detail = None
    session.flush()
    session.execute(text("SELECT pg_notify('connection_trial', '')"))
    audit.record(
        session, scope, action="connection.tried", entity="connection", entity_id=connection.id,
        organisation_id=connection.organisation_id,
    )  # fmt: skip
    return trial


def last_trial(session: Session, scope: Scope, connection_id: UUID) -> ConnectionTrial | None:
    """Return the last trial of a connection; None where nobody asked for one."""
    return commissioning.trial(session, scope, queries.connection(session, scope, connection_id).id)


def is_under_way(trial: ConnectionTrial) -> bool:
    """Tell whether a worker may still answer."""
    return trial.answered_at is None and clock.now() - trial.asked_at < OVERDUE


def take_trials(
    session: Session, scope: Scope, *, protocols: Sequence[str], limit: int = 10
) -> list[TrialWork]:
    """Return trials that wait for a worker of these protocols, and note that one took them up."""
    taken = []
    for trial, connection in commissioning.waiting_trials(session, scope, protocols, limit):
        scope.demand(connection.organisation_id)
        trial.taken_at = clock.now()
        if clock.now() - trial.asked_at < OVERDUE:
            taken.append(_work(session, scope, trial, connection))
    session.flush()
    return taken


def note_outcome(
    session: Session, scope: Scope, *, connection_id: UUID, outcome: Outcome, detail: dict[str, Any]
) -> None:
    """Write what a worker found."""
    trial = commissioning.trial(session, scope, connection_id, lock=True)
    if trial is None:  # the connection was removed meanwhile
        return
    scope.demand(trial.organisation_id)
    trial.outcome, trial.detail, trial.answered_at = outcome, detail, clock.now()
    session.flush()


def _work(session: Session, scope: Scope, trial: ConnectionTrial, connection: Connection) -> TrialWork:
    channels = queries.channels(session, scope, connection.id)
    addresses = tuple({"address": channel.address, "decoding": channel.decoding} for channel, _ in channels)
    return TrialWork(
        connection.id, connection.organisation_id, connection.protocol.value, connection.name, connection.address,
        trial.unit, addresses,
    )  # fmt: skip
