"""Who takes customers' payments, and has them given back."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.ports import PaymentProvider
from backend.billing.service import providers
from backend.infra.pay import HttpProvider
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from backend.kernel.settings import settings


@cache
def payments() -> PaymentProvider | None:
    """Return who takes customers' payments; None where nobody is set up."""
    where = settings()
    if where.payment_url is None or where.payment_secret is None:
        return None
    return HttpProvider(where.payment_url, where.payment_secret, f"{where.base_url}/api/v1/billing")


def give_back(session: Session, scope: Scope, event: Event) -> None:
    """Have the provider carry a refund out; tried again while it does not answer."""
    providers.send_back(session, scope, payments(), refund_id=UUID(str(event.body["refund_id"])))
