"""Where things stand: sites, positions (tree, nearest, search), the map."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView
from geoalchemy2.shape import to_shape

from backend.network import service
from backend.tenancy import service as tenancy
from mobile_api.fields import Area, Id, PageQuery, Schema, page_of

blp = Area("network", __name__, description="Sites, positions and the map.")


class PositionSchema(Schema):
    """A place that keeps its history while devices come and go."""

    id = Id()
    organisation_id = Id()
    site_id = Id()
    parent_id = Id(allow_none=True)
    kind = ma.fields.String(metadata={"example": "substation"})
    code = ma.fields.String(allow_none=True)
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    carriers = ma.fields.List(ma.fields.String(), metadata={"example": ["electricity", "heat"]})
    category = ma.fields.String(allow_none=True)
    is_simulated = ma.fields.Boolean()
    longitude = ma.fields.Method("_longitude", metadata={"type": ["number", "null"], "example": 121.47})
    latitude = ma.fields.Method("_latitude", metadata={"type": ["number", "null"], "example": 31.23})

    def _longitude(self, position: Any) -> float | None:
        return None if position.geometry is None else to_shape(position.geometry).representative_point().x

    def _latitude(self, position: Any) -> float | None:
        return None if position.geometry is None else to_shape(position.geometry).representative_point().y


class SiteSchema(Schema):
    """A place of business: its top position, time zone, currency, calendar."""

    position = ma.fields.Nested(PositionSchema)
    timezone = ma.fields.String(metadata={"example": "Asia/Shanghai"})
    calendar = ma.fields.String(metadata={"example": "CN"})
    currency = ma.fields.String(metadata={"example": "CNY"})
    address = ma.fields.String(allow_none=True)


class PositionQuery(PageQuery):
    """Which positions."""

    organisation = Id(
        load_default=None, metadata={"description": "Only of this organisation and those below."}
    )
    under = Id(load_default=None, metadata={"description": "Only this position and those below."})
    search = ma.fields.String(
        load_default=None,
        validate=ma.validate.Length(1, 100),
        metadata={"description": "Part of a name."},
    )


class NearestQuery(Schema):
    """Where one stands."""

    longitude = ma.fields.Float(required=True, validate=ma.validate.Range(-180, 180))
    latitude = ma.fields.Float(required=True, validate=ma.validate.Range(-90, 90))
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, 200))


class NearSchema(Schema):
    """A position and how far it is."""

    position = ma.fields.Nested(PositionSchema)
    distance_m = ma.fields.Float(metadata={"description": "Metres."})


class FeatureCollectionSchema(Schema):
    """GeoJSON (RFC 7946), WGS 84."""

    type = ma.fields.String(metadata={"example": "FeatureCollection"})
    features = ma.fields.List(ma.fields.Dict())


@blp.route("/sites")
class Sites(MethodView):
    """Places of business."""

    @blp.response(200, SiteSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List the sites one sees, by name."""
        return [_site(site, position) for site, position in service.sites(g.session, g.scope)]


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


@blp.route("/positions/<id:position>/children")
class Children(MethodView):
    """The places in a place."""

    @blp.response(200, PositionSchema(many=True))
    def get(self, position: UUID) -> Any:
        """List the positions directly under one, by name."""
        return service.children(g.session, g.scope, position)


@blp.route("/positions/<id:position>/way")
class Way(MethodView):
    """Where a place lies."""

    @blp.response(200, PositionSchema(many=True))
    def get(self, position: UUID) -> Any:
        """List the positions from the site down to this one."""
        return service.way_to(g.session, g.scope, service.position(g.session, g.scope, position))


@blp.route("/organisations/<id:organisation>/map")
class Map(MethodView):
    """The map."""

    @blp.response(200, FeatureCollectionSchema)
    def get(self, organisation: UUID) -> Any:
        """Return positions, feeders, pipes and base map of an organisation and those below, as GeoJSON."""
        return service.map_layers(g.session, g.scope, organisations_under(organisation))


def organisations_under(organisation: UUID | None) -> frozenset[UUID] | None:
    """Return an organisation with all below it as far as one sees; None stands for all one sees."""
    if organisation is None:
        return None
    return frozenset(node.id for node in tenancy.subtree(g.session, g.scope, organisation))


def _site(site: Any, position: Any) -> dict[str, Any]:
    shown = {name: getattr(site, name) for name in ("timezone", "calendar", "currency", "address")}
    return shown | {"position": position}
