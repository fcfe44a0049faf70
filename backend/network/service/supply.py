"""Who is supplied where, and what they may therefore see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import audit, ids, paging
from backend.kernel.periods import Period
from backend.kernel.scope import Role, Scope
from backend.network import queries, rules
from backend.network.models import Position, SupplyAgreement


def create_supply_agreement(
    session: Session, scope: Scope, *, customer_id: UUID, operator_id: UUID, position_id: UUID,
    starts_at: datetime, ends_at: datetime | None = None,
) -> SupplyAgreement:  # fmt: skip
    """Supply a customer at a position and below it, for a half-open period: from then on they see it."""
    position = queries.position(session, scope, position_id)
    for touched in (operator_id, position.organisation_id):
        scope.demand(touched, Role.ADMINISTRATOR, Role.OPERATOR, Role.MANAGER)
    Period(starts_at, ends_at)
    agreement = SupplyAgreement(
        id=ids.new_id(), organisation_id=customer_id, operator_id=operator_id, position_id=position.id,
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    session.add(agreement)
    session.flush()
    audit.record(
        session, scope, action="supply_agreement.created", entity="supply_agreement", entity_id=agreement.id,
        organisation_id=operator_id,
        after={"customer": str(customer_id), "position": str(position_id), "starts_at": starts_at.isoformat()},
    )  # fmt: skip
    return agreement


def end_supply_agreement(
    session: Session, scope: Scope, *, agreement_id: UUID, ends_at: datetime
) -> SupplyAgreement:
    """End a supply at an instant: the customer keeps seeing what was measured before it, and nothing after."""
    found = queries.agreement(session, scope, agreement_id)
    scope.demand(found.operator_id, Role.ADMINISTRATOR, Role.OPERATOR, Role.MANAGER)
    rules.demand_end(found.starts_at, ends_at)
    before, found.ends_at = found.ends_at, ends_at
    session.flush()
    audit.record(
        session, scope, action="supply_agreement.ended", entity="supply_agreement", entity_id=found.id,
        organisation_id=found.operator_id, before={"ends_at": before and before.isoformat()},
        after={"ends_at": ends_at.isoformat()},
    )  # fmt: skip
    return found


def visible_periods(session: Session, scope: Scope, position: Position) -> list[Period] | None:
    """Return the periods in which the scope may see what was measured at a position; None: always.

    The owner always may; a customer in the periods of their supply agreements.
    """
    if position.organisation_id in scope.organisations:
        return None
    return queries.agreements_covering(session, scope, position, scope.organisations)


def supply_agreements(
    session: Session, scope: Scope, *, at: datetime | None = None
) -> Sequence[SupplyAgreement]:
    """Return all who are supplied where, as far as the scope sees it."""
    return queries.agreements(session, scope, at=at)


def list_supply_agreements(
    session: Session, scope: Scope, *, operators: frozenset[UUID] | None = None, cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[SupplyAgreement]:  # fmt: skip
    """Return a page of who is supplied where, those without an end first, then the newest."""
    return queries.agreements_page(session, scope, operators=operators, cursor=cursor, limit=limit)


def agreements_at(
    session: Session, scope: Scope, *, position: Position, at: datetime
) -> Sequence[SupplyAgreement]:
    """Return who is supplied at a position at an instant, as far as the scope is their operator."""
    return queries.agreements_at(session, scope, position, at)


def customers_below(session: Session, scope: Scope, position_id: UUID) -> int:
    """Return how many customers are supplied now at a position or below it."""
    return queries.customers_below(session, scope, queries.position(session, scope, position_id))
