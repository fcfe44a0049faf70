"""What follows a command, by the table's names. Telling people is an event: who and how is decided above."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from backend.kernel import changes
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.workorders import events
from backend.workorders.models import OrderEvent, Visit, WorkOrder
from backend.workorders.queries import evidence, policies
from backend.workorders.queries import orders as queries
from backend.workorders.rules import faults, machine
from backend.workorders.rules.machine import VisitStatus
from backend.workorders.service import learned, parts, quiet
from backend.workorders.service.watching import start_verification

Effect = Callable[[Session, Scope, WorkOrder, OrderEvent], None]


def _nothing(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """The event itself is the effect: clocks stop and start by replaying it, phones pull it."""


def _telling(whom: str) -> Effect:
    def tell(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
        if order.is_rehearsal:
            return
        body = {
            "work_order_id": str(order.id),
            "whom": whom,
            "what": event.command,
            "event_id": str(event.id),
        }
        publish(session, events.event(events.TELL, order.organisation_id, body, actor_id=scope.actor_id))

    return tell


def _pin_policy(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """The newest version at triage holds for this order, whatever is changed later."""
    policy = policies.sla_policy(session, scope, order.organisation_id)
    order.sla_policy_id = policy.id if policy else None


def _safety_first(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Danger is priority 1, needs its permit, whoever triaged it otherwise."""
    fault = faults.BY_CODE[order.fault_class or "other"]
    if fault.is_danger:
        order.priority = 1
    order.needs_permit = order.needs_permit or fault.permit is not None
    order.skills = sorted({*order.skills, *fault.skills})


def _move_evidence(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Photos of a merged report belong to the order it went into; comments stay and are shown with it."""
    for photo in evidence.attachments(session, scope, order):
        photo.work_order_id = order.merged_into_id or photo.work_order_id


def _start_downtime(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """The asset is down since the report, as far as we know."""
    if order.kind.value == "repair":
        order.downtime_from = order.downtime_from or order.reported_at


def _close_downtime(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """It has been up again since the first good sample, or since the work was done."""
    if order.downtime_from is None:
        return
    told = queries.events_of(session, scope, [order.id])
    good = [e for e in told if e.command in ("confirm", "confirm_by_hand") and e.cycle == order.cycle]
    done = [e.occurred_at for e in told if e.command == "complete" and e.cycle == order.cycle]
    stamp = good[-1].evidence.get("first_good_at") if good else None
    order.downtime_to = (
        datetime.fromisoformat(stamp)
        if stamp
        else good[-1].occurred_at
        if good
        else done[-1]
        if done
        else event.occurred_at
    )


def _offer_visit(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Dispatching offers the planned visits to their technicians."""
    for visit in queries.visits_of(session, scope, [order.id]):
        if visit.status is VisitStatus.PLANNED:
            visit.offered_at = event.occurred_at
            _set(session, scope, visit, VisitStatus.OFFERED)
    _telling("technician")(session, scope, order, event)


def _cancel_visits(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Nobody goes there any more; who is on the way or there turns back."""
    for visit in queries.visits_of(session, scope, [order.id]):
        if visit.status in machine.ENDED:
            continue
        is_out = visit.status in machine.ACTIVE
        visit.ended_at, visit.outcome = event.occurred_at, event.reason
        _set(session, scope, visit, VisitStatus.ABORTED if is_out else VisitStatus.CANCELLED)


def _set(session: Session, scope: Scope, visit: Visit, status: VisitStatus) -> None:
    visit.status, visit.rev = status, visit.rev + 1
    changes.note(session, scope, entity="visit", entity_id=visit.id, organisation_id=visit.organisation_id)


def _reserve_parts(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    parts.reserve(session, scope, order)


def _free_parts(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    parts.free(session, scope, order)


def _page_if_urgent(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    if order.priority == 1:
        _telling("dispatcher")(session, scope, order, event)


def _next_cycle(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """What was completed stays; the clocks begin again."""
    order.problem_code = order.cause_code = order.remedy_code = None
    order.downtime_from = order.downtime_to = None
    order.rating = order.rating_comment = None


EFFECTS: dict[str, Effect] = {
    "acknowledge_report": _telling("reporter"), "tell_reporter": _telling("reporter"),
    "tell_customer": _telling("customer"), "tell_dispatcher": _telling("dispatcher"),
    "ask_customer": _telling("customer"), "ask_rating": _telling("customer"), "offer_slot": _telling("customer"),
    "tell_arrival": _telling("customer"), "push_to_technician": _telling("technician"),
    "pin_sla_policy": _pin_policy, "safety_first": _safety_first, "move_evidence": _move_evidence,
    "alarms_out_of_service": quiet.take_out, "alarms_in_service": quiet.return_, "start_downtime": _start_downtime,
    "close_downtime": _close_downtime, "offer_visit": _offer_visit, "cancel_visits": _cancel_visits,
    "page_dispatcher_if_p1": _page_if_urgent, "next_cycle": _next_cycle,
    "pin_work_pack": _nothing, "stop_response_clock": _nothing, "stop_restoration_clock": _nothing,
    "remind_at_date": _nothing, "propose_follow_up": _telling("dispatcher"), "start_verification": start_verification,
    "asset_health": learned.recompute_health, "propose_knowledge": learned.propose_card,
    "draw_quality_sample": learned.draw_for_check,
    "reserve_parts": _reserve_parts, "free_parts": _free_parts,
}  # fmt: skip
"""Every effect the tables name. `remind_at_date` is the ticker's, which looks at `hold_until`."""
