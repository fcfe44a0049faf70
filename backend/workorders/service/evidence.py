"""What the field adds to an order: answers, photos, comments, time, parts, permits. Each once per operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import changes, clock, ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.scope import Role, Scope
from backend.workorders.models import (
    Attachment,
    ChecklistAnswer,
    Comment,
    OrderEvent,
    OrderKind,
    PartUse,
    Permit,
    Source,
    TimePunch,
    WorkOrder,
)
from backend.workorders.queries import evidence as queries
from backend.workorders.queries import orders
from backend.workorders.rules import checklist
from backend.workorders.service import moves
from backend.workorders.service.moves import Command
from backend.workorders.service.report import Report, report

ROLES = ("before", "after", "meter", "tag", "signature", "evidence")
PERMITS = ("electrical", "hot_work", "confined_space", "gas", "pressure")
ON_ITS_WAY, ASKED_FOR = timedelta(hours=12), timedelta(days=14)
LONGEST_PERMIT = timedelta(hours=24)


@dataclass(frozen=True)
class Photo:
    """A photo or signature named by its hash; its bytes may follow. size [bytes]"""

    role: str
    sha256: str
    size: int
    mime: str
    taken_at: datetime


def attach(
    session: Session, scope: Scope, *, order_id: UUID, photo: Photo, stored_sha256: str | None = None,
    given: Command = moves.NOW,
) -> Attachment:  # fmt: skip
    """Register a photo; stored_sha256: of the kept picture, where its bytes are here already."""
    done = queries.by_op(session, scope, Attachment, given.op_id)
    if isinstance(done, Attachment):
        return done
    if photo.role not in ROLES:
        raise Refused("this is no role of a photo", field="role", value=photo.role, remedy=f"one of {ROLES}")
    if len(photo.sha256) != 64 or not set(photo.sha256) <= set("0123456789abcdef"):
        raise Refused("a photo is named by its SHA-256", field="sha256", value=photo.sha256[:80])
    order = orders.order(session, scope, order_id, lock=True)
    attachment = Attachment(
        id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, cycle=order.cycle,
        role=photo.role, sha256=photo.sha256, size=photo.size, mime=photo.mime, taken_at=photo.taken_at,
        taken_by=scope.actor_id, device_id=given.device_id, arrived_at=clock.now() if stored_sha256 else None,
        stored_sha256=stored_sha256,
        op_id=given.op_id,
    )  # fmt: skip
    session.add(attachment)
    _noted(session, scope, order, "attach", given, {"sha256": photo.sha256, "role": photo.role})
    return attachment


def note_arrival(session: Session, scope: Scope, *, sha256: str, stored_sha256: str) -> list[UUID]:
    """Note that the bytes of a photo are here; returns the orders that waited for them."""
    waiting = queries.missing(session, scope, sha256)
    for attachment in waiting:
        attachment.arrived_at, attachment.stored_sha256 = clock.now(), stored_sha256
    found = orders.orders_by_id(session, scope, {a.work_order_id for a in waiting})
    for order in found:
        moves.touch(session, scope, order)
    return [order.id for order in found]


def stored(session: Session, scope: Scope, *, sha256: str) -> str | None:
    """Return the hash under which a photo's picture is kept, where its bytes came before; None while they have not."""
    return queries.stored(session, scope, sha256)


def awaited_photos(session: Session, scope: Scope, *, device_id: str | None = None) -> Sequence[Attachment]:
    """Return photos that are long registered and whose bytes never came: of one phone of the asker, or of all.

    For half a day bytes may well be on their way; after a fortnight nobody is asked any more.
    """
    now = clock.now()
    return queries.awaited(
        session,
        scope,
        since=now - ASKED_FOR,
        until=now - ON_ITS_WAY,
        person_id=scope.actor_id,
        device_id=device_id,
    )


def answer_of(session: Session, scope: Scope, *, order_id: UUID, item: str) -> ChecklistAnswer | None:
    """Return the answer an item has in the present cycle."""
    order = orders.order(session, scope, order_id)
    return next((a for a in queries.answers(session, scope, order) if a.item == item), None)


def last_said(
    session: Session, scope: Scope, *, order_id: UUID, command: str, about: Mapping[str, Any]
) -> OrderEvent | None:
    """Return who said something last of an order in its present cycle: the event, None where nobody did."""
    return orders.last_said(session, scope, orders.order(session, scope, order_id), command, about)


def give_codes(
    session: Session, scope: Scope, *, order_id: UUID, problem: str | None = None, cause: str | None = None,
    remedy: str | None = None, given: Command = moves.NOW,
) -> WorkOrder:  # fmt: skip
    """Say what was wrong, why, and what helped; codes that are not given stay."""
    order = orders.order(session, scope, order_id, lock=True)
    _demand_crew(scope, order)
    codes = {"problem": problem, "cause": cause, "remedy": remedy}
    order.problem_code = problem or order.problem_code
    order.cause_code = cause or order.cause_code
    order.remedy_code = remedy or order.remedy_code
    _noted(session, scope, order, "codes", given, {name: code for name, code in codes.items() if code})
    return order


