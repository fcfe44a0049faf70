"""Bill runs: previewed, approved, issued; step by step, so that one that dies goes on where it was.

A step is one transaction. It locks the run, does some contracts' worth, and notes how far it is; killed between any
two steps, or in one, nothing is done twice and nothing is left out. Each step asks for the next by an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import BillRun, BillRunException, RunStatus, SupplyContract
from backend.billing.queries import bills as queries
from backend.billing.queries import contracts
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules.periods import BillingCalendar, Part, part
from backend.billing.service import drafts, ledger
from backend.billing.service.rating import Rated, Rater, Wanted
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict
from backend.kernel.events import publish
from backend.kernel.scope import Scope

LOT = 500
"""So many contracts are rated in one step."""

ISSUED_AT_ONCE = 1_000
"""So many bills are issued in one step: others who write into the book wait meanwhile."""


Own = tuple[SupplyContract, Part]
"""A contract and its part of the period."""

THROW_AWAY = """
WITH thrown AS (
    DELETE FROM bill_line USING bill WHERE bill.id = bill_id AND bill.run_id = :run AND bill.status = 'draft'
)
DELETE FROM bill WHERE run_id = :run AND status = 'draft'
"""


@dataclass(frozen=True)
class RunLine:
    """So many bills of a run in a status and currency, and what they come to."""

    status: str
    currency: str
    bills: int
    total: Decimal


def start_run(session: Session, scope: Scope, *, organisation_id: UUID, on: date) -> BillRun:
    """Begin a run over an operator's contracts, for the billing period of each that holds the local day `on`."""
    scope.demand(organisation_id, *KEEPERS)
    book = ledger.book_of(session, scope, organisation_id=organisation_id)
    made = BillRun(
        id=ids.new_id(), organisation_id=organisation_id, book_id=book.id, day=on, status=RunStatus.PREVIEWING,
        started_at=clock.now(), started_by=scope.actor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _note(session, scope, made, "started")
    _next(session, scope, made)
    return made


def advance(session: Session, scope: Scope, *, run_id: UUID, rater: Rater | None = None) -> bool:
    """Take a run one step further; return whether there is another step to do now."""
    run = queries.run(session, scope, run_id, lock=True)
    if run.status is RunStatus.PREVIEWING:
        _preview(session, scope, run, rater or Rater())
    elif run.status is RunStatus.ISSUING:
        _issue(session, scope, run)
    session.flush()
    is_under_way = run.status in (RunStatus.PREVIEWING, RunStatus.ISSUING)
    if is_under_way:
        _next(session, scope, run)
    return is_under_way


def _preview(session: Session, scope: Scope, run: BillRun, rater: Rater) -> None:
    lot = contracts.contracts_after(session, scope, run.organisation_id, run.after_id, LOT)
    if not lot:
        _move(session, scope, run, RunStatus.PREVIEWED)
        return
    wanted = _wanted(session, scope, run, lot)
    waiting = _waiting(session, scope, wanted)
    rated = [*rater.rate(session, scope, [one for one in wanted if one.contract.id not in waiting]),
             *(Rated(one, None, waiting[one.contract.id]) for one in wanted if one.contract.id in waiting)]  # fmt: skip
    drafts.write_drafts(session, scope, run, rated)
    _set_aside(session, run, rated)
    run.after_id = lot[-1].id


def _wanted(session: Session, scope: Scope, run: BillRun, lot: Sequence[SupplyContract]) -> list[Wanted]:
    """Return what is to be rated of some contracts: those that ran in their period and have no bill for it."""
    versions = contracts.newest_versions(session, scope, {one.tariff_id for one in lot})
    found = []
    for one in lot:
        calendar = BillingCalendar(one.months, one.day, one.first)
        own = part(calendar.period(run.day), calendar, one.starts_on, one.ends_on)
        if own is not None:
            found.append((one, own))
    found = _unbilled(session, scope, found)
    left = openings(session, scope, found)
    return [Wanted(one, own, versions[one.tariff_id], left.get(one.id, {})) for one, own in found]


def _waiting(session: Session, scope: Scope, wanted: Sequence[Wanted]) -> dict[UUID, str]:
    """Return contract's id -> why it must wait, of those whose period before is a draft still.

    What that period leaves to this one (use of the year so far, credit) is only known when it is issued.
    """
    if not wanted:
        return {}
    starts = {one.contract.id: one.part.span.start for one in wanted}
    return {
        row.contract_id: f"{row.starts_on} to {row.ends_on} is a draft still, of the run of {row.day}"
        f" ({ids.show(row.run_id)}): issue or abandon that run, then run this period again"
        for row in queries.waiting_drafts(session, scope, starts, max(starts.values()))
        if row.ends_on <= starts[row.contract_id]
    }


def _unbilled(session: Session, scope: Scope, found: Sequence[Own]) -> list[Own]:
    """Leave out what is billed already, or has a draft of another run."""
    if not found:
        return []
    first, last = min(own.span.start for _, own in found), max(own.span.end for _, own in found)
    taken: dict[UUID, list[tuple[date, date]]] = {}
    for row in queries.billed(session, scope, [one.id for one, _ in found], first, last):
        taken.setdefault(row.contract_id, []).append((row.starts_on, row.ends_on))
    return [
        (one, own) for one, own in found
        if not any(start < own.span.end and end > own.span.start for start, end in taken.get(one.id, ()))
    ]  # fmt: skip


def openings(session: Session, scope: Scope, found: Sequence[Own]) -> dict[UUID, dict[str, Decimal]]:
    """Return contract's id -> what the bill before left to this one, asked once for each day periods begin on."""
    found_by: dict[UUID, dict[str, Decimal]] = {}
    for on in {own.span.start for _, own in found}:
        wanted = [one.id for one, own in found if own.span.start == on]
        for contract_id, closing in queries.closings(session, scope, wanted, on).items():
            found_by[contract_id] = {name: Decimal(value) for name, value in closing.items()}
    return found_by


def _set_aside(session: Session, run: BillRun, rated: Sequence[Rated]) -> None:
    session.add_all(
        BillRunException(
            organisation_id=run.organisation_id, run_id=run.id, contract_id=one.wanted.contract.id, reason=one.reason
        )
        for one in rated if one.reason is not None
    )  # fmt: skip


def _issue(session: Session, scope: Scope, run: BillRun) -> None:
    some = queries.drafts(session, scope, run.id, ISSUED_AT_ONCE)
    if not some:
        run.ended_at = clock.now()
        _move(session, scope, run, RunStatus.ISSUED)
        return
    assert run.issue_on is not None, "an approved run has a day of issue"
    drafts.issue(session, scope, book_id=run.book_id, bills=some, on=run.issue_on)


def approve(session: Session, scope: Scope, *, run_id: UUID, issue_on: date) -> BillRun:
    """Say that a run's drafts are right: they are issued as of a local day, which the book must still be open on."""
    run = queries.run(session, scope, run_id, lock=True)
    scope.demand(run.organisation_id, *KEEPERS)
    _demand(run, RunStatus.PREVIEWED)
    book = ledger.book(session, scope, book_id=run.book_id)
    ledger.demand_open(book, issue_on)
    _demand_in_order(session, scope, run)
    run.approved_at, run.approved_by, run.issue_on = clock.now(), scope.actor_id, issue_on
    _note(session, scope, run, "approved")
    _move(session, scope, run, RunStatus.ISSUING)
    _next(session, scope, run)
    return run


def abandon(session: Session, scope: Scope, *, run_id: UUID) -> BillRun:
    """Throw a run's drafts away; what is issued stays, so only one that was not approved is abandoned."""
    run = queries.run(session, scope, run_id, lock=True)
    scope.demand(run.organisation_id, *KEEPERS)
    _demand(run, RunStatus.PREVIEWING, RunStatus.PREVIEWED)
    session.flush()
    session.execute(text(THROW_AWAY), {"run": run.id})
    run.ended_at = clock.now()
    _note(session, scope, run, "abandoned")
    _move(session, scope, run, RunStatus.ABANDONED)
    return run


def _demand_in_order(session: Session, scope: Scope, run: BillRun) -> None:
    """Refuse to issue drafts that a run beside this one overtook: they do not know what it left to them."""
    found = queries.overtaken(session, scope, run.id)
    if found is None:
        return
    other = f"the run of {found.day} ({ids.show(found.run_id)})"
    if found.is_draft:
        raise Conflict(
            f"a period before these drafts is a draft still, of {other}", field="run_id", value=ids.show(found.run_id),
            remedy="issue that run first, or abandon it; then abandon this one and run it again",
        )  # fmt: skip
    raise Conflict(
        f"{other} issued a period before these drafts, after they were made", field="run_id",
        value=ids.show(found.run_id), remedy="abandon this run and run it again",
    )  # fmt: skip


def _demand(run: BillRun, *wanted: RunStatus) -> None:
    if run.status not in wanted:
        raise Conflict(
            f"this run is {run.status.value}", field="status", value=run.status.value,
            remedy="it would have to be " + " or ".join(wanted),
        )  # fmt: skip


def _move(session: Session, scope: Scope, run: BillRun, status: RunStatus) -> None:
    run.status = status
    session.flush()
    body = {"run_id": str(run.id), "status": status.value}
    publish(session, events.event(events.RUN_MOVED, run.organisation_id, body, actor_id=scope.actor_id))


def _next(session: Session, scope: Scope, run: BillRun) -> None:
    body = {"run_id": str(run.id)}
    publish(session, events.event(events.RUN_STEP, run.organisation_id, body, actor_id=scope.actor_id))


def _note(session: Session, scope: Scope, run: BillRun, done: str) -> None:
    audit.record(
        session, scope, action=f"bill_run.{done}", entity="bill_run", entity_id=run.id,
        organisation_id=run.organisation_id, after={"day": run.day.isoformat()},
    )  # fmt: skip


def run(session: Session, scope: Scope, *, run_id: UUID) -> BillRun:
    """Return one run; raises NotFound."""
    return queries.run(session, scope, run_id)


def runs(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[BillRun]:
    """Return a page of runs, the newest first."""
    return queries.runs(session, scope, cursor=cursor, limit=limit)


def summary(session: Session, scope: Scope, *, run_id: UUID) -> list[RunLine]:
    """Return how many bills a run has, by status and currency, with what they come to."""
    return [
        RunLine(row.status.value, row.currency, row.bills, row.total)
        for row in queries.summary(session, scope, run_id)
    ]


def exceptions(
    session: Session, scope: Scope, *, run_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[BillRunException]:
    """Return a page of the contracts a run could not bill, each with the reason."""
    return queries.exceptions(
        session, scope, queries.run(session, scope, run_id).id, cursor=cursor, limit=limit
    )
