"""Customers' files: whom to ring, what was said, which contracts there are. The organisation above keeps them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.models import ContractReference, CustomerContact, CustomerNote
from backend.assets.rules.life import EDITORS
from backend.kernel import audit, clock, ids, paging
from backend.kernel.errors import Refused
from backend.kernel.scope import STAFF, Role, Scope
from backend.tenancy import service as tenancy
from backend.tenancy.models import Organisation

KEEPERS = (*EDITORS, Role.MANAGER)


def keeper_of(session: Session, scope: Scope, customer_id: UUID) -> UUID:
    """Return who keeps a customer's file: the organisation above it, or itself where the asker sees none above."""
    customer = tenancy.organisation(session, scope, customer_id)
    above = customer.parent_id
    return above if above is not None and above in scope.organisations else customer.id


def list_contacts(
    session: Session, scope: Scope, customer_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[CustomerContact]:
    """Return a page of those to talk to, by name; for staff of the file's keeper, as the next two."""
    scope.demand(keeper_of(session, scope, customer_id), *STAFF)
    return queries.customers.contacts(session, scope, customer_id, cursor=cursor, limit=limit)


def list_notes(
    session: Session, scope: Scope, customer_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[tuple[CustomerNote, str]]:
    """Return a page of what was said, the newest first, each with who wrote it."""
    scope.demand(keeper_of(session, scope, customer_id), *STAFF)
    return queries.customers.notes(session, scope, customer_id, cursor=cursor, limit=limit)


def list_contracts(
    session: Session, scope: Scope, customer_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[ContractReference]:
    """Return a page of the contracts there are, the newest first."""
    scope.demand(keeper_of(session, scope, customer_id), *STAFF)
    return queries.customers.contracts(session, scope, customer_id, cursor=cursor, limit=limit)


def list_customers(
    session: Session,
    scope: Scope,
    *,
    organisations: frozenset[UUID],
    cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[tuple[Organisation, int]]:
    """Return a page of customers by name, each with how many contacts its file has."""
    kept = organisations & scope.staff_organisations
    return queries.customers.customers(session, scope, kept, cursor=cursor, limit=limit)


def add_contact(
    session: Session, scope: Scope, *, customer_id: UUID, name: str, function: str | None = None,
    phone: str | None = None, email: str | None = None, note: str | None = None,
) -> CustomerContact:  # fmt: skip
    """Add somebody to talk to at a customer."""
    keeper = keeper_of(session, scope, customer_id)
    scope.demand(keeper, *KEEPERS)
    contact = CustomerContact(
        id=ids.new_id(), organisation_id=keeper, customer_id=customer_id, name=_said(name, "name", 120),
        function=_short(function), phone=_short(phone), email=_short(email), note=_short(note),
        created_at=clock.now(), archived_at=None,
    )  # fmt: skip
    session.add(contact)
    session.flush()
    audit.record(
        session, scope, action="customer_contact.added", entity="customer_contact", entity_id=contact.id,
        organisation_id=keeper, after={"customer": str(customer_id), "name": contact.name},
    )  # fmt: skip
    return contact


def archive_contact(session: Session, scope: Scope, *, contact_id: UUID) -> None:
    """Take somebody out of a customer's file, who is no longer to be rung."""
    contact = queries.customers.contact(session, scope, contact_id)
    scope.demand(contact.organisation_id, *KEEPERS)
    contact.archived_at = contact.archived_at or clock.now()
    session.flush()
    audit.record(
        session, scope, action="customer_contact.archived", entity="customer_contact", entity_id=contact.id,
        organisation_id=contact.organisation_id, before={"name": contact.name},
    )  # fmt: skip


def add_note(session: Session, scope: Scope, *, customer_id: UUID, text: str) -> CustomerNote:
    """Write down what was said or agreed with a customer; technicians may."""
    keeper = keeper_of(session, scope, customer_id)
    scope.demand(keeper, *KEEPERS, Role.TECHNICIAN)
    note = CustomerNote(
        id=ids.new_id(), organisation_id=keeper, customer_id=customer_id, at=clock.now(),
        text=_said(text, "text", 4000), actor_id=scope.actor_id,
    )  # fmt: skip
    session.add(note)
    session.flush()
    audit.record(
        session, scope, action="customer_note.added", entity="customer_note", entity_id=note.id,
        organisation_id=keeper, after={"customer": str(customer_id)},
    )  # fmt: skip
    return note


def add_contract(
    session: Session, scope: Scope, *, customer_id: UUID, number: str, title: str, starts_on: date,
    ends_on: date | None = None, note: str | None = None,
) -> ContractReference:  # fmt: skip
    """Refer to a contract with a customer by its number; ends_on is its last day."""
    keeper = keeper_of(session, scope, customer_id)
    scope.demand(keeper, *KEEPERS)
    if ends_on is not None and ends_on < starts_on:
        raise Refused(
            "this contract ends before it begins", field="ends_on", value=ends_on.isoformat(),
            remedy="give the first day, then the last",
        )  # fmt: skip
    contract = ContractReference(
        id=ids.new_id(), organisation_id=keeper, customer_id=customer_id, number=_said(number, "number", 80),
        title=_said(title, "title", 200), starts_on=starts_on, ends_on=ends_on, note=_short(note),
        created_at=clock.now(),
    )  # fmt: skip
    session.add(contract)
    session.flush()
    audit.record(
        session, scope, action="contract_reference.added", entity="contract_reference", entity_id=contract.id,
        organisation_id=keeper, after={"customer": str(customer_id), "number": contract.number},
    )  # fmt: skip
    return contract


def _said(text: str, field: str, most: int) -> str:
    said = text.strip()
    if not 1 <= len(said) <= most:
        raise Refused(f"this needs 1 to {most} characters", field=field, value=said[:200])
    return said


def _short(text: str | None) -> str | None:
    said = (text or "").strip()[:500]
    return said or None
