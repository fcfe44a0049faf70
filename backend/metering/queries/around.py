"""What estimators may look at around a gap: alike points, the outdoor temperature, valves, contracts, settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.kernel import bulk, clock
from backend.kernel.scope import Scope
from backend.metering.models import Point, ShutPeriod, VeeSetting

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ALIKE = text("""
SELECT p.key, alike.key FROM point p
JOIN position here ON here.id = p.position_id
CROSS JOIN LATERAL (
    SELECT q.key FROM point q JOIN position there ON there.id = q.position_id
    WHERE q.organisation_id = ANY (:organisations) AND q.carrier = p.carrier AND q.quantity = p.quantity
      AND q.unit = p.unit AND q.direction = p.direction AND q.interval_minutes = p.interval_minutes AND q.key <> p.key
      AND q.id IS DISTINCT FROM p.parent_id AND q.parent_id IS DISTINCT FROM p.id
      AND NOT EXISTS (SELECT FROM virtual_term v WHERE v.point_id = q.id)
    ORDER BY (q.category IS NOT DISTINCT FROM p.category) DESC, (there.site_id = here.site_id) DESC, q.key
    LIMIT :most
) alike
WHERE p.key = ANY (:keys) AND p.organisation_id = ANY (:organisations) ORDER BY 1""")

MOST_SHUT = 1000
"""Of one point that are shown."""

_OUTDOORS = text("""
SELECT p.key, outdoors.key FROM point p
JOIN position here ON here.id = p.position_id
CROSS JOIN LATERAL (
    SELECT q.key FROM point q JOIN position there ON there.id = q.position_id
    WHERE q.organisation_id = ANY (:organisations) AND q.carrier = 'environment' AND q.quantity = 'temperature'
    ORDER BY (there.site_id = here.site_id) DESC, (q.organisation_id = p.organisation_id) DESC, q.key LIMIT 1
) outdoors
WHERE p.key = ANY (:keys) AND p.organisation_id = ANY (:organisations)""")

_EXTREMES = text("""
SELECT q.key, min(h.low), max(h.high), count(*) FROM position here
JOIN position there ON there.site_id = here.site_id
JOIN point q ON q.position_id = there.id AND q.carrier = 'environment' AND q.quantity = 'temperature'
JOIN hour_statistic h ON h.point_key = q.key AND h.start >= :since AND h.count > 0
WHERE here.id = :position AND q.organisation_id = ANY (:organisations)
GROUP BY q.key ORDER BY 1""")

_VALVES = text("""
SELECT p.key, q.key FROM point p
JOIN point q ON q.position_id = p.position_id AND q.carrier = p.carrier AND q.kind = 'state' AND q.quantity = 'valve'
WHERE p.key = ANY (:keys) AND p.organisation_id = ANY (:organisations) AND q.organisation_id = ANY (:organisations)
ORDER BY 1, 2""")

_SUPPLIED = text("""
SELECT p.key, a.starts_at, a.ends_at FROM point p
JOIN position here ON here.id = p.position_id
JOIN position there ON here.path <@ there.path
JOIN supply_agreement a ON a.position_id = there.id
WHERE p.key = ANY (:keys) AND p.organisation_id = ANY (:organisations) ORDER BY 1, 2""")

_SETTINGS = text("""
SELECT DISTINCT ON (mine.id) mine.id, s.id FROM organisation mine
JOIN organisation above ON mine.path <@ above.path
JOIN vee_setting s ON s.organisation_id = above.id
WHERE mine.id = ANY (:organisations) ORDER BY mine.id, nlevel(above.path) DESC""")


def alike_points(session: Session, scope: Scope, keys: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Points like given ones, `most` at most each: same measure and interval, first of the category, then of the site.

    Neither a point's parent nor its sub-meters, and no virtual meter: they may consist of it.
    """
    return _pairs(session, scope, _ALIKE, keys, most=most)


def outdoors(session: Session, scope: Scope, keys: Sequence[int]) -> dict[int, int]:
    """The outdoor temperature nearest to given points: of their site, else of their organisation, else any."""
    return dict(_pairs(session, scope, _OUTDOORS, keys))


def extremes(
    session: Session, scope: Scope, position_id: UUID, since: datetime
) -> list[tuple[float, float, int]]:
    """Lowest, highest [°C] and hours known since an instant, of each temperature of a position's site."""
    said = {"position": position_id, "since": since, "organisations": list(scope.organisations)}
    return [(low, high, hours) for _, low, high, hours in session.execute(_EXTREMES, said)]


