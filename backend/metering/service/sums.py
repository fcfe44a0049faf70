"""Amounts of points and totals of organisations, by hour, day and month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.kernel import clock, periods
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind, quanta_per, unit
from backend.metering import queries
from backend.metering.models import Direction, Point
from backend.metering.service.values import in_units, seen_parts


class Grain(IntEnum):
    """Length of a roll-up's bucket: a UTC hour, a local day, a local month."""

    HOUR = 0
    DAY = 1
    MONTH = 2


@dataclass(frozen=True, slots=True)
class Amount:
    """What a point counted in one bucket [unit of the point]; estimated: the part not measured."""

    start: datetime
    amount: float
    estimated: float
    intervals: int


def amounts(session: Session, scope: Scope, *, point_id: UUID, grain: Grain, period: Period) -> list[Amount]:
    """Return a point's amounts by hour, day or month; buckets without any interval are left out."""
    point = queries.point(session, scope, point_id)
    return [
        amount
        for part in seen_parts(session, scope, point, period)
        for amount in _amounts(session, scope, [point], grain, part)[point.key]
    ]


def amounts_of_many(
    session: Session, scope: Scope, *, points: Sequence[Point], grain: Grain, period: Period
) -> dict[UUID, list[Amount]]:
    """Return amounts of several points at once, as `amounts` does for one."""
    owned = [p for p in points if p.organisation_id in scope.organisations]
    by_key = _amounts(session, scope, owned, grain, period)
    found = {}
    for point in points:
        counted = by_key.get(point.key)
        if counted is None:
            counted = amounts(session, scope, point_id=point.id, grain=grain, period=period)
        found[point.id] = counted
    return found


def _amounts(
    session: Session, scope: Scope, points: Sequence[Point], grain: Grain, period: Period
) -> dict[int, list[Amount]]:
    """Return the amounts of points by their keys, each in order of start."""
    units = {p.key: p.unit for p in points}
    found: dict[int, list[Amount]] = {key: [] for key in units}
    if points:
        columns = queries.roll_ups(session, scope, points, grain, period)
        starts = {at_us: clock.from_us(at_us) for at_us in np.unique(columns[1]).tolist()}
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for key, at_us, amount, estimated, count in rows:
            per = quanta_per(units[key])
            found[key].append(Amount(starts[at_us], amount / per, estimated / per, count))
    return found


def so_far(session: Session, scope: Scope, *, points: Sequence[Point]) -> dict[UUID, float]:
    """Return what registers have counted since their last complete interval [unit of each]."""
    registers = [p for p in points if p.kind is PointKind.REGISTER]
    if not registers:
        return {}
    settled = queries.progress(session, scope, registers)
    now = {row.id: row.value for row in queries.latest(session, scope, point_ids=[p.id for p in registers])}
    found = {}
    for point in registers:
        before, value = settled.get(point.key, (None, None))[1], now.get(point.id)
        if before is not None and value is not None and value >= before:
            found[point.id] = value - before
    return found


@dataclass(frozen=True)
class CarrierTotal:
    """What an organisation supplied or used of one carrier.

    direction: OUT supplied, IN used; unit: of the amounts
    today: local day so far, complete intervals; yesterday: the same stretch of yesterday;
    yesterday_whole; month: local month so far
    rate, rate_unit: what flows now, None when nothing fresh is known; silent: meters without a fresh value
    """

    carrier: Carrier
    direction: Direction
    unit: str
    today: float
    yesterday: float
    yesterday_whole: float
    month: float
    rate: float | None = None
    rate_unit: str | None = None
    meters: int = 0
    silent: int = 0


@dataclass(frozen=True)
class Overview:
    """An organisation at a glance; settled_until: up to where 'today' is counted."""

    zone: str
    day: Period
    counted_until: datetime
    totals: list[CarrierTotal]

    def of(self, carrier: Carrier, direction: Direction) -> CarrierTotal | None:
        """Return one carrier's total, or None where nothing of it is metered."""
        found = (t for t in self.totals if t.carrier is carrier and t.direction is direction)
        return next(found, None)


def overview(session: Session, scope: Scope, *, organisations: frozenset[UUID]) -> Overview:
    """Return supply and use of organisations per carrier: now, today against yesterday, this month.

    Only points marked as totals count, so that nothing is counted twice.
    """
    zone = next(iter(queries.zones(session, scope, organisations)), "UTC")
    now = clock.now()
    today = periods.day(periods.local_date(now, zone), zone)
    until = now.replace(minute=0, second=0, microsecond=0)
    before = periods.day(periods.local_date(today.start - timedelta(hours=1), zone), zone)
    spans = {
        "today": Period(today.start, max(until, today.start)),
        "yesterday": Period(before.start, before.start + (max(until, today.start) - today.start)),
        "yesterday_whole": before,
    }
    counted = {
        (row.carrier, row.direction, row.unit): [in_units(int(row[3 + i]), row.unit) for i in range(3)]
        for row in queries.totals(session, scope, organisations, Grain.HOUR, spans)
    }
    month = {"month": periods.month(periods.local_date(now, zone), zone)}
    months = {
        (row.carrier, row.direction, row.unit): in_units(int(row.month), row.unit)
        for row in queries.totals(session, scope, organisations, Grain.DAY, month)
    }
    rates = sorted(queries.rates(session, scope, organisations), key=lambda row: _is_power(row.unit))
    flows = {(row.carrier, row.direction): row for row in rates}  # of heat, power says more than water flow
    totals = []
    for key in sorted(counted.keys() | months.keys()):
        flow = flows.get(key[:2])
        totals.append(
            CarrierTotal(
                *key, *counted.get(key, [0.0] * 3), months.get(key, 0.0), flow.sum if flow else None,
                flow.unit if flow else None, flow.meters if flow else 0, flow.silent if flow else 0,
            )
        )  # fmt: skip
    return Overview(zone, today, until, totals)


def _is_power(symbol: str) -> bool:
    return unit(symbol).dimension == "power"
