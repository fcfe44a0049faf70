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
REFUND_WANTED = "billing.refund_wanted"
REMINDED = "billing.reminded"
PLAN_MOVED = "billing.plan_moved"
CUT_MOVED = "billing.cut_moved"
INVOICE_WANTED = "billing.invoice_wanted"
LETTER = "billing.letter"
BALANCE_LOW = "billing.balance_low"
HIGH_BILL = "billing.high_bill"
COMPLAINT_MOVED = "billing.complaint_moved"
REQUEST_MOVED = "billing.request_moved"
ARCHIVE_STEP = "billing.archive_step"


def event(name: str, organisation_id: UUID, body: dict[str, Any], *, actor_id: UUID | None = None) -> Event:
    """Return an event of billing; organisation_id: who supplies.

    run_step: run_id
    run_moved: run_id, status
    bill_issued: bill_id, number, kind, customer_id, contract_id, total, currency, due_on
    payment_received: payment_id, customer_id or None (not assigned yet), amount, currency, way
    refunded: refund_id, customer_id, amount, currency
    refund_wanted: refund_id: a provider is to carry it out
    reminded: reminder_id, bill_id, number, level, is_last, customer_id, contract_id, open, fee, currency, due_on
    plan_moved: plan_id, status, customer_id, total, currency
    cut_moved: cut_id, status, contract_id, customer_id, debt, currency, earliest_on, order_id, back_order_id
    invoice_wanted: bill_id
    balance_low: contract_id, customer_id, balance, currency, emergency_credit or None
    high_bill: contract_id, customer_id, projected, usual, currency, ends_on
    complaint_moved: complaint_id, bill_id, customer_id, state
    request_moved: request_id, customer_id, kind, status, parts or None, amount or None, currency
    archive_step: archive_id: a lot of a run's bills is to be packed
    letter: words, said (what the words leave open), path, way, person_id, email, locale: one reader, one way
    """
    return Event(name, organisation_id, body, actor_id=actor_id)
