"""Books: opened, written into, closed, verified. Writers of a book wait for each other, so its chain has no fork."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import JournalEntry, LedgerAccount, LedgerBook, LedgerClosing
from backend.billing.queries import ledger as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import ledger as rules
from backend.billing.rules.ledger import AccountKind, Broken, Cause, Entry, NewEntry, Posting
from backend.kernel import audit, bulk, clock, ids, paging
from backend.kernel.errors import Conflict, NotFound, Refused
from backend.kernel.scope import Scope

ENTRY = (
    "id", "organisation_id", "book_id", "sequence", "booked_on", "recorded_at", "cause", "cause_id", "text", "sides",
    "previous", "hash",
)  # fmt: skip
SIDE = ("organisation_id", "entry_id", "place", "account_id", "amount", "currency", "party_id")


@dataclass(frozen=True)
class Balance:
    """One line of a trial balance."""

    code: str
    kind: AccountKind
    name: str
    name_zh: str | None
    currency: str
    debit: Decimal
    credit: Decimal

    @property
    def amount(self) -> Decimal:
        """Debit less credit."""
        return self.debit - self.credit


def open_book(session: Session, scope: Scope, *, organisation_id: UUID, name: str) -> LedgerBook:
    """Open an operator's book with the usual accounts."""
    scope.demand(organisation_id, *KEEPERS)
    name = name.strip()
    if not 1 <= len(name) <= 200:
        raise Refused(
            "a name has 1 to 200 characters", field="name", value=name[:200], remedy="name the book"
        )
    if queries.book_of(session, scope, organisation_id) is not None:
        raise Conflict(
            "this operator keeps a book already", field="organisation_id", value=str(organisation_id)
        )
    made = LedgerBook(
        id=ids.new_id(), organisation_id=organisation_id, name=name, length=0, head=rules.FIRST, created_at=clock.now()
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add_all(
        LedgerAccount(
            id=ids.new_id(), organisation_id=organisation_id, book_id=made.id, code=code, kind=kind, name=called,
            name_zh=called_zh,
        )
        for code, kind, called, called_zh in rules.CHART
    )  # fmt: skip
    session.flush()
    audit.record(session, scope, action="ledger.opened", entity="ledger_book", entity_id=made.id,
                 organisation_id=organisation_id, after={"name": name})  # fmt: skip
    return made


def post(session: Session, scope: Scope, *, book_id: UUID, entries: Sequence[NewEntry]) -> list[Entry]:
    """Write entries into a book, in this order, behind its last one; other writers wait until the commit.

    raises Refused for one that does not balance, names an unknown account, or falls into a closed period
    """
    if not entries:
        return []
    book = queries.book(session, scope, book_id, lock=True)
    for one in entries:
        rules.demand_open(one.booked_on, book.closed_until)
    accounts = _accounts(session, scope, book_id, entries)
    made = rules.chain(book_id, (book.length, book.head), clock.now(), entries)
    keys = [ids.new_id() for _ in made]
    where = book.organisation_id
    bulk.insert_rows(session, "journal_entry", ENTRY, (
        (key, where, book_id, one.sequence, one.new.booked_on, one.recorded_at, one.new.cause.value, one.new.cause_id,
         one.new.text, len(one.new.postings), one.previous, one.hash)
        for key, one in zip(keys, made, strict=True)
    ))  # fmt: skip
    bulk.insert_rows(session, "ledger_posting", SIDE, (
        (where, key, place, accounts[side.account], side.amount, side.currency, side.party)
        for key, one in zip(keys, made, strict=True)
        for place, side in enumerate(one.new.postings)
    ))  # fmt: skip
    book.length, book.head = made[-1].sequence, made[-1].hash
    session.flush()
    return made


def hold(session: Session, scope: Scope, *, book_id: UUID) -> LedgerBook:
    """Hold a book until the commit: nobody else writes into it meanwhile. Returns it as it stands now."""
    return queries.book(session, scope, book_id, lock=True)


def _accounts(session: Session, scope: Scope, book_id: UUID, entries: Sequence[NewEntry]) -> dict[str, UUID]:
    known = queries.account_ids(session, scope, book_id)
    for one in entries:
        for side in one.postings:
            if side.account not in known:
                raise Refused(
                    f"the book has no account {side.account}", field="account", value=side.account,
                    remedy="use one of " + ", ".join(sorted(known)),
                )  # fmt: skip
    return known


def reverse(session: Session, scope: Scope, *, book_id: UUID, cause_id: UUID, on: date, text: str) -> Entry:
    """Take back what something caused, by an entry with its sides turned; the first one stays."""
    found = queries.entry_of(session, scope, cause_id)
    if found is None or found.book_id != book_id:
        raise NotFound("there is no such entry", field="cause_id", value=str(cause_id))
    if queries.entry_of(session, scope, found.id) is not None:
        raise Conflict("this entry was taken back already", field="cause_id", value=str(cause_id))
    turned = tuple(
        Posting(side.account, -side.amount, side.currency, side.party)
        for side in queries.postings(session, scope, [found.id])[found.id]
    )
    return post(
        session, scope, book_id=book_id, entries=[NewEntry(on, Cause.REVERSAL, found.id, text, turned)]
    )[0]


def trial_balance(
    session: Session, scope: Scope, *, book_id: UUID, until: date | None = None
) -> list[Balance]:
    """Return debit and credit of each account and currency, of entries booked before a day; none: of all."""
    book = queries.book(session, scope, book_id)
    return [Balance(*row) for row in queries.sums(session, scope, book.id, until)]


def close(session: Session, scope: Scope, *, book_id: UUID, until: date, today: date) -> LedgerClosing:
    """Close a book: from now on nothing is booked on a day before `until`. today: the operator's local day."""
    book = queries.book(session, scope, book_id, lock=True)
    scope.demand(book.organisation_id, *KEEPERS)
    rules.demand_closing(until, book.closed_until, today)
    before, book.closed_until = book.closed_until, until
    balance = [
        {"account": one.code, "currency": one.currency, "debit": str(one.debit), "credit": str(one.credit)}
        for one in trial_balance(session, scope, book_id=book_id, until=until)
    ]
    made = LedgerClosing(
        id=ids.new_id(), organisation_id=book.organisation_id, book_id=book.id, until=until, closed_at=clock.now(),
        closed_by=scope.actor_id, length=book.length, head=book.head, balance=balance,
    )  # fmt: skip
    session.add(made)
    session.flush()
    audit.record(
        session, scope, action="ledger.closed", entity="ledger_book", entity_id=book.id,
        organisation_id=book.organisation_id, before={"closed_until": before and before.isoformat()},
        after={"closed_until": until.isoformat(), "head": book.head.hex()},
    )  # fmt: skip
    return made


def verify(session: Session, scope: Scope, *, book_id: UUID) -> Broken | None:
    """Recompute a book's chain; return its first entry that does not hold, None where all do."""
    book = queries.book(session, scope, book_id)
    last: list[Entry] = []

    def noting_the_last() -> object:
        for entry in queries.written(session, scope, book_id):
            last[:] = [entry]
            yield entry

    broken = rules.first_broken(noting_the_last())  # type: ignore[arg-type]  # a generator of entries
    if broken is not None:
        return broken
    end = (last[0].sequence, last[0].hash) if last else (0, rules.FIRST)
    if end != (book.length, book.head):
        return Broken(end[0] + 1, "missing" if end[0] < book.length else "does not end where the book says")
    return None


def book_of(session: Session, scope: Scope, *, organisation_id: UUID) -> LedgerBook:
    """Return an operator's book; raises NotFound where none was opened."""
    found = queries.book_of(session, scope, organisation_id)
    if found is None:
        raise NotFound(
            "this operator keeps no book yet", field="organisation_id", value=str(organisation_id),
            remedy="open one",
        )  # fmt: skip
    return found


def demand_open(book: LedgerBook, on: date) -> None:
    """Refuse a day the book is closed on."""
    rules.demand_open(on, book.closed_until)


def book(session: Session, scope: Scope, *, book_id: UUID) -> LedgerBook:
    """Return one book; raises NotFound."""
    return queries.book(session, scope, book_id)


def books(
    session: Session, scope: Scope, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[LedgerBook]:
    """Return a page of books by name."""
    return queries.books(session, scope, cursor=cursor, limit=limit)


def entry_of(session: Session, scope: Scope, *, cause_id: UUID) -> JournalEntry | None:
    """Return the first entry that something caused, None where it moved nothing."""
    return queries.entry_of(session, scope, cause_id)


def party_balance(
    session: Session, scope: Scope, *, book_id: UUID, account: str, party_id: UUID, currency: str,
    until: date | None = None,
) -> Decimal:  # fmt: skip
    """Return debit less credit of one customer on one account, of entries booked before a day; none: of all."""
    return queries.party_balance(
        session, scope, book_id=book_id, account=account, party_id=party_id, currency=currency, until=until
    )


def entries(
    session: Session, scope: Scope, *, book_id: UUID, cursor: str | None = None, limit: int = 50
) -> paging.Page[tuple[JournalEntry, tuple[Posting, ...]]]:
    """Return a page of a book's entries with their postings, the last written first."""
    page = queries.entries_page(
        session, scope, queries.book(session, scope, book_id).id, cursor=cursor, limit=limit
    )
    sides = queries.postings(session, scope, [one.id for one in page.items])
    return page.each(lambda one: (one, sides.get(one.id, ())))


def accounts(session: Session, scope: Scope, *, book_id: UUID) -> Sequence[LedgerAccount]:
    """Return a book's accounts by code."""
    return queries.accounts(session, scope, book_id)


def closings(session: Session, scope: Scope, *, book_id: UUID) -> Sequence[LedgerClosing]:
    """Return a book's last closings, the latest first."""
    return queries.closings(session, scope, book_id)
