"""What customers ask of the office: to pay in parts, to have credit back. Granting does it, in the same transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import AccountRequest, BillStatus, RequestKind, RequestStatus, Way
from backend.billing.queries import bills
from backend.billing.queries import requests as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.service import accounts, payments, plans
from backend.billing.service.payments import demand_money
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope

LONGEST = 500
PARTS = range(2, 13)
"""So many monthly parts a customer may ask for; the office may agree to more by itself."""


@dataclass(frozen=True)
class Granted:
    """What the office grants. first_on, parts: of instalments (parts None: as asked); paid_on, way: of a refund."""

    answer: str = ""
    first_on: date | None = None
    parts: int | None = None
    paid_on: date | None = None
    way: Way = Way.BANK


def ask_instalments(
    session: Session, scope: Scope, *, bill_id: UUID, parts: int, text: str = ""
) -> AccountRequest:
    """Ask to pay everything that is open at a bill's operator in monthly parts."""
    bill = bills.bill(session, scope, bill_id)
    if bill.status is not BillStatus.ISSUED or not payments.open_of(session, scope, bill_ids=[bill_id]).get(
        bill_id
    ):
        raise Conflict("nothing of this bill is to be paid", field="bill_id", value=ids.show(bill_id))
    if parts not in PARTS:
        raise Refused(
            f"ask for {PARTS[0]} to {PARTS[-1]} parts",
            field="parts",
            value=parts,
            remedy="talk to the office about more",
        )
    return _ask(session, scope, AccountRequest(
        id=ids.new_id(), organisation_id=bill.organisation_id, customer_id=bill.customer_id, bill_id=bill.id,
        kind=RequestKind.INSTALMENTS, parts=parts, currency=bill.currency, text=_text(text),
    ))  # fmt: skip


def ask_refund(
    session: Session, scope: Scope, *, contract_id: UUID, amount: Decimal, text: str
) -> AccountRequest:
    """Ask to have credit back, at most what there is; text: where to, as the customer puts it."""
    contract = accounts.contracts_by_id(session, scope, contract_ids=[contract_id]).get(contract_id)
    if contract is None:
        raise Refused("there is no such contract", field="contract_id", value=ids.show(contract_id))
    demand_money(amount, contract.currency)
    theirs = accounts.accounts(session, scope, customers=[contract.customer_id])
    seller = (contract.organisation_id, contract.currency)
    there = next((one.credit for one in theirs if (one.operator_id, one.currency) == seller), Decimal(0))
    if amount > there:
        raise Refused(f"the credit is {there} {contract.currency}", field="amount", value=str(amount))
    said = _text(text)
    if not said:
        raise Refused("say where the money should go", field="text", value="")
    return _ask(session, scope, AccountRequest(
        id=ids.new_id(), organisation_id=contract.organisation_id, customer_id=contract.customer_id,
        kind=RequestKind.REFUND, amount=amount, currency=contract.currency, text=said,
    ))  # fmt: skip


def _ask(session: Session, scope: Scope, made: AccountRequest) -> AccountRequest:
    known = queries.open_request(
        session, scope, made.organisation_id, made.customer_id, made.kind, made.currency
    )
    if known is not None:
        raise Conflict(
            "this is asked already", field="kind", value=made.kind.value, remedy="wait for the answer"
        )
    made.status, made.asked_at, made.asked_by = RequestStatus.OPEN, clock.now(), scope.actor_id
    session.add(made)
    _moved(session, scope, made)
    return made


def _text(typed: str) -> str:
    said = typed.strip()
    if len(said) > LONGEST:
        raise Refused(f"say it in {LONGEST} characters", field="text", value=len(said))
    return said


