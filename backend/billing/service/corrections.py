"""Credit and debit notes: a bill is never changed; what is wrong with it is made good by a note.

Re-rating asks what the period would come to with the intervals of now, by the tariff document the bill was made by.
The bill and its notes together then say that; asked again, there is no difference left and no note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.billing.models import Bill, BillKind, BillLine, BillStatus, RevisedBill
from backend.billing.queries import bills as queries
from backend.billing.queries import contracts
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import charging, corrections
from backend.billing.rules.corrections import LineKey, Said
from backend.billing.rules.ledger import SUPPLY
from backend.billing.rules.periods import Part
from backend.billing.rules.tariff import Line, Rating, Span
from backend.billing.service import drafts, ledger
from backend.billing.service.payments import demand_money
from backend.billing.service.rating import Rater, Wanted
from backend.kernel import audit, clock, ids
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Scope

ADJUSTMENT = "adjustment"
"""Kind of the line of a note somebody wrote; re-rating leaves it alone."""


@dataclass(frozen=True)
class Worded:
    """What a note somebody or something decided on says: its line's component, name by language, account, and why."""

    component: str
    name: Mapping[str, str]
    account: str
    reason: str


def rerate(session: Session, scope: Scope, *, bill_id: UUID, on: date, reason: str) -> list[Bill]:
    """Rate a bill's period again; issue a note for the difference, where there is one, as of the local day `on`.

    Where the period now leaves something else to later ones (use of the year so far), their bills are rated again, too.
    raises Conflict where the period cannot be rated, with the reason
    """
    first = _demand_issued(queries.kept_bill(session, scope, bill_id, lock=True))
    scope.demand(first.organisation_id, *KEEPERS)
    _demand_reason(reason)
    notes, opening = [], None
    for one in [first, *queries.later_bills(session, scope, first.contract_id, first.ends_on)]:
        family = queries.family(session, scope, one.id)
        known = _exact(family[-1].opening)
        if opening is not None and opening == known:
            break
        rating = _rate(session, scope, one, known if opening is None else opening)
        note = _note(session, scope, one, family, rating, (known if opening is None else opening, reason))
        notes += [note] if note is not None else []
        session.execute(delete(RevisedBill).where(RevisedBill.bill_id == one.id))
        opening = dict(rating.closing)
    _issue(session, scope, first.organisation_id, notes, on)
    return notes


def _rate(session: Session, scope: Scope, bill: Bill, opening: Mapping[str, Decimal]) -> Rating:
    contract = contracts.kept_contract(session, scope, bill.contract_id)
    version = contracts.versions(session, scope, [bill.tariff_version_id])[bill.tariff_version_id]
    part = Part(Span(bill.starts_on, bill.ends_on), Fraction(bill.months))
    (rated,) = Rater().rate(session, scope, [Wanted(contract, part, version, opening)])
    if rated.rating is None:
        raise Conflict(
            f"{bill.starts_on} to {bill.ends_on} cannot be rated: {rated.reason}", field="bill_id",
            value=ids.show(bill.id), remedy="mend what is missing first",
        )  # fmt: skip
    return rated.rating


def _note(
    session: Session, scope: Scope, bill: Bill, family: Sequence[Bill], rating: Rating,
    why: tuple[Mapping[str, Decimal], str],
) -> Bill | None:  # fmt: skip
    """Write the note that makes a bill and its notes say what the rating says; None where they do."""
    rows = queries.rated_lines(session, scope, [one.id for one in family], ADJUSTMENT)
    said = corrections.summed((_key(row), Said(row.quantity, row.amount)) for row in rows)
    right = corrections.summed(
        (corrections.key(line), Said(line.quantity, line.amount.amount)) for line in rating.lines
    )
    adjusted = queries.adjusted(session, scope, [one.id for one in family], ADJUSTMENT)
    total = rating.total.rounded().amount - sum(one.total for one in family if one.id not in adjusted)
    lines = corrections.difference(said, right)
    if not lines and not total:
        return None
    opening, reason = why
    made = _draft(bill, total, reason, drafts.plain_values(opening), drafts.plain_values(rating.closing))
    session.add(made)
    session.flush()
    named = {corrections.key(line): line for line in rating.lines}
    named_before = {_key(row): row for row in rows}
    session.add_all(
        _line(made, place, name, said_of, named.get(name), named_before.get(name))
        for place, (name, said_of) in enumerate(lines.items())
    )
    session.flush()
    _audit(session, scope, made)
    return made


def _draft(bill: Bill, total: Decimal, reason: str, opening: dict[str, str], closing: dict[str, str]) -> Bill:
    return Bill(
        id=ids.new_id(), organisation_id=bill.organisation_id, customer_id=bill.customer_id,
        contract_id=bill.contract_id, run_id=None, kind=BillKind.CREDIT_NOTE if total < 0 else BillKind.DEBIT_NOTE,
        status=BillStatus.DRAFT, starts_on=bill.starts_on, ends_on=bill.ends_on, months=bill.months,
        currency=bill.currency, total=total, tariff_version_id=bill.tariff_version_id, opening=opening,
        closing=closing, corrects_id=bill.id, reason=reason, made_at=clock.now(),
    )  # fmt: skip


