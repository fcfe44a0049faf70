"""Payments by a provider: asked for by a customer, and told of by the provider's signed call, as often as it likes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import IntentStatus, PaymentIntent, Way
from backend.billing.ports import Order, PaymentProvider
from backend.billing.queries import contracts, payments
from backend.billing.rules.matching import How, Match
from backend.billing.service import ledger
from backend.billing.service.payments import NewPayment, demand_money, take
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Scope


@dataclass(frozen=True)
class Told:
    """What a provider says became of a payment. paid_on: the operator's local day."""

    intent_id: UUID
    provider_id: str
    is_paid: bool
    amount: Decimal
    currency: str
    paid_on: date


def ask(
    session: Session, scope: Scope, provider: PaymentProvider | None, *, contract_id: UUID, amount: Decimal
) -> PaymentIntent:
    """Ask the provider for a payment of a contract's customer; returns where they pay."""
    contract = contracts.contract(session, scope, contract_id)
    demand_money(amount, contract.currency)
    if provider is None:
        raise Refused("no payment provider is set up here", remedy="pay by bank or in cash")
    intent_id = ids.new_id()
    order = Order(contract.organisation_id, intent_id, amount, contract.currency, contract.number)
    asked = provider.ask(order)
    made = PaymentIntent(
        id=intent_id, organisation_id=contract.organisation_id, customer_id=contract.customer_id, amount=amount,
        currency=contract.currency, status=IntentStatus.OPEN, pay_url=asked.pay_url, provider_id=asked.provider_id,
        asked_at=clock.now(), asked_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="payment.asked", entity="payment_intent", entity_id=made.id,
        organisation_id=contract.customer_id if contract.customer_id in scope.organisations else made.organisation_id,
        after={"amount": str(amount), "currency": contract.currency},
    )  # fmt: skip
    return made


def take_call(session: Session, scope: Scope, *, told: Told) -> PaymentIntent:
    """Take a provider's word, whose signature was checked; told again, nothing happens again.

    raises Conflict where it says another amount than was asked for, or another payment than before
    """
    intent = payments.intent(session, scope, told.intent_id)
    if intent.provider_id != told.provider_id:
        raise Conflict("this is another payment than was asked for", field="payment", value=told.provider_id)
    if intent.status is IntentStatus.PAID:
        return intent
    if not told.is_paid:
        intent.status = IntentStatus.FAILED
        return intent
    if (intent.amount, intent.currency) != (told.amount, told.currency):
        raise Conflict(
            f"{intent.amount} {intent.currency} were asked for", field="amount",
            value=f"{told.amount} {told.currency}", remedy="settle the difference with the customer",
        )  # fmt: skip
    intent.status, intent.settled_at = IntentStatus.PAID, clock.now()
    book = ledger.book_of(session, scope, organisation_id=intent.organisation_id)
    on = max(told.paid_on, book.closed_until or told.paid_on)
    match = Match(intent.customer_id, How.INTENT)
    new = NewPayment(Way.PROVIDER, told.provider_id, intent.amount, intent.currency, on, match=match)
    take(session, scope, book_id=book.id, new=[new])
    return intent
