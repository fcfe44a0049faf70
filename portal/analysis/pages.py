"""Pages of analysis: what was used, where it goes, when."""

from __future__ import annotations

from typing import Any

from flask import Response, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask, By, ViewName
from backend.analysis.service.consumption import Consumption, Group, consumption
from backend.analysis.service.flows import flows
from backend.analysis.service.habits import habits
from backend.analysis.service.telling import REST
from backend.billing.rules.documents.schedule import Form
from backend.kernel.errors import NotFound, Refused
from portal import language
from portal.analysis import drawn
from portal.analysis.asking import AnalysisView, analysis_view
from portal.figures.compared import Comparison
from portal.navigation import look
from portal.pages import pages as blueprint
from portal.words import CARRIERS
from reports import analysis
from reports.analysis import Report
from reports.analysis.consumption import label, rows_of
from reports.analysis.words import Say

WAYS = {
    By.CARRIER: _l("By carrier"), By.CATEGORY: _l("By use"), By.ORGANISATION: _l("By organisation"),
    By.POSITION: _l("By place"), By.METER: _l("By meter"),
}  # fmt: skip
ROWS_SHOWN = 100
KINDS = {one.value: one for one in Form}


@blueprint.get("/analysis/consumption", endpoint="consumption")
def consumption_page() -> str:
    """Answer: how much was used, and what made the difference?"""
    view, ask = asked()
    found = consumption(g.session, g.scope, ask=ask)
    report = analysis.consumption.told(found, language.current())
    return render_template(
        "analysis/consumption.html", view=view, ways=WAYS, known=_known(found, view), found=found,
        groups=[_group(found, group, view) for group in found.groups], steps=_steps(found, view),
        weather=_weather(report), **common(report, view, ViewName.CONSUMPTION),
    )  # fmt: skip


@blueprint.get("/analysis/flows", endpoint="flows")
def flows_page() -> str:
    """Answer: where does it come from, where does it go, and what is lost on the way?"""
    view, ask = asked()
    found = flows(g.session, g.scope, ask=ask)
    report = analysis.flows.told(found, language.current())
    known = [name for name in CARRIERS if name in {one.value for one in found.known}]
    return render_template(
        "analysis/flows.html", view=view, known=known, found=found,
        ways={By.CATEGORY: WAYS[By.CATEGORY], By.ORGANISATION: WAYS[By.ORGANISATION]}, by=found.ask.by,
        **common(report, view, ViewName.FLOWS),
    )  # fmt: skip


@blueprint.get("/analysis/habits", endpoint="habits")
def habits_page() -> str:
    """Answer: when is it used, what runs all the time, and when is the peak?"""
    view, ask = asked()
    found = habits(g.session, g.scope, ask=ask)
    report = analysis.habits.told(found, language.current())
    return render_template(
        "analysis/habits.html", view=view, known=[one.value for one in found.known], found=found,
        unit=analysis.habits.POWER.get(found.unit, found.unit), **common(report, view, ViewName.HABITS),
    )  # fmt: skip


@blueprint.get("/analysis/files/<name>.<kind>")
def analysis_file(name: str, kind: str) -> Response:
    """Hand out a view as a file."""
    if kind not in KINDS:
        raise Refused(
            "a view is not made as that", field="kind", value=kind[:20], remedy="take PDF, XLSX or CSV"
        )
    report, ask = _made(name)
    data, media_type = analysis.file_of(report, KINDS[kind])
    return _answer(data, media_type, f"{report.stem}-{ask.first}-{ask.until}.{kind}")


@blueprint.get("/analysis/pictures/<name>.png")
def analysis_picture(name: str) -> Response:
    """Hand out a chart of a view as a picture."""
    report, ask = _made(name)
    data = analysis.picture(report, _place())
    if data is None:
        raise NotFound("this view has no such chart", field="chart", value=str(_place()))
    return _answer(data, "image/png", f"{report.stem}-{ask.first}-{ask.until}.png")


def _place() -> int:
    said = request.args.get("chart", "0")
    return int(said) if said.isdecimal() and len(said) < 4 else 0


def _made(name: str) -> tuple[Report, Ask]:
    if name not in {one.value for one in analysis.VIEWS}:
        raise NotFound("there is no such view", field="name", value=name[:40])
    _view, ask = asked()
    return analysis.made(g.session, g.scope, ViewName(name), ask, language.current()), ask


