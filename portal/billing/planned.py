"""Plans as lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import g, url_for

from backend.billing.service import plans
from portal.billing import desk
from portal.billing.debt_words import PLAN_STATES


def rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    """Return plans as lists show them: what is paid of what, and the next part."""
    customers = desk.names_of({one.plan.customer_id for one in found})
    return [_row(one) | {"customer": customers.get(one.plan.customer_id, "")} for one in found]


def _row(one: Any) -> dict[str, Any]:
    sign, state = PLAN_STATES[one.plan.status]
    following_part = next((part for part in one.parts if part.paid < part.amount), None)
    return {
        "id": one.plan.id, "sign": sign, "state": state, "total": one.plan.total, "currency": one.plan.currency,
        "paid": min(one.paid, one.plan.total), "is_active": one.plan.ended_at is None,
        "share": float(min(one.paid / one.plan.total, Decimal(1))), "parts": len(one.parts),
        "next": following_part if one.plan.ended_at is None else None,
        "link": url_for("portal.instalment_plan", plan_id=one.plan.id),
    }  # fmt: skip


def kept_by(customers: frozenset[UUID]) -> list[dict[str, Any]]:
    """Return the plans customers keep now."""
    found = plans.plans(g.session, g.scope, limit=50).items
    return rows([one for one in found if one.plan.customer_id in customers and one.plan.ended_at is None])


def of_bill(bill: Any) -> dict[str, Any] | None:
    """Return the plan that pays a bill now."""
    found = plans.plans(g.session, g.scope, customer_id=bill.customer_id, limit=50).items
    return next(
        iter(rows([one for one in found if bill.id in one.bill_ids and one.plan.ended_at is None])), None
    )
