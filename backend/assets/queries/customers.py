"""Customers' files, confined to a scope."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from backend.assets.models import ContractReference, CustomerContact, CustomerNote
from backend.kernel import paging
from backend.kernel.db import required
from backend.kernel.scope import Scope
from backend.tenancy.models import Organisation, OrganisationKind, Person


def contacts(
    session: Session, scope: Scope, customer_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[CustomerContact]:
    """Whom to talk to, by name; archived ones left out."""
    query = select(CustomerContact).where(
        CustomerContact.customer_id == customer_id, CustomerContact.archived_at.is_(None),
        CustomerContact.organisation_id.in_(scope.staff_organisations),
    )  # fmt: skip
    by = (CustomerContact.name, CustomerContact.id)
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def contact(session: Session, scope: Scope, contact_id: UUID) -> CustomerContact:
    """One contact person; raises NotFound."""
    query = select(CustomerContact).where(
        CustomerContact.id == contact_id, CustomerContact.organisation_id.in_(scope.staff_organisations)
    )
    return required(session, query, "there is no such contact", contact_id=contact_id)


def notes(
    session: Session, scope: Scope, customer_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[tuple[CustomerNote, str]]:
    """What was said, the newest first, each with the name of who wrote it."""
    query = (
        select(CustomerNote, Person.name)
        .outerjoin(Person, Person.id == CustomerNote.actor_id)
        .where(
            CustomerNote.customer_id == customer_id,
            CustomerNote.organisation_id.in_(scope.staff_organisations),
        )
    )
    by = (CustomerNote.at.desc(), CustomerNote.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def contracts(
    session: Session, scope: Scope, customer_id: UUID, *, cursor: str | None, limit: int
) -> paging.Page[ContractReference]:
    """Contracts with a customer, the newest first; the customer sees their own."""
    query = select(ContractReference).where(
        ContractReference.customer_id == customer_id,
        or_(
            ContractReference.organisation_id.in_(scope.staff_organisations),
            ContractReference.customer_id.in_(scope.organisations),
        ),
    )
    by = (ContractReference.starts_on.desc(), ContractReference.id.desc())
    return paging.page(session, query, by=by, cursor=cursor, limit=limit)


def customers(
    session: Session, scope: Scope, organisations: frozenset[UUID], *, cursor: str | None, limit: int
) -> paging.Page[tuple[Organisation, int]]:
    """Customer organisations by name, each with how many contacts its file has."""
    known = (
        select(CustomerContact.customer_id, func.count().label("contacts"))
        .where(
            CustomerContact.archived_at.is_(None), CustomerContact.organisation_id.in_(scope.organisations)
        )
        .group_by(CustomerContact.customer_id)
        .subquery()
    )
    query = (
        select(Organisation, func.coalesce(known.c.contacts, 0))
        .outerjoin(known, known.c.customer_id == Organisation.id)
        .where(
            Organisation.id.in_(organisations & scope.organisations),
            Organisation.kind == OrganisationKind.CUSTOMER,
        )
    )
    return paging.page(session, query, by=(Organisation.name, Organisation.id), cursor=cursor, limit=limit)