def comment(
    session: Session,
    scope: Scope,
    *,
    order_id: UUID,
    text: str,
    is_public: bool = False,
    given: Command = moves.NOW,
) -> Comment:
    """Add a remark; a customer's is public by nature."""
    if not text.strip():
        raise Refused("a comment needs words", field="text")
    order = orders.order(session, scope, order_id)
    acting, is_public = moves.writing(session, scope, order), is_public or not _is_staff(scope, order)
    done = queries.by_op(session, acting, Comment, given.op_id)
    if isinstance(done, Comment):
        moves.back(session, scope, acting)
        return done
    order = orders.order(session, acting, order_id, lock=True)
    made = Comment(
        id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, text=text.strip()[:4000],
        is_public=is_public, at=min(given.occurred_at or clock.now(), clock.now()), author_id=scope.actor_id,
        op_id=given.op_id,
    )  # fmt: skip
    session.add(made)
    _noted(session, acting, order, "comment", replace(given, by=scope), {"is_public": is_public})
    moves.back(session, scope, acting)
    return made


def answer(
    session: Session, scope: Scope, *, order_id: UUID, item: str, value: Any, note: str | None = None,
    given: Command = moves.NOW,
) -> ChecklistAnswer:  # fmt: skip
    """Answer an item of the check-list; a failed item opens a repair of its class, once."""
    order = orders.order(session, scope, order_id, lock=True)
    template = queries.checklist(session, scope, order.checklist_id) if order.checklist_id else None
    about = next((one for one in template.items if one["key"] == item), None) if template else None
    if about is None:
        raise NotFound("the check-list has no such item", field="item", value=item)
    judged = checklist.judge(about, value)
    found = next((a for a in queries.answers(session, scope, order) if a.item == item), None)
    at = min(given.occurred_at or clock.now(), clock.now())
    if found is None:
        found = ChecklistAnswer(
            id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, cycle=order.cycle,
            item=item, value=judged.value, is_failed=judged.is_failed, note=note, answered_at=at,
            answered_by=scope.actor_id, rev=1,
        )  # fmt: skip
        session.add(found)
    else:
        found.value, found.is_failed, found.note, found.rev = (
            judged.value,
            judged.is_failed,
            note,
            found.rev + 1,
        )
        found.answered_at, found.answered_by = at, scope.actor_id
    session.flush()
    _noted(
        session,
        scope,
        order,
        "answer",
        given,
        {"item": item, "value": judged.value, "is_failed": judged.is_failed},
    )
    if judged.is_failed and order.kind is OrderKind.INSPECTION and found.repair_id is None:
        found.repair_id = _open_repair(session, scope, order, about, found, given)
    return found


def _open_repair(
    session: Session, scope: Scope, order: WorkOrder, item: Any, found: ChecklistAnswer, given: Command
) -> UUID:
    new = Report(
        position_id=order.position_id, device_id=order.device_id, title=f"{item['text']}: {found.value}",
        title_zh=f"{item['text_zh']}：{found.value}" if item.get("text_zh") else None,
        description=found.note, fault_class=item.get("fault_class"), follow_up_of_id=order.id,
        is_rehearsal=order.is_rehearsal,
    )  # fmt: skip
    evidence = {"inspection": str(order.id), "item": item["key"], "value": found.value}
    return report(
        session, scope, new=new, source=Source.INSPECTION,
        given=Command(evidence=evidence, occurred_at=given.occurred_at, device_id=given.device_id),
    ).order.id  # fmt: skip


def punch(
    session: Session, scope: Scope, *, visit_id: UUID, kind: str, seconds: float, started_at: datetime,
    given: Command = moves.NOW,
) -> TimePunch:  # fmt: skip
    """Book time on a visit. kind: travel, work, break; seconds: from the phone's monotonic clock [s], at most a day"""
    done = queries.by_op(session, scope, TimePunch, given.op_id)
    if isinstance(done, TimePunch):
        return done
    if kind not in ("travel", "work", "break") or not 0 < seconds <= 86_400:
        raise Refused("time is travel, work or break, more than nothing and at most a day", field="seconds",
                      value=seconds)  # fmt: skip
    visit = orders.visit(session, scope, visit_id)
    order = orders.order(session, scope, visit.work_order_id, lock=True)
    _demand_crew(scope, order)
    made = TimePunch(
        id=ids.new_id(), organisation_id=order.organisation_id, visit_id=visit.id,
        person_id=scope.actor_id or visit.technician_id, kind=kind, started_at=started_at, seconds=seconds,
        op_id=given.op_id,
    )  # fmt: skip
    session.add(made)
    _noted(session, scope, order, "punch", given, {"kind": kind, "seconds": seconds})
    return made


