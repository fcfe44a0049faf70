"""The plant operator's first page: what runs, what should run, and why; with the plan's figures and balances."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from flask import Response, g, render_template, request, url_for
from flask_babel import gettext as _

from backend.kernel import clock, paging
from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import parse
from backend.network import service as network
from backend.optimisation import service
from backend.optimisation.service import Opened, OperationPlan, PlanStatus, SitePlant
from portal import language
from portal.navigation import below, look
from portal.optimisation import shown, words
from portal.pages import done, pages, refused
from portal.words import instant, named_here


@pages.get("/plan", endpoint="plan")
def show_plan() -> str:
    """Answer: what runs, what should run, and why?"""
    node = look()
    known = plants_of(node)
    if not known:
        return render_template("optimisation/no_plant.html", node=node, may_describe=may_describe())
    chosen = request.args.get("plant")
    plant, place = next(((one, at) for one, at in known if chosen and one.id == parse(chosen)), known[0])
    g.zone = network.site_of(g.session, g.scope, plant.site_id).timezone
    newest = service.newest(g.session, g.scope, plant_ids=[plant.id]).get(plant.id)
    good = newest
    if newest is not None and newest.status is PlanStatus.FAILED:
        good = service.newest(g.session, g.scope, plant_ids=[plant.id], with_failed=False).get(plant.id)
    return _page(plant, place, good, newest, known)


@pages.get("/plans/<uuid:plan_id>", endpoint="plan_of")
def show_one(plan_id: UUID) -> str:
    """Answer: what did this plan say, and what did it rest on?"""
    look()
    kept = service.plan(g.session, g.scope, plan_id=plan_id)
    plant = service.described(g.session, g.scope, plant_id=kept.plant_id).plant
    place = network.position(g.session, g.scope, plant.site_id)
    g.zone = network.site_of(g.session, g.scope, plant.site_id).timezone
    is_good = kept.status is not PlanStatus.FAILED
    return _page(plant, place, kept if is_good else None, kept, [(plant, place)], is_past=True)


def _page(
    plant: SitePlant, place: Any, good: OperationPlan | None, newest: OperationPlan | None, known: Any, *,
    is_past: bool = False,
) -> str:  # fmt: skip
    failed = newest if newest is not None and newest.status is PlanStatus.FAILED else None
    found: dict[str, Any] = {"kept": None}
    if good is not None:
        found = of_plan(service.opened(g.session, g.scope, good))
    force = service.in_force(g.session, g.scope, plant_id=plant.id)
    return render_template(
        "optimisation/plan.html", plant=plant, place=place, is_past=is_past, failed=failed,
        faults=words.failed(failed) if failed is not None else [], force=force,
        is_in_force=bool(force and good and force.plan_id == good.id), may_act=may_act(),
        may_accept=may_act() and good is not None and good.ends_at > clock.now(),
        is_old=bool(good and not is_past and clock.now() >= good.ends_at),
        others=[(url_for("portal.plan", plant=one.id), named_here(at), one.id == plant.id) for one, at in known],
        **found,
    )  # fmt: skip


def of_plan(one: Opened) -> dict[str, Any]:
    """Return everything a template draws of a plan."""
    names = shown.names_of(one.model)
    return {
        "kept": one.kept, "names": names, "figures": shown.figures(one.kept, names, one),
        "balances": shown.balances(one.plan, one.demand, one, names), "units": shown.units(one, names),
        "inputs": shown.inputs(one.kept, names), "agreed": shown.agreed(one),
        "switchable": [(u.name, names[u.name]) for u in one.model.units if not u.is_out],
        "co2_price": one.model.co2_price, "has_comfort": any(u.kind in ("shiftable", "room") for u in one.model.units),
        "has_sun": any(u.kind == "renewable" for u in one.model.units),
    }  # fmt: skip


@pages.post("/plant-models/<uuid:plant_id>/plans", endpoint="make_plan")
def make_plan(plant_id: UUID) -> Any:
    """Make a plan now, of what is known now."""
    look()
    here = url_for("portal.plan", plant=plant_id)
    try:
        kept = service.make_plan(g.session, g.scope, plant_id=plant_id)
    except EnerfieldError as error:
        return refused(error, here)
    if kept.status is PlanStatus.FAILED:
        return done(_("No plan could be made: the reasons stand below."), here)
    return done(_("A new plan is made."), here)


@pages.post("/plans/<uuid:plan_id>/accept", endpoint="accept_plan")
def accept_plan(plan_id: UUID) -> Any:
    """Make a plan the schedule in force."""
    look()
    kept = service.plan(g.session, g.scope, plan_id=plan_id)
    here = url_for("portal.plan", plant=kept.plant_id)
    try:
        made = service.accept_plan(g.session, g.scope, plan_id=plan_id)
    except EnerfieldError as error:
        return refused(error, here)
    zone = network.site_of(
        g.session, g.scope, service.described(g.session, g.scope, plant_id=kept.plant_id).plant.site_id
    )
    until = instant(made.ends_at, zone.timezone, language.current())
    return done(_("Accepted: it is the schedule until %(until)s.", until=until), here)


@pages.get("/plans/<uuid:plan_id>/table.csv", endpoint="plan_table")
def plan_table(plan_id: UUID) -> Response:
    """Answer a plan as a table: a row a step, flows, prices, contents."""
    look()
    one = service.open_plan(g.session, g.scope, plan_id=plan_id)
    text = io.StringIO()
    rows = csv.writer(text)
    flows = list(one.plan.flows.items())
    held = [(key, values) for key, values in one.plan.quantities.items() if key[1] == "content"]
    units = one.model.carriers
    rows.writerow([
        "start", "hours", *(f"{name} {carrier} [{units[carrier]}/h]" for (name, carrier), _v in flows),
        *(f"{name} content" for (name, _q), _v in held),
        *(f"price {carrier} [{one.kept.currency}/{units[carrier]}]" for carrier in one.plan.prices),
    ])  # fmt: skip
    for step in range(one.plan.horizon.steps):
        columns = [*(v for _k, v in flows), *(v for _k, v in held), *one.plan.prices.values()]
        rows.writerow([one.plan.horizon.at(step).isoformat(), f"{one.plan.horizon.hours[step]:g}",
                       *(f"{float(values[step]):.5g}" for values in columns)])  # fmt: skip
    name = f"plan-{one.plan.horizon.at(0):%Y%m%d-%H%M}.csv"
    return Response(
        "\ufeff" + text.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )


def plants_of(node: Any) -> list[tuple[SitePlant, Any]]:
    """Return the plants of an organisation and below, each with its site; where there are none, any the asker sees."""
    organisations = below(node)
    page = paging.every(
        lambda cursor: service.plants(
            g.session, g.scope, organisations=organisations, cursor=cursor, limit=200
        )
    )
    return [(row[0], row[1]) for row in page]


def may_act() -> bool:
    """Tell whether the asker makes and accepts plans."""
    return g.scope.holds(*service.MAKERS)


def may_describe() -> bool:
    """Tell whether the asker says what a plant is."""
    return g.scope.holds(*service.KEEPERS)
