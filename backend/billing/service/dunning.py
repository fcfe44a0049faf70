"""Reminders: who is reminded of which bill, how firmly, and what holds that up.

A reminder is one transaction: the bill is locked, looked at once more, and reminded of; its fee is a debit note, so it
is paid and disputed as any. Two workers at once, or one that died, remind nobody twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import Bill, BillHold, BillReminder, BillStatus, DunningPolicy, HoldReason
from backend.billing.queries import bills
from backend.billing.queries import dunning as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import dunning as rules
from backend.billing.rules import numbering
from backend.billing.rules.dunning import LADDER, Debt, Step
from backend.billing.rules.ledger import FEES
from backend.billing.service import ledger
from backend.billing.service.corrections import Worded, charge
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.events import publish
from backend.kernel.periods import local_date
from backend.kernel.scope import Scope

LEAST = Decimal(1)
HOURS = range(9, 18)
"""People are reminded within these hours of their day: a reminder does not come at night."""


@dataclass(frozen=True)
class Policy:
    """How an operator reminds. least: smaller debts are not worth a reminder [currency]."""

    steps: tuple[Step, ...] = LADDER
    least: Decimal = LEAST


@dataclass(frozen=True)
class Overdue:
    """A bill that is overdue: what is left, how it was reminded of. next_on: day of the next reminder, None: none."""

    row: Any
    next_on: date | None


def policy(session: Session, scope: Scope, *, organisation_id: UUID) -> Policy:
    """Return how an operator reminds; the usual ladder where it never said."""
    said = queries.policy(session, scope, organisation_id)
    if said is None:
        return Policy()
    steps = [(int(one["after_days"]), Decimal(one["fee"])) for one in said.steps]
    return Policy(rules.ladder(steps), said.least)


def shown_policy(session: Session, scope: Scope, *, organisation_id: UUID) -> Policy:
    """Return how an operator reminds, to those who keep its accounts."""
    scope.demand(organisation_id, *KEEPERS)
    return policy(session, scope, organisation_id=organisation_id)


def set_policy(
    session: Session,
    scope: Scope,
    *,
    organisation_id: UUID,
    steps: Sequence[tuple[int, Decimal]],
    least: Decimal,
) -> Policy:
    """Say how an operator reminds: (days after the bill was due, fee) by level. It holds for reminders to come."""
    scope.demand(organisation_id, *KEEPERS)
    checked = rules.ladder(steps)
    if not (least.is_finite() and 0 <= least <= 10**6):
        raise Refused(
            "the least debt worth a reminder is between 0 and a million", field="least", value=str(least)
        )
    said = [{"after_days": one.after_days, "fee": str(one.fee)} for one in checked]
    kept = queries.policy(session, scope, organisation_id)
    before = kept and {"steps": kept.steps, "least": str(kept.least)}
    if kept is None:
        kept = DunningPolicy(organisation_id=organisation_id)
        session.add(kept)
    kept.steps, kept.least = said, least
    kept.changed_at, kept.changed_by = clock.now(), scope.actor_id
    session.flush()
    audit.record(
        session, scope, action="dunning.set", entity="organisation", entity_id=organisation_id,
        organisation_id=organisation_id, before=before, after={"steps": said, "least": str(least)},
    )  # fmt: skip
    return Policy(checked, least)


def due(session: Session, scope: Scope) -> Sequence[UUID]:
    """Return the bills somebody may have to be reminded of now; `remind` looks at each."""
    tomorrow = local_date(clock.now(), "UTC") + timedelta(days=1)  # somewhere it is tomorrow already
    return queries.overdue_ids(session, scope, tomorrow)


def remind(session: Session, scope: Scope, *, bill_id: UUID) -> BillReminder | None:
    """Remind of a bill, where that is due; None where it is not, also because another worker just did."""
    bills.kept_bill(session, scope, bill_id, lock=True)
    case = queries.case(session, scope, bill_id)
    if case is None:
        return None
    book = ledger.book_of(session, scope, organisation_id=case.organisation_id)
    ledger.hold(session, scope, book_id=book.id)  # a payment that is being taken is waited for
    case = queries.case(session, scope, bill_id)
    now = clock.now()
    if case is None or now.astimezone(ZoneInfo(case.zone)).hour not in HOURS:
        return None
    today = local_date(now, case.zone)
    said = policy(session, scope, organisation_id=case.organisation_id)
    step = rules.next_step(_debt(case), today, said.steps, said.least)
    if step is None:
        return None
    is_last = step.level == said.steps[-1].level
    return _tell(session, scope, case, step, max(today, book.closed_until or today), is_last=is_last)


def _debt(case: Any) -> Debt:
    return Debt(case.due_on, case.open, case.level, case.told_on, case.is_held)


def _tell(session: Session, scope: Scope, case: Any, step: Step, on: date, *, is_last: bool) -> BillReminder:
    number = numbering.shown(case.year, case.serial)
    note = _fee(session, scope, case, step, on, number) if step.fee else None
    made = BillReminder(
        id=ids.new_id(), organisation_id=case.organisation_id, bill_id=case.id, customer_id=case.customer_id,
        level=step.level, open=case.open, fee=step.fee, currency=case.currency, note_id=note and note.id,
        told_on=local_date(clock.now(), case.zone), told_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="bill.reminded", entity="bill", entity_id=case.id, organisation_id=case.organisation_id,
        after={"level": step.level, "open": str(case.open), "fee": str(step.fee)},
    )  # fmt: skip
    body = {
        "reminder_id": str(made.id), "bill_id": str(case.id), "number": number, "level": step.level,
        "is_last": is_last, "contract_id": str(case.contract_id),
        "customer_id": str(case.customer_id), "open": str(case.open), "fee": str(step.fee), "currency": case.currency,
        "due_on": case.due_on.isoformat(),
    }  # fmt: skip
    publish(session, events.event(events.REMINDED, case.organisation_id, body, actor_id=scope.actor_id))
    return made


def _fee(session: Session, scope: Scope, case: Any, step: Step, on: date, number: str) -> Bill:
    name = {"en": f"Reminder {step.level}, bill {number}", "zh": f"第 {step.level} 次催缴，账单 {number}"}
    worded = Worded("reminder", name, FEES, f"Reminder {step.level} of bill {number}")
    return charge(session, scope, bill_id=case.id, amount=step.fee, on=on, worded=worded)


def overdue(
    session: Session,
    scope: Scope,
    *,
    customer_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[Overdue]:
    """Return a page of overdue bills, the longest due first, each with the day of its next reminder."""
    today = local_date(clock.now(), "UTC") + timedelta(days=1)
    page = queries.overdue(session, scope, today, customer_id=customer_id, cursor=cursor, limit=limit)
    said = {
        node: policy(session, scope, organisation_id=node)
        for node in {one.organisation_id for one in page.items}
    }
    return page.each(lambda row: Overdue(row, _next_on(row, said[row.organisation_id])))


def _next_on(row: Any, said: Policy) -> date | None:
    following = next((step for step in said.steps if step.level > row.level), None)
    if following is None or row.is_held or row.open < said.least:
        return None
    on: date = row.due_on + timedelta(days=following.after_days)
    return on if row.told_on is None else max(on, row.told_on + rules.APART)


def reminders(
    session: Session, scope: Scope, *, customer_id: UUID | None = None, bill_id: UUID | None = None,
    cursor: str | None = None, limit: int = 50,
) -> paging.Page[BillReminder]:  # fmt: skip
    """Return a page of reminders, the newest first; customers see theirs."""
    return queries.reminders(
        session, scope, customer_id=customer_id, bill_id=bill_id, cursor=cursor, limit=limit
    )


def hold(session: Session, scope: Scope, *, bill_id: UUID, reason: HoldReason, note: str) -> BillHold:
    """Have nobody reminded of a bill, nor of notes beside it, until it is released; held again: no news."""
    bill = bills.kept_bill(session, scope, bill_id, lock=True)
    scope.demand(bill.organisation_id, *KEEPERS)
    if bill.status is not BillStatus.ISSUED:
        raise Conflict("only an issued bill is held", field="bill_id", value=ids.show(bill_id))
    if not 1 <= len(note.strip()) <= 500:
        raise Refused("a hold says why", field="note", value=note[:500])
    known = queries.open_hold(session, scope, bill.id, reason)
    if known is not None:
        return known
    made = BillHold(
        id=ids.new_id(), organisation_id=bill.organisation_id, bill_id=bill.id, reason=reason, note=note.strip(),
        held_at=clock.now(), held_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="bill.held", entity="bill", entity_id=bill.id, organisation_id=bill.organisation_id,
        after={"reason": reason.value, "note": made.note},
    )  # fmt: skip
    return made


def release(session: Session, scope: Scope, *, hold_id: UUID) -> BillHold:
    """Go on reminding of a bill; released already: no news."""
    found = queries.hold(session, scope, hold_id)
    scope.demand(found.organisation_id, *KEEPERS)
    if found.released_at is None:
        found.released_at, found.released_by = clock.now(), scope.actor_id
        session.flush()
        audit.record(
            session, scope, action="bill.released", entity="bill", entity_id=found.bill_id,
            organisation_id=found.organisation_id, after={"reason": found.reason.value},
        )  # fmt: skip
    return found


def holds(
    session: Session, scope: Scope, *, is_open: bool = True, bill_id: UUID | None = None, cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[BillHold]:  # fmt: skip
    """Return a page of holds, the newest first."""
    return queries.holds(session, scope, is_open=is_open, bill_id=bill_id, cursor=cursor, limit=limit)
