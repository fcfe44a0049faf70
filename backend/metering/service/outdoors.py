"""How cold and how warm it was at a site, by its own temperature points."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.metering.queries import around

LEAST_KNOWN = 0.9
"""Extremes of fewer hours than this share say nothing: the coldest night may be missing."""


def outdoor_extremes(
    session: Session, scope: Scope, *, position_id: UUID, hours: int
) -> tuple[float, float] | None:
    """Return the lowest and highest temperature of the last so many hours at a position's site [°C].

    Of points that were known almost throughout; of several the widest; None where there is none. The hour that runs
    is not counted.
    """
    found = around.extremes(session, scope, position_id, clock.now() - timedelta(hours=hours + 1))
    known = [(low, high) for low, high, count in found if count >= hours * LEAST_KNOWN]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None
