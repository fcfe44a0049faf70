"""Plan against actual: what was planned beside what meters counted, and what the difference cost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import g, render_template, url_for
from flask_babel import gettext as _

from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from backend.network import service as network
from backend.optimisation import service
from backend.optimisation.rules import hours
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.model import Demand
from backend.optimisation.service import Opened, actuals
from portal import plots
from portal.navigation import look
from portal.optimisation import drawing, shown
from portal.pages import pages
from portal.plots import Series
from portal.refusals import said


@pages.get("/plans/<uuid:plan_id>/actual", endpoint="plan_actual")
def show_actual(plan_id: UUID) -> str:
    """Answer: what became of this plan, and what did the difference cost?"""
    look()
    one = service.open_plan(g.session, g.scope, plan_id=plan_id)
    plant = service.described(g.session, g.scope, plant_id=one.kept.plant_id).plant
    g.zone = network.site_of(g.session, g.scope, plant.site_id).timezone
    names = shown.names_of(one.model)
    found: dict[str, Any] = {"outcome": None, "wrong": "", "rows": [], "curves": []}
    try:
        outcome = actuals.work_out(g.session, g.scope, plan_id=plan_id)
    except Refused as error:
        found["wrong"] = said(error)
    else:
        found |= {
            "outcome": outcome,
            "rows": [line | {"shown": names.get(line["name"], line["name"])} for line in outcome.lines],
            "curves": _curves(one, names, outcome.ends_at),
        }  # fmt: skip
    return render_template(
        "optimisation/actual.html", kept=one.kept, place=network.position(g.session, g.scope, plant.site_id),
        back=url_for("portal.plan_of", plan_id=plan_id), history=url_for("portal.plans", plant_id=plant.id), **found,
    )  # fmt: skip


def _curves(one: Opened, names: dict[str, str], until: datetime) -> list[dict[str, Any]]:
    """Return each metered unit's planned and counted course until an instant."""
    found = []
    period = Period(one.kept.starts_at, until)
    for unit in (*one.model.units, *one.model.demands):
        both = actuals.series(g.session, g.scope, one, unit, until)
        if both is None or len(both[0]) < 2:
            continue
        carrier = unit.carrier if isinstance(unit, Demand) else unit.output
        series = [
            Series(_("as planned"), carrier, _samples(both[0], one.kept.starts_at), is_before=True),
            Series(_("as metered"), carrier, _samples(both[1], one.kept.starts_at)),
        ]
        per = drawing.PER_H.get(one.model.carriers[carrier], "")
        picture = plots.plot(series, per, period, g.zone, height=150.0, zero=True)
        if picture is not None:
            found.append({"name": names[unit.name], "carrier": carrier, "picture": picture})
    return found


def _samples(values: Floats, start: datetime) -> list[tuple[datetime, float | None]]:
    corners: list[tuple[datetime, float | None]] = []
    for nth, value in enumerate(values.tolist()):
        at, known = start + nth * hours.QUARTER, None if value != value else value
        corners += [(at, known), (at + hours.QUARTER - timedelta(seconds=1), known)]
    return corners
