"""Commands on work orders: states go forward, evidence is always taken, answers are the field's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.assets.models import MovementReason
from backend.field.rules import monotone
from backend.field.rules.operation import Operation
from backend.field.service.conflicts import Contradicted
from backend.field.service.handlers.tags import scanned
from backend.field.service.outcome import Done, Given, Handler
from backend.field.service.uploads import kept_as
from backend.kernel import clock, ids
from backend.kernel.errors import Conflict, Forbidden, Refused
from backend.kernel.scope import Scope
from backend.workorders import service
from backend.workorders.models import WorkOrder
from backend.workorders.service import Command, Photo, Report, Source

Move = Callable[[Session, Scope, Operation, Command], object]


def _forward(session: Session, scope: Scope, op: Operation, given: Given, *, move: Move) -> Done:
    """Give a command that only goes forward; a conflict of state is kept with the work that was done."""
    order = service.order(session, scope, order_id=op.id)
    if monotone.is_done(op.command, order.status):
        return Done(order.rev, is_noop=True)
    command = _command(session, scope, op, given)
    try:
        with session.begin_nested():
            move(session, scope, op, command)
    except Forbidden as error:
        raise _contradicted(order, error.message) from error
    except Conflict as error:
        if order.status not in monotone.WITHDRAWN and error.field != "command":
            raise
        raise _contradicted(order, error.message) from error
    return Done(order.rev)


def _contradicted(order: WorkOrder, message: str) -> Contradicted:
    said = {"status": order.status.value, "number": order.number, "message": message}
    return Contradicted("state", organisation_id=order.organisation_id, theirs=said)


def _command(session: Session, scope: Scope, op: Operation, given: Given) -> Command:
    """Return the command with what its guards look at: the scanned tag, the override, the safety questions."""
    evidence = dict(given.command.evidence)
    if op.args.get("tag"):
        evidence["tag"] = scanned(session, scope, str(op.args["tag"]))
    if isinstance(op.args.get("override"), dict):
        evidence["override"] = {key: op.args["override"].get(key) for key in ("reason", "photo")}
    safety = op.args.get("safety")
    if isinstance(safety, dict):
        evidence["safety"] = bool(safety) and all(value is True for value in safety.values())
    return Command(**{**given.command.__dict__, "evidence": evidence})


def _start(session: Session, scope: Scope, op: Operation, given: Command) -> None:
    visit_id = op.args.get("visit_id")
    service.start(
        session, scope, order_id=op.id, given=given, visit_id=ids.parse(str(visit_id)) if visit_id else None
    )


def _hold(session: Session, scope: Scope, op: Operation, given: Command) -> None:
    until = op.args.get("until")
    service.hold(session, scope, order_id=op.id, reason=str(op.args.get("reason") or ""),
                 until=_instant(until) if until else None, given=given)  # fmt: skip


def _resume(session: Session, scope: Scope, op: Operation, given: Command) -> None:
    service.resume(session, scope, order_id=op.id, given=given)


def _complete(session: Session, scope: Scope, op: Operation, given: Command) -> None:
    service.complete(session, scope, order_id=op.id, given=given, **_codes(op))


def _give_up(session: Session, scope: Scope, op: Operation, given: Command) -> None:
    service.give_up(session, scope, order_id=op.id, reason=str(op.args.get("reason") or ""), given=given)


def _report(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    position_id, device_id = _maybe(op.args.get("position_id")), _maybe(op.args.get("device_id"))
    if op.args.get("tag") and position_id is None:
        found = scanned(session, scope, str(op.args["tag"]))
        position_id, device_id = _maybe(found.get("position_id")), device_id or _maybe(found.get("device_id"))
    if position_id is None:
        raise Refused(
            "a report needs a place", field="position_id", remedy="scan the tag or choose the place"
        )
    new = Report(
        position_id=position_id, device_id=device_id, title=str(op.args.get("title") or ""),
        description=op.args.get("description"), fault_class=op.args.get("fault_class"), id=op.id,
    )  # fmt: skip
    done = service.report(session, scope, new=new, source=Source.TECHNICIAN, given=given.command)
    into = (
        None
        if done.order.id == op.id
        else {"attached_to": ids.show(done.order.id), "number": done.order.number}
    )
    return Done(done.order.rev, overwritten=into)


def _rehearse(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    order = service.rehearse(
        session, scope, order_id=op.id, visit_id=ids.parse(str(op.args["visit_id"])),
        position_id=ids.parse(str(op.args["position_id"])), given=given.command,
    )  # fmt: skip
    return Done(order.rev)


def _comment(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    service.comment(session, scope, order_id=op.id, text=str(op.args.get("text") or ""),
                    is_public=bool(op.args.get("is_public")), given=given.command)  # fmt: skip
    return _rev(session, scope, op)


def _attach(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    args = op.args
    photo = Photo(
        str(args.get("role")), str(args.get("sha256")).lower(), int(args.get("size") or 0),
        str(args.get("mime") or "image/jpeg"), given.command.occurred_at or op.when.raw_at,
    )  # fmt: skip
    service.attach(
        session, scope, order_id=op.id, photo=photo, stored_sha256=kept_as(session, scope, sha256=photo.sha256),
        given=given.command,
    )  # fmt: skip
    return _rev(session, scope, op)


def _answer(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    """The field's word on what it sees: it wins over the office's; of two phones the later word stands, by corrected
    time. What gave way is kept and told."""
    item, at = str(op.args.get("item")), given.command.occurred_at or clock.now()
    before = service.answer_of(session, scope, order_id=op.id, item=item)
    is_others = before is not None and before.answered_by != scope.actor_id
    lost = None
    if before is not None and is_others and before.value != op.args.get("value"):
        lost = {"item": item, "value": before.value, "by": str(before.answered_by)}
    if before is not None and at < before.answered_at and _is_from_field(session, scope, op, item):
        rev = service.order(session, scope, order_id=op.id).rev
        mine = {"item": item, "value": op.args.get("value"), "by": str(scope.actor_id)}
        return Done(rev, is_noop=True, overwritten=mine if is_others else None)
    service.answer(
        session, scope, order_id=op.id, item=item, value=op.args.get("value"), note=op.args.get("note"),
        given=given.command,
    )  # fmt: skip
    rev = service.order(session, scope, order_id=op.id).rev
    return Done(rev, overwritten=lost)


def _is_from_field(session: Session, scope: Scope, op: Operation, item: str) -> bool:
    """Tell whether a phone gave the answer that stands."""
    told = service.last_said(session, scope, order_id=op.id, command="answer", about={"item": item})
    return told is not None and told.device_id is not None


def _give_codes(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    """Codes are the field's: each stands until a later word, by corrected time; what gave way is told."""
    order, at = service.order(session, scope, order_id=op.id), given.command.occurred_at or clock.now()
    stood = {"problem": order.problem_code, "cause": order.cause_code, "remedy": order.remedy_code}
    codes, late = _codes(op), dict[str, Any]()
    for name, code in list(codes.items()):
        told = service.last_said(session, scope, order_id=op.id, command="codes", about={name: stood[name]})
        if code and told is not None and told.device_id is not None and at < told.occurred_at:
            codes[name] = None
            if code != stood[name] and told.actor_id != scope.actor_id:
                late[name] = code
    if not any(codes.values()):
        return Done(order.rev, is_noop=True, overwritten=late or None)
    service.give_codes(session, scope, order_id=op.id, given=given.command, **codes)
    stale = op.base_rev is not None and order.rev > op.base_rev + 1
    lost = {name: was for name, was in stood.items() if was and codes.get(name) and codes[name] != was}
    return Done(order.rev, overwritten=(lost if stale else {}) | late or None)


