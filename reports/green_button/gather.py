"""Which meters a feed is of, and where it takes their intervals from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.db import Database
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import QUANTA, PointKind
from backend.metering import service as metering
from backend.metering.rules import espi
from backend.network import service as network
from reports.green_button.feed import Meter
from reports.green_button.stream import Columns, feed

MIMETYPE = "application/atom+xml"
MOST_METERS = 500


def is_told(point: Any) -> bool:
    """Tell whether Green Button has words for a point: it counts amounts of a service in a unit ESPI knows."""
    quantum = QUANTA.get(point.unit, ("", 0))[0]
    counts = point.kind in (PointKind.REGISTER, PointKind.INTERVAL)
    return counts and point.carrier in espi.SERVICES and quantum in espi.QUANTUM_UNITS


def meters_of(session: Session, scope: Scope, *, points: Sequence[Any]) -> list[Meter]:
    """Return points as a feed tells of them, each at its place in its zone."""

    @cache
    def place_of(position_id: UUID) -> tuple[str, str]:
        place = network.position(session, scope, position_id)
        return place.name, network.site_of(session, scope, place.id).timezone

    return [
        Meter(
            point.id, point.name, place_of(point.position_id)[0], point.carrier, point.unit,
            point.interval_minutes, point.direction.value, place_of(point.position_id)[1],
        )
        for point in points
    ]  # fmt: skip


def download(
    database: Database, scope: Scope, meters: Sequence[Meter], period: Period, *, title: str
) -> Iterator[str]:
    """Return the feed of a period, read month by month, each in a transaction of its own."""

    def read(point_id: UUID, part: Period) -> Columns:
        with database.transaction(scope) as session:
            return metering.interval_columns(session, scope, point_id=point_id, period=part)

    return feed(meters, period, read, title=title, now=clock.now())
