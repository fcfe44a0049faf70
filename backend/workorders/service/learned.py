"""What a closed order leaves behind: how the place is now, a card of what helped, and of a share of them a check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict
from backend.kernel.scope import Role, Scope
from backend.workorders.models import (
    AssetHealth,
    KnowledgeCard,
    OrderEvent,
    OrderKind,
    QualityCheck,
    WorkOrder,
)
from backend.workorders.queries import evidence, policies
from backend.workorders.queries import learned as queries
from backend.workorders.rules import health as rules
from backend.workorders.rules import quality
from backend.workorders.rules.health import Mended

MOST_CARDS = 20

NOT_FOUND = "UNKNOWN"
"""The cause that says nothing: nobody learns from it."""


def recompute_health(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Work out anew how a place is: the effect of `close`."""
    if order.kind is not OrderKind.REPAIR or order.is_rehearsal:
        return
    session.flush()
    now = clock.now()
    closed = queries.closed_repairs(session, scope, order.position_id, since=now - rules.YEAR)
    found = rules.health(
        [
            Mended(at, one.priority or 3, back, (one.downtime_to - one.downtime_from)
                   if one.downtime_from and one.downtime_to else timedelta(0))
            for one, at, back in closed
        ],
        now,
    )  # fmt: skip
    row = queries.health_of(session, scope, order.position_id)
    if row is None:
        row = AssetHealth(
            id=ids.new_id(), organisation_id=order.organisation_id, position_id=order.position_id
        )
        session.add(row)
    row.score, row.because, row.computed_at = found.score, found.because, now


def health_of(session: Session, scope: Scope, *, position_id: UUID) -> AssetHealth | None:
    """Return how a place is, as of its last closed repair; None where none was."""
    return queries.health_of(session, scope, position_id)


def propose_card(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Propose a card of what helped, unless the same is known or nobody found the cause: the effect of `close`."""
    codes = (order.problem_code, order.cause_code, order.remedy_code)
    if order.is_rehearsal or order.fault_class is None or not all(codes) or order.cause_code == NOT_FOUND:
        return
    known = queries.cards(
        session, scope, fault_class=order.fault_class, statuses=("proposed", "kept", "dropped")
    )
    if any((one.problem_code, one.cause_code, one.remedy_code) == codes for one in known):
        return
    session.add(
        KnowledgeCard(
            id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, cycle=order.cycle,
            fault_class=order.fault_class, problem_code=codes[0], cause_code=codes[1], remedy_code=codes[2],
            text=_text(session, scope, order), status="proposed", proposed_at=clock.now(),
        )
    )  # fmt: skip


def draw_for_check(session: Session, scope: Scope, order: WorkOrder, event: OrderEvent) -> None:
    """Draw an order to be looked at again, or not, by the event that closed it: the effect of `close`."""
    pinned = policies.sla_policy_by_id(session, scope, order.sla_policy_id) if order.sla_policy_id else None
    share = pinned[0].quality_share if pinned else quality.SHARE
    if order.is_rehearsal or not quality.is_drawn(event.id, share):
        return
    check = QualityCheck(
        id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, cycle=order.cycle,
        event_id=event.id, share=share, drawn_at=event.received_at,
    )  # fmt: skip
    session.add(check)


def decide_card(
    session: Session, scope: Scope, *, card_id: UUID, is_kept: bool, text: str | None = None
) -> KnowledgeCard:
    """Keep a proposed card, with better words where somebody has them, or drop it."""
    card = queries.card(session, scope, card_id)
    scope.demand(card.organisation_id, Role.MANAGER)
    if card.status != "proposed":
        raise Conflict("this card is decided", field="card_id", value=card.status)
    card.status = "kept" if is_kept else "dropped"
    card.text = (text or "").strip()[:2000] or card.text
    card.decided_at, card.decided_by = clock.now(), scope.actor_id
    audit.record(session, scope, action=f"workorders.card_{card.status}", entity="knowledge_card", entity_id=card.id,
                 organisation_id=card.organisation_id)  # fmt: skip
    session.flush()
    return card


def cards(session: Session, scope: Scope, *, order: WorkOrder) -> Sequence[KnowledgeCard]:
    """Return what helped with faults of an order's class, and what its own repair proposes."""
    if order.fault_class is None:
        return []
    found = queries.cards(session, scope, fault_class=order.fault_class, statuses=("kept", "proposed"))
    return [one for one in found if one.status == "kept" or one.work_order_id == order.id]


def _text(session: Session, scope: Scope, order: WorkOrder) -> str:
    """Return what the technician wrote, the newest remark first, else the title."""
    newest = evidence.comments(session, scope, order, cursor=None, limit=20).items
    said = [one.text for one in newest if not one.is_public]
    return "\n".join([order.title, *said[:1]])
