"""Where things stand: sites, positions (tree, nearest, search), supplies, the map."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.kernel.errors import Refused
from backend.network import service
from backend.network.service import PositionKind
from backend.tenancy import service as tenancy
from mobile_api.fields import Area, PageQuery, page_of
from mobile_api.network.schemas import (
    AgreementSchema,
    EndSchema,
    FeatureCollectionSchema,
    MapQuery,
    NearestQuery,
    NearSchema,
    NewPositionSchema,
    NewSiteSchema,
    PositionChangeSchema,
    PositionQuery,
    PositionSchema,
    SiteChangeSchema,
    SiteQuery,
    SiteSchema,
)
from mobile_api.organisations import organisations_under

blp = Area("network", __name__, description="Sites, positions and the map.")


@blp.route("/sites")
class Sites(MethodView):
    """Places of business."""

    @blp.arguments(SiteQuery, location="query")
    @blp.response(200, page_of(SiteSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List the sites one sees, by name."""
        wanted["organisations"] = organisations_under(wanted.pop("organisation"))
        return service.list_sites(g.session, g.scope, **wanted).each(lambda row: _site(*row))

    @blp.arguments(NewSiteSchema)
    @blp.response(201, SiteSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Make a site (administrators, operators)."""
        given["kind"] = PositionKind.SITE
        business = {name: given.pop(name) for name in ("organisation_id", *_BUSINESS)}
        position = service.create_site(g.session, g.scope, new=_new(given), **business)
        return _site(service.site_of(g.session, g.scope, position.id), position)


@blp.route("/sites/<id:site>")
class OneSite(MethodView):
    """One place of business."""

    @blp.response(200, SiteSchema)
    def get(self, site: UUID) -> dict[str, Any]:
        """Return the site a position belongs to."""
        found = service.site_of(g.session, g.scope, site)
        return _site(found, service.position(g.session, g.scope, found.position_id))

    @blp.arguments(SiteChangeSchema)
    @blp.response(200, SiteSchema)
    def patch(self, given: dict[str, Any], site: UUID) -> dict[str, Any]:
        """Say otherwise where it keeps its days and money (administrators, operators); its name: at /positions."""
        found = service.site_of(g.session, g.scope, site)
        told = {name: getattr(found, name) for name in _BUSINESS}
        service.change_site(g.session, g.scope, position_id=site, **told | given)
        return _site(found, service.position(g.session, g.scope, found.position_id))


@blp.route("/positions")
class Positions(MethodView):
    """Places."""

    @blp.arguments(PositionQuery, location="query")
    @blp.response(200, page_of(PositionSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List positions by name: of an organisation, under a position, or matching a text."""
        return service.list_positions(
            g.session, g.scope, organisations=organisations_under(wanted["organisation"]),
            under=wanted["under"], search=wanted["search"], cursor=wanted["cursor"], limit=wanted["limit"],
        )  # fmt: skip


@blp.route("/positions/nearest")
class Nearest(MethodView):
    """Places around."""

    @blp.arguments(NearestQuery, location="query")
    @blp.response(200, NearSchema(many=True))
    def get(self, where: dict[str, Any]) -> list[dict[str, Any]]:
        """List the positions nearest to a place, with their distance."""
        found = service.nearest_positions(g.session, g.scope, **where)
        return [{"position": position, "distance_m": round(distance_m, 1)} for position, distance_m in found]


@blp.route("/positions/<id:position>")
class OnePosition(MethodView):
    """One place."""

    @blp.response(200, PositionSchema)
    def get(self, position: UUID) -> Any:
        """Return one position."""
        return service.position(g.session, g.scope, position)

    @blp.arguments(PositionChangeSchema)
    @blp.response(200, PositionSchema)
    def patch(self, given: dict[str, Any], position: UUID) -> Any:
        """Say otherwise what it is and where it stands (administrators, operators)."""
        place = _placed(given)
        moved = {"geometry": place} if place else {}
        return service.change_position(g.session, g.scope, position_id=position, **given | moved)


@blp.route("/positions/<id:position>/children")
class Children(MethodView):
    """The places in a place."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(PositionSchema))
    def get(self, page: dict[str, Any], position: UUID) -> Any:
        """List the positions directly under one, by name: the tree, a level at a time."""
        return service.children(g.session, g.scope, position, **page)

    @blp.arguments(NewPositionSchema)
    @blp.response(201, PositionSchema)
    def post(self, given: dict[str, Any], position: UUID) -> Any:
        """Make a position under this one (administrators, operators)."""
        return service.create_position(g.session, g.scope, parent_id=position, new=_new(given))


@blp.route("/positions/<id:position>/way")
class Way(MethodView):
    """Where a place lies."""

    @blp.response(200, PositionSchema(many=True))
    def get(self, position: UUID) -> Any:
        """List the positions from the site down to this one; places lie at most 30 deep."""
        return service.way_to(g.session, g.scope, service.position(g.session, g.scope, position))


@blp.route("/supply-agreements")
class Agreements(MethodView):
    """Who is supplied where."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(AgreementSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List the agreements one sees, as operator or as customer: those without an end first, then the newest."""
        return service.list_supply_agreements(g.session, g.scope, **page)

    @blp.arguments(AgreementSchema)
    @blp.response(201, AgreementSchema)
    def post(self, given: dict[str, Any]) -> Any:
        """Supply a customer at a position and below it: from then on they see it (administrators, operators)."""
        position = service.position(g.session, g.scope, given["position_id"])
        customer = tenancy.organisation(g.session, g.scope, given.pop("organisation_id"))
        return service.create_supply_agreement(
            g.session, g.scope, customer_id=customer.id, operator_id=position.organisation_id, **given
        )


@blp.route("/supply-agreements/<id:agreement>")
class OneAgreement(MethodView):
    """One of them."""

    @blp.arguments(EndSchema)
    @blp.response(200, AgreementSchema)
    def patch(self, given: dict[str, Any], agreement: UUID) -> Any:
        """End it at an instant; the customer keeps seeing what was measured before (administrators, operators)."""
        return service.end_supply_agreement(g.session, g.scope, agreement_id=agreement, **given)


@blp.route("/organisations/<id:organisation>/map")
class Map(MethodView):
    """The map."""

    @blp.arguments(MapQuery, location="query")
    @blp.response(200, FeatureCollectionSchema)
    def get(self, wanted: dict[str, Any], organisation: UUID) -> Any:
        """Return positions, feeders, pipes and base map of an organisation and those below, as GeoJSON.

        Where more places stand in the box than `limit`, they come gathered: heaps with a count, on a grid.
        """
        below = organisations_under(organisation)
        assert below is not None
        return service.map_layers(g.session, g.scope, below, box=_box(wanted), limit=wanted["limit"])


def _box(wanted: dict[str, Any]) -> service.Box | None:
    """Return the box of which four edges were given; None where none was."""
    edges = {name: wanted[name] for name in ("west", "south", "east", "north")}
    if not (missing := [name for name, edge in edges.items() if edge is None]):
        return service.Box(**edges)
    if len(missing) < len(edges):
        raise Refused("a box has four edges", field=missing[0], remedy=f"give {missing[0]}, too, or none")
    return None


_BUSINESS = ("timezone", "calendar", "currency", "address")


def _new(given: dict[str, Any]) -> service.NewPosition:
    """Return a new position of what a schema read."""
    place = _placed(given)
    return service.NewPosition(**given | {"carriers": tuple(given["carriers"]), "geometry": place})


def _placed(given: dict[str, Any]) -> dict[str, Any] | None:
    """Take the coordinates out of what was given; returns them as a GeoJSON point, None where there are none."""
    where = [given.pop(name, None) for name in ("longitude", "latitude")]
    if where == [None, None]:
        return None
    if None in where:
        missing = ("longitude", "latitude")[where.index(None)]
        raise Refused("a place has two coordinates", field=missing, remedy=f"give {missing}, too")
    return {"type": "Point", "coordinates": where}


def _site(site: Any, position: Any) -> dict[str, Any]:
    shown = {name: getattr(site, name) for name in _BUSINESS}
    return shown | {"position": position}
