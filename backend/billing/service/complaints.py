"""Complaints: a customer says what is wrong with a line, the office answers, until both are done with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing import events
from backend.billing.models import Bill, BillStatus, Complaint, ComplaintState, ComplaintWord
from backend.billing.queries import bills
from backend.billing.queries import complaints as queries
from backend.billing.queries.confined import KEEPERS, kept
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.events import publish
from backend.kernel.scope import Scope

LONGEST = 2_000
WAITING = (ComplaintState.OPEN, ComplaintState.ANSWERED)


def complain(
    session: Session, scope: Scope, *, bill_id: UUID, text: str, place: int | None = None
) -> Complaint:
    """Say what is wrong with an issued bill, or with the line at a place of it."""
    bill = bills.bill(session, scope, bill_id)
    said = _demand_text(text)
    if bill.status is not BillStatus.ISSUED:
        raise Conflict("this bill is not issued yet", field="bill_id", value=ids.show(bill_id))
    if place is not None and place not in {line.place for line in bills.lines(session, scope, bill_id)}:
        raise Refused("the bill has no such line", field="place", value=place)
    made = Complaint(
        id=ids.new_id(), organisation_id=bill.organisation_id, customer_id=bill.customer_id, bill_id=bill.id,
        place=place, state=ComplaintState.OPEN, opened_at=clock.now(), moved_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    _say(session, scope, made, said, is_answer=False)
    _note(session, scope, made, "opened")
    return made


def say(session: Session, scope: Scope, *, complaint_id: UUID, text: str) -> Complaint:
    """Add a word: the office's is an answer, the customer's puts the question again, also where it was settled."""
    found = queries.complaint(session, scope, complaint_id)
    said = _demand_text(text)
    is_answer = found.organisation_id in kept(scope)
    _say(session, scope, found, said, is_answer=is_answer)
    found.state, found.moved_at = ComplaintState.ANSWERED if is_answer else ComplaintState.OPEN, clock.now()
    session.flush()
    _note(session, scope, found, "answered" if is_answer else "asked_again")
    return found


def settle(session: Session, scope: Scope, *, complaint_id: UUID) -> Complaint:
    """Be done with it: either side may; the office only once it has answered."""
    found = queries.complaint(session, scope, complaint_id)
    if found.state is ComplaintState.SETTLED:
        return found
    if found.state is ComplaintState.OPEN and found.organisation_id in kept(scope):
        raise Conflict("the customer has no answer yet", field="state", remedy="answer first")
    found.state, found.moved_at = ComplaintState.SETTLED, clock.now()
    session.flush()
    _note(session, scope, found, "settled")
    return found


def _say(session: Session, scope: Scope, about: Complaint, text: str, *, is_answer: bool) -> None:
    session.add(
        ComplaintWord(
            id=ids.new_id(), organisation_id=about.organisation_id, complaint_id=about.id, is_answer=is_answer,
            text=text, said_at=clock.now(), said_by=scope.actor_id,
        )
    )  # fmt: skip
    session.flush()


def _demand_text(text: str) -> str:
    said = text.strip()
    if not 3 <= len(said) <= LONGEST:
        raise Refused(
            f"say it in 3 to {LONGEST} characters",
            field="text",
            value=len(said),
            remedy="write what is wrong",
        )
    return said


def _note(session: Session, scope: Scope, one: Complaint, done: str) -> None:
    where = one.organisation_id if one.organisation_id in scope.organisations else one.customer_id
    audit.record(
        session, scope, action=f"complaint.{done}", entity="complaint", entity_id=one.id, organisation_id=where,
        after={"bill": ids.show(one.bill_id), "state": one.state.value},
    )  # fmt: skip
    body = {
        "complaint_id": str(one.id), "bill_id": str(one.bill_id), "customer_id": str(one.customer_id),
        "state": one.state.value,
    }  # fmt: skip
    publish(session, events.event(events.COMPLAINT_MOVED, one.organisation_id, body, actor_id=scope.actor_id))


def complaint(session: Session, scope: Scope, *, complaint_id: UUID) -> Complaint:
    """Return one complaint; raises NotFound."""
    return queries.complaint(session, scope, complaint_id)


def words(session: Session, scope: Scope, *, complaint_id: UUID) -> Sequence[ComplaintWord]:
    """Return what was said about a complaint, in order."""
    return queries.words(session, scope, complaint_id)


def first_words(session: Session, scope: Scope, *, complaint_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return complaint's id -> what it says at first."""
    return queries.first_words(session, scope, complaint_ids)


def complaints(
    session: Session, scope: Scope, *, states: Collection[ComplaintState] = tuple(ComplaintState),
    bill_id: UUID | None = None, cursor: str | None = None, limit: int = 50,
) -> paging.Page[tuple[Complaint, Bill]]:  # fmt: skip
    """Return a page of complaints with their bills, the one that moved last first."""
    return queries.complaints(session, scope, states=states, bill_id=bill_id, cursor=cursor, limit=limit)


def open_count(session: Session, scope: Scope) -> int:
    """Return how many complaints wait for the office."""
    return queries.open_count(session, scope)


def disputed(session: Session, scope: Scope, *, bill_ids: Collection[UUID]) -> set[UUID]:
    """Return which of some bills have a complaint that is not settled."""
    return queries.disputed(session, scope, bill_ids)


def may_answer(scope: Scope, one: Complaint) -> bool:
    """Tell whether the scope is the office of a complaint."""
    return any(one.organisation_id in scope.where(role) for role in KEEPERS)
