"""What a plan keeps to because its plant has accepted it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.optimisation import queries
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.targets import Kind, Target


def bound_by(session: Session, scope: Scope, *, plant_id: UUID, planned: Horizon) -> tuple[Target, ...]:
    """Return the targets a plan of these hours keeps to: peaks; energies and CO2 whose time lies within it whole.

    Of an energy that began before, what is used up already is the meters' to say, so that it does not bind here.
    """
    ends_at = clock.from_us(clock.to_us(planned.at(planned.steps)))
    found = []
    for kept in queries.agreed(session, scope, plant_id, planned.start, ends_at):
        one = Target(kept.kind, kept.most, kept.begins_at, kept.ends_at, kept.carrier)
        is_whole = kept.begins_at >= planned.start and kept.ends_at <= ends_at
        if one.counts(planned).any() and (kept.kind is Kind.PEAK or is_whole):
            found.append(one)
    return tuple(found)