def grant(session: Session, scope: Scope, *, request_id: UUID, granted: Granted) -> AccountRequest:
    """Do what a customer asked for: agree on a plan over all that is open, or give credit back.

    raises what agreeing or refunding raises; then nothing is granted
    """
    found = _to_answer(session, scope, request_id)
    if found.kind is RequestKind.INSTALMENTS:
        _agree(session, scope, found, granted)
    else:
        if granted.paid_on is None or granted.way is Way.PROVIDER:
            raise Refused("say on which day it is paid, by bank or in cash", field="paid_on", value=None)
        assert found.amount is not None, "a refund has an amount"
        payments.refund(
            session, scope, organisation_id=found.organisation_id, customer_id=found.customer_id, amount=found.amount,
            currency=found.currency, paid_on=granted.paid_on, way=granted.way, reason=found.text,
        )  # fmt: skip
    return _answer(session, scope, found, RequestStatus.GRANTED, granted.answer)


def _agree(session: Session, scope: Scope, found: AccountRequest, granted: Granted) -> None:
    if granted.first_on is None:
        raise Refused("say when the first part is due", field="first_on", value=None)
    kept = plans.plans(session, scope, customer_id=found.customer_id).items
    planned = {bill_id for one in kept if one.plan.ended_at is None for bill_id in one.bill_ids}
    open_ = [
        one.id for one in accounts.open_bills(session, scope, customers=[found.customer_id])
        if (one.organisation_id, one.currency) == (found.organisation_id, found.currency) and one.id not in planned
    ]  # fmt: skip
    if not open_:
        raise Conflict(
            "nothing is left that no plan pays", field="request_id", remedy="decline it and say so"
        )
    plans.agree(
        session, scope, organisation_id=found.organisation_id, customer_id=found.customer_id, bill_ids=open_,
        parts=granted.parts or found.parts or PARTS[0], first_on=granted.first_on,
    )  # fmt: skip


def decline(session: Session, scope: Scope, *, request_id: UUID, answer: str) -> AccountRequest:
    """Say no, and why."""
    if not answer.strip():
        raise Refused("say why not", field="answer", value="")
    return _answer(session, scope, _to_answer(session, scope, request_id), RequestStatus.DECLINED, answer)


def _to_answer(session: Session, scope: Scope, request_id: UUID) -> AccountRequest:
    found = queries.request(session, scope, request_id)
    scope.demand(found.organisation_id, *KEEPERS)
    if found.status is not RequestStatus.OPEN:
        raise Conflict(f"this request is {found.status.value}", field="status", value=found.status.value)
    return found


def _answer(
    session: Session, scope: Scope, found: AccountRequest, status: RequestStatus, answer: str
) -> AccountRequest:
    found.status, found.answer = status, _text(answer) or None
    found.answered_at, found.answered_by = clock.now(), scope.actor_id
    _moved(session, scope, found)
    return found


def _moved(session: Session, scope: Scope, one: AccountRequest) -> None:
    session.flush()
    where = one.organisation_id if one.organisation_id in scope.organisations else one.customer_id
    audit.record(
        session, scope, action=f"account_request.{one.status.value}", entity="account_request", entity_id=one.id,
        organisation_id=where,
        after={"kind": one.kind.value, "parts": one.parts, "amount": one.amount and str(one.amount)},
    )  # fmt: skip
    body = {
        "request_id": str(one.id), "customer_id": str(one.customer_id), "kind": one.kind.value,
        "status": one.status.value, "parts": one.parts, "amount": one.amount and str(one.amount),
        "currency": one.currency, "answer": one.answer,
    }  # fmt: skip
    publish(session, events.event(events.REQUEST_MOVED, one.organisation_id, body, actor_id=scope.actor_id))


def requests(
    session: Session, scope: Scope, *, customers: Collection[UUID] | None = None, is_open: bool = False,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[AccountRequest]:  # fmt: skip
    """Return a page of requests, the newest first; customers see theirs."""
    return queries.requests(session, scope, customers=customers, is_open=is_open, cursor=cursor, limit=limit)


def open_count(session: Session, scope: Scope) -> int:
    """Return how many wait for the office."""
    return queries.open_count(session, scope)
