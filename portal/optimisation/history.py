"""Plans as they were made, and which of them were accepted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for

from backend.network import service as network
from backend.optimisation import service
from backend.optimisation.service import PlanKind
from backend.tenancy import service as tenancy
from portal.address import asked, following
from portal.navigation import look
from portal.optimisation import words
from portal.pages import pages
from portal.refusals import in_words


@pages.get("/plant-models/<uuid:plant_id>/plans", endpoint="plans")
def list_plans(plant_id: UUID) -> str:
    """Answer: which plans were made, how far could they be relied on, which were accepted?"""
    look()
    about = service.described(g.session, g.scope, plant_id=plant_id)
    g.zone = network.site_of(g.session, g.scope, about.plant.site_id).timezone
    kind = next((one for one in PlanKind if one.value == request.args.get("kind")), None)
    page = service.plans(g.session, g.scope, plant_id=plant_id, kind=kind, cursor=asked(), limit=50)
    outcomes = service.outcomes(g.session, g.scope, plan_ids=[one.id for one in page.items])
    accepted = service.schedules(g.session, g.scope, plant_id=plant_id, limit=20).items
    people = tenancy.names(g.session, g.scope, {one.accepted_by for one in accepted if one.accepted_by})
    return render_template(
        "optimisation/plans.html", about=about, place=network.position(g.session, g.scope, about.plant.site_id),
        next=following(page), kind=kind.value if kind else "", rows=[_row(one, outcomes) for one in page.items],
        kinds=[(one.value, words.KINDS[one]) for one in PlanKind],
        accepted=[
            {"one": one, "by": people.get(one.accepted_by, ""),
             "link": url_for("portal.plan_actual", plan_id=one.plan_id)}
            for one in accepted
        ],
    )  # fmt: skip


def _row(one: Any, outcomes: Any) -> dict[str, Any]:
    sign, word = words.STATES[one.status]
    outcome = outcomes.get(one.id)
    return {
        "made_at": one.made_at, "starts_at": one.starts_at, "ends_at": one.ends_at, "kind": words.KINDS[one.kind],
        "sign": sign, "word": word, "cost": one.cost, "currency": one.currency,
        "why": in_words((one.problem or {}).get("message")) if one.problem else "",
        "deviation": outcome.deviation if outcome is not None else None,
        "link": url_for("portal.plan_of", plan_id=one.id),
    }  # fmt: skip
