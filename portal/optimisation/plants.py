"""The plant as data: read as a table, written as text that is checked before it is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from backend.billing.rules.tariff.text import LONGEST
from backend.kernel.errors import EnerfieldError
from backend.kernel.ids import show
from backend.metering import service as metering
from backend.network import service as network
from backend.optimisation import service
from backend.optimisation.rules import model as rules
from portal.navigation import below, look
from portal.optimisation import shown, words
from portal.optimisation.drawing import PER_H
from portal.optimisation.plan import may_describe
from portal.optimisation.plates import plate
from portal.pages import done, pages, refused
from portal.refusals import in_words
from portal.words import named_here


@pages.get("/plant-models/<uuid:plant_id>", endpoint="plant_model")
def show_plant(plant_id: UUID) -> str:
    """Answer: what does the plan take the plant to be?"""
    look()
    about = service.described(g.session, g.scope, plant_id=plant_id)
    site = network.site_of(g.session, g.scope, about.plant.site_id)
    g.zone = site.timezone
    model = about.model
    return render_template(
        "optimisation/plant.html", about=about, place=network.position(g.session, g.scope, about.plant.site_id),
        model=model, units=[_unit(one, model, site.currency) for one in model.units],
        text=rules.write(model), may_describe=may_describe(),
        demands=[{"carrier": one.carrier, "name": named_here(one), "points": _points(one.meters), "base": one.base}
                 for one in model.demands],
        versions=service.versions(g.session, g.scope, plant_id=plant_id, limit=20).items,
    )  # fmt: skip


@pages.route("/sites/<uuid:site_id>/plant-model", methods=["GET", "POST"], endpoint="edit_plant")
def edit_plant(site_id: UUID) -> Any:
    """Check a plant's text, and keep it as the next version."""
    look()
    place = network.position(g.session, g.scope, site_id)
    plant = service.plant_of_site(g.session, g.scope, site_id=site_id)
    if request.method == "GET":
        text = (
            rules.write(service.described(g.session, g.scope, plant_id=plant.id).model)
            if plant
            else BEGINNING
        )
        return _form(place, text)
    text = request.form.get("text", "")[: LONGEST * 2]
    try:
        document = rules.dump(rules.read(text))
        if request.form.get("deed") != "keep":
            model = service.check_plant(g.session, g.scope, site_id=site_id, document=document)
            return _form(place, text, checked=model)
        version = service.store_plant(g.session, g.scope, site_id=site_id, document=document)
    except EnerfieldError as error:
        g.undo = True
        return _form(place, text, error=error), 422
    return done(
        _("Kept as version %(number)s.", number=version.number),
        url_for("portal.plant_model", plant_id=version.plant_id),
    )


@pages.post("/plant-models/<uuid:plant_id>/switch", endpoint="switch_plant")
def switch_plant(plant_id: UUID) -> Any:
    """Plan for the plant by the clock, or no more."""
    look()
    here = url_for("portal.plant_model", plant_id=plant_id)
    is_active = request.form.get("active") == "1"
    try:
        service.switch_plant(g.session, g.scope, plant_id=plant_id, is_active=is_active)
    except EnerfieldError as error:
        return refused(error, here)
    return done(_("It is planned for by the clock.") if is_active else _("It is planned for no more."), here)


@pages.get("/plant-models/new", endpoint="new_plant")
def choose_site() -> str:
    """Answer: of which site is the plant described?"""
    node = look()
    found = network.list_sites(g.session, g.scope, organisations=below(node), limit=200).items
    return render_template(
        "optimisation/new_plant.html",
        sites=[
            {"name": named_here(place), "link": url_for("portal.edit_plant", site_id=place.id)} for _s, place in found
        ],
    )  # fmt: skip


def _form(place: Any, text: str, *, checked: Any = None, error: EnerfieldError | None = None) -> str:
    findings = [
        one | {"message": in_words(one["message"]), "remedy": in_words(one.get("remedy"))}
        for one in ((error.context or {}).get("findings", []) if error is not None else [])
    ]
    points = metering.list_points(g.session, g.scope, under=place.id, limit=200).items
    return render_template(
        "optimisation/edit_plant.html", place=place, text=text, checked=checked, error=error, findings=findings,
        points=[{"name": named_here(one), "id": show(one.id), "kind": one.kind, "unit": one.unit} for one in points],
        kinds=[(word, words.UNIT_KINDS[word]) for word in words.UNIT_KINDS],
    )  # fmt: skip


def _unit(one: Any, model: rules.PlantModel, currency: str) -> dict[str, Any]:
    unit = model.carriers[one.output]
    return {
        "name": named_here(one), "kind": words.UNIT_KINDS[one.kind], "carrier": one.output, "is_out": one.is_out,
        "figures": plate(one, unit, PER_H.get(unit, f"{unit}/h"), currency, shown.names_of(model)),
        "points": _points(list(one.points().values())),
    }  # fmt: skip


def _points(ids: Any) -> list[dict[str, str]]:
    found = []
    for point_id in ids:
        point = metering.point(g.session, g.scope, point_id)
        found.append({"name": named_here(point), "link": url_for("portal.point", point_id=point_id)})
    return found


BEGINNING = """name: My plant
demands:
  - carrier: electricity
    name: Site load
    meters: []        # ids of the meters that count it
units:
  - kind: supply
    name: Grid
    carrier: electricity
    tariff: my-tariff # its code, or `price: 0.7`
    most: 5000        # kW
"""
