"""Bills so far: what the running period comes to by now, what it will come to, and whether that is much.

Both are rated by the real tariff: what was counted as it is, the rest as `rules.projection` expects it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import BillSoFar, SupplyContract
from backend.billing.queries import accounts as queries
from backend.billing.queries import contracts, intervals
from backend.billing.rules import high_bill, projection
from backend.billing.rules.charging import is_tax
from backend.billing.rules.high_bill import PastBill
from backend.billing.rules.periods import BillingCalendar, Part, part
from backend.billing.rules.tariff import Plan, Rating, Span
from backend.billing.service import runs
from backend.billing.service.rating import Ints, Rated, Rater, Wanted
from backend.kernel import clock
from backend.kernel.events import publish
from backend.kernel.periods import day, local_date
from backend.kernel.scope import Scope

HISTORY = timedelta(days=430)
"""Bills of so long ago tell what is usual: last year's of the same season is among them."""


@dataclass(frozen=True)
class Expected:
    """Reads intervals, and fills in those that are not there as they are expected.

    since_us: point's key -> from when on it was the customer's [µs]: nobody is told what a tenant before them used
    """

    since_us: Mapping[int, int]

    def __call__(
        self, session: Session, scope: Scope, plan: Plan, minutes: int, keys: Sequence[int]
    ) -> dict[int, Ints]:
        """Return key -> amounts over the plan's grid [quanta]."""
        grid, per_day = plan.grid, 1440 // minutes
        first = projection.WEEKS * 7 * per_day
        start_us, end_us = grid.start_us - first * grid.length_us, grid.start_us + len(grid) * grid.length_us
        found = intervals.starts_and_amounts(
            session, scope, keys, start_us=start_us, end_us=end_us, minutes=minutes
        )
        return {key: self._filled(key, found.get(key), (first, start_us, per_day), plan) for key in keys}

    def _filled(self, key: int, found: Any, where: tuple[int, int, int], plan: Plan) -> Ints:
        first, start_us, per_day = where
        amounts = np.zeros(first + len(plan.grid), dtype=np.int64)
        is_known = np.zeros(len(amounts), dtype=bool)
        if found is not None:
            starts, counted = found
            own = starts >= self.since_us.get(key, 0)
            places = (starts[own] - start_us) // plan.grid.length_us
            amounts[places], is_known[places] = counted[own], True
        return projection.filled(amounts, is_known, first=first, per_day=per_day)


def refresh(session: Session, scope: Scope, *, after_id: UUID | None = None, limit: int = 250) -> UUID | None:
    """Make the bills so far of some contracts in order of id, behind one; return the last, None after all.

    An alert goes out once for each contract and period.
    """
    lot = queries.running(session, scope, local_date(clock.now(), "UTC"), after_id=after_id, limit=limit)
    if not lot:
        return None
    found = [(one, own) for one in lot if (own := _part(one)) is not None]
    versions = contracts.newest_versions(session, scope, {one.tariff_id for one, _ in found})
    left = runs.openings(session, scope, found)
    held: dict[UUID, list[Any]] = {}
    for mine, point in contracts.points_of(session, scope, [one.id for one, _ in found]):
        held.setdefault(mine.contract_id, []).append(point)
    rater = Rater(Expected(_since(found, held)))
    whole = [Wanted(one, own, versions[one.tariff_id], left.get(one.id, {})) for one, own in found]
    until = _until(session, scope, found, held)
    begun = [
        _begun(one, until[one.contract.id]) for one in whole if until[one.contract.id] > one.part.span.start
    ]
    projected = {one.wanted.contract.id: one for one in rater.rate(session, scope, whole)}
    so_far = {one.wanted.contract.id: one for one in rater.rate(session, scope, begun)}
    past = _past(session, scope, [one for one, _ in found])
    for one, own in found:
        _keep(session, scope, (one, own), projected[one.id], so_far.get(one.id), past.get(one.id, []))
    return lot[-1].id


def _part(contract: SupplyContract) -> Part | None:
    today = local_date(clock.now(), contract.zone)
    calendar = BillingCalendar(contract.months, contract.day, contract.first)
    return part(calendar.period(today), calendar, contract.starts_on, contract.ends_on)


def _since(found: Sequence[tuple[SupplyContract, Part]], held: Mapping[UUID, list[Any]]) -> dict[int, int]:
    since: dict[int, int] = {}
    for one, _ in found:
        starts_us = int(day(one.starts_on, one.zone).start.timestamp()) * 1_000_000
        for point in held.get(one.id, ()):
            since[point.key] = max(since.get(point.key, 0), starts_us)
    return since


