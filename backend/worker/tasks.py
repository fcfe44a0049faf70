"""What workers do. Each task is one or several small transactions and may be done twice without harm."""

from __future__ import annotations

from uuid import UUID

import structlog
from celery import shared_task

from backend.infra import canary, outbox
from backend.kernel.db import database
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.metering import service as metering
from backend.tenancy import service as tenancy

_log = structlog.get_logger(__name__)


@shared_task(name="outbox.send_due")
def send_due() -> int:
    """Put everything due in the outbox on the queue, an entry each; returns how many."""
    claimed = outbox.claim_due(database())
    for entry_id in claimed:
        deliver.delay(str(entry_id))
    return len(claimed)


@shared_task(name="outbox.deliver")
def deliver(entry_id: str) -> bool:
    """Give one event to one listener."""
    return outbox.deliver(database(), UUID(entry_id))


@shared_task(name="canary.sing")
def sing(queue: str) -> None:
    """Prove that the queue lives."""
    canary.sing(settings().redis_url, queue)


@shared_task(name="canary.answer")
def answer(worker: str, sent: float) -> None:
    """Prove to a worker's keeper that this very worker hears."""
    canary.answer(settings().redis_url, worker, sent)


@shared_task(name="upkeep.metering")
def keep_up_metering() -> None:
    """Sort closed periods and drop old journals, tenant by tenant."""
    for scope in tenancy.system_scopes(database(), "nightly upkeep"):
        metering.maintenance(database(), scope)


@shared_task(name="upkeep.forget")
def forget() -> int:
    """Delete log-ins and delivered events that are long over; returns how many."""
    with database().transaction(Scope.public()) as session:
        count = tenancy.forget_old_logins(session)
    return count + outbox.forget_delivered(database())
