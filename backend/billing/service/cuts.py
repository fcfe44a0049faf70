"""Disconnection for debt: announced to the customer, asked for by a person, carried out by people; never by itself.

Every reason against it is asked for again when it is asked for (rules.disconnection); what is not known, such as the
weather of the next two days, speaks against it. A payment takes it back, or has supply given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import CutStatus, SupplyContract, SupplyCut
from backend.billing.queries import contracts
from backend.billing.queries import cuts as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import disconnection as rules
from backend.billing.rules.disconnection import Against, Case, Policy
from backend.billing.rules.tariff.calendar import CALENDARS, Calendar
from backend.billing.service import contracts as supplied
from backend.billing.service import dunning, ledger, payments
from backend.billing.service.tariffs import parsed
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict
from backend.kernel.events import publish
from backend.kernel.scope import Scope
from backend.metering import service as metering

POLICY = Policy()
UNKNOWN = Calendar("not known", range(1, 2), frozenset())
"""Every day is taken for a rest day: nobody is cut where holidays are not known."""

OF_CUSTOMER = (Against.PROTECTED, Against.NOT_OWING, Against.PLAN_KEPT)
"""Reasons that speak against telling somebody that they may be cut, too."""


@dataclass(frozen=True)
class Seen:
    """A cut as it is looked at: what is owed now, and every reason against doing it now."""

    cut: SupplyCut
    owed: Decimal
    against: Sequence[Against]


def announce(session: Session, scope: Scope, *, contract_id: UUID) -> SupplyCut:
    """Tell a customer that supply may be cut for debt from a day on; announced already: no news.

    raises Conflict where a reason that lies with the customer speaks against it, or not all reminders went out
    """
    contract = contracts.kept_contract(session, scope, contract_id)
    scope.demand(contract.organisation_id, *KEEPERS)
    book = ledger.book_of(session, scope, organisation_id=contract.organisation_id)
    ledger.hold(session, scope, book_id=book.id)
    known = queries.open_cut(session, scope, contract_id)
    if known is not None:
        return known
    today = _local(contract).date()
    owed, is_held, level = _owed(session, scope, contract)
    found = [one for one in rules.against(_case(contract, owed, is_held=is_held, told_on=None, extremes=None),
                                          _local(contract), UNKNOWN, POLICY) if one in OF_CUSTOMER]  # fmt: skip
    if found:
        raise _refused(found)
    steps = dunning.policy(session, scope, organisation_id=contract.organisation_id).steps
    if not contract.is_prepaid and level < steps[-1].level:
        raise Conflict(
            f"{level} of {len(steps)} reminders went out", field="contract_id", value=ids.show(contract_id),
            remedy="supply is cut only after the last one",
        )  # fmt: skip
    made = SupplyCut(
        id=ids.new_id(), organisation_id=contract.organisation_id, contract_id=contract.id,
        customer_id=contract.customer_id, status=CutStatus.ANNOUNCED, debt=owed, currency=contract.currency,
        announced_on=today, announced_by=scope.actor_id, earliest_on=today + timedelta(days=POLICY.notice_days),
    )  # fmt: skip
    session.add(made)
    _moved(session, scope, made)
    return made


def request(
    session: Session, scope: Scope, *, cut_id: UUID, low_c: float | None, high_c: float | None
) -> SupplyCut:
    """Ask people to cut supply now: a work order, no switch.

    low_c, high_c: forecast of the next 48 h [°C], None where nobody knows one; the site's own thermometer counts, too
    raises Conflict with every reason against it
    """
    found = queries.cut(session, scope, cut_id, lock=True)
    scope.demand(found.organisation_id, *KEEPERS)
    _demand(found, CutStatus.ANNOUNCED)
    said = None if low_c is None or high_c is None else (low_c, high_c)
    extremes = rules.expected(said, measured(session, scope, contract_id=found.contract_id))
    reasons = _against(session, scope, found, extremes)
    if reasons:
        raise _refused(reasons)
    found.status, (found.low_c, found.high_c) = CutStatus.REQUESTED, extremes or (None, None)
    found.requested_at, found.requested_by, found.order_id = clock.now(), scope.actor_id, ids.new_id()
    _moved(session, scope, found)
    return found


def withdraw(session: Session, scope: Scope, *, cut_id: UUID) -> SupplyCut:
    """Leave supply as it is: it was not cut yet."""
    found = queries.cut(session, scope, cut_id, lock=True)
    scope.demand(found.organisation_id, *KEEPERS)
    _demand(found, CutStatus.ANNOUNCED, CutStatus.REQUESTED)
    _end(session, scope, found, CutStatus.WITHDRAWN)
    return found


def note_cut(session: Session, scope: Scope, *, cut_id: UUID) -> SupplyCut:
    """Note that people cut supply; where it was paid or withdrawn meanwhile, it is given back at once."""
    found = queries.cut(session, scope, cut_id, lock=True)
    scope.demand(found.organisation_id, *KEEPERS)
    _demand(found, CutStatus.REQUESTED, *([CutStatus.WITHDRAWN] if found.order_id else []))
    is_late = found.status is CutStatus.WITHDRAWN
    found.status, found.cut_at, found.ended_at = CutStatus.CUT, clock.now(), None
    _moved(session, scope, found)
    return _give_back(session, scope, found) if is_late else review(session, scope, cut_id=cut_id)


def note_reconnected(session: Session, scope: Scope, *, cut_id: UUID) -> SupplyCut:
    """Note that people gave supply back."""
    found = queries.cut(session, scope, cut_id, lock=True)
    scope.demand(found.organisation_id, *KEEPERS)
    _demand(found, CutStatus.CUT, CutStatus.RECONNECTING)
    _end(session, scope, found, CutStatus.RECONNECTED)
    return found


def review(session: Session, scope: Scope, *, cut_id: UUID) -> SupplyCut:
    """See whether what was paid takes a cut back, or has supply given back; again, nothing happens again."""
    found = queries.cut(session, scope, cut_id, lock=True)
    if found.ended_at is not None or found.status is CutStatus.RECONNECTING:
        return found
    contract = contracts.kept_contract(session, scope, found.contract_id)
    owed, is_held, _ = _owed(session, scope, contract)
    if owed >= POLICY.least and not is_held:
        return found
    if found.status is CutStatus.CUT:
        return _give_back(session, scope, found)
    _end(session, scope, found, CutStatus.WITHDRAWN)
    return found


def _give_back(session: Session, scope: Scope, found: SupplyCut) -> SupplyCut:
    found.status, found.back_order_id = CutStatus.RECONNECTING, ids.new_id()
    _moved(session, scope, found)
    return found


def cut(session: Session, scope: Scope, *, cut_id: UUID) -> SupplyCut:
    """Return one cut; raises NotFound."""
    return queries.cut(session, scope, cut_id)


def of_customer(session: Session, scope: Scope, *, customer_id: UUID) -> Sequence[UUID]:
    """Return a customer's cuts that have not ended; `review` looks at each."""
    return queries.open_cuts(session, scope, customer_id)


