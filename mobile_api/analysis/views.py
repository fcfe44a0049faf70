"""What was used, where it goes, when, and the same as files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from flask import Response, g
from flask.views import MethodView

from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask, By, ViewName
from backend.analysis.rules.comparing import Row
from backend.analysis.service.consumption import Consumption, Group, consumption
from backend.analysis.service.flows import Flows, flows
from backend.analysis.service.habits import Habits, habits
from backend.billing.rules.documents.schedule import Form
from backend.kernel import ids
from backend.kernel.errors import NotFound
from mobile_api.analysis import schemas as shape
from mobile_api.analysis.blueprint import blp
from reports import analysis
from reports.analysis.consumption import label, rows_of
from reports.analysis.flows import name_of
from reports.analysis.words import Say
from reports.tabular import MEDIA

FILE = {"type": "string", "format": "binary"}
OTHERS = {"200": {"content": {MEDIA[form]: {"schema": FILE} for form in (Form.XLSX, Form.CSV)}}}


@blp.route("/consumption")
class ConsumptionOf(MethodView):
    """Consumption of an organisation, a place or what hangs behind a meter."""

    @blp.arguments(shape.ConsumptionQuery, location="query")
    @blp.response(200, shape.ConsumptionSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """Return what was used against other days, sums exact (managers, dispatchers, operators)."""
        found = consumption(g.session, g.scope, ask=_ask(query))
        say = Say(g.scope.locale, found.zone)
        return {
            "zone": found.zone, "grain": found.grain, "now": found.stretches.now, "before": found.stretches.before,
            "unlike_days": found.stretches.unlike, "is_running": found.stretches.is_running,
            "groups": [_group(say, found, group) for group in found.groups],
        }  # fmt: skip


@blp.route("/flows")
class FlowsOf(MethodView):
    """Flows from source to use."""

    @blp.arguments(shape.FlowsQuery, location="query")
    @blp.response(200, shape.AnalysedFlowViewSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """Return flows that balance, with what is lost and what is not metered (managers, dispatchers, operators)."""
        found = flows(g.session, g.scope, ask=_ask(query))
        say = Say(g.scope.locale, found.zone)
        return {"parts": [_flows(say, part, found.ask.by) for part in found.parts]}


@blp.route("/habits")
class HabitsOf(MethodView):
    """Hours of days, base and peak."""

    @blp.arguments(shape.HabitsQuery, location="query")
    @blp.response(200, shape.HabitsSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """Return when a carrier is used, else the first there is (managers, dispatchers, operators)."""
        return _habits(habits(g.session, g.scope, ask=_ask(query)))


@blp.route("/views/<name>/file")
class ViewFile(MethodView):
    """A view as a file."""

    @blp.arguments(shape.FileQuery, location="query")
    @blp.response(200, FILE, content_type=MEDIA[Form.PDF])
    @blp.doc(responses=OTHERS)
    def get(self, query: dict[str, Any], name: str) -> Response:
        """Return a view as PDF, workbook or CSV (managers, dispatchers, operators)."""
        if name not in {one.value for one in analysis.VIEWS}:
            raise NotFound("there is no such view", field="name", value=name[:40])
        ask = _ask(query)
        report = analysis.made(g.session, g.scope, ViewName(name), ask, query["locale"] or g.scope.locale)
        data, media_type = analysis.file_of(report, query["format"])
        answer = Response(data, mimetype=media_type)
        name = f"{report.stem}-{ask.first}-{ask.until}.{query['format'].value}"
        answer.headers.set("Content-Disposition", "attachment", filename=name)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer


def _ask(query: dict[str, Any]) -> Ask:
    said = {
        name: query[name]
        for name in ("compare", "against_first", "against_until", "by", "meter")
        if name in query
    }
    return Ask(
        query["organisation"], query["first"], query["until"], carrier=query["carrier"], under=query["under"], **said
    )  # fmt: skip


def _number(base: int | None, unit: str) -> Decimal | None:
    return None if base is None else measures.in_unit(base, unit)


def _group(say: Say, found: Consumption, group: Group) -> dict[str, Any]:
    told, unit, weather = group.explained, group.unit, group.weather
    energy = (
        None if told.total.now is None else measures.energy_j(told.total.now, group.carrier, group.dimension)
    )
    return {
        "carrier": group.carrier.value, "unit": unit, "now": _number(told.total.now, unit),
        "before": _number(told.total.before, unit), "energy_gj": _number(energy, "GJ"),
        "estimated": _number(told.total.estimated, unit), "unlike": _number(told.unlike, unit), "covered": told.share,
        "silent": told.silent, "disagreeing": len(told.disagree), "folded": told.folded,
        "rows": [_row(say, found, group, key, row) for key, row in rows_of(group)] if found.ask.by is not By.CARRIER
        else [],
        "series": [
            {"start": start, "now": _number(now, unit), "before": _number(before, unit)}
            for start, now, before in group.series
        ],
        "weather": weather and {
            "heating": weather.heating[0], "heating_before": weather.heating[1], "cooling": weather.cooling[0],
            "cooling_before": weather.cooling[1], "fit": weather.fit,
            "by_weather": None if weather.by_weather is None else _number(round(weather.by_weather), unit),
        },
    }  # fmt: skip


def _row(say: Say, found: Consumption, group: Group, key: Any, row: Row) -> dict[str, Any]:
    here = group.labels[key].id
    return {
        "key": ids.show(here) if here else str(key), "name": label(say, found, key, group),
        "now": _number(row.now, group.unit), "before": _number(row.before, group.unit),
        "moved": _number(row.moved, group.unit) if row.is_compared else None,
        "estimated": _number(row.estimated, group.unit),
    }  # fmt: skip


def _flows(say: Say, part: Flows, by: By) -> dict[str, Any]:
    return {
        "unit": part.unit, "estimated": part.estimated, "covered": part.share, "silent": part.silent,
        "flows": [
            {"source_kind": source.kind, "source": name_of(say, part, source, by), "target_kind": target.kind,
             "target": name_of(say, part, target, by), "amount": _number(amount, part.unit)}
            for (source, target), amount in sorted(part.graph.flows.items(), key=lambda one: -one[1])
        ],
    }  # fmt: skip


def _habits(found: Habits) -> dict[str, Any]:
    load, (amount, share) = found.load, found.days
    return {
        "zone": found.zone, "carrier": found.carrier and found.carrier.value, "unit": found.unit,
        "power_unit": analysis.habits.POWER.get(found.unit, f"{found.unit}/h"), "estimated": found.estimated,
        "covered": found.share, "silent": found.silent,
        "load": load and {
            "base": load.base, "peak": load.peak, "peak_at": load.peak_at, "low": load.low, "low_at": load.low_at,
            "mean": load.mean, "factor": load.factor, "whole_hours": load.whole, "hours": load.hours,
            "duration": load.duration.tolist(),
        },
        "days": [
            {"day": on, "amount": _known(amount[at]), "covered": float(share[at]),
             "hours": [_known(one) for one in found.map.amount[:, at]]}
            for at, on in enumerate(found.map.days)
        ],
    }  # fmt: skip


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