def asked() -> tuple[AnalysisView, Ask]:
    node = look()
    view = analysis_view()
    return view, view.ask(node.id)


def common(report: Report, view: AnalysisView, name: ViewName) -> dict[str, Any]:
    return {
        "charts": drawn.charts(report, view, name), "notes": report.document.notes, "takes": drawn.takes(view, name),
        "schedule": drawn.schedule_link(view, name), "facts": report.document.facts, "report": report,
        "tables": [drawn.shown(table) for table in report.document.tables],
    }  # fmt: skip


def _known(found: Consumption, view: AnalysisView) -> list[str]:
    known = [group.carrier.value for group in found.groups]
    return known if not view.carrier or view.carrier.value in known else [*known, view.carrier.value]


def _group(found: Consumption, group: Group, view: AnalysisView) -> dict[str, Any]:
    """Return the amounts of a carrier: for its tile, and its rows with where they lead."""
    told, unit = group.explained, group.unit
    energy = (
        None if told.total.now is None else measures.energy_j(told.total.now, group.carrier, group.dimension)
    )
    say = Say(language.current(), found.zone)
    rows = [
        {
            "name": label(say, found, key, group), "link": _way_down(view, group, key), "row": _row(row, unit),
            "share": row.now / told.total.now if row.now is not None and told.total.now else None,
        }
        for key, row in rows_of(group)
    ]  # fmt: skip
    return {
        "carrier": group.carrier.value, "unit": unit, "total": _row(told.total, unit), "rows": rows[:ROWS_SHOWN],
        "left": max(0, len(rows) - ROWS_SHOWN), "unlike": _in(told.unlike, unit) if told.unlike else None,
        "gj": _in(energy, "GJ") if energy is not None else None,
        "mwh": _in(energy, "kWh") if energy is not None and group.dimension != measures.ENERGY else None,
        "estimated": told.total.estimated / told.total.now if told.total.now else 0.0, "covered": told.share,
        "silent": told.silent, "is_told_apart": bool(told.rows.keys() - {REST}),
    }  # fmt: skip


def _row(row: Any, unit: str) -> dict[str, Any]:
    compared = Comparison(is_incomplete=row.before is not None)
    if row.is_compared and row.now is not None:
        compared = Comparison(
            float(measures.in_unit(row.now, unit)), float(measures.in_unit(row.now - row.moved, unit))
        )
    return {
        "now": None if row.now is None else _in(row.now, unit),
        "before": None if row.before is None else _in(row.before, unit),
        "moved": _in(row.moved, unit) if row.is_compared else None, "compared": compared,
        "estimated": row.estimated / row.now if row.now else 0.0,
    }  # fmt: skip


def _in(base: int, unit: str) -> float:
    return float(measures.in_unit(base, unit))


def _way_down(view: AnalysisView, group: Group, key: Any) -> str:
    """Return where a row leads: to the organisation, the place, or what hangs behind the meter."""
    if key == REST:
        return ""
    here = group.labels[key].id
    if view.by is By.ORGANISATION:
        return view.link(at=here, under=None, meter=None)
    if view.by is By.POSITION:
        return view.link(under=here, meter=None)
    return view.link(meter=here) if view.by is By.METER and view.meter is None else ""


def _steps(found: Consumption, view: AnalysisView) -> list[dict[str, str]]:
    """Return the way from the whole organisation down to the place or meter looked at."""
    say = Say(language.current(), found.zone)
    steps = [{"name": say.named(one), "link": view.link(under=one.id, meter=None)} for one in found.steps]
    if view.meter is not None:
        meter = next((one for one in found.meters.values() if one.id == view.meter), None)
        steps.append({"name": say.named(meter) if meter else "", "link": view.link()})
    if not steps:
        return []
    return [{"name": say.named(found.node), "link": view.link(under=None, meter=None)}, *steps]


def _weather(report: Report) -> dict[str, Any] | None:
    say = Say(language.current())
    table = next((one for one in report.document.tables if one.heading == say("weather")), None)
    return None if table is None else drawn.shown(table) | {"title": _("What the weather did")}


def _answer(data: bytes, media_type: str, name: str) -> Response:
    answer = Response(data, mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
