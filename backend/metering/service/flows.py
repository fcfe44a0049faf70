"""What organisations supplied and used over any period, in sum, meter by meter and bucket by bucket."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from backend.kernel import periods
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier
from backend.metering.models import Direction, Point
from backend.metering.queries import flows as queries
from backend.metering.service.sums import Grain, amounts_of_many
from backend.metering.service.values import in_units
from backend.network import service as network


@dataclass(frozen=True)
class Flow:
    """What several meters counted together in one bucket [unit]."""

    carrier: Carrier
    direction: Direction
    unit: str
    start: datetime
    amount: float


@dataclass(frozen=True)
class Counted:
    """What a point counted in a period [its unit], and which share of the period its intervals cover, 0..1."""

    amount: float
    share: float


def total_points(
    session: Session, scope: Scope, *, organisations: frozenset[UUID], carrier: Carrier | None = None,
    direction: Direction | None = None,
) -> Sequence[Point]:  # fmt: skip
    """Return the meters that count in sums of organisations: OUT supply, IN demand."""
    return queries.total_points(session, scope, organisations, carrier=carrier, direction=direction)


def points_at(session: Session, scope: Scope, position_ids: Collection[UUID]) -> dict[UUID, list[Point]]:
    """Return the points at several positions, by name; positions without any are left out."""
    found: dict[UUID, list[Point]] = {}
    for point in queries.points_at(session, scope, position_ids):
        found.setdefault(point.position_id, []).append(point)
    return found


def holders(session: Session, scope: Scope, *, points: Sequence[Point]) -> dict[UUID, set[UUID]]:
    """Return the organisations each point counts for: its owner, and the customers supplied where it stands."""
    agreements = network.supply_agreements(session, scope)
    ids = {point.position_id for point in points} | {one.position_id for one in agreements}
    paths = {id_: str(found.path) for id_, found in network.positions_by_id(session, scope, ids).items()}
    supplied: dict[str, set[UUID]] = defaultdict(set)
    for one in agreements:
        if one.position_id in paths:
            supplied[paths[one.position_id]].add(one.organisation_id)
    found = {point.id: {point.organisation_id} for point in points}
    for point in points:
        labels = paths.get(point.position_id, "").split(".")
        for depth in range(1, len(labels) + 1):
            found[point.id] |= supplied.get(".".join(labels[:depth]), set())
    return found


def sums_of_many(
    session: Session, scope: Scope, *, points: Sequence[Point], period: Period, zone: str
) -> dict[UUID, float]:
    """Return what each point counted in a period [its unit]; points without any interval are left out."""
    counted = counted_of_many(session, scope, points=points, period=period, zone=zone)
    return {id_: one.amount for id_, one in counted.items()}


def counted_of_many(
    session: Session, scope: Scope, *, points: Sequence[Point], period: Period, zone: str
) -> dict[UUID, Counted]:
    """Return what each point counted in a period, and how much of it that is; those without intervals are left out.

    The period is cut into local months, days and UTC hours, so that few roll-ups are read; it should
    begin and end on full hours.
    """
    whole, partly = _by_sight(session, scope, points, period)
    by_key = {point.key: point for point in whole}
    amounts: dict[UUID, float] = defaultdict(float)
    counts: dict[UUID, int] = defaultdict(int)
    for grain, part in cut(period, zone):
        for row in queries.sums(session, scope, whole, grain, part) if whole else []:
            point = by_key[row.point_key]
            amounts[point.id] += in_units(int(row.amount), point.unit)
            counts[point.id] += int(row.count)
        for id_, buckets in amounts_of_many(session, scope, points=partly, grain=grain, period=part).items():
            for one in buckets:
                amounts[id_] += one.amount
                counts[id_] += one.intervals
    lengths = {point.id: timedelta(minutes=point.interval_minutes) for point in points}
    lasts = (period.end or period.start) - period.start
    return {
        id_: Counted(amount, min(counts[id_] * lengths[id_] / lasts, 1.0)) for id_, amount in amounts.items()
    }


def flows(
    session: Session, scope: Scope, *, points: Sequence[Point], grain: Grain, period: Period
) -> list[Flow]:
    """Return the sums of points bucket by bucket, carriers and directions apart, oldest first."""
    together: dict[tuple[Carrier, Direction, str, datetime], float] = defaultdict(float)
    whole, partly = _by_sight(session, scope, points, period)
    for row in queries.flows(session, scope, whole, grain, period) if whole else []:
        key = (row.carrier, row.direction, row.unit, row.start)
        together[key] += in_units(int(row.amount), row.unit)
    amounts = amounts_of_many(session, scope, points=partly, grain=grain, period=period)
    for point in partly:
        for one in amounts[point.id]:
            together[(point.carrier, point.direction, point.unit, one.start)] += one.amount
    return [Flow(*key, amount) for key, amount in sorted(together.items(), key=lambda item: item[0][3])]


def cut(period: Period, zone: str) -> list[tuple[Grain, Period]]:
    """Cut a period into whole local months, then days, then hours, earliest first."""
    end = period.end
    if end is None or end <= period.start:
        return []
    pieces: list[tuple[Grain, Period]] = []
    at = period.start
    while at < end:
        grain, step = _longest(at, end, zone)
        if pieces and pieces[-1][0] is grain and pieces[-1][1].end == at:
            pieces[-1] = (grain, Period(pieces[-1][1].start, step))
        else:
            pieces.append((grain, Period(at, step)))
        at = step
    return pieces


def _longest(at: datetime, end: datetime, zone: str) -> tuple[Grain, datetime]:
    """Return the largest bucket that begins at `at` and ends by `end`, and where it ends."""
    on = periods.local_date(at, zone)
    for grain, whole in ((Grain.MONTH, periods.month(on, zone)), (Grain.DAY, periods.day(on, zone))):
        if whole.start == at and whole.end is not None and whole.end <= end:
            return grain, whole.end
    return Grain.HOUR, min(at + timedelta(hours=1), end)


def _by_sight(
    session: Session, scope: Scope, points: Sequence[Point], period: Period
) -> tuple[list[Point], list[Point]]:
    """Part points into those seen for the whole period, and a customer's that are seen for a part of it."""
    supplied = {point.position_id for point in points if point.organisation_id not in scope.organisations}
    if not supplied:
        return list(points), []
    covered = _covered_throughout(session, scope, supplied, period)
    whole, partly = [], []
    for point in points:
        is_whole = point.organisation_id in scope.organisations or point.position_id in covered
        (whole if is_whole else partly).append(point)
    return whole, partly


def _covered_throughout(
    session: Session, scope: Scope, position_ids: Collection[UUID], period: Period
) -> set[UUID]:
    """Return the positions at which one agreement supplies the scope for the whole period."""
    agreements = [
        one
        for one in network.supply_agreements(session, scope)
        if one.organisation_id in scope.organisations
        and one.starts_at <= period.start
        and (one.ends_at is None or (period.end is not None and one.ends_at >= period.end))
    ]
    ids = {*position_ids, *(one.position_id for one in agreements)}
    paths = {id_: found.path for id_, found in network.positions_by_id(session, scope, ids).items()}
    tops = [paths[one.position_id] for one in agreements if one.position_id in paths]
    return {
        id_
        for id_ in position_ids
        if id_ in paths and any(paths[id_] == top or paths[id_].startswith(f"{top}.") for top in tops)
    }
