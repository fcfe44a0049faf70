"""Figures of one position: live values, the curve of its main meter, where what it measures goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, url_for
from flask_babel import gettext as _

from backend.metering import service as metering
from portal.address import View
from portal.figures.organisation import sums_of
from portal.figures.point import curve_of, is_counted, latest_of
from portal.plots import plot
from portal.tables import table
from portal.words import IN_ORDER
from portal.words import named_here as named


def of_position(position: Any, view: View) -> dict[str, Any]:
    """Return what the page of a position shows in numbers.

    Where nothing is measured at the position itself, the meters below it that count in sums stand in.
    """
    points = list(metering.list_points(g.session, g.scope, position_id=position.id, limit=200).items)
    is_gathered = not points
    if is_gathered:
        below = metering.list_points(g.session, g.scope, under=position.id, limit=200).items
        points = [point for point in below if point.is_total]
    points.sort(
        key=lambda point: (
            not point.is_total,
            not is_counted(point),
            IN_ORDER.index(point.carrier.value),
            point.name,
        )
    )
    latest = latest_of(points)
    counting = [point for point in points if is_counted(point)]
    counts = sums_of(view, counting)
    rows = [
        latest[point.id]
        | {
            "is_counted": is_counted(point), "amount": counts.now.get(point.id), "compared": counts.compared([point]),
            "link": view.link("portal.point", point_id=point.id, at=None, carrier=None),
        }
        for point in points
    ]  # fmt: skip
    return {"points": rows, "curve": _curve(points, view), "balances": _balances(position, counting, counts.now, view),
            "is_gathered": is_gathered}  # fmt: skip


def _curve(points: list[Any], view: View) -> dict[str, Any]:
    """Return the curve of the first meter, else of the first value there is."""
    if not points:
        return {"picture": None}
    main = points[0]
    series, period, grain = curve_of(main, view)
    query = view.query(at=None, carrier=None)
    legend = [{"name": one.name, "classes": "before" if one.is_before else one.carrier} for one in series]
    return {
        "picture": plot(series, main.unit, period, view.zone), "title": named(main), "carrier": main.carrier.value,
        "words": _("Curve of %(name)s", name=named(main)), "legend": legend if len(series) > 1 else [],
        "source": url_for("portal.point_curve", point_id=main.id, **query),
        "csv": url_for("portal.point_csv", point_id=main.id, **query), "file": f"{main.name}-{view.on.isoformat()}",
        "table": table(series, main.unit, view.zone, grain) if is_counted(main) else None,
        "table_link": url_for("portal.point", point_id=main.id, **query) + "#readings",
    }  # fmt: skip


def _balances(
    position: Any, counting: list[Any], now: Mapping[UUID, float], view: View
) -> list[dict[str, Any]]:
    """Return, for each meter with sub-meters, where its amount goes; what they leave unexplained is the rest."""
    if not counting:
        return []
    below = metering.list_points(g.session, g.scope, under=position.id, limit=200).items
    found = []
    for main in counting:
        subs = [point for point in below if point.parent_id == main.id]
        amount = now.get(main.id)
        if subs and amount:
            found.append(_balance(main, subs, amount, view))
    return found


def _balance(main: Any, subs: list[Any], amount: float, view: View) -> dict[str, Any]:
    sums = sums_of(view, subs).now
    parts = [_part(named(point), sums.get(point.id, 0.0), amount, point, view) for point in subs]
    parts.sort(key=lambda part: -part["amount"])
    rest = amount - sum(part["amount"] for part in parts)
    if rest > 0.001 * amount:
        parts.append(_part(_("not sub-metered"), rest, amount, None, view) | {"unit": main.unit})
    return {
        "name": named(main), "amount": amount, "unit": main.unit, "parts": parts,
        "words": _("Parts of %(name)s", name=named(main)),
    }  # fmt: skip


def _part(name: str, amount: float, whole: float, point: Any, view: View) -> dict[str, Any]:
    share = max(min(amount / whole, 1.0), 0.0)
    return {
        "name": name, "amount": amount, "share": share, "unit": point.unit if point else "",
        "carrier": point.carrier.value if point else "rest", "title": f"{name}: {share * 100:.1f} %",
        "link": view.link("portal.point", point_id=point.id, at=None, carrier=None) if point else "",
    }  # fmt: skip
