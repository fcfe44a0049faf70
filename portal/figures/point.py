"""Figures of one point: its value now, its curve at any zoom, its readings, intervals and sums."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from flask import g, url_for
from flask_babel import gettext as _

from backend.kernel import clock
from backend.kernel.ids import show
from backend.kernel.periods import Period
from backend.metering import service as metering
from portal.address import View
from portal.figures.compared import Comparison
from portal.figures.organisation import GRAINS, bucket_starts, running, sums_of
from portal.plots import Sample, Series, as_json, plot, with_gaps
from portal.terms import METHODS, word
from portal.words import named_here as named
from reports import green_button

STALE = timedelta(minutes=15)
MOST_ROWS = 300
TABLE_SPAN = timedelta(days=2)
"""So much of a long period is looked through at first for the newest readings of a table."""
COUNTED = ("register", "interval")


def point_of(point_id: UUID) -> Any:
    """Return one point, as far as the asker sees it."""
    return metering.point(g.session, g.scope, point_id)


def is_counted(point: Any) -> bool:
    """Tell whether a point counts amounts."""
    return point.kind.value in COUNTED


def latest_of(points: list[Any]) -> dict[UUID, dict[str, Any]]:
    """Return the newest value of each point as pages show it."""
    found = (
        metering.latest_values(g.session, g.scope, point_ids=[point.id for point in points]) if points else []
    )
    by_id = {one.point_id: one for one in found}
    return {point.id: shown_value(point, by_id.get(point.id)) for point in points}


def shown_value(point: Any, latest: Any) -> dict[str, Any]:
    """Return a value with its age and whether it has grown old."""
    at = latest.read_at if latest else None
    slow = is_counted(point) and point.kind.value == "interval"
    return {
        "id": point.id, "name": named(point), "carrier": point.carrier.value, "unit": point.unit,
        "quantity": point.quantity, "kind": point.kind.value, "value": latest.value if latest else None, "at": at,
        "quality": latest.quality if latest else None, "live": show(point.id),
        "is_stale": at is None or (not slow and clock.now() - at > STALE),
        "link": url_for("portal.point", point_id=point.id),
    }  # fmt: skip


def facts_of(point: Any, view: View) -> list[dict[str, Any]]:
    """Return the figures of the period: an amount with its change, or lowest, mean and highest value."""
    if is_counted(point):
        counts = sums_of(view, [point])
        return [
            {"name": _("In this period"), "value": counts.amount([point]), "unit": point.unit,
             "compared": counts.compared([point]), "words": ""}
        ]  # fmt: skip
    found = metering.curve(g.session, g.scope, point_id=point.id, period=_past(view.period), width=2000)
    low = found.low if found.low is not None else found.value
    high = found.high if found.high is not None else found.value
    if not len(found.at_us) or np.isnan(low).all():
        return []
    if point.kind.value == "state":
        return []
    rows = ((_("Highest"), int(np.nanargmax(high)), high), (_("Lowest"), int(np.nanargmin(low)), low))
    return [
        {"name": name, "value": float(values[index]), "unit": point.unit, "compared": Comparison(),
         "at": _at(found.at_us[index]), "words": ""}
        for name, index, values in rows
    ]  # fmt: skip


def curve_of(
    point: Any, view: View, period: Period | None = None, *, width: int = 800
) -> tuple[list[Series], Period, str]:
    """Return the series of a point over a period (the view's, or a part of it): lines of values, bars of amounts."""
    asked = period or view.period
    if not is_counted(point):
        return (
            [Series(named(point), point.carrier.value, _samples(point, asked, width), kind=_kind(point))],
            asked,
            "",
        )
    grain = view.grain if period is None else _grain(asked)
    if grain == "interval":
        return [Series(named(point), point.carrier.value, _intervals(point, asked), kind="bar")], asked, grain
    amounts = _amounts(point, asked, grain, view.zone)
    open_ = running(asked, grain, view.zone)
    series = [Series(named(point), point.carrier.value, amounts, kind="bar", running=open_)]
    whole = view.compared_whole if period is None else None
    if whole is not None:
        before = _amounts(point, whole, grain, view.zone)
        moved = view.period.start - whole.start
        series.insert(
            0, Series(_("before"), point.carrier.value, before, kind="bar", is_before=True, moved=moved)
        )
    return series, asked, grain


def picture_of(point: Any, view: View) -> dict[str, Any]:
    """Return everything the curve's card on the point page shows."""
    series, period, _buckets = curve_of(point, view)
    place = {"point_id": point.id}
    query = view.query(at=None)
    return {
        "picture": plot(series, point.unit, period, view.zone, height=330), "title": _("Curve"),
        "carrier": point.carrier.value, "words": _("Curve of %(name)s", name=named(point)),
        "source": url_for("portal.point_curve", **place, **query),
        "csv": url_for("portal.point_csv", **place, **query),
        "feed": url_for("portal.point_feed", **place, **query) if green_button.is_told(point) else "",
        "file": f"{point.name}-{view.on.isoformat()}",
        "legend": [{"name": one.name, "classes": "before" if one.is_before else one.carrier} for one in series]
        if len(series) > 1 else [],
    }  # fmt: skip


def json_of(
    point: Any, view: View, period: Period | None, width: int, limit: float | None = None
) -> dict[str, Any]:
    """Return the curve for the script: of the view, or of the part somebody zoomed to; limit: drawn as a line."""
    series, asked, grain = curve_of(point, view, period, width=width)
    series = [*series, *_limit(point, asked, limit)]
    return as_json(series, point.unit, asked, view.zone, grain=grain, zoom=True)


def around(point: Any, start: datetime, end: datetime, limit: float | None = None) -> dict[str, Any]:
    """Return a small curve of a point between two instants; limit: drawn as a line."""
    period = Period(start, end)
    samples = _samples(point, period, 600) if not is_counted(point) else _intervals(point, period)
    series = [
        Series(named(point), point.carrier.value, samples, kind="bar" if is_counted(point) else _kind(point))
    ]
    series += _limit(point, period, limit)
    zone = g.get("zone", "UTC")
    source = url_for("portal.point_curve", point_id=point.id, start=_ms(start), end=_ms(end), limit=limit)
    return {
        "picture": plot(series, point.unit, period, zone, height=240), "title": named(point), "source": source,
        "carrier": point.carrier.value, "words": _("Curve of %(name)s", name=named(point)),
    }  # fmt: skip


def readings_of(
    point: Any, view: View, table: str, before: datetime | None = None
) -> tuple[list[dict[str, Any]], datetime | None]:
    """Return the newest rows of a table (readings, intervals or sums), and before which instant older ones lie.

    before: only rows before this instant; the answer's instant is None where there are no older ones
    """
    period = _past(view.period)
    period = Period(period.start, max(min(period.end, before or period.end), period.start))
    if not is_counted(point) or table not in {"intervals", "sums"}:
        rows = _newest_readings(point, period)
    else:
        rows = _newest_intervals(point, period) if table == "intervals" else _newest_sums(point, view, period)
    shown = rows[:MOST_ROWS]
    return shown, shown[-1]["at"] if len(rows) > MOST_ROWS else None


def _newest_intervals(point: Any, period: Period) -> list[dict[str, Any]]:
    found = metering.intervals(
        g.session, g.scope, point_id=point.id, period=period, limit=MOST_ROWS + 1, newest_first=True
    )
    return [
        {
            "at": one.start,
            "value": metering.in_units(one.amount, point.unit),
            "words": word(METHODS, one.method),
        }
        for one in found
    ]


def _newest_sums(point: Any, view: View, period: Period) -> list[dict[str, Any]]:
    grain = GRAINS[view.grain]
    found = metering.amounts(g.session, g.scope, point_id=point.id, grain=grain, period=period)
    return [
        {
            "at": one.start,
            "value": one.amount,
            "words": _("estimated in part") if one.estimated else _("measured"),
        }
        for one in reversed(found)
    ]


def _newest_readings(point: Any, period: Period) -> list[dict[str, Any]]:
    """Look back in stretches that grow, for points that are read each second and those read each month."""
    rows: list[dict[str, Any]] = []
    end, span = period.end, TABLE_SPAN
    while end > period.start and len(rows) <= MOST_ROWS:
        start = max(end - span, period.start)
        rows += reversed(list(_readings(point, Period(start, end))))
        end, span = start, span * 2
    return rows


def _readings(point: Any, period: Period) -> Iterator[dict[str, Any]]:
    at_us, value, quality = metering.readings(g.session, g.scope, point_id=point.id, period=period)
    changed = {
        one.read_at: one.revision
        for one in metering.revisions(g.session, g.scope, point_id=point.id, period=period)
    }
    for at, number, code in zip(at_us.tolist(), value.tolist(), quality.tolist(), strict=True):
        read_at = _at(at)
        known = None if number is None or np.isnan(number) else number
        yield {"at": read_at, "value": known, "quality": code, "revision": changed.get(read_at, 0)}


def _samples(point: Any, period: Period, width: int) -> list[Sample]:
    found = metering.curve(
        g.session, g.scope, point_id=point.id, period=_past(period), width=min(max(width, 50), 4000)
    )
    if found.low is not None and found.high is not None:
        pairs = zip(found.at_us.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
        return [(_at(at), value) for at, low, high in pairs for value in (low, high)]
    samples = [
        (_at(at), None if np.isnan(value) else value)
        for at, value in zip(found.at_us.tolist(), found.value.tolist(), strict=True)
    ]
    return with_gaps(samples)


def _amounts(point: Any, period: Period, grain: str, zone: str) -> list[Sample]:
    found = metering.amounts(g.session, g.scope, point_id=point.id, grain=GRAINS[grain], period=period)
    by_start = {one.start: one.amount for one in found}
    return [
        (start, by_start.get(start)) for start in bucket_starts(period, grain, zone) if start <= clock.now()
    ]


def _intervals(point: Any, period: Period) -> list[Sample]:
    found = metering.intervals(g.session, g.scope, point_id=point.id, period=period)
    return [(one.start, metering.in_units(one.amount, point.unit)) for one in found]


def _grain(period: Period) -> str:
    """Return which buckets suit a stretch somebody zoomed to."""
    days = (period.end - period.start) / timedelta(days=1)
    return "interval" if days <= 2.5 else "hour" if days <= 10 else "day" if days <= 130 else "month"


def _limit(point: Any, period: Period, limit: float | None) -> list[Series]:
    if limit is None:
        return []
    ends = [(period.start, limit), (period.end, limit)]
    return [Series(_("limit"), point.carrier.value, ends, is_before=True)]


def _kind(point: Any) -> str:
    return "step" if point.kind.value == "state" else "line"


def _past(period: Period) -> Period:
    return Period(period.start, max(min(period.end, clock.now() + timedelta(minutes=1)), period.start))


def _at(us: Any) -> datetime:
    return datetime.fromtimestamp(int(us) / 1e6, UTC)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
