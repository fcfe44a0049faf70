"""Bills as they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import Bill, BillLine
from backend.billing.queries import bills as queries
from backend.kernel import paging
from backend.kernel.scope import Scope


def bills(
    session: Session, scope: Scope, *, customer_id: UUID | None = None, run_id: UUID | None = None,
    contract_id: UUID | None = None, revised: bool = False, cursor: str | None = None, limit: int = 50,
) -> paging.Page[Bill]:  # fmt: skip
    """Return a page of bills and notes, the latest period first; customers see what was issued to them.

    revised: those that wait to be rated again
    """
    return queries.bills(
        session, scope, customer_id=customer_id, run_id=run_id, contract_id=contract_id, revised=revised,
        cursor=cursor, limit=limit,
    )  # fmt: skip


def bill(session: Session, scope: Scope, *, bill_id: UUID) -> Bill:
    """Return one bill; raises NotFound."""
    return queries.bill(session, scope, bill_id)


def lines(session: Session, scope: Scope, *, bill_id: UUID) -> Sequence[BillLine]:
    """Return a bill's lines in order; raises NotFound."""
    return queries.lines(session, scope, queries.bill(session, scope, bill_id).id)


def family(session: Session, scope: Scope, *, bill_id: UUID) -> Sequence[Bill]:
    """Return a bill and the notes that correct it, in the order they were made."""
    return queries.family(session, scope, queries.bill(session, scope, bill_id).id)
