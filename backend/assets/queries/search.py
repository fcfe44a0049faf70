"""Ask the search index (see README: a function of the database, since row-level security bars indexes)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.assets.models import Document, Part
from backend.assets.queries import visible
from backend.assets.rules.search import Question
from backend.kernel.scope import Scope
from backend.tenancy.models import Organisation

_ASK = text("SELECT entity, id FROM search_assets(:words, :grams, :kinds, :most) ORDER BY rank, id")


def matches(
    session: Session, _scope: Scope, question: Question, kinds: Sequence[str], limit: int
) -> Sequence[tuple[str, UUID]]:
    """Things that fit a question as (table, id), best first; the database confines them to the transaction's scope."""
    rows = session.execute(
        _ASK,
        {
            "words": list(question.words),
            "grams": list(question.grams),
            "kinds": list(kinds),
            "most": limit,
        },
    )
    return [(row.entity, row.id) for row in rows]


def documents(session: Session, scope: Scope, document_ids: Sequence[UUID]) -> Sequence[Document]:
    """Documents by id, as far as the scope sees them."""
    return session.scalars(
        select(Document).where(Document.id.in_(document_ids), visible.documents(scope))
    ).all()


def parts(session: Session, scope: Scope, part_ids: Sequence[UUID]) -> Sequence[Any]:
    """Parts by id, as far as the scope sees them."""
    return session.scalars(
        select(Part).where(Part.id.in_(part_ids), Part.organisation_id.in_(scope.organisations))
    ).all()


def organisations(session: Session, scope: Scope, organisation_ids: Sequence[UUID]) -> Sequence[Organisation]:
    """Organisations by id, as far as the scope sees them."""
    seen = scope.organisations & set(organisation_ids)
    return session.scalars(select(Organisation).where(Organisation.id.in_(seen))).all()
