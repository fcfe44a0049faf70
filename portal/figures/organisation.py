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
from portal import drawing, tables
from portal.address import View
from portal.figures.compared import Sums, sums
from portal.navigation import is_staff
from portal.plots import Sample, Series, as_json, plot
from portal.words import CARRIERS, number
from portal.words import named_here as named
from reports import green_button

ORDER = tuple(name for name in CARRIERS if name != "environment")
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
    counts = sums_of(view, used)
    curves, earlier = _buckets(view, used), _buckets_before(view, used, counts)
    found = []
    for carrier in known_carriers(used):
        if view.carrier and carrier != view.carrier:
            continue
        mine = [point for point in used if point.carrier.value == carrier]
        flow = rates.of(Carrier(carrier), mine[0].direction) if rates else None
        amount = counts.amount(mine)
        found.append(
            {
                "carrier": carrier, "unit": mine[0].unit, "amount": amount,
                "compared": counts.compared(mine), "power": flow.rate if flow else None,
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
        "csv": source.replace("balance.json", "balance.csv"),
        "feed": source.replace("balance.json", "green-button.xml")
        if any(green_button.is_told(point) for point in points)
        else "",
        "file": f"{carrier}-{view.on.isoformat()}",
        "table": tables.table(series, unit, view.zone, view.grain),
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
        ]
        + [
            {"name": _("still running"), "classes": f"{one.carrier} running"}
            for one in series[-1:]
            if one.running
        ],
    }


def balance_json(view: View, points: Sequence[Any], direction: str | None = None) -> dict[str, Any]:
    """Return the same curve for the script that takes over."""
    known = known_carriers(points)
    carrier = view.carrier.value if view.carrier else (known[0] if known else "electricity")
    series, unit = _balance_series(view, points, carrier, direction)
    return as_json(series, unit, view.period, view.zone, grain=view.grain, zero=True)


def balance_csv(view: View, points: Sequence[Any], direction: str | None = None) -> str:
    """Return the same curve as a file."""
    known = known_carriers(points)
    carrier = view.carrier.value if view.carrier else (known[0] if known else "electricity")
    return tables.file(*_balance_series(view, points, carrier, direction))


LARGEST = 200
"""So many meters of a carrier are listed; the others are counted in its sum and found by looking further down."""


def rows_of(view: View, points: Sequence[Any], subs: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Return the `LARGEST` meters by carrier, the largest first, each with its share and its change.

    subs: meters behind those, listed after them and counted in no sum
    """
    wanted = [point for point in (*points, *subs) if not view.carrier or point.carrier == view.carrier]
    counts = sums_of(view, wanted)
    totals = {point.id for point in points}
    places = network.positions_by_id(g.session, g.scope, {point.position_id for point in wanted})
    sites = network.positions_by_id(g.session, g.scope, {place.site_id for place in places.values()})
    groups = []
    for carrier in known_carriers(wanted):
        mine = [point for point in wanted if point.carrier.value == carrier]
        counted_once = [point for point in mine if point.id in totals]
        total = counts.amount(counted_once)
        rows = [
            _row(point, counts, total, places, sites, view) | {"is_sub": point.id not in totals}
            for point in mine
        ]
        rows.sort(key=lambda row: (row["is_sub"], -(row["amount"] if row["amount"] is not None else -1.0)))
        groups.append(
            {"carrier": carrier, "amount": total, "unit": mine[0].unit, "rows": rows[:LARGEST],
             "left": max(0, len(rows) - LARGEST), "compared": counts.compared(counted_once)}
        )  # fmt: skip
    return groups


def _row(
    point: Any, counts: Sums, total: float | None, places: dict, sites: dict, view: View,
) -> dict[str, Any]:  # fmt: skip
    place = places.get(point.position_id)
    site = sites.get(place.site_id) if place else None
    amount = counts.now.get(point.id)
    return {
        "name": named(point), "link": view.link("portal.point", point_id=point.id, at=None),
        "place": named(site or place) if place else "", "unit": point.unit, "amount": amount,
        "place_link": url_for("portal.position", position_id=(site or place).id) if place else "",
        "compared": counts.compared([point]),
        "share": amount / total if amount is not None and total else None,
    }  # fmt: skip


def counted(view: View) -> Period:
    """Return the part of the period that can be summed: up to the last full hour."""
    until = clock.now().replace(minute=0, second=0, microsecond=0)
    return Period(view.period.start, max(min(view.period.end, until), view.period.start))


def sums_of(view: View, points: Sequence[Any]) -> Sums:
    """Return what each meter counted in the period, and in the one it is compared with."""

    def over(period: Period | None) -> dict[UUID, metering.Counted]:
        if period is None:
            return {}
        return metering.counted_of_many(g.session, g.scope, points=points, period=period, zone=view.zone)

    return sums(over(counted(view)), over(view.compared))


def _buckets_before(
    view: View, points: Sequence[Any], counts: Sums | None = None
) -> dict[tuple[str, str], list[Sample]]:
    """Return the buckets of the period compared with, of the meters that can be compared."""
    if view.compared_whole is None:
        return {}
    counts = counts or sums_of(view, points)
    groups: dict[Any, list[Any]] = {}
    for point in points:
        groups.setdefault((point.carrier, point.direction), []).append(point)
    return _buckets(
        view, [one for mine in groups.values() for one in counts.in_both(mine)], view.compared_whole
    )


def _buckets(
    view: View, points: Sequence[Any], before: Period | None = None
) -> dict[tuple[str, str], list[Sample]]:
    """Return (carrier, direction) -> samples bucket by bucket, None where a bucket is missing.

    before: the period compared with, where that is asked for. An hour that is not over yet is left out,
    for a line drawn to it would fall; a day or month that is not is there, and marked as running.
    """
    period = before or view.period
    grain = GRAINS[view.grain]
    starts = bucket_starts(period, view.grain, view.zone)
    found: dict[tuple[str, str], dict[datetime, float]] = {}
    for flow in metering.flows(g.session, g.scope, points=points, grain=grain, period=period):
        found.setdefault((flow.carrier.value, flow.direction.value), {})[flow.start] = flow.amount
    if before is None:
        until = clock.now() - (timedelta(hours=1) if view.grain == "hour" else timedelta(0))
        starts = [start for start in starts if start <= until]
    return {key: [(start, amounts.get(start)) for start in starts] for key, amounts in found.items()}


def running(period: Period, grain: str, zone: str) -> datetime | None:
    """Return the start of the day or month that is not over yet; None where a period has none."""
    now = clock.now()
    if grain not in {"day", "month"} or now not in period:
        return None
    return bucket_starts(Period(period.start, now + timedelta(microseconds=1)), grain, zone)[-1]


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
    now, before = _buckets(view, mine), _buckets_before(view, mine)
    open_ = running(view.period, view.grain, view.zone)
    moved = view.period.start - view.compared_whole.start if view.compared_whole else timedelta(0)
    kind = "line" if view.grain == "hour" else "bar"
    names = {"in": _("Demand") if is_staff() else _("Use"), "out": _("Supply")}
    series = []
    for way in ("in", "out"):
        if way in (direction or way) and (samples := now.get((carrier, way))):
            shown = carrier if way == "in" else "supply"
            series.append(Series(names[way], shown, samples, kind=kind, running=open_))
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
