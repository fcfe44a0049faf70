"""Where phone and office say different things: both are kept, somebody picks. Nothing is dropped."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.field import queries
from backend.field.models import FieldConflict
from backend.field.rules.operation import Operation
from backend.kernel import audit, changes, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope

JUDGES = (Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR)
RESOLUTIONS = ("mine", "theirs")


class Contradicted(Exception):
    """An operation contradicts what stands here; it is kept as a conflict.

    kind: state, same_field, tag_taken, deleted; theirs: what stands here, for the phone and the one who decides
    """

    def __init__(self, kind: str, *, organisation_id: UUID, theirs: dict[str, Any]) -> None:
        super().__init__(kind)
        self.kind, self.organisation_id, self.theirs = kind, organisation_id, theirs

    def keep(self, session: Session, scope: Scope, op: Operation) -> dict[str, Any]:
        """Write the conflict; return what the phone is answered."""
        row = note(session, scope, op, self.kind, organisation_id=self.organisation_id, theirs=self.theirs)
        return {"class": self.kind, "server_row": self.theirs, "conflict_id": ids.show(row.id)}


def note(
    session: Session, scope: Scope, op: Operation, kind: str, *, organisation_id: UUID, theirs: dict[str, Any]
) -> FieldConflict:
    """Keep what phone and office said, for somebody to pick."""
    row = FieldConflict(
        id=ids.new_id(), organisation_id=organisation_id, person_id=scope.actor_id, op_id=op.op_id, entity=op.entity,
        entity_id=op.id, kind=kind, command=op.command, mine=dict(op.args), theirs=theirs, raised_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _changed(session, scope, row)
    audit.record(
        session, scope, action="field.conflict", entity=op.entity, entity_id=op.id,
        organisation_id=organisation_id, after={"theirs": theirs, "mine": dict(op.args)},  # nothing changed by it
    )  # fmt: skip
    return row


def conflicts(
    session: Session, scope: Scope, *, only_open: bool = True, cursor: str | None = None, limit: int = 50
) -> Page[FieldConflict]:
    """Return a page of conflicts, the newest first."""
    return queries.conflicts(session, scope, only_open=only_open, cursor=cursor, limit=limit)


def resolve(session: Session, scope: Scope, *, conflict_id: UUID, resolution: str) -> FieldConflict:
    """Write down what was picked; `settling.resolve` carries it out."""
    row = queries.conflict(session, scope, conflict_id)
    scope.demand(row.organisation_id, *JUDGES)
    if resolution not in RESOLUTIONS:
        raise Refused("pick one of the two", field="resolution", value=resolution,
                      remedy="'mine' is the phone's, 'theirs' what stood here")  # fmt: skip
    if row.resolved_at is not None:
        raise Conflict("this was settled before", field="conflict_id", value=ids.show(row.id))
    row.resolved_at, row.resolved_by, row.resolution = clock.now(), scope.actor_id, resolution
    session.flush()
    _changed(session, scope, row)
    audit.record(
        session, scope, action="field.conflict_resolved", entity=row.entity, entity_id=row.entity_id,
        organisation_id=row.organisation_id, after={"resolution": resolution},
    )  # fmt: skip
    return row


def _changed(session: Session, scope: Scope, row: FieldConflict) -> None:
    changes.note(session, scope, entity="conflict", entity_id=row.id, organisation_id=row.organisation_id)
