"""How points are read: channels over a connection, whole meters by their family."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import current_app, g
from flask.views import MethodView

from backend.metering import service
from mobile_api.fields import Area, Id, PageQuery, Schema, few, page_of

blp = Area("channels", __name__, description="How points are read, and the meter families we know.")

_SECONDS = {"description": "How often it is read [s]; null: as the connection.", "example": 10}


class ChannelSchema(Schema):
    """How a point is read: value = decoded * scale + offset, in the point's unit."""

    id = Id()
    connection_id = Id()
    point_id = Id()
    address = ma.fields.Dict(
        metadata={"example": {"unit": 3, "family": "eastron_sdm630", "measure": "active_power"}}
    )
    decoding = ma.fields.Dict()
    scale = ma.fields.Float()
    offset = ma.fields.Float()
    poll_seconds = ma.fields.Float(allow_none=True, metadata=_SECONDS)
    is_enabled = ma.fields.Boolean()


class NewChannelSchema(Schema):
    """Which point is read where; the address in the words of the connection's protocol (ingest/<protocol>)."""

    point_id = Id(required=True)
    address = ma.fields.Dict(
        load_default=dict,
        metadata={
            "description": "MQTT: device, path; Sparkplug: node, device, metric; Modbus: unit, family, measure or"
            " unit, function, register; OPC UA: node; HTTP: tag, or nothing where the point is named by its id.",
            "example": {"tag": "meter-1.energy"},
        },
    )
    decoding = ma.fields.Dict(
        load_default=dict,
        metadata={"description": "Modbus without family: type, order.", "example": {}},
    )
    scale = ma.fields.Float(load_default=1.0)
    offset = ma.fields.Float(load_default=0.0)
    poll_seconds = ma.fields.Float(load_default=None, allow_none=True, metadata=_SECONDS)


class ChannelChangeSchema(Schema):
    """What is said otherwise of a channel; what is left out stays."""

    address = ma.fields.Dict(metadata={"example": {"tag": "meter-1.energy"}})
    decoding = ma.fields.Dict()
    scale = ma.fields.Float(metadata={"example": 1.0})
    offset = ma.fields.Float(metadata={"example": 0.0})
    poll_seconds = ma.fields.Float(allow_none=True, metadata=_SECONDS)
    is_enabled = ma.fields.Boolean()


class MeasureSchema(Schema):
    """One value of a meter family."""

    name = ma.fields.String(metadata={"example": "active_energy_in"})
    quantity = ma.fields.String(metadata={"example": "active energy"})
    unit = ma.fields.String(metadata={"example": "kWh"})
    kind = ma.fields.String(metadata={"example": "register"})
    direction = ma.fields.String(allow_none=True, metadata={"enum": ["in", "out", None]})


class FamilySchema(Schema):
    """A meter family there is a register table for."""

    key = ma.fields.String(metadata={"example": "eastron_sdm630"})
    maker = ma.fields.String(metadata={"example": "Eastron"})
    model = ma.fields.String(metadata={"example": "SDM630 Modbus V2"})
    carrier = ma.fields.String(metadata={"example": "electricity"})
    measures = few(ma.fields.Nested(MeasureSchema), 200)


class MeterSchema(Schema):
    """A meter behind a Modbus gateway: its family, the unit it answers as, and what of it is read."""

    position_id = Id(required=True, metadata={"description": "Where its points stand."})
    family = ma.fields.String(required=True, metadata={"example": "eastron_sdm630"})
    unit = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(0, 255),
        metadata={"description": "Modbus unit id.", "example": 1},
    )
    measures = ma.fields.List(
        ma.fields.String(), required=True, validate=ma.validate.Length(1, 200),
        metadata={"example": ["active_power", "active_energy_in"]},
    )  # fmt: skip
    name = ma.fields.String(
        required=True, validate=ma.validate.Length(1, 150),
        metadata={"description": "Stands before the measure in each point's name.", "example": "Pump hall"},
    )  # fmt: skip
    name_zh = ma.fields.String(
        load_default=None, allow_none=True, validate=ma.validate.Length(1, 150), metadata={"example": "泵房"}
    )
    is_main = ma.fields.Boolean(
        load_default=False, metadata={"description": "Its first counting measure counts in totals."}
    )


@blp.route("/connections/<id:connection>/channels")
class Channels(MethodView):
    """What is read over a connection."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(ChannelSchema))
    def get(self, page: dict[str, Any], connection: UUID) -> Any:
        """List the channels of a connection, by their points' names."""
        found = service.list_channels(g.session, g.scope, connection, **page)
        return found.each(lambda row: row[0])

    @blp.arguments(NewChannelSchema)
    @blp.response(201, ChannelSchema)
    def post(self, given: dict[str, Any], connection: UUID) -> Any:
        """Have a point read over this connection (administrators, operators); workers do so within seconds."""
        point_id = given.pop("point_id")
        return service.add_channel(
            g.session, g.scope, current_app.guide, connection_id=connection, point_id=point_id,
            new=service.NewChannel(**given),
        )  # fmt: skip


@blp.route("/connections/<id:connection>/meters")
class Meters(MethodView):
    """Whole meters."""

    @blp.arguments(MeterSchema)
    @blp.response(201, ChannelSchema(many=True))
    def post(self, given: dict[str, Any], connection: UUID) -> Any:
        """Take a meter in by its family: a point and a channel for each measure (administrators, operators)."""
        position_id = given.pop("position_id")
        meter = service.Meter(**given | {"measures": tuple(given["measures"])})
        return service.add_meter(
            g.session,
            g.scope,
            current_app.guide,
            connection_id=connection,
            position_id=position_id,
            meter=meter,
        )


@blp.route("/channels/<id:channel>")
class OneChannel(MethodView):
    """One way a point is read."""

    @blp.response(200, ChannelSchema)
    def get(self, channel: UUID) -> Any:
        """Return one channel."""
        return service.channel(g.session, g.scope, channel)

    @blp.arguments(ChannelChangeSchema)
    @blp.response(200, ChannelSchema)
    def patch(self, given: dict[str, Any], channel: UUID) -> Any:
        """Say otherwise how the point is read, or switch that off (administrators, operators)."""
        return service.change_channel(g.session, g.scope, current_app.guide, channel_id=channel, **given)

    @blp.response(204)
    def delete(self, channel: UUID) -> None:
        """Read the point no longer here; the point and its readings stay (administrators, operators)."""
        service.remove_channel(g.session, g.scope, channel_id=channel)


@blp.route("/points/<id:point>/channels")
class ChannelsOfPoint(MethodView):
    """How a point is read."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(ChannelSchema))
    def get(self, page: dict[str, Any], point: UUID) -> Any:
        """List the channels that fill a point; staff only, others get none."""
        found = service.channels_of_point(g.session, g.scope, point, **page)
        return found.each(lambda row: row[0])


@blp.route("/meter-families")
class Families(MethodView):
    """Meters we know."""

    @blp.response(200, FamilySchema(many=True))
    def get(self) -> Any:
        """List the meter families there are register tables for, with what they measure."""
        return list(current_app.guide.families())
