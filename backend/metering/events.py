"""What metering tells: that intervals somebody may have used were revised."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from backend.kernel.events import Event

INTERVALS_REVISED = "metering.intervals_revised"


def intervals_revised(
    organisation_id: UUID, revised: list[tuple[UUID, datetime, datetime, int]], *, actor_id: UUID | None
) -> Event:
    """Return the event that intervals of an organisation's points have new versions.

    revised: point, first start, end (not included) and how many intervals in between were revised
    body: points, a list of point_id, start, end (ISO 8601, UTC) and count
    """
    points = [
        {"point_id": str(point_id), "start": start.isoformat(), "end": end.isoformat(), "count": count}
        for point_id, start, end, count in revised
    ]
    return Event(INTERVALS_REVISED, organisation_id, {"points": points}, actor_id=actor_id)
