"""Commands on visits: they only go forward."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from backend.field.rules import monotone
from backend.field.rules.operation import Operation
from backend.field.service.conflicts import Contradicted
from backend.field.service.outcome import Done, Given, Handler
from backend.kernel.errors import Conflict, Forbidden
from backend.kernel.scope import Scope
from backend.workorders import service
from backend.workorders.rules import machine

COMMANDS = tuple(sorted({move.command for move in machine.VISIT_MOVES} - {"offer", "withdraw"}))


def _move(session: Session, scope: Scope, op: Operation, given: Given, *, command: str) -> Done:
    visit = service.visit(session, scope, visit_id=op.id)
    if monotone.is_visit_done(command, visit.status):
        return Done(visit.rev, is_noop=True)
    try:
        service.command_visit(session, scope, visit_id=visit.id, name=command, given=given.command)
    except (Conflict, Forbidden) as error:
        order = service.order(session, scope, order_id=visit.work_order_id)
        raise Contradicted(
            "state", organisation_id=visit.organisation_id,
            theirs={"status": visit.status.value, "order": order.status.value, "message": error.message,
                    "technician_id": str(visit.technician_id)},
        ) from error  # fmt: skip
    return Done(visit.rev)


def _punch(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    args: dict[str, Any] = dict(op.args)
    service.punch(
        session, scope, visit_id=op.id, kind=str(args.get("kind")), seconds=float(args.get("seconds") or 0),
        started_at=given.command.occurred_at or op.when.raw_at, given=given.command,
    )  # fmt: skip
    return Done(service.visit(session, scope, visit_id=op.id).rev)


HANDLERS: dict[str, Handler] = {f"visit.{name}": partial(_move, command=name) for name in COMMANDS}
HANDLERS["visit.punch"] = _punch
