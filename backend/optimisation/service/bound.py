"""What a plan keeps to because its plant has accepted it, and whether it was kept, by the meters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import clock, ids
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.optimisation import queries
from backend.optimisation.models import CoordinationTarget
from backend.optimisation.rules import hours
from backend.optimisation.rules.coordination import budget as spending
from backend.optimisation.rules.coordination import judging
from backend.optimisation.rules.coordination.asking import State
from backend.optimisation.rules.coordination.budget import Budget
from backend.optimisation.rules.coordination.judging import Judged
from backend.optimisation.rules.horizon import Floats, Horizon
from backend.optimisation.rules.hours import QUARTER
from backend.optimisation.rules.model.units import SupplyModel
from backend.optimisation.rules.targets import Kind, Target
from backend.optimisation.service.counted import counted
from backend.optimisation.service.plants import Described

WEEKS = 4
"""What is usual is the middle of the same quarter hours of so many weeks before."""


@dataclass(frozen=True)
class Bound:
    """A target as one plan keeps to it.

    agreed: as it was accepted, over its whole time; target: what this plan may come to, what is used up included
    budget: how much of the whole that is; None of a peak, which binds every plan alike
    """

    target_id: str
    agreed: Target
    target: Target
    budget: Budget | None

    def said(self) -> dict[str, Any]:
        """Return it as a plan keeps it, in plain values."""
        return {
            "id": self.target_id, "agreed": _plain(self.agreed), "kept": _plain(self.target),
            "budget": None if self.budget is None else asdict(self.budget),
        }  # fmt: skip


def read_target(said: Mapping[str, Any]) -> Target:
    """Return a target from the plain values a plan keeps."""
    begins_at, ends_at = (datetime.fromisoformat(said[name]) for name in ("begins_at", "ends_at"))
    return Target(Kind(said["kind"]), said["most"], begins_at, ends_at, said["carrier"], said["so_far"])


def bounds(
    session: Session, scope: Scope, *, about: Described, planned: Horizon, made_at: datetime
) -> tuple[Bound, ...]:
    """Return what a plan of these hours keeps to: peaks as agreed; of an energy or of CO2 its part of what is left.

    A target for a carrier that nothing in service buys asks nothing of a plan and is left out.
    """
    ends_at = clock.from_us(clock.to_us(planned.at(planned.steps)))
    found = []
    for kept in queries.agreed(session, scope, about.plant.id, planned.start, ends_at):
        one = _target(kept)
        if not one.counts(planned).any() or not [unit for unit in _counted_of(about, one) if not unit.is_out]:
            continue
        if one.kind is Kind.PEAK:
            found.append(Bound(ids.show(kept.id), one, one, None))
            continue
        part = _budget(session, scope, about, one, planned.start, ends_at, made_at)
        used_up = part.used + part.filled
        mine = Target(
            one.kind,
            used_up + part.allowed,
            max(one.begins_at, planned.start),
            one.ends_at,
            one.carrier,
            used_up,
        )
        found.append(Bound(ids.show(kept.id), one, mine, part))
    return tuple(found)


def judged(session: Session, scope: Scope, *, about: Described, found: CoordinationTarget) -> Judged | None:
    """Return how an accepted target stands by the meters now; None of one that is not agreed."""
    if found.state is not State.ACCEPTED:
        return None
    one, now = _target(found), hours.quarter(clock.now())
    begins_at, ends_at = _whole(one)
    rates = _rates(session, scope, about, one, begins_at, min(now, ends_at))
    return judging.judge(one, rates, is_over=ends_at <= now)


def _target(kept: CoordinationTarget) -> Target:
    return Target(kept.kind, kept.most, kept.begins_at, kept.ends_at, kept.carrier)


def _plain(one: Target) -> dict[str, Any]:
    return asdict(one) | {
        "kind": one.kind.value,
        "begins_at": one.begins_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
    }


def _whole(one: Target) -> tuple[datetime, datetime]:
    """Return the start of the first quarter hour a target counts, and the end of the last."""
    begins_at, ends_at = (
        at if hours.quarter(at) == at else hours.quarter(at) + QUARTER for at in (one.begins_at, one.ends_at)
    )
    return begins_at, ends_at


def _budget(
    session: Session, scope: Scope, about: Described, one: Target, starts_at: datetime, ends_at: datetime,
    made_at: datetime,
) -> Budget:  # fmt: skip
    """Return what a plan of [starts_at, ends_at) may use."""
    begins, ends = _whole(one)
    first = max(starts_at, begins)
    rates = _rates(session, scope, about, one, begins, first)
    rates[max((hours.quarter(made_at) - begins) // QUARTER, 0) :] = np.nan  # what is not over yet
    size = (ends - begins) // QUARTER
    since = hours.quarter(made_at) - timedelta(weeks=WEEKS)
    week = spending.usual_week(_rates(session, scope, about, one, since, hours.quarter(made_at)))
    usual = week[(np.arange(size) + (begins - since) // QUARTER) % spending.A_WEEK]
    planned = max((min(ends_at, ends) - first) // QUARTER, 0)
    return spending.budget(one.most, rates, usual, planned=planned)


def _rates(
    session: Session, scope: Scope, about: Described, one: Target, starts_at: datetime, ends_at: datetime
) -> Floats:
    """Return what meters counted of what a target counts, by quarter hour; NaN where any of them knows nothing."""
    period = Period(starts_at.astimezone(UTC), max(ends_at, starts_at).astimezone(UTC))
    total = np.zeros(max((ends_at - starts_at) // QUARTER, 0))
    for unit in _counted_of(about, one):
        if not total.size:
            break
        if not unit.meters:
            total[:] = np.nan
            break
        times = unit.per_billed * (unit.co2_kg if one.kind is Kind.CO2 else 1.0)
        total += counted(session, scope, point_ids=unit.meters, period=period, times=times).rates
    return total


def _counted_of(about: Described, one: Target) -> Sequence[SupplyModel]:
    """Return the supplies a target counts: those of its carrier; of CO2 all that emit."""
    return [
        unit
        for unit in about.model.units
        if isinstance(unit, SupplyModel)
        and (unit.co2_kg > 0 if one.kind is Kind.CO2 else unit.carrier == one.carrier)
    ]
