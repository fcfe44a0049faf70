"""What closed repairs left behind: how places are, what helped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope
from backend.workorders.models import AssetHealth, KnowledgeCard, OrderEvent, OrderKind, WorkOrder

CAME_BACK = ("reopen", "fail", "deny_by_hand")


def closed_repairs(
    session: Session, scope: Scope, position_id: UUID, *, since: datetime
) -> Sequence[tuple[WorkOrder, datetime, int]]:
    """Repairs at a place closed since an instant: (order, when it was last closed, how often it came back)."""
    rows = session.execute(
        select(
            WorkOrder,
            func.max(OrderEvent.occurred_at).filter(OrderEvent.command == "close"),
            func.count().filter(OrderEvent.command.in_(CAME_BACK)),
        )
        .join(OrderEvent, OrderEvent.work_order_id == WorkOrder.id)
        .where(
            WorkOrder.position_id == position_id, WorkOrder.organisation_id.in_(scope.organisations),
            WorkOrder.kind == OrderKind.REPAIR, WorkOrder.is_rehearsal.is_(False),
        )
        .group_by(WorkOrder.id)
        .having(func.max(OrderEvent.occurred_at).filter(OrderEvent.command == "close") >= since)
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in rows]


def health_of(session: Session, scope: Scope, position_id: UUID) -> AssetHealth | None:
    """How a place is, as it was last worked out."""
    return session.scalar(
        select(AssetHealth).where(
            AssetHealth.position_id == position_id, AssetHealth.organisation_id.in_(scope.organisations)
        )
    )


def card(session: Session, scope: Scope, card_id: UUID) -> KnowledgeCard:
    """One card; raises NotFound."""
    found = session.scalar(
        select(KnowledgeCard).where(
            KnowledgeCard.id == card_id, KnowledgeCard.organisation_id.in_(scope.organisations)
        )
    )
    if found is None:
        raise NotFound("there is no such card", field="card_id", value=str(card_id))
    return found


def cards(
    session: Session, scope: Scope, *, fault_class: str, statuses: Sequence[str]
) -> Sequence[KnowledgeCard]:
    """Cards of a class of fault, the newest first."""
    return session.scalars(
        select(KnowledgeCard)
        .where(
            KnowledgeCard.organisation_id.in_(scope.organisations), KnowledgeCard.fault_class == fault_class,
            KnowledgeCard.status.in_(statuses),
        )
        .order_by(KnowledgeCard.proposed_at.desc())
        .limit(20)
    ).all()  # fmt: skip
