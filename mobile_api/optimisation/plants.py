"""Plants as data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.kernel.errors import NotFound
from backend.kernel.ids import show
from backend.network import service as network
from backend.optimisation import service
from mobile_api.fields import PageQuery, page_of
from mobile_api.optimisation.blueprint import blp
from mobile_api.optimisation.schemas import (
    CheckedPlantSchema,
    PlantModelDocumentSchema,
    PlantModelSchema,
    PlantModelSwitchSchema,
    PlantModelTextSchema,
    PlantModelVersionSchema,
)


def _plant(plant: Any, site: str) -> dict[str, Any]:
    return {
        "id": plant.id, "site_id": plant.site_id, "site": site, "organisation_id": plant.organisation_id,
        "is_active": plant.is_active,
    }  # fmt: skip


@blp.route("/plant-models")
class Plants(MethodView):
    """All of them."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(PlantModelSchema))
    def get(self, asked: dict[str, Any]) -> Any:
        """List the plants that are described, by their sites' names."""
        page = service.plants(g.session, g.scope, **asked)
        return page.each(lambda row: _plant(row[0], row[1].name))


@blp.route("/plant-models/<id:plant>")
class Plant(MethodView):
    """One of them."""

    @blp.response(200, PlantModelVersionSchema)
    def get(self, plant: UUID) -> Any:
        """Return what holds for a plant now."""
        return service.described(g.session, g.scope, plant_id=plant).version

    @blp.arguments(PlantModelSwitchSchema)
    @blp.response(200, PlantModelSchema)
    def patch(self, given: dict[str, Any], plant: UUID) -> Any:
        """Plan for it by the clock, or no more (operators, managers, administrators)."""
        found = service.switch_plant(g.session, g.scope, plant_id=plant, **given)
        return _plant(found, network.position(g.session, g.scope, found.site_id).name)


@blp.route("/plant-models/<id:plant>/versions")
class Versions(MethodView):
    """What was said of a plant."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(PlantModelVersionSchema))
    def get(self, asked: dict[str, Any], plant: UUID) -> Any:
        """List what was said of a plant, the newest first."""
        return service.versions(g.session, g.scope, plant_id=plant, **asked)


@blp.route("/sites/<id:site>/plant-model")
class PlantOfSite(MethodView):
    """The plant of a site."""

    @blp.response(200, PlantModelVersionSchema)
    def get(self, site: UUID) -> Any:
        """Return what holds for a site's plant now."""
        found = service.plant_of_site(g.session, g.scope, site_id=site)
        if found is None:
            raise NotFound("no plant is described on this site", field="site", value=show(site))
        return service.described(g.session, g.scope, plant_id=found.id).version

    @blp.arguments(PlantModelDocumentSchema)
    @blp.response(200, PlantModelVersionSchema)
    def put(self, given: dict[str, Any], site: UUID) -> Any:
        """Say what a site's plant is (operators, managers, administrators); 422 tells all `findings`."""
        return service.store_plant(g.session, g.scope, site_id=site, **given)


@blp.route("/sites/<id:site>/plant-model/check")
class Check(MethodView):
    """A plant's document before it is kept."""

    @blp.arguments(PlantModelTextSchema)
    @blp.response(200, CheckedPlantSchema)
    def post(self, given: dict[str, Any], site: UUID) -> Any:
        """Tell whether a document reads well and what it is bound to is there; nothing is kept."""
        model = service.check_plant(g.session, g.scope, site_id=site, **given)
        return {"units": len(model.units), "carriers": list(model.carriers)}
