"""Output tax of what was issued in a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import Bill, BillLine, SupplyContract
from backend.billing.queries import contracts
from backend.billing.queries import documents as queries
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules.documents.bill import Party
from backend.billing.rules.documents.tax import TaxExport, TaxLine
from backend.billing.rules.ledger import TAX
from backend.billing.service import ledger
from backend.billing.service.documents.asking import demand_span, parties
from backend.billing.service.documents.statement import number_of
from backend.kernel.scope import Scope


def tax_export(
    session: Session, scope: Scope, *, organisation_id: UUID, first: date, until: date
) -> TaxExport:
    """Return the output tax of what an operator issued in local days [first, until) (keepers only)."""
    demand_span(first, until)
    scope.demand(organisation_id, *KEEPERS)
    book = ledger.book_of(session, scope, organisation_id=organisation_id)
    issued = queries.issued_between(session, scope, organisation_id, first, until)
    keys = [one.id for one in issued]
    lines = queries.lines(session, scope, keys)
    agreed = contracts.contracts_by_id(session, scope, {one.contract_id for one in issued})
    corrected = queries.bills(session, scope, {one.corrects_id for one in issued if one.corrects_id})
    names = parties(session, scope, {organisation_id, *(one.customer_id for one in issued)})
    posted = queries.posted(session, scope, book.id, keys)
    return TaxExport(
        names.get(organisation_id, Party("")), first, until,
        [line for one in issued for line in _lines(one, lines.get(one.id, ()), names, agreed, corrected)],
        {row.currency: -row.amount for row in posted if row.account == TAX},
    )  # fmt: skip


def _lines(
    bill: Bill, lines: Sequence[BillLine], names: Mapping[UUID, Party], agreed: Mapping[UUID, SupplyContract],
    corrected: Mapping[UUID, Bill],
) -> list[TaxLine]:  # fmt: skip
    """Return a line a tax and rate, in the order of the bill; one without tax where there is none."""
    sums: dict[tuple[str, Decimal], list[BillLine]] = {}
    for line in lines:
        if line.account == TAX:
            sums.setdefault((line.component, line.price or Decimal(0)), []).append(line)
    rows = [
        (component, some[0].name, rate, sum((one.quantity for one in some), Decimal(0)),
         sum((one.amount for one in some), Decimal(0)))
        for (component, rate), some in sums.items()
    ] or [("", {}, Decimal(0), bill.total, Decimal(0))]  # fmt: skip
    assert bill.issued_on is not None, "what is issued has a day"
    head = (number_of(bill) or "", bill.kind.value, bill.issued_on, bill.starts_on, bill.ends_on,
            names.get(bill.customer_id, Party("")), agreed[bill.contract_id].number,
            number_of(corrected.get(bill.corrects_id)) if bill.corrects_id else None)  # fmt: skip
    return [TaxLine(*head, *row, bill.total, bill.currency) for row in rows]
