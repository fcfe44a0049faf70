"""What billing tells: a run has a step to do, a bill was issued, money came or went, a balance runs low.

Also that a bill will be high, and that something was said about a complaint.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.kernel.events import Event

RUN_STEP = "billing.run_step"
RUN_MOVED = "billing.run_moved"
BILL_ISSUED = "billing.bill_issued"
PAYMENT_RECEIVED = "billing.payment_received"
REFUNDED = "billing.refunded"
BALANCE_LOW = "billing.balance_low"
HIGH_BILL = "billing.high_bill"
COMPLAINT_MOVED = "billing.complaint_moved"
LETTER = "billing.letter"


def event(name: str, organisation_id: UUID, body: dict[str, Any], *, actor_id: UUID | None = None) -> Event:
    """Return an event of billing; organisation_id: who supplies.

    run_step: run_id
    run_moved: run_id, status
    bill_issued: bill_id, number, kind, customer_id, contract_id, total, currency, due_on
    payment_received: payment_id, customer_id or None (not assigned yet), amount, currency, way
    refunded: refund_id, customer_id, amount, currency
    balance_low: contract_id, customer_id, balance, currency
    high_bill: contract_id, customer_id, projected, usual, currency, ends_on
    complaint_moved: complaint_id, bill_id, customer_id, state
    letter: words, known, path, way, person_id, email, locale: one reader, one way
    """
    return Event(name, organisation_id, body, actor_id=actor_id)