def valves(session: Session, scope: Scope, keys: Sequence[int]) -> list[tuple[int, int]]:
    """Valves (states of quantity 'valve', 0 for shut) that stand where given points do."""
    return _pairs(session, scope, _VALVES, keys)


def supplied(
    session: Session, scope: Scope, keys: Sequence[int]
) -> list[tuple[int, datetime, datetime | None]]:
    """When places of given points, or places above, were under contract."""
    found = session.execute(_SUPPLIED, _about(scope, keys))
    return [(key, starts_at, ends_at) for key, starts_at, ends_at in found]


def shut_periods(
    session: Session, scope: Scope, keys: Sequence[int]
) -> list[tuple[int, datetime, datetime | None]]:
    """When given points are said to be shut."""
    rows = session.execute(
        select(Point.key, ShutPeriod.starts_at, ShutPeriod.ends_at)
        .join(Point, Point.id == ShutPeriod.point_id)
        .where(Point.key.in_(keys), ShutPeriod.organisation_id.in_(scope.organisations))
    )
    return [(key, starts_at, ends_at) for key, starts_at, ends_at in rows]


def shut_periods_of(session: Session, scope: Scope, point: Point) -> Sequence[ShutPeriod]:
    """When a visible point is said to be shut, the latest first; only its owner knows."""
    return session.scalars(
        select(ShutPeriod)
        .where(ShutPeriod.point_id == point.id, ShutPeriod.organisation_id.in_(scope.organisations))
        .order_by(ShutPeriod.starts_at.desc())
        .limit(MOST_SHUT)
    ).all()


def temperatures(session: Session, scope: Scope, keys: Sequence[int], first_us: int, last_us: int) -> Any:
    """Hourly means of points in [first, last): key, start [µs], mean [°C]."""
    assert scope.organisations, "a scope without organisations holds no points"
    return bulk.columns_of(
        session,
        "SELECT point_key, start, total / count FROM hour_statistic WHERE point_key = ANY (%(keys)s)"
        " AND start >= %(first)s AND start < %(last)s AND count > 0 ORDER BY point_key, start",
        ["int8", "timestamptz", "float8"],
        {"keys": list(keys), "first": clock.from_us(first_us), "last": clock.from_us(last_us)},
    )


def states(session: Session, scope: Scope, keys: Sequence[int], first_us: int, last_us: int) -> Any:
    """What states said in [first, last): key, instant [µs], value; bad ones left out."""
    assert scope.organisations, "a scope without organisations holds no points"
    return bulk.columns_of(
        session,
        "SELECT point_key, read_at, value FROM reading WHERE point_key = ANY (%(keys)s)"
        " AND read_at >= %(first)s AND read_at < %(last)s AND quality <> 2 AND value IS NOT NULL"
        " ORDER BY point_key, read_at",
        ["int8", "timestamptz", "float8"],
        {"keys": list(keys), "first": clock.from_us(first_us), "last": clock.from_us(last_us)},
    )


def settings(session: Session, scope: Scope, organisations: Sequence[UUID]) -> dict[UUID, VeeSetting]:
    """What holds for organisations: their own settings, else those of the nearest one above; none where nobody said."""
    rows = session.execute(_SETTINGS, {"organisations": list(scope.organisations & set(organisations))}).all()
    found = {one.id: one for one in session.scalars(
        select(VeeSetting).where(VeeSetting.id.in_([setting for _, setting in rows]))
    )}  # fmt: skip
    return {organisation: found[setting] for organisation, setting in rows if setting in found}


def own_setting(session: Session, scope: Scope, organisation_id: UUID) -> VeeSetting | None:
    """What an organisation itself said."""
    return session.scalar(
        select(VeeSetting).where(
            VeeSetting.organisation_id == organisation_id, VeeSetting.organisation_id.in_(scope.organisations)
        )
    )


def _pairs(
    session: Session, scope: Scope, query: Any, keys: Sequence[int], **more: Any
) -> list[tuple[int, int]]:
    return [(key, other) for key, other in session.execute(query, _about(scope, keys) | more)]


def _about(scope: Scope, keys: Sequence[int]) -> dict[str, Any]:
    return {"keys": list(keys), "organisations": list(scope.organisations)}
