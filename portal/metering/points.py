"""One point: its value, its curve at any zoom, its readings as table and file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, jsonify, render_template, request
from flask_babel import gettext as _

from backend.alarms import service as alarms
from backend.kernel import clock, periods
from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.metering import service
from backend.network import service as network
from portal import figures, places
from portal.address import View, here, moment, view_of_request
from portal.figures.point import is_counted, json_of, picture_of
from portal.metering.point_forms import how_it_is_read
from portal.pages import pages
from portal.terms import CATEGORIES, word
from portal.words import named_here as named
from portal.words import plain, shown_unit
from reports import green_button

TABLES = ("readings", "intervals", "sums")
ROWS_AT_ONCE = 5_000


@pages.get("/points/<uuid:point_id>")
def point(point_id: UUID) -> str:
    """Answer: what does it show, how did it get there, and can it be trusted?"""
    found, place, view = _look(point_id)
    table = request.args.get("table", "intervals" if is_counted(found) else "readings")
    rows, older = figures.readings_of(found, view, table, moment(request.args.get("before"), "before"))
    open_here = alarms.alarms(g.session, g.scope, alarms.AlarmFilter(point_id=found.id), limit=8)
    return render_template(
        "metering/point.html",
        point=found,
        view=view,
        steps=places.way_to(place),
        alarms=open_here.items,
        latest=figures.latest_of([found])[found.id],
        facts=figures.facts_of(found, view),
        about=_about(found, place),
        curve=picture_of(found, view),
        table=table if table in TABLES else "readings",
        rows_shown=rows,
        older=here(before=older.isoformat()) + "#readings" if older else None,
        is_counted=is_counted(found),
        table_link=lambda name: f"{view.link()}{'&' if '?' in view.link() else '?'}table={name}",
        may_write=found.organisation_id in g.scope.staff_organisations,
        read=how_it_is_read(found),
    )


@pages.get("/points/<uuid:point_id>/curve.json")
def point_curve(point_id: UUID) -> Response:
    """Give the curve to the script: of the view, or between `start` and `end`, in at most `width` samples."""
    found, _place, view = _look(point_id)
    start, end = moment(request.args.get("start"), "start"), moment(request.args.get("end"), "end")
    if (start is None) != (end is None):
        raise Refused("a part of a curve has a start and an end", field="start")
    if start and end and end <= start:
        raise Refused("a part of a curve ends after it starts", field="end", value=end.isoformat())
    period = Period(start, end) if start and end else None
    width = min(max(request.args.get("width", 800, type=int), 50), 4000)
    return jsonify(json_of(found, view, period, width, request.args.get("limit", type=float)))


@pages.get("/points/<uuid:point_id>/readings.csv")
def point_csv(point_id: UUID) -> Response:
    """Give all readings of the period as a file."""
    found, _place, view = _look(point_id)
    database, scope = current_app.database, g.scope

    def lines() -> Iterator[str]:
        """Read month by month, each in a transaction of its own: the request's is over by then."""
        yield f"time_utc,value_{found.unit},quality\r\n"
        for month in periods.utc_months(view.period):
            with database.transaction(scope) as session:
                columns = service.readings(session, scope, point_id=found.id, period=month)
            for start in range(0, len(columns[0]), ROWS_AT_ONCE):
                yield _lines(*(column[start : start + ROWS_AT_ONCE].tolist() for column in columns))

    headers = {
        "Content-Disposition": f'attachment; filename="{_plain(found.name)}-{view.on.isoformat()}.csv"'
    }
    return Response(lines(), mimetype="text/csv", headers=headers)


@pages.get("/points/<uuid:point_id>/green-button.xml")
def point_feed(point_id: UUID) -> Response:
    """Give the intervals of the period as a Green Button feed."""
    found, _place, view = _look(point_id)
    return feed_of([found], view, name=found.name)


def feed_of(points: list[Any], view: View, *, name: str) -> Response:
    """Return a feed of those meters Green Button has words for; raises Refused where there is none, or too many."""
    told = [point for point in points if green_button.is_told(point)]
    if not told or len(told) > green_button.MOST_METERS:
        raise Refused(
            "there is no meter here that Green Button has words for"
            if not told
            else f"{len(told)} meters are too many for one Green Button feed",
            field="carrier", remedy="choose a carrier, or a part of the region",
        )  # fmt: skip
    meters = green_button.meters_of(g.session, g.scope, points=told)
    pieces = green_button.download(current_app.database, g.scope, meters, view.period, title=name)
    headers = {"Content-Disposition": f'attachment; filename="{_plain(name)}-{view.on.isoformat()}.xml"'}
    return Response(pieces, mimetype=green_button.MIMETYPE, headers=headers)


def _plain(name: str) -> str:
    """Return a name as part of a file's name."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name).strip("-")


def _lines(at_us: list[int], values: list[float], qualities: list[int]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for at, number, code in zip(at_us, values, qualities, strict=True):
        writer.writerow([_iso(at), "" if number != number else repr(number), code])
    return out.getvalue()


def _look(point_id: UUID) -> tuple[Any, Any, View]:
    found = service.point(g.session, g.scope, point_id)
    place = network.position(g.session, g.scope, found.position_id)
    g.zone = network.site_of(g.session, g.scope, place.id).timezone
    return found, place, view_of_request(g.zone)


def _about(found: Any, place: Any) -> list[tuple[str, Any]]:
    rows = [
        (_("place"), named(place)), (_("unit of measure"), shown_unit(found.unit) or _("number")),
        (_("direction"), _("taken in") if found.direction.value == "in" else _("delivered")),
        (_("category"), word(CATEGORIES, found.category) if found.category else ""),
        (_("interval"), _("%(minutes)s min", minutes=found.interval_minutes) if is_counted(found) else ""),
        (_("rolls over at"), f"{plain(found.dial)} {shown_unit(found.unit)}" if found.dial else ""),
        (_("settled"), _("yes: bills rest on it") if found.is_settled else ""), (_("time zone"), g.zone),
    ]  # fmt: skip
    return [(name, said) for name, said in rows if said]


def _iso(at_us: int) -> str:
    return clock.from_us(at_us).isoformat().replace("+00:00", "Z")
