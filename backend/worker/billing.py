"""What time brings to billing: the bills so far of all contracts, a lot in a transaction of its own."""

from __future__ import annotations

from uuid import UUID

import structlog
from celery import shared_task

from backend.billing.service import so_far
from backend.kernel.db import database
from backend.tenancy import service as tenancy

_log = structlog.get_logger(__name__)


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