def _key(row: Any) -> LineKey:
    return LineKey(*(getattr(row, name) for name in LineKey._fields))


def _line(
    note: Bill, place: int, name: LineKey, said: Said, now: Line | None, before: BillLine | None
) -> BillLine:
    """Make a line of a note; now, before: the line as it is rated, or as it stood, for how it is called."""
    called = dict(now.name) if now is not None else before.name if before is not None else {}
    first, last = (None, None) if before is None else (before.starts_at, before.ends_at)
    if now is not None and now.intervals is not None and len(now.intervals):
        first, last = clock.from_us(now.intervals[0, 0]), clock.from_us(now.intervals[-1, 1])
    return BillLine(
        organisation_id=note.organisation_id, bill_id=note.id, place=place, name=called, quantity=said.quantity,
        amount=said.amount, account=charging.account_of(name.kind, name.price), starts_at=first, ends_at=last,
        **name._asdict(),
    )  # fmt: skip


def note_revised(
    session: Session, scope: Scope, *, point_id: UUID, start: datetime, end: datetime, intervals: int
) -> None:
    """Note that a point's intervals in [start, end) were revised: bills that rest on them wait to be rated again."""
    for bill in queries.resting_on(session, scope, point_id, start, end):
        new = insert(RevisedBill).values(
            bill_id=bill.id, organisation_id=bill.organisation_id, intervals=intervals, noted_at=clock.now()
        )
        more = {"intervals": RevisedBill.intervals + intervals, "noted_at": clock.now()}
        session.execute(new.on_conflict_do_update(index_elements=["bill_id"], set_=more))


def adjust(session: Session, scope: Scope, *, bill_id: UUID, amount: Decimal, on: date, reason: str) -> Bill:
    """Issue a note over an amount somebody decided on: below nothing a credit note, above it a debit note."""
    bill = _demand_issued(queries.kept_bill(session, scope, bill_id, lock=True))
    scope.demand(bill.organisation_id, *KEEPERS)
    _demand_reason(reason)
    demand_money(abs(amount), bill.currency)
    return _write(session, scope, bill, amount, on, Worded(ADJUSTMENT, {"en": reason}, SUPPLY, reason))


def charge(
    session: Session, scope: Scope, *, bill_id: UUID, amount: Decimal, on: date, worded: Worded
) -> Bill:
    """Issue a debit note beside an issued bill or note: a fee. Re-rating leaves it alone."""
    bill = queries.kept_bill(session, scope, bill_id, lock=True)
    if bill.corrects_id is not None:
        bill = queries.kept_bill(session, scope, bill.corrects_id)
    demand_money(amount, bill.currency)
    return _write(session, scope, bill, amount, on, worded)


def _write(session: Session, scope: Scope, bill: Bill, amount: Decimal, on: date, worded: Worded) -> Bill:
    last = queries.family(session, scope, bill.id)[-1]
    made = _draft(bill, amount, worded.reason, last.opening, last.closing)
    session.add(made)
    session.flush()
    name = LineKey(worded.component, ADJUSTMENT, None, None, None, bill.currency, None, False, bill.starts_on,
                   bill.ends_on, bill.starts_on)  # fmt: skip
    session.add(
        BillLine(
            organisation_id=made.organisation_id, bill_id=made.id, place=0, quantity=Decimal(1), amount=amount,
            name=dict(worded.name), account=worded.account, starts_at=None, ends_at=None, **name._asdict(),
        )
    )  # fmt: skip
    session.flush()
    _audit(session, scope, made)
    _issue(session, scope, bill.organisation_id, [made], on)
    return made


def _demand_issued(bill: Bill) -> Bill:
    if bill.kind is not BillKind.BILL or bill.status is not BillStatus.ISSUED:
        raise Conflict(
            "only an issued bill is corrected", field="bill_id", value=ids.show(bill.id),
            remedy="name the bill, not a draft or a note",
        )  # fmt: skip
    return bill


def _demand_reason(reason: str) -> None:
    if not 1 <= len(reason.strip()) <= 500:
        raise Refused("a correction has a reason", field="reason", value=reason[:500])


def _issue(session: Session, scope: Scope, organisation_id: UUID, notes: Sequence[Bill], on: date) -> None:
    if notes:
        book = ledger.book_of(session, scope, organisation_id=organisation_id)
        drafts.issue(session, scope, book_id=book.id, bills=notes, on=on)
        for one in notes:
            session.refresh(one)


def _exact(values: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in values.items()}


def _audit(session: Session, scope: Scope, note: Bill) -> None:
    audit.record(
        session, scope, action=f"{note.kind.value}.written", entity="bill", entity_id=note.id,
        organisation_id=note.organisation_id,
        after={"corrects": ids.show(note.corrects_id or note.id), "total": str(note.total), "reason": note.reason},
    )  # fmt: skip
