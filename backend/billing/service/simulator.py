"""What a contract's past use would have cost under other tariffs of its operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.billing.queries import contracts as queries
from backend.billing.queries import intervals
from backend.billing.queries.confined import KEEPERS
from backend.billing.rules import shares
from backend.billing.rules.periods import BillingCalendar
from backend.billing.rules.tariff import Comparison, Facts, Series, Span, compare, parse
from backend.billing.rules.tariff.grid import grid
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.kernel.units import quanta_per

MINUTE_US = 60_000_000
MOST_PERIODS = 24


@dataclass(frozen=True)
class Simulated:
    """What was compared; missing: how many intervals were not there and count as nothing used."""

    comparison: Comparison
    missing: int


def simulate(
    session: Session,
    scope: Scope,
    *,
    contract_id: UUID,
    tariff_ids: Sequence[UUID],
    start: date,
    periods: int,
) -> Simulated:
    """Rate some billing periods of a contract, from the one a day lies in, under each tariff.

    raises Refused where tariffs cannot be compared or none can be rated
    """
    contract = queries.kept_contract(session, scope, contract_id)
    scope.demand(contract.organisation_id, *KEEPERS)
    if not 1 <= periods <= MOST_PERIODS:
        raise Refused(f"1 to {MOST_PERIODS} periods are compared", field="periods", value=periods)
    calendar = BillingCalendar(contract.months, contract.day, contract.first)
    spans = [calendar.period(start)]
    while len(spans) < periods:
        spans.append(calendar.period(spans[-1].end))
    versions = queries.newest_versions(session, scope, tariff_ids)
    tariffs = [parse(versions[one].document) for one in tariff_ids if one in versions]
    if not tariffs:
        raise Refused("choose tariffs to compare", field="tariffs")
    series, missing = _series(session, scope, contract_id, Span(spans[0].start, spans[-1].end), contract.zone)
    facts = Facts({name: Decimal(value) for name, value in contract.facts.items()})
    return Simulated(compare(tariffs, series, facts, spans), missing)


def _series(session: Session, scope: Scope, contract_id: UUID, span: Span, zone: str) -> tuple[Series, int]:
    held = queries.points_of(session, scope, [contract_id])
    if not held:
        raise Refused("the contract has no meter", field="contract")
    minutes, unit = held[0][1].interval_minutes, held[0][1].unit
    layout = grid(span, zone, minutes * MINUTE_US)
    end_us = layout.start_us + len(layout) * layout.length_us
    found = intervals.starts_and_amounts(
        session,
        scope,
        [point.key for _, point in held],
        start_us=layout.start_us,
        end_us=end_us,
        minutes=minutes,
    )
    registers: dict[str, np.ndarray] = {}
    missing = 0
    for own, point in held:
        amounts = np.zeros(len(layout), dtype=np.int64)
        starts, counted = found.get(point.key, (np.zeros(0, np.int64), np.zeros(0, np.int64)))
        amounts[(starts - layout.start_us) // layout.length_us] = counted
        missing += len(layout) - len(starts)
        if own.share < shares.WHOLE:
            amounts = shares.split(amounts, [own.share])[0]
        registers[own.register] = registers.get(own.register, 0) + amounts
    return Series(layout.start_us, layout.length_us, registers, unit, quanta_per(unit)), missing
