"""What a bill run came to, and how the ledger has it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.queries import bills as bill_queries
from backend.billing.queries import documents as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules.documents.bill import Party
from backend.billing.rules.documents.run import ComponentSum, LeftOut, RunSummary, TariffSum
from backend.billing.rules.ledger import RECEIVABLE, TAX
from backend.billing.service.documents.asking import parties
from backend.kernel.scope import Scope


def run_summary(session: Session, scope: Scope, *, run_id: UUID) -> RunSummary:
    """Return what a run came to (keepers only); raises NotFound."""
    run = bill_queries.run(session, scope, run_id)
    scope.demand(run.organisation_id, *KEEPERS)
    exceptions = queries.exceptions(session, scope, run.id)
    names = parties(session, scope, {run.organisation_id, *(row.customer_id for row in exceptions)})
    posted = queries.posted(session, scope, run.book_id, queries.of_run(run.id))
    return RunSummary(
        seller=names.get(run.organisation_id, Party("")), day=run.day, status=run.status.value, issued_on=run.issue_on,
        tariffs=[
            TariffSum(row.tariff, row.currency, row.status.value, row.bills, row.total)
            for row in queries.tariffs_of_run(session, scope, run.id)
        ],
        components=[
            ComponentSum(
                row.tariff, row.status.value, row.currency, row.component,
                {"en": row.name or row.component} | ({"zh": row.name_zh} if row.name_zh else {}), row.unit, row.bills,
                row.quantity, row.amount, row.is_included, row.account == TAX,
            )
            for row in queries.components(session, scope, run.id)
        ],
        left_out=[LeftOut(row.number, names.get(row.customer_id, Party("")), row.reason) for row in exceptions],
        posted={row.currency: row.amount for row in posted if row.account == RECEIVABLE},
        posted_tax={row.currency: -row.amount for row in posted if row.account == TAX},
    )  # fmt: skip
