"""Looking again at a share of the closed orders: drawn when an order is closed
(learned.py), judged by somebody who was not there."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.paging import Page
from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from backend.workorders.models import QualityCheck, SlaPolicy, WorkOrder
from backend.workorders.queries import orders, policies
from backend.workorders.queries import quality as queries
from backend.workorders.queries.quality import QualityCount
from backend.workorders.rules import quality as rules
from backend.workorders.service import moves
from backend.workorders.service.command import Command

CHECKERS = (Role.DISPATCHER, Role.MANAGER)


def quality_checks(
    session: Session, scope: Scope, *, organisations: Collection[UUID] | None = None, is_open: bool = True,
    cursor: str | None = None, limit: int = 50,
) -> Page[tuple[QualityCheck, WorkOrder]]:  # fmt: skip
    """Return a page of the orders that were drawn, the newest first; is_open: only those nobody looked at yet."""
    return queries.quality_checks(
        session, scope, organisations=organisations, is_open=is_open, cursor=cursor, limit=limit
    )


def quality_of(session: Session, scope: Scope, order: WorkOrder) -> QualityCheck | None:
    """Return the check an order was last drawn for; None where it was not, or the asker does not see it."""
    return queries.quality_of(session, scope, order)


def quality_count(
    session: Session, scope: Scope, *, organisations: Collection[UUID] | None = None
) -> QualityCount:
    """Return how many were drawn, checked and found wanting."""
    return queries.quality_count(session, scope, organisations)


def check_quality(
    session: Session, scope: Scope, *, check_id: UUID, is_good: bool, findings: str | None = None
) -> QualityCheck:
    """Say whether the work was done as it should be; what is wanting is said in words. Once, by somebody else."""
    check = queries.quality_check(session, scope, check_id)
    scope.demand(check.organisation_id, *CHECKERS)
    if check.checked_at is not None:
        raise Conflict("this order was checked already", field="check_id")
    order = orders.order(session, scope, check.work_order_id, lock=True)
    if scope.actor_id in {one.technician_id for one in orders.visits_of(session, scope, [order.id])}:
        raise Conflict("who did the work does not check it", field="check_id", remedy="ask a colleague")
    said = (findings or "").strip()[:2000] or None
    if not is_good and said is None:
        raise Refused("say what is wanting", field="findings")
    check.is_good, check.findings, check.checked_at, check.checked_by = (
        is_good,
        said,
        clock.now(),
        scope.actor_id,
    )
    moves.note(session, scope, order, "check_quality", Command(evidence={"check": str(check.id)}))
    audit.record(session, scope, action="workorders.quality_checked", entity="quality_check", entity_id=check.id,
                 organisation_id=check.organisation_id, after={"is_good": is_good, "findings": said})  # fmt: skip
    session.flush()
    return check


def quality_share(session: Session, scope: Scope, *, organisation_id: UUID) -> float:
    """Return the share of closed orders that is drawn at an organisation, 0 to 1; raises NotFound."""
    node = tenancy.organisation(session, scope, organisation_id)
    policy = policies.sla_policy(session, scope, node.id)
    return policy.quality_share if policy else rules.SHARE


def change_quality_share(session: Session, scope: Scope, *, organisation_id: UUID, share: float) -> SlaPolicy:
    """Write the next version of a service level with another share; orders triaged before keep theirs."""
    scope.demand(organisation_id, Role.MANAGER, Role.ADMINISTRATOR)
    if not 0 <= share <= 1:
        raise Refused("a share lies between 0 and 100 %", field="share", value=share)
    before = policies.sla_policy(session, scope, organisation_id)
    if before is None:
        raise Conflict("there is no service level to change yet", field="organisation_id")
    is_own = before.organisation_id == organisation_id
    kept = ("name", "calendar_id", "targets", "pausing", "approval_above", "geofence_m", "horizon_h")
    after = SlaPolicy(
        id=ids.new_id(), organisation_id=organisation_id, version=before.version + 1 if is_own else 1,
        valid_from=clock.now(), quality_share=share, **{name: getattr(before, name) for name in kept},
    )  # fmt: skip
    session.add(after)
    session.flush()
    audit.record(session, scope, action="workorders.quality_share_set", entity="sla_policy", entity_id=after.id,
                 organisation_id=organisation_id, before={"share": before.quality_share},
                 after={"share": share})  # fmt: skip
    return after