def seen(session: Session, scope: Scope, *, cut_id: UUID) -> Seen:
    """Return a cut with every reason against it now; the weather as it was asked for with, or the site's own."""
    found = queries.cut(session, scope, cut_id)
    scope.demand(found.organisation_id, *KEEPERS)
    contract = contracts.kept_contract(session, scope, found.contract_id)
    if found.low_c is None or found.high_c is None:
        extremes = rules.expected(None, measured(session, scope, contract_id=found.contract_id))
    else:
        extremes = found.low_c, found.high_c
    return Seen(found, _owed(session, scope, contract)[0], _against(session, scope, found, extremes))


def measured(session: Session, scope: Scope, *, contract_id: UUID) -> tuple[float, float] | None:
    """Return the extremes of the last two days at a contract's site [°C]; None where no thermometer stands there."""
    at = supplied.place_of(session, scope, contract_id=contract_id)
    if at is None:
        return None
    return metering.outdoor_extremes(session, scope, position_id=at, hours=rules.HOURS_SEEN)


def cuts(
    session: Session,
    scope: Scope,
    *,
    customer_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[SupplyCut]:
    """Return a page of cuts, the newest first; customers see theirs."""
    return queries.cuts(session, scope, customer_id=customer_id, cursor=cursor, limit=limit)


def _against(
    session: Session, scope: Scope, found: SupplyCut, extremes: tuple[float, float] | None
) -> list[Against]:
    contract = contracts.kept_contract(session, scope, found.contract_id)
    owed, is_held, _ = _owed(session, scope, contract)
    case = _case(contract, owed, is_held=is_held, told_on=found.announced_on, extremes=extremes)
    return rules.against(case, _local(contract), _calendar(session, scope, contract), POLICY)


def _case(
    contract: SupplyContract, owed: Decimal, *, is_held: bool, told_on: date | None,
    extremes: tuple[float, float] | None,
) -> Case:  # fmt: skip
    return Case(owed, contract.is_protected, is_held, told_on, extremes)


def _owed(session: Session, scope: Scope, contract: SupplyContract) -> tuple[Decimal, bool, int]:
    """Return what a contract owes that is overdue, whether that is disputed or paid by a plan, and the last reminder.

    Of a prepaid one: what its customer's balance is below nothing, once that is beyond the emergency credit.
    """
    row = queries.arrears(session, scope, contract.id, _local(contract).date())
    if not contract.is_prepaid:
        return row.debt, row.is_held, row.level
    book = ledger.book_of(session, scope, organisation_id=contract.organisation_id)
    whose = {"book_id": book.id, "customer_id": contract.customer_id, "currency": contract.currency}
    balance = payments.credit(session, scope, **whose) - payments.owed(session, scope, **whose)
    return rules.prepaid_debt(balance, contract.emergency_credit), row.is_held, row.level


def _local(contract: SupplyContract) -> datetime:
    return clock.now().astimezone(ZoneInfo(contract.zone))


def _calendar(session: Session, scope: Scope, contract: SupplyContract) -> Calendar:
    """Return the holidays of a contract's tariff; where it names none, China's in China, else none are known."""
    _, tariff = parsed(session, scope, tariff_id=contract.tariff_id)
    version = tariff.versions[-1]
    if version.calendar != "none":
        return version.holidays()
    return CALENDARS["CN"] if contract.zone == "Asia/Shanghai" else UNKNOWN


def _refused(reasons: Sequence[Against]) -> Conflict:
    said = [one.value for one in reasons]
    return Conflict(
        "supply may not be cut now: " + ", ".join(said), field="cut_id", value=said[0], reasons=said,
        remedy="wait until none of these reasons holds",
    )  # fmt: skip


def _demand(found: SupplyCut, *wanted: CutStatus) -> None:
    if found.status not in wanted:
        raise Conflict(
            f"this disconnection is {found.status.value}", field="status", value=found.status.value,
            remedy="it would have to be " + " or ".join(one.value for one in wanted),
        )  # fmt: skip


def _end(session: Session, scope: Scope, found: SupplyCut, status: CutStatus) -> None:
    found.status, found.ended_at = status, clock.now()
    _moved(session, scope, found)


def _moved(session: Session, scope: Scope, found: SupplyCut) -> None:
    session.flush()
    audit.record(
        session, scope, action=f"supply_cut.{found.status.value}", entity="supply_cut", entity_id=found.id,
        organisation_id=found.organisation_id,
        after={"contract": ids.show(found.contract_id), "debt": str(found.debt), "low_c": found.low_c,
               "high_c": found.high_c},
    )  # fmt: skip
    body = {
        "cut_id": str(found.id), "status": found.status.value, "contract_id": str(found.contract_id),
        "customer_id": str(found.customer_id), "debt": str(found.debt), "currency": found.currency,
        "earliest_on": found.earliest_on.isoformat(), "order_id": found.order_id and str(found.order_id),
        "back_order_id": found.back_order_id and str(found.back_order_id),
    }  # fmt: skip
    publish(session, events.event(events.CUT_MOVED, found.organisation_id, body, actor_id=scope.actor_id))