def _until(
    session: Session,
    scope: Scope,
    found: Sequence[tuple[SupplyContract, Part]],
    held: Mapping[UUID, list[Any]],
) -> dict[UUID, date]:
    """Return contract's id -> the first local day not all of its points have counted to the end."""
    last: dict[int, int] = intervals.ends(
        session, scope, [point.key for some in held.values() for point in some]
    )
    until = {}
    for one, own in found:
        ends = [last.get(point.key, 0) for point in held.get(one.id, ())] or [clock.now_us()]
        until[one.id] = min(local_date(clock.from_us(min(ends)), one.zone), own.span.end)
    return until


def _begun(whole: Wanted, until: date) -> Wanted:
    """Return the part of a period that is over, as a part of its billing months."""
    span = Span(whole.part.span.start, until)
    months = Fraction(whole.part.months) * span.days / whole.part.span.days
    return Wanted(whole.contract, Part(span, months), whole.version, whole.opening)


def _past(session: Session, scope: Scope, some: Sequence[SupplyContract]) -> dict[UUID, list[Any]]:
    since = local_date(clock.now(), "UTC") - HISTORY
    found: dict[UUID, list[Any]] = {}
    for row in queries.past_bills(session, scope, [one.id for one in some], since):
        found.setdefault(row.contract_id, []).append(row)
    return found


def _keep(
    session: Session, scope: Scope, whose: tuple[SupplyContract, Part], whole: Rated, begun: Rated | None,
    past: Sequence[Any],
) -> None:  # fmt: skip
    (contract, own), rating = whose, whole.rating
    kept = queries.so_far(session, scope, contract.id)
    if kept is None:
        kept = BillSoFar(contract_id=contract.id, organisation_id=contract.organisation_id, told_on=None)
        session.add(kept)
    kept.customer_id, kept.currency, kept.made_at = contract.customer_id, contract.currency, clock.now()
    kept.starts_on, kept.ends_on = own.span.start, own.span.end
    now = begun.rating if begun else None
    kept.until = now.span.end if now else None
    kept.amount = now.total.rounded().amount if now else None
    kept.projected = rating.total.rounded().amount if rating and now else None
    kept.reason = whole.reason or (begun.reason if begun else None)
    kept.usual = _usual(past, own.span)
    kept.parts = _parts(now, rating) if rating else []
    kept.is_high = kept.projected is not None and high_bill.is_high(kept.projected, kept.usual)
    if kept.is_high and kept.told_on != own.span.start:
        kept.told_on = own.span.start
        _tell(session, scope, kept)
    session.flush()


def _usual(past: Sequence[Any], span: Span) -> Decimal | None:
    bills = [
        PastBill(row.total, (row.ends_on - row.starts_on).days) for row in past if row.ends_on <= span.start
    ]
    year_ago = next(
        (
            PastBill(row.total, (row.ends_on - row.starts_on).days)
            for row in past
            if (row.starts_on.year, row.starts_on.month) == (span.start.year - 1, span.start.month)
        ),
        None,
    )
    return high_bill.usual(bills, year_ago, span.days)


def _parts(now: Rating | None, whole: Rating) -> list[dict[str, Any]]:
    """Return what each component comes to, so far and by the end, and whether it is a tax."""
    lines = {line.component: line for line in whole.lines if not line.is_included}
    return [
        {"component": code, "name": dict(line.name), "amount": str(now.of(code).amount) if now else None,
         "projected": str(whole.of(code).amount), "is_tax": is_tax(line)}
        for code, line in lines.items()
    ]  # fmt: skip


def _tell(session: Session, scope: Scope, one: BillSoFar) -> None:
    body = {
        "contract_id": str(one.contract_id), "customer_id": str(one.customer_id), "projected": str(one.projected),
        "usual": str(one.usual), "currency": one.currency, "ends_on": one.ends_on.isoformat(),
    }  # fmt: skip
    publish(session, events.event(events.HIGH_BILL, one.organisation_id, body, actor_id=scope.actor_id))


def bills_so_far(
    session: Session, scope: Scope, *, customers: Collection[UUID] | None = None
) -> Sequence[BillSoFar]:
    """Return the bills so far of contracts, as they were made last."""
    return queries.bills_so_far(session, scope, customers)
