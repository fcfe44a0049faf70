"""Figures of organisations: use and supply per carrier, the balance curve, the list of meters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import g, url_for
from flask_babel import gettext as _

from backend.kernel import clock, periods
from backend.kernel.ids import show
from backend.kernel.periods import Period
from backend.kernel.units import Carrier
from backend.metering import service as metering
from backend.network import service as network
from portal import drawing
from portal.address import View
from portal.navigation import is_staff
from portal.plots import Sample, Series, as_json, plot
from portal.words import CARRIERS, number
from portal.words import named_here as named

ORDER = ("electricity", "heat", "cooling", "steam", "gas", "water", "fuel")
GRAINS = {"hour": metering.Grain.HOUR, "day": metering.Grain.DAY, "month": metering.Grain.MONTH}


def known_carriers(points: Sequence[Any]) -> list[str]:
    """Return the carriers some meters count, in the order pages show them."""
    found = {point.carrier.value for point in points}
    return [carrier for carrier in ORDER if carrier in found]


def tiles(view: View, points: Sequence[Any], rates: Any, *, link: str = "") -> list[dict[str, Any]]:
    """Return a tile per carrier: amount, change, what flows now, and the curve with the one before.

    points: meters that count in the sum; rates: the organisation's overview, for what flows now
    """
    used = [point for point in points if point.direction.value == "in"] or list(points)
    now, before = _sums(view, used)
    curves, earlier = _buckets(view, used), _buckets(view, used, compared=True)
    found = []
    for carrier in known_carriers(used):
        if view.carrier and carrier != view.carrier:
            continue
        mine = [point for point in used if point.carrier.value == carrier]
        flow = rates.of(Carrier(carrier), mine[0].direction) if rates else None
        amount = _total(now, mine)
        found.append(
            {
                "carrier": carrier, "unit": mine[0].unit, "amount": amount,
                "before": _total(before, mine) if before else None, "power": flow.rate if flow else None,
                "power_unit": flow.rate_unit if flow else "", "live": "",
                "silent": flow.silent if flow else 0,
                "link": link or view.link(carrier=None if view.carrier == carrier else carrier),
                "words": _said(carrier, amount, mine[0].unit),
                "spark": drawing.spark(
                    [value for _at, value in curves.get((carrier, "in")) or curves.get((carrier, "out")) or []],
                    [v for _at, v in earlier.get((carrier, "in")) or earlier.get((carrier, "out")) or []],
                    slots=_slots(view),
                ),
            }
        )  # fmt: skip
    return found


def balance(
    view: View, points: Sequence[Any], *, source: str, direction: str | None = None
) -> dict[str, Any]:
    """Return the curve of supply and demand of one carrier; the one chosen, else the first there is."""
    known = known_carriers(points)
    carrier = view.carrier.value if view.carrier else (known[0] if known else "electricity")
    series, unit = _balance_series(view, points, carrier, direction)
    picture = plot(series, unit, view.period, view.zone, zero=True)
    return {
        "carrier": carrier,
        "picture": picture,
        "source": source,
        "note": "",
        "title": {
            None: _("Supply and demand"),
            "in": _("Demand") if is_staff() else _("Use"),
            "out": _("Supply"),
        }[direction],
        "words": _("%(carrier)s: supply and demand over the period.", carrier=CARRIERS[carrier]),
        "legend": [
            {"name": one.name, "classes": "before" if one.is_before else one.carrier}
            for one in series
            if one.values()
        ],
    }


def balance_json(view: View, points: Sequence[Any], direction: str | None = None) -> dict[str, Any]:
    """Return the same curve for the script that takes over."""
    known = known_carriers(points)
    carrier = view.carrier.value if view.carrier else (known[0] if known else "electricity")
    series, unit = _balance_series(view, points, carrier, direction)
    return as_json(series, unit, view.period, view.zone, grain=view.grain, zero=True)


def rows_of(view: View, points: Sequence[Any], subs: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Return the meters by carrier, the largest first, each with its share and its change.

    subs: meters behind those, listed after them and counted in no sum
    """
    wanted = [point for point in (*points, *subs) if not view.carrier or point.carrier == view.carrier]
    now, before = _sums(view, wanted)
    totals = {point.id for point in points}
    places = network.positions_by_id(g.session, g.scope, {point.position_id for point in wanted})
    sites = network.positions_by_id(g.session, g.scope, {place.site_id for place in places.values()})
    groups = []
    for carrier in known_carriers(wanted):
        mine = [point for point in wanted if point.carrier.value == carrier]
        counted_once = [point for point in mine if point.id in totals]
        total = _total(now, counted_once)
        rows = [
            _row(point, now, before, total, places, sites, view) | {"is_sub": point.id not in totals}
            for point in mine
        ]
        rows.sort(key=lambda row: (row["is_sub"], -(row["amount"] if row["amount"] is not None else -1.0)))
        groups.append(
            {"carrier": carrier, "amount": total, "unit": mine[0].unit, "rows": rows,
             "before": _total(before, counted_once) if before else None}
        )  # fmt: skip
    return groups


