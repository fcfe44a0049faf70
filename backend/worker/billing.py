"""What time brings to billing: bills so far, reminders, plans that are paid or not kept, prepaid balances.

Each in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task

from backend.billing.service import dunning, plans, prepaid, so_far
from backend.kernel.db import database
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.worker.fieldwork import by_itself

_log = structlog.get_logger(__name__)


@shared_task(name="billing.remind")
def remind() -> int:
    """End plans that are not kept, then remind of what is overdue; returns how many were reminded of."""
    count = 0
    for scope in tenancy.system_scopes(database(), "reminders"):
        _each(scope, plans.active, lambda s, c, one: plans.review(s, c, plan_id=one), "plan not looked at")
        count += _each(
            scope, dunning.due, lambda s, c, one: dunning.remind(s, c, bill_id=one), "bill not reminded of"
        )
    return count


@shared_task(name="billing.balances")
def work_out_balances() -> int:
    """Work out what is left of prepaid balances; returns of how many."""
    count = 0
    for scope in tenancy.system_scopes(database(), "prepaid balances"):
        count += _each(
            scope, prepaid.prepaid, lambda s, c, one: prepaid.refresh(s, c, contract_id=one),
            "balance not worked out",
        )  # fmt: skip
    return count


@shared_task(name="billing.refresh_so_far")
def refresh_so_far() -> int:
    """Make every contract's bill so far, and tell who will have a high one; returns how many lots there were."""
    lots = 0
    for scope in tenancy.system_scopes(database(), "bills so far"):
        after_id: UUID | None = None
        while True:
            with database().transaction(scope) as session:
                after_id = so_far.refresh(session, scope, after_id=after_id)
            if after_id is None:
                break
            lots += 1
    _log.info("bills so far", lots=lots)
    return lots


def _each(scope: Scope, listed: Callable[..., Sequence[UUID]], act: Callable[..., Any], failed: str) -> int:
    """Do something for each of a list, whatever one of them meets; returns how many it was done for."""
    count = 0
    with database().transaction(scope) as session:
        found = listed(session, scope)
    for one in found:
        with by_itself(failed, id=str(one)):
            with database().transaction(scope) as session:
                done = act(session, scope, one)
            count += done is not None
    return count
