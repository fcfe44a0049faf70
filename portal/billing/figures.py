"""Figures of a bill: its use by day, the average day by hour, what it was used for, and the intervals of a line."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from flask import g
from flask_babel import gettext as _

from backend.billing.rules.shares import WHOLE
from backend.billing.rules.tariff import Span, Tariff
from backend.billing.rules.tariff.explain import rests_on
from backend.kernel import periods
from backend.kernel.periods import Period
from backend.metering import service as metering
from portal import tables
from portal.plots import Series, plot
from portal.terms import CATEGORIES, word
from portal.words import named_here as named

METHOD_NAMES = {one: one.name.lower() for one in metering.Method}
MOST_SUBS = 200
MOST_INTERVALS = 40_000
"""A year of quarter hours."""


@dataclass(frozen=True)
class Held:
    """A point a bill rests on, and the contract's share of it (1 is all)."""

    point: Any
    register: str
    share: float


def held_by(points: Sequence[tuple[Any, Any]]) -> list[Held]:
    """Return the points of a contract that the asker sees."""
    return [Held(point, own.register, own.share / WHOLE) for own, point in points]


def whole(starts_on: date, ends_on: date, zone: str) -> Period:
    """Return local dates [start, end) as instants."""
    return Period(periods.day(starts_on, zone).start, periods.day(ends_on, zone).start)


def by_day(held: Sequence[Held], period: Period, before: Period | None, zone: str) -> dict[str, Any] | None:
    """Return the curve of what was drawn each day, over that of an earlier period; None where nothing was counted."""
    mine = [one for one in held if one.register == "import"] or list(held)[:1]
    if not mine:
        return None
    carrier, unit = mine[0].point.carrier.value, mine[0].point.unit
    series = [Series(_("this bill"), carrier, _daily(mine, period), kind="bar")]
    if before is not None:
        moved = period.start - before.start
        series.insert(
            0, Series(_("before"), carrier, _daily(mine, before), kind="bar", is_before=True, moved=moved)
        )
    return {
        "picture": plot(series, unit, period, zone, height=240, zero=True), "carrier": carrier,
        "words": _("Use by day"), "title": _("Use by day"), "table": tables.table(series, unit, zone, "day"),
        "has_before": before is not None and bool(series[0].values()),
    }  # fmt: skip


def _daily(held: Sequence[Held], period: Period) -> list[tuple[datetime, float | None]]:
    sums: dict[datetime, float] = defaultdict(float)
    for one in held:
        for amount in metering.amounts(
            g.session, g.scope, point_id=one.point.id, grain=metering.Grain.DAY, period=period
        ):
            sums[amount.start] += amount.amount * one.share
    return sorted(sums.items())


def by_hour(held: Sequence[Held], period: Period, zone: str) -> dict[str, Any] | None:
    """Return the average day of a bill: what was drawn in each hour of it."""
    mine = [one for one in held if one.register == "import"] or list(held)[:1]
    sums, counts = np.zeros(24), np.zeros(24)
    for one in mine:
        for amount in metering.amounts(
            g.session, g.scope, point_id=one.point.id, grain=metering.Grain.HOUR, period=period
        ):
            hour = amount.start.astimezone(ZoneInfo(zone)).hour
            sums[hour] += amount.amount * one.share
            counts[hour] += one is mine[0]
    if not counts.any():
        return None
    first = periods.day(period.start.astimezone(ZoneInfo(zone)).date(), zone)
    means = [
        (first.start + timedelta(hours=hour), sums[hour] / counts[hour] if counts[hour] else None)
        for hour in range(24)
    ]
    series = [Series(_("average day"), mine[0].point.carrier.value, means, kind="bar")]
    return {
        "picture": plot(series, mine[0].point.unit, first, zone, height=200, zero=True),
        "carrier": mine[0].point.carrier.value, "words": _("The average day, hour by hour"),
    }  # fmt: skip


