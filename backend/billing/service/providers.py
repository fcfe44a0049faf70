"""Payments by a provider: asked for by a customer, and told of by the provider's signed call, as often as it likes.

Money goes back by the way it came: booked first, sent to the provider from the outbox, taken back where it fails.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import (
    GivingStatus,
    IntentStatus,
    LedgerBook,
    PaymentIntent,
    ProviderRefund,
    Refund,
    Way,
)
from backend.billing.ports import GiveBack, Order, PaymentProvider
from backend.billing.queries import contracts, payments
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules.matching import How, Match
from backend.billing.service import ledger
from backend.billing.service.payments import NewPayment, demand_money, refund, take
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.events import publish
from backend.kernel.money import Money
from backend.kernel.scope import Scope

ENDED = (GivingStatus.PAID, GivingStatus.FAILED)
"""The provider's last word on a refund; another one later is refused."""


@dataclass(frozen=True)
class Told:
    """What a provider says became of a payment. paid_on: the operator's local day."""

    intent_id: UUID
    provider_id: str
    is_paid: bool
    amount: Decimal
    currency: str
    paid_on: date


@dataclass(frozen=True)
class ToldBack:
    """What a provider says became of a refund. settled_on: the operator's local day; reason: why it failed."""

    refund_id: UUID
    provider_id: str
    is_paid: bool
    amount: Decimal
    currency: str
    settled_on: date
    reason: str = ""


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
    on = _open_day(book, told.paid_on)
    match = Match(intent.customer_id, How.INTENT)
    new = NewPayment(Way.PROVIDER, told.provider_id, intent.amount, intent.currency, on, match=match)
    take(session, scope, book_id=book.id, new=[new])
    return intent


def give_back(
    session: Session, scope: Scope, *, payment_id: UUID, amount: Decimal, paid_on: date, reason: str
) -> Refund:
    """Give back what came by a provider, or a part of it, by the same provider; at most the customer's credit.

    It is booked now, sent to the provider behind this transaction, and taken back where the provider fails.
    """
    payment = payments.kept_payment(session, scope, payment_id)
    scope.demand(payment.organisation_id, *KEEPERS)
    if payment.way is not Way.PROVIDER or payment.customer_id is None:
        raise Conflict(
            "this did not come by a payment provider", field="payment_id", value=ids.show(payment_id),
            remedy="refund it by bank or in cash",
        )  # fmt: skip
    left = payment.amount - Decimal(payments.given_back(session, scope, payment.id))
    if amount > left:
        raise Refused(
            f"{left} {payment.currency} are left of this payment", field="amount", value=str(amount),
            remedy="give back that much at most",
        )  # fmt: skip
    made = refund(
        session, scope, organisation_id=payment.organisation_id, customer_id=payment.customer_id, amount=amount,
        currency=payment.currency, paid_on=paid_on, way=Way.PROVIDER, reason=reason,
    )  # fmt: skip
    session.flush()
    session.add(
        ProviderRefund(
            refund_id=made.id,
            organisation_id=made.organisation_id,
            payment_id=payment.id,
            status=GivingStatus.WANTED,
        )
    )
    session.flush()
    body = {"refund_id": str(made.id)}
    publish(session, events.event(events.REFUND_WANTED, made.organisation_id, body, actor_id=scope.actor_id))
    return made


def send_back(session: Session, scope: Scope, provider: PaymentProvider | None, *, refund_id: UUID) -> None:
    """Have the provider carry a refund out; told again, it is asked again with the same order, or not at all.

    raises Unavailable while the provider does not answer; where it will not, the refund is taken back
    """
    giving, made, payment = payments.provider_refund(session, scope, refund_id)
    if giving.status is not GivingStatus.WANTED:
        return
    try:
        if provider is None:
            raise Refused("no payment provider is set up here")
        amount = Money(made.amount, made.currency).rounded().amount
        order = GiveBack(made.organisation_id, made.id, payment, amount, made.currency, made.reason)
        giving.provider_id, giving.status = provider.give_back(order), GivingStatus.SENT
    except Refused as refused:
        _fail(session, scope, giving, made, refused.message, made.paid_on)


def take_refund_call(session: Session, scope: Scope, *, told: ToldBack) -> ProviderRefund:
    """Take a provider's word on a refund, whose signature was checked; told again, nothing happens again.

    raises Conflict where it says another amount, another refund, or the contrary of what it said before
    """
    giving, made, _ = payments.provider_refund(session, scope, told.refund_id)
    if giving.provider_id not in (None, told.provider_id):
        raise Conflict("this is another refund than was asked for", field="refund", value=told.provider_id)
    if (made.amount, made.currency) != (told.amount, told.currency):
        raise Conflict(
            f"{made.amount} {made.currency} were to be given back", field="amount",
            value=f"{told.amount} {told.currency}",
        )  # fmt: skip
    wanted = GivingStatus.PAID if told.is_paid else GivingStatus.FAILED
    if giving.status in ENDED:
        if giving.status is not wanted:
            raise Conflict(
                f"this refund is {giving.status.value} already", field="status", value=wanted.value
            )
        return giving
    giving.provider_id = told.provider_id  # its call may overtake its answer
    if told.is_paid:
        giving.status, giving.settled_at = GivingStatus.PAID, clock.now()
    else:
        _fail(session, scope, giving, made, told.reason or "the provider does not say why", told.settled_on)
    return giving


def _fail(
    session: Session, scope: Scope, giving: ProviderRefund, made: Refund, reason: str, on: date
) -> None:
    """Note that money was not given back, and have the customer's credit back."""
    giving.status, giving.reason, giving.settled_at = GivingStatus.FAILED, reason[:500], clock.now()
    day = _open_day(ledger.book(session, scope, book_id=made.book_id), on)
    said = f"Refund failed: {reason}"[:500]
    ledger.reverse(session, scope, book_id=made.book_id, cause_id=made.id, on=day, text=said)
    audit.record(
        session, scope, action="refund.failed", entity="refund", entity_id=made.id,
        organisation_id=made.organisation_id, after={"reason": giving.reason},
    )  # fmt: skip


def _open_day(book: LedgerBook, on: date) -> date:
    """Return a day the book is open on: that one, or the first that is."""
    return max(on, book.closed_until or on)


def refunds_by_id(
    session: Session, scope: Scope, *, refund_ids: Collection[UUID]
) -> dict[UUID, ProviderRefund]:
    """Return how far refunds are that a provider carries out."""
    return payments.provider_refunds(session, scope, refund_ids)
