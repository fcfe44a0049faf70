"""What is left of what was paid ahead: the ledger's balance, less what was used since the last bill.

The intervals of the days that are over are rated as a bill would rate them, so the balance a customer sees today is
what a bill would leave of it. Where intervals are missing, the last balance stays, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import PrepaidBalance, SupplyContract
from backend.billing.queries import accounts, bills, contracts
from backend.billing.queries import prepaid as queries
from backend.billing.rules import disconnection
from backend.billing.rules import prepaid as rules
from backend.billing.rules.periods import BillingCalendar, Part, part
from backend.billing.service import ledger, payments
from backend.billing.service.rating import Rater, Wanted
from backend.kernel import clock
from backend.kernel.errors import NotFound
from backend.kernel.events import publish
from backend.kernel.periods import local_date
from backend.kernel.scope import Scope


def prepaid(session: Session, scope: Scope) -> Sequence[UUID]:
    """Return the prepaid contracts that run today; `refresh` works each out."""
    return queries.prepaid_ids(session, scope, local_date(clock.now(), "UTC"))


def refresh(session: Session, scope: Scope, *, contract_id: UUID) -> PrepaidBalance:
    """Work out what is left of a balance, and tell of one that came below what was agreed, once for each step."""
    contract = contracts.kept_contract(session, scope, contract_id)
    book = ledger.book_of(session, scope, organisation_id=contract.organisation_id)
    ledger.hold(session, scope, book_id=book.id)  # bills and payments of the same moment are waited for
    whose = {"book_id": book.id, "customer_id": contract.customer_id, "currency": contract.currency}
    booked = payments.credit(session, scope, **whose) - payments.owed(session, scope, **whose)
    today = local_date(clock.now(), contract.zone)
    start = queries.billed_until(session, scope, contract_id) or contract.starts_on
    used, until, reason = _used(session, scope, contract, start, today)
    kept = queries.balances(session, scope, [contract_id]).get(contract_id)
    before = booked if kept is None else kept.left
    if kept is None:
        kept = PrepaidBalance(contract_id=contract_id, organisation_id=contract.organisation_id)
        session.add(kept)
    kept.booked, kept.used, kept.until, kept.reason, kept.computed_at = (
        booked,
        used,
        until,
        reason,
        clock.now(),
    )
    session.flush()
    _warn(session, scope, contract, before, kept.left)
    return kept


def _used(
    session: Session, scope: Scope, contract: SupplyContract, start: date, today: date
) -> tuple[Decimal, date, str | None]:
    """Return what the days [start, today) come to, until which day they could be rated, and why not further."""
    version = contracts.newest_versions(session, scope, [contract.tariff_id])[contract.tariff_id]
    said = bills.closings(session, scope, [contract.id], start).get(contract.id, {})
    opening: Mapping[str, Decimal] = {name: Decimal(value) for name, value in said.items()}
    used, until, rater = Decimal(0), start, Rater()
    for own in _parts(contract, start, today):
        (rated,) = rater.rate(session, scope, [Wanted(contract, own, version, opening)])
        if rated.rating is None:
            return used, until, rated.reason
        used, until, opening = used + rated.rating.total.rounded().amount, own.span.end, rated.rating.closing
    return used, until, None


def _parts(contract: SupplyContract, start: date, today: date) -> Iterator[Part]:
    """Yield the parts of billing periods in [start, today), the oldest first."""
    calendar = BillingCalendar(contract.months, contract.day, contract.first)
    end = today if contract.ends_on is None else min(today, contract.ends_on)
    while start < end:
        own = part(calendar.period(start), calendar, start, end)
        assert own is not None, "a period holds the day it was asked for"
        yield own
        start = own.span.end


def _warn(session: Session, scope: Scope, contract: SupplyContract, before: Decimal, left: Decimal) -> None:
    if not disconnection.warns(before, left, contract.low_balance, contract.emergency_credit):
        return
    body = {
        "contract_id": str(contract.id), "customer_id": str(contract.customer_id), "balance": str(left),
        "currency": contract.currency,
        "emergency_credit": contract.emergency_credit and str(contract.emergency_credit),
    }  # fmt: skip
    publish(
        session, events.event(events.BALANCE_LOW, contract.organisation_id, body, actor_id=scope.actor_id)
    )


@dataclass(frozen=True)
class Standing:
    """A prepaid contract, what is left, and how long that lasts: until it is empty, and with emergency credit."""

    contract: SupplyContract
    balance: PrepaidBalance | None
    daily: Decimal | None
    days_left: int | None
    days_with_credit: int | None

    @property
    def credit_used(self) -> Decimal:
        """What of the emergency credit is used [currency]."""
        below = max(-self.balance.left, Decimal(0)) if self.balance else Decimal(0)
        return min(below, self.contract.emergency_credit or Decimal(0))


def standings(session: Session, scope: Scope, *, customers: Collection[UUID] | None = None) -> list[Standing]:
    """Return the prepaid contracts that run, those that run out first first; customers see theirs."""
    today = local_date(clock.now(), "UTC")
    return [
        _standing(session, scope, contract, kept)
        for contract, kept in queries.prepaid_contracts(session, scope, today, customers)
    ]


def _standing(
    session: Session, scope: Scope, contract: SupplyContract, kept: PrepaidBalance | None
) -> Standing:
    if kept is None:
        return Standing(contract, None, None, None, None)
    last = accounts.bill_before(session, scope, contract.id, kept.until)
    since = last.ends_on if last else contract.starts_on
    billed, days = (last.total, (last.ends_on - last.starts_on).days) if last else (Decimal(0), 0)
    a_day = rules.daily(kept.used, (kept.until - since).days, billed, days)
    credit = contract.emergency_credit
    return Standing(contract, kept, a_day, rules.days_left(kept.left, a_day),
                    rules.days_left(kept.left, a_day, credit))  # fmt: skip


def balance(session: Session, scope: Scope, *, contract_id: UUID) -> PrepaidBalance:
    """Return what is left of a contract's balance, as it was worked out last; raises NotFound where it never was."""
    contracts.contract(session, scope, contract_id)
    found = queries.balance(session, scope, contract_id)
    if found is None:
        raise NotFound(
            "no balance is kept of this contract", remedy="it is worked out within an hour of prepaying"
        )
    return found
