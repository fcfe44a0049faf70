"""What if: the same hours under other prices, loads, sun; a plan beside the present one, nothing is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
from flask import g, render_template, request, url_for

from backend.kernel.errors import EnerfieldError, Refused
from backend.network import service as network
from backend.optimisation import service
from backend.optimisation.service import Asked, Changes, PlanStatus
from portal.navigation import look
from portal.optimisation import drawing, shown, words
from portal.pages import pages
from portal.refusals import said

FACTORS = ("price_factor", "load_factor", "sun_factor", "comfort")


@pages.get("/plans/<uuid:plan_id>/what-if", endpoint="what_if")
def what_if(plan_id: UUID) -> str:
    """Answer: what would change if prices, loads, sun or machines were otherwise?"""
    look()
    kept = service.plan(g.session, g.scope, plan_id=plan_id)
    plant = service.described(g.session, g.scope, plant_id=kept.plant_id).plant
    g.zone = network.site_of(g.session, g.scope, plant.site_id).timezone
    is_part = "HX-Request" in request.headers
    template = "optimisation/_trial.html" if is_part else "optimisation/trial.html"
    back = url_for("portal.plan_of", plan_id=plan_id)
    try:
        changes, is_free = _changes(), bool(kept.targets) and request.args.get("free") == "1"
        if changes.is_none and not is_free:
            return render_template(template, result=None, wrong="", is_same=True, back=back)
        asked = service.what_if(
            g.session, g.scope, plan_id=plan_id, changes=changes, with_targets=not is_free
        )
    except EnerfieldError as error:
        return render_template(template, result=None, wrong=said(error), is_same=False, back=back)
    return render_template(template, result=_result(asked), wrong="", is_same=False, back=back)


def _changes() -> Changes:
    """Read the sliders: percentages, a CO2 price, units out of service."""
    factors = {name: _number(name, 100.0) / 100 for name in FACTORS if name in request.args}
    co2 = request.args.get("co2_price", "")
    base = request.args.get("co2_base", "")
    price = _number("co2_price", 0.0) if co2 and co2 != base else None
    return Changes(out=tuple(request.args.getlist("out")), co2_price=price, **factors)


def _number(name: str, default: float) -> float:
    text = request.args.get(name, "")
    try:
        value = float(text or default)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise Refused("this is no number", field=name, value=text[:40])
    return value


def _result(asked: Asked) -> dict[str, Any]:
    """Return both plans side by side: figures, what each unit makes, balances of the new one."""
    opened, names = asked.opened, shown.names_of(asked.opened.model)
    status = PlanStatus(asked.plan.status.value)
    sign, word = words.STATES[status]
    kept_short = [dict(vars(one)) for one in asked.plan.shortfalls]
    short = words.shortfalls(kept_short, asked.plan.horizon, names)
    return {
        "bound": len(asked.targets), "agreed": len(opened.kept.targets),
        "currency": opened.kept.currency, "sign": sign, "word": word,
        "relied": words.relied(status, asked.plan.gap, short), "cost": asked.plan.cost, "cost_now": opened.plan.cost,
        "difference": asked.difference, "co2_t": asked.plan.co2_kg / 1000, "co2_now": opened.plan.co2_kg / 1000,
        "rows": _rows(asked, names), "balances": shown.balances(asked.plan, asked.demand, opened, names),
    }  # fmt: skip


def _rows(asked: Asked, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return what each unit gives (or takes) over the hours, now and under the changes [unit]."""
    found = []
    hours = asked.plan.horizon.hours
    for unit in asked.opened.model.units:
        key = (unit.name, unit.output)
        sums = [
            float(np.clip(np.abs(plan.flows[key]), 0, None) @ hours) if key in plan.flows else 0.0
            for plan in (asked.opened.plan, asked.plan)
        ]
        if max(sums) > 1e-3:
            sums = [each if each > drawing.STILL * max(sums) else 0.0 for each in sums]  # the solver's dust
            found.append({
                "name": names[unit.name], "carrier": unit.output, "unit": asked.opened.model.carriers[unit.output],
                "now": sums[0], "then": sums[1], "is_out": unit.name in asked.changes.out,
            })  # fmt: skip
    return found