def _use_part(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    """Take a part out of a store: a line in the ledger, which may go below zero, never in the way of a repair."""
    order = service.order(session, scope, order_id=op.id)
    part_id, store_id = ids.parse(str(op.args.get("part_id"))), _maybe(op.args.get("store_id"))
    try:
        quantity = Decimal(str(op.args.get("quantity")))
    except InvalidOperation:
        raise Refused(
            "how many is a number", field="quantity", value=str(op.args.get("quantity"))[:40]
        ) from None
    if not quantity.is_finite():
        raise Refused("how many is a number", field="quantity", value=str(quantity))
    assets.part(session, scope, part_id)
    service.use_part(session, scope, order_id=op.id, part_id=part_id, store_id=store_id, quantity=quantity,
                     given=given.command)  # fmt: skip
    if store_id is not None and not order.is_rehearsal:
        move = assets.Move(store_id, part_id, -quantity, MovementReason.USED)
        assets.move_stock(session, scope, op_id=op.op_id, moves=[move], reference_id=order.id,
                          at=given.command.occurred_at)  # fmt: skip
    return _rev(session, scope, op)


def _confirm(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    service.confirm_isolation(session, scope, permit_id=op.id, given=given.command)
    return Done(0)


def _hand_back(session: Session, scope: Scope, op: Operation, given: Given) -> Done:
    service.hand_back_permit(session, scope, permit_id=op.id, given=given.command)
    return Done(0)


def _rev(session: Session, scope: Scope, op: Operation) -> Done:
    return Done(service.order(session, scope, order_id=op.id).rev)


def _codes(op: Operation) -> dict[str, str | None]:
    codes = {name: op.args.get(name) for name in ("problem", "cause", "remedy")}
    for name, code in codes.items():
        if code is not None and not isinstance(code, str):
            raise Refused("a code is a word", field=name, value=str(code)[:40])
    return codes


def _maybe(said: Any) -> UUID | None:
    return ids.parse(str(said)) if said else None


def _instant(said: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(said).replace("Z", "+00:00"))
    except ValueError:
        raise Refused("this is no time", field="until", value=str(said)[:40]) from None
    return found if found.tzinfo else found.replace(tzinfo=clock.now().tzinfo)


HANDLERS: dict[str, Handler] = {
    "work_order.start": partial(_forward, move=_start), "work_order.hold": partial(_forward, move=_hold),
    "work_order.resume": partial(_forward, move=_resume), "work_order.complete": partial(_forward, move=_complete),
    "work_order.give_up": partial(_forward, move=_give_up), "work_order.report": _report,
    "work_order.rehearse": _rehearse, "work_order.comment": _comment, "work_order.attach": _attach,
    "work_order.answer": _answer, "work_order.codes": _give_codes, "work_order.use_part": _use_part,
    "permit.confirm": _confirm, "permit.hand_back": _hand_back,
}  # fmt: skip
