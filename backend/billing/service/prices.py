"""What a tariff asks for the next unit, interval by interval: for who plans when to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import TariffVersion
from backend.billing.queries import contracts as queries
from backend.billing.rules.tariff import Marginal, Span, Tariff, marginal, parse
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope


@dataclass(frozen=True)
class Priced:
    """Prices of a tariff's newest revision over local dates."""

    version: TariffVersion
    tariff: Tariff
    marginal: Marginal


@dataclass(frozen=True)
class Wanted:
    """Which prices: of an operator's tariff by its code, or of the tariff of a contract by its number.

    facts: what the tariff asks of a contract; register: `import` or `export`
    """

    tariff: str = ""
    contract: str = ""
    facts: Mapping[str, Decimal] | None = None
    register: str = "import"


def prices(
    session: Session, scope: Scope, *, organisation_id: UUID, wanted: Wanted, span: Span, minutes: int = 15
) -> Priced:
    """Return what one more unit costs in each interval of local dates, to those who keep the operator's accounts.

    raises NotFound where there is no such tariff or contract, Refused where it has no prices for a date
    """
    facts = dict(wanted.facts or {})
    if wanted.contract:
        contract = queries.contract_called(session, scope, organisation_id, wanted.contract)
        if contract is None:
            raise NotFound(
                "there is no such contract",
                field="contract",
                value=wanted.contract,
                remedy="give the number of one",
            )
        tariff_id = contract.tariff_id
        facts = {name: Decimal(value) for name, value in contract.facts.items()} | facts
    else:
        kept = queries.tariff_called(session, scope, organisation_id, wanted.tariff)
        if kept is None:
            raise NotFound(
                "there is no such tariff",
                field="tariff",
                value=wanted.tariff,
                remedy="give the code of one, or keep it",
            )
        tariff_id = kept.id
    version = queries.newest_versions(session, scope, [tariff_id])[tariff_id]
    tariff = parse(version.document)
    return Priced(version, tariff, marginal(tariff, span, minutes * 60_000_000, facts, wanted.register))
