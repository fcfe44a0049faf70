"""Shapes of sites, positions, supplies and the map as phones and partners see them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from geoalchemy2.shape import to_shape

from backend.kernel.units import Carrier
from backend.network import service
from backend.network.service import PositionKind
from mobile_api.fields import Id, PageQuery, Schema, few, instant


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
    carriers = few(ma.fields.String(), len(Carrier), metadata={"example": ["electricity", "heat"]})
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


_NAME = ma.validate.Length(1, 200)
_LONGITUDE = {"description": "WGS 84 [degrees].", "example": 121.47}
_LATITUDE = {"description": "WGS 84 [degrees].", "example": 31.23}


class NewPositionSchema(Schema):
    """A place to be made, under another."""

    kind = ma.fields.Enum(PositionKind, by_value=True, required=True, metadata={"example": "building"})
    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "Pump hall"})
    name_zh = ma.fields.String(
        load_default=None, allow_none=True, validate=_NAME, metadata={"example": "泵房"}
    )
    code = ma.fields.String(load_default=None, allow_none=True, validate=_NAME, metadata={"example": "PH-01"})
    carriers = ma.fields.List(
        ma.fields.Enum(Carrier, by_value=True), load_default=list, metadata={"example": ["electricity"]}
    )
    category = ma.fields.String(load_default=None, allow_none=True, validate=_NAME)
    longitude = ma.fields.Float(
        load_default=None, allow_none=True, validate=ma.validate.Range(-180, 180), metadata=_LONGITUDE
    )
    latitude = ma.fields.Float(
        load_default=None, allow_none=True, validate=ma.validate.Range(-90, 90), metadata=_LATITUDE
    )


class PositionChangeSchema(Schema):
    """What is said otherwise of a place; what is left out stays."""

    kind = ma.fields.Enum(PositionKind, by_value=True)
    name = ma.fields.String(validate=_NAME, metadata={"example": "Pump hall"})
    name_zh = ma.fields.String(allow_none=True, validate=_NAME, metadata={"example": "泵房"})
    code = ma.fields.String(allow_none=True, validate=_NAME)
    carriers = ma.fields.List(ma.fields.Enum(Carrier, by_value=True), metadata={"example": ["electricity"]})
    category = ma.fields.String(allow_none=True, validate=_NAME)
    longitude = ma.fields.Float(validate=ma.validate.Range(-180, 180), metadata=_LONGITUDE)
    latitude = ma.fields.Float(validate=ma.validate.Range(-90, 90), metadata=_LATITUDE)


class NewSiteSchema(NewPositionSchema):
    """A place of business to be made."""

    kind = ma.fields.Constant("site", load_only=True, metadata={"example": "site"})
    organisation_id = Id(required=True, metadata={"description": "Whose it is."})
    timezone = ma.fields.String(required=True, validate=_NAME, metadata={"example": "Asia/Shanghai"})
    currency = ma.fields.String(required=True, validate=ma.validate.Length(3, 3), metadata={"example": "CNY"})
    calendar = ma.fields.String(load_default="CN", validate=_NAME, metadata={"example": "CN"})
    address = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(1, 500))


class SiteChangeSchema(Schema):
    """Where a site keeps its days and money; what is left out stays."""

    timezone = ma.fields.String(validate=_NAME, metadata={"example": "Asia/Shanghai"})
    currency = ma.fields.String(validate=ma.validate.Length(3, 3), metadata={"example": "CNY"})
    calendar = ma.fields.String(validate=_NAME, metadata={"example": "CN"})
    address = ma.fields.String(allow_none=True, validate=ma.validate.Length(1, 500))


class AgreementSchema(Schema):
    """Who is supplied at a position and below it, from when until when: what a customer may see."""

    id = Id(dump_only=True)
    customer_id = Id(required=True, attribute="organisation_id")
    operator_id = Id(dump_only=True)
    position_id = Id(required=True)
    starts_at = instant(required=True, metadata={"example": "2026-01-01T00:00:00+08:00"})
    ends_at = instant(
        load_default=None, allow_none=True, metadata={"description": "Null: until further notice."}
    )


class EndSchema(Schema):
    """When a supply ends."""

    ends_at = instant(required=True, metadata={"example": "2026-12-31T00:00:00+08:00"})


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


class SiteQuery(PageQuery):
    """Which sites."""

    organisation = Id(
        load_default=None, metadata={"description": "Only of this organisation and those below."}
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


class MapQuery(Schema):
    """Which part of the map, in degrees (WGS 84): all four edges, or none for all there is."""

    west = ma.fields.Float(load_default=None, validate=ma.validate.Range(-180, 180), metadata=_LONGITUDE)
    south = ma.fields.Float(load_default=None, validate=ma.validate.Range(-90, 90), metadata=_LATITUDE)
    east = ma.fields.Float(
        load_default=None, validate=ma.validate.Range(-180, 180), metadata=_LONGITUDE | {"example": 121.57}
    )
    north = ma.fields.Float(
        load_default=None, validate=ma.validate.Range(-90, 90), metadata=_LATITUDE | {"example": 31.33}
    )
    limit = ma.fields.Integer(
        load_default=500, validate=ma.validate.Range(1, service.MOST_PLACES),
        metadata={"description": "So many places one by one; more are gathered into heaps.", "example": 500},
    )  # fmt: skip


class FeatureCollectionSchema(Schema):
    """GeoJSON (RFC 7946), WGS 84. Property `layer`: position, heap (with a `count`), feeder, pipe, street, …"""

    type = ma.fields.String(metadata={"example": "FeatureCollection"})
    features = few(ma.fields.Dict(), 2 * service.MOST_PLACES + service.MOST_LINES)
    bbox = few(ma.fields.Float(), 4, allow_none=True, metadata={
        "description": "West, south, east, north; null where nothing stands.", "example": [121.4, 31.2, 121.5, 31.3],
    })  # fmt: skip
    total = ma.fields.Integer(metadata={"description": "Places in the box.", "example": 12480})
    gathered = ma.fields.Boolean(
        metadata={"description": "There are more places than `limit`: ask for a smaller box to see each."}
    )
    more_lines = ma.fields.Boolean(
        metadata={
            "description": f"There are more lines than the longest {service.MOST_LINES}, which are here."
        }
    )
