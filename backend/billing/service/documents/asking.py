"""Who asks for a document: what a customer may have is put together as the seller knows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.rules.documents.bill import Party
from backend.kernel.db import confine
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy

MOST_DAYS = 1830
"""So long may the period of a document be."""


@contextmanager
def as_seller(
    session: Session, scope: Scope, organisation_id: UUID, customers: Collection[UUID]
) -> Iterator[Scope]:
    """Read as the seller for whoever was found to be allowed the document; afterwards the session is theirs again.

    A bill says more than its customer may look up: the seller's name, the tariff, the account it is booked on.
    """
    own = tenancy.system_scope(session, organisation_id, reason="a document of billing")
    wide = Scope.system(own.organisations | frozenset(customers), own.reason)
    confine(session, wide)
    yield wide
    confine(session, scope)


def parties(session: Session, scope: Scope, organisation_ids: Collection[UUID]) -> dict[UUID, Party]:
    """Return organisations as they are named on documents."""
    found = tenancy.organisations_by_id(session, scope, organisation_ids)
    return {key: Party(one.name, one.name_zh) for key, one in found.items()}


def demand_span(first: date, until: date) -> None:
    """Refuse local days [first, until) that are none, or more than a few years."""
    if not 1 <= (until - first).days <= MOST_DAYS:
        raise Refused(
            f"{first} to {until} is no period for a document", field="until", value=until.isoformat(),
            remedy="end it after it begins, five years later at most",
        )  # fmt: skip