def use_part(
    session: Session, scope: Scope, *, order_id: UUID, part_id: UUID, quantity: Decimal, store_id: UUID | None = None,
    cost: Decimal | None = None, given: Command = moves.NOW,
) -> PartUse:  # fmt: skip
    """Note a part that went into the work. The caller moves the stock (assets' ledger) with the same operation."""
    done = queries.by_op(session, scope, PartUse, given.op_id)
    if isinstance(done, PartUse):
        return done
    if quantity == 0:
        raise Refused("how many were used", field="quantity", value=str(quantity))
    order = orders.order(session, scope, order_id, lock=True)
    _demand_crew(scope, order)
    made = PartUse(
        id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, part_id=part_id,
        store_id=store_id, quantity=quantity, cost=cost, at=min(given.occurred_at or clock.now(), clock.now()),
        op_id=given.op_id,
    )  # fmt: skip
    session.add(made)
    _noted(session, scope, order, "use_part", given, {"part_id": str(part_id), "quantity": str(quantity)})
    return made


def issue_permit(
    session: Session,
    scope: Scope,
    *,
    order_id: UUID,
    kind: str,
    expires_at: datetime,
    isolation: list[dict[str, Any]],
) -> Permit:
    """Give leave to work for a time, at most a day; isolation: [{point, method}] to be locked off."""
    order = orders.order(session, scope, order_id, lock=True)
    scope.demand(order.organisation_id, Role.DISPATCHER, Role.MANAGER, Role.OPERATOR, Role.ADMINISTRATOR)
    if kind not in PERMITS:
        raise Refused(
            "there is no such permit", field="kind", value=kind, remedy=f"one of {', '.join(PERMITS)}"
        )
    now = clock.now()
    if not now < expires_at <= now + LONGEST_PERMIT:
        raise Refused("a permit ends within 24 hours", field="expires_at", value=expires_at.isoformat())
    permit = Permit(
        id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, kind=kind,
        isolation=isolation, issued_at=now, issued_by=scope.actor_id, expires_at=expires_at,
    )  # fmt: skip
    session.add(permit)
    order.needs_permit = True
    _noted(session, scope, order, "issue_permit", moves.NOW, {"kind": kind, "permit_id": str(permit.id)})
    _changed(session, scope, permit)
    return permit


def confirm_isolation(
    session: Session, scope: Scope, *, permit_id: UUID, given: Command = moves.NOW
) -> Permit:
    """The crew's lead confirms that every point is locked off; not the one who issued the permit."""
    permit, order = _permit(session, scope, permit_id)
    if scope.actor_id not in {v.technician_id for v in orders.visits_of_cycle(session, scope, order)}:
        raise Forbidden("the lead of the crew confirms the isolation", remedy="ask who leads this visit")
    if permit.issued_by is not None and permit.issued_by == scope.actor_id:
        raise Conflict("who issued a permit does not confirm its isolation", field="permit_id")
    if permit.confirmed_at is None:
        permit.confirmed_at, permit.confirmed_by = given.occurred_at or clock.now(), scope.actor_id
        _noted(session, scope, order, "confirm_isolation", given, {"permit_id": str(permit.id)})
        _changed(session, scope, permit)
    return permit


def hand_back_permit(
    session: Session, scope: Scope, *, permit_id: UUID, given: Command = moves.NOW
) -> Permit:
    """The plant is handed back: nobody works there any more."""
    permit, order = _permit(session, scope, permit_id)
    if permit.handed_back_at is None:
        permit.handed_back_at, permit.handed_back_by = given.occurred_at or clock.now(), scope.actor_id
        _noted(session, scope, order, "hand_back_permit", given, {"permit_id": str(permit.id)})
        _changed(session, scope, permit)
    return permit


def cost_of(session: Session, scope: Scope, order: WorkOrder, *, hourly: Decimal = Decimal(120)) -> Decimal:
    """Return what an order cost so far: booked work and travel at an hourly rate, and parts [site's currency]."""
    seconds = sum(p.seconds for p in queries.punches(session, scope, order) if p.kind != "break")
    parts = sum((p.cost or Decimal(0)) * p.quantity for p in queries.parts_used(session, scope, order))
    return (Decimal(seconds) / 3600 * hourly + parts).quantize(Decimal("0.01"))


def _permit(session: Session, scope: Scope, permit_id: UUID) -> tuple[Permit, WorkOrder]:
    permit = queries.permit(session, scope, permit_id)
    order = orders.order(session, scope, permit.work_order_id, lock=True)
    _demand_crew(scope, order)
    return permit, order


def _changed(session: Session, scope: Scope, permit: Permit) -> None:
    changes.note(session, scope, entity="permit", entity_id=permit.id, organisation_id=permit.organisation_id)


def _demand_crew(scope: Scope, order: WorkOrder) -> None:
    scope.demand(order.organisation_id, Role.TECHNICIAN, Role.DISPATCHER, Role.OPERATOR, Role.ADMINISTRATOR)


def _is_staff(scope: Scope, order: WorkOrder) -> bool:
    return order.organisation_id in scope.staff_organisations


def _noted(
    session: Session, scope: Scope, order: WorkOrder, what: str, given: Command, evidence: dict[str, Any]
) -> None:
    moves.note(session, scope, order, what, replace(given, evidence=given.evidence | evidence))
    moves.touch(session, scope, order)