def total_of(view: View, points: Sequence[Any]) -> tuple[float | None, float | None]:
    """Return what meters counted together in the period, and in the one it is compared with."""
    now, before = _sums(view, points)
    return _total(now, points), _total(before, points) if before else None


def _row(
    point: Any, now: dict[UUID, float], before: dict[UUID, float], total: float | None, places: dict, sites: dict,
    view: View,
) -> dict[str, Any]:  # fmt: skip
    place = places.get(point.position_id)
    site = sites.get(place.site_id) if place else None
    amount = now.get(point.id)
    return {
        "name": named(point), "link": view.link("portal.point", point_id=point.id, at=None),
        "place": named(site or place) if place else "", "unit": point.unit, "amount": amount,
        "place_link": url_for("portal.position", position_id=(site or place).id) if place else "",
        "before": before.get(point.id) if before else None,
        "share": amount / total if amount is not None and total else None,
    }  # fmt: skip


def counted(view: View) -> Period:
    """Return the part of the period that can be summed: up to the last full hour."""
    until = clock.now().replace(minute=0, second=0, microsecond=0)
    return Period(view.period.start, max(min(view.period.end, until), view.period.start))


def _sums(view: View, points: Sequence[Any]) -> tuple[dict[UUID, float], dict[UUID, float]]:
    now = metering.sums_of_many(g.session, g.scope, points=points, period=counted(view), zone=view.zone)
    if view.compared is None:
        return now, {}
    return now, metering.sums_of_many(g.session, g.scope, points=points, period=view.compared, zone=view.zone)


def _total(sums: dict[UUID, float], points: Sequence[Any]) -> float | None:
    known = [sums[point.id] for point in points if point.id in sums]
    return sum(known) if known else None


def _buckets(
    view: View, points: Sequence[Any], *, compared: bool = False
) -> dict[tuple[str, str], list[Sample]]:
    """Return (carrier, direction) -> samples bucket by bucket, None where a bucket is missing."""
    period = view.compared_whole if compared else view.period
    if period is None:
        return {}
    grain = GRAINS[view.grain]
    starts = bucket_starts(period, view.grain, view.zone)
    found: dict[tuple[str, str], dict[datetime, float]] = {}
    for flow in metering.flows(g.session, g.scope, points=points, grain=grain, period=period):
        found.setdefault((flow.carrier.value, flow.direction.value), {})[flow.start] = flow.amount
    over = starts if compared else [start for start in starts if not _is_running(start, view)]
    return {key: [(start, amounts.get(start)) for start in over] for key, amounts in found.items()}


def _is_running(start: datetime, view: View) -> bool:
    """Tell whether a bucket is not over yet: drawn now it would look like a fall."""
    now = clock.now()
    if view.grain == "hour":
        return start + timedelta(hours=1) > now
    on = periods.local_date(start, view.zone)
    whole = periods.day(on, view.zone) if view.grain == "day" else periods.month(on, view.zone)
    return whole.end > now


def bucket_starts(period: Period, grain: str, zone: str) -> list[datetime]:
    """Return where the buckets of a period begin."""
    starts, at = [], period.start
    while at < period.end:
        starts.append(at)
        if grain == "hour":
            at += timedelta(hours=1)
        else:
            on = periods.local_date(at, zone)
            at = (periods.day(on, zone) if grain == "day" else periods.month(on, zone)).end
    return starts


def _balance_series(
    view: View, points: Sequence[Any], carrier: str, direction: str | None
) -> tuple[list[Series], str]:
    mine = [point for point in points if point.carrier.value == carrier]
    unit = mine[0].unit if mine else "kWh"
    now, before = _buckets(view, mine), _buckets(view, mine, compared=True)
    moved = view.period.start - view.compared_whole.start if view.compared_whole else timedelta(0)
    kind = "line" if view.grain == "hour" else "bar"
    names = {"in": _("Demand") if is_staff() else _("Use"), "out": _("Supply")}
    series = []
    for way in ("in", "out"):
        if way in (direction or way) and (samples := now.get((carrier, way))):
            series.append(Series(names[way], carrier if way == "in" else "supply", samples, kind=kind))
    way = direction or "in"
    if earlier := before.get((carrier, way)):
        name = _("%(what)s, before", what=names[way])
        series.insert(0, Series(name, carrier, earlier, kind=kind, is_before=True, moved=moved))
    return series, unit


def _slots(view: View) -> int:
    return len(bucket_starts(view.period, view.grain, view.zone))


def _said(carrier: str, amount: float | None, unit: str) -> str:
    shown = number(amount, unit)
    said = f"{shown.digits} {shown.unit}" if shown else _("no data")
    return _("Curve of %(carrier)s; %(amount)s in all.", carrier=CARRIERS[carrier], amount=said)


def at_of(node: Any) -> str | None:
    """Return an organisation's id as the address shows it."""
    return show(node.id) if node is not None else None