def by_category(held: Sequence[Held], period: Period, zone: str) -> list[dict[str, Any]]:
    """Return what the use of a bill was for, from the sub-meters; nothing where there are none."""
    mains = {one.point.id: one.point for one in held if one.register == "import"}
    subs = [
        point
        for place in {point.position_id for point in mains.values()}
        for point in metering.list_points(g.session, g.scope, under=place, limit=MOST_SUBS).items
        if point.parent_id in mains
    ]
    if not subs:
        return []
    sums = metering.sums_of_many(
        g.session, g.scope, points=[*mains.values(), *subs], period=period, zone=zone
    )
    total = sum(sums.get(one, 0.0) for one in mains)
    rows = [
        {"name": word(CATEGORIES, sub.category) if sub.category else named(sub), "amount": sums[sub.id],
         "unit": sub.unit, "share": min(sums[sub.id] / total, 1.0) if total else 0.0,
         "carrier": sub.carrier.value, "title": named(sub)}
        for sub in subs if sub.id in sums
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -row["share"])[:8]


def intervals_of(one: Held, period: Period) -> list[tuple[datetime, float, int]]:
    """Return a point's intervals as (start, amount [its unit], method), without its share."""
    return read_intervals(g.session, g.scope, one, period)


def read_intervals(session: Any, scope: Any, one: Held, period: Period) -> list[tuple[datetime, float, int]]:
    """Return the same in another transaction than the request's."""
    found = metering.intervals(session, scope, point_id=one.point.id, period=period, limit=MOST_INTERVALS)
    return [(row.start, metering.in_units(row.amount, one.point.unit), row.method) for row in found]


def written(one: Held, found: Sequence[tuple[datetime, float, int]], zone: str) -> str:
    """Return a point's intervals as lines of a file."""
    out, there = io.StringIO(), ZoneInfo(zone)
    writer = csv.writer(out)
    for start, amount, method in found:
        utc = f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        local = start.astimezone(there).isoformat()
        said = METHOD_NAMES.get(metering.Method(method), str(method))
        writer.writerow(
            [one.point.name, one.register, f"{one.share:g}", utc, local, repr(amount), one.point.unit, said]
        )
    return out.getvalue()


def of_line(tariff: Tariff, line: Any, held: Sequence[Held]) -> dict[str, Any] | None:
    """Return the curve of the intervals a line rests on, above the others of its days; None where it rests on none."""
    mine = [one for one in held if one.register == line.register]
    if line.register is None or not mine:
        return None
    minutes = mine[0].point.interval_minutes
    span = Span(line.starts_on, line.ends_on)
    layout, rests = rests_on(tariff, span, minutes * 60_000_000, line.component, line.period)
    period = whole(line.starts_on, line.ends_on, tariff.zone)
    amounts = np.full(len(layout), np.nan)
    for one in mine:
        for start, amount, _method in intervals_of(one, period):
            place = int((start.timestamp() * 1e6 - layout.start_us) // layout.length_us)
            if 0 <= place < len(amounts):
                amounts[place] = np.nan_to_num(amounts[place]) + amount * one.share
    return _drawn(amounts, rests, layout, (mine[0].point, tariff.zone, period))


def _drawn(amounts: Any, rests: Any, layout: Any, about: tuple[Any, str, Period]) -> dict[str, Any] | None:
    point, zone, period = about
    if not np.isfinite(amounts).any():
        return None
    starts = [datetime.fromtimestamp(at / 1e6, UTC) for at in layout.starts.tolist()]
    lit = np.where(rests, amounts, np.nan)
    series = [Series(_("this line"), point.carrier.value, list(zip(starts, lit.tolist(), strict=True)))]
    if not rests.all():
        others = list(zip(starts, amounts.tolist(), strict=True))
        series.insert(0, Series(_("other hours"), point.carrier.value, others, is_before=True))
    return {
        "picture": plot(series, point.unit, period, zone, height=260, zero=True), "carrier": point.carrier.value,
        "words": _("Intervals this line rests on"), "sum": float(np.nansum(lit)), "unit": point.unit,
        "count": int(np.isfinite(lit).sum()), "missing": int((rests & np.isnan(amounts)).sum()),
        "has_others": not rests.all(), "minutes": point.interval_minutes, "days": _days(lit, starts, zone),
    }  # fmt: skip


def _days(lit: Any, starts: Sequence[datetime], zone: str) -> list[tuple[date, float]]:
    """Return what each local day brought to the line."""
    sums: dict[date, float] = defaultdict(float)
    for at, amount in zip(starts, lit.tolist(), strict=True):
        if amount == amount:
            sums[at.astimezone(ZoneInfo(zone)).date()] += amount
    return sorted(sums.items())
