"""An exchanged device: its registers' last and first values become metering's, so that no energy is lost."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.errors import Conflict, EnerfieldError, Refused
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.models import RegisterEventKind


def exchanged(session: Session, scope: Scope, event: Event) -> None:
    """Note each register's exchange, once; one that cannot be noted is left in the audit, and the others stand."""
    for swap in event.body["registers"]:
        try:
            with session.begin_nested():
                _note(session, scope, event, swap)
        except Conflict:
            continue  # noted before: the event came twice
        except EnerfieldError as error:
            audit.record(
                session, scope, action="register.exchange_refused", entity="point", entity_id=swap["point_id"],
                organisation_id=event.organisation_id, after={**swap, "why": error.message},
            )  # fmt: skip


def _note(session: Session, scope: Scope, event: Event, swap: dict[str, object]) -> None:
    point = metering.point(session, scope, UUID(str(swap["point_id"])))
    if str(point.position_id) != event.body["position_id"]:
        raise Refused("this point is measured somewhere else", field="point_id", value=str(point.id))
    metering.record_register_event(
        session, scope, point_id=point.id, at=event.occurred_at, kind=RegisterEventKind.EXCHANGE,
        final=float(str(swap["final"])), initial=float(str(swap["initial"])),
    )  # fmt: skip
