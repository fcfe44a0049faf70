"""Alarms: what is wrong now, what was, and what people do about it (ISA-18.2)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.alarms import service
from backend.kernel.units import Carrier
from mobile_api.fields import Area, Id, PageQuery, Schema, instant, page_of

blp = Area("alarms", __name__, description="Alarms: open ones, history, acknowledging, shelving.")

STATES = ("unacknowledged", "acknowledged", "returned", "normal")
_COMMENT = ma.validate.Length(1, 2000)


class AlarmSchema(Schema):
    """One occurrence of a rule's condition. Values in the point's unit."""

    id = Id()
    rule_id = Id()
    point_id = Id()
    position_id = Id()
    organisation_id = Id()
    kind = ma.fields.String(metadata={"example": "limit"})
    name = ma.fields.String()
    name_zh = ma.fields.String(allow_none=True)
    advice = ma.fields.String(allow_none=True, metadata={"description": "What to do."})
    state = ma.fields.String(metadata={"enum": list(STATES)})
    level = ma.fields.String(metadata={"description": "HH, H, L, LL, or what the rule calls it."})
    priority = ma.fields.Integer(metadata={"description": "1 act now … 4 for the record."})
    suppression = ma.fields.String(allow_none=True)
    suppressed_until = instant(allow_none=True)
    value = ma.fields.Float(allow_none=True)
    limit = ma.fields.Float(allow_none=True)
    worst = ma.fields.Float(allow_none=True)
    unit = ma.fields.String()
    carrier = ma.fields.String()
    quantity = ma.fields.String()
    point_name = ma.fields.String()
    point_name_zh = ma.fields.String(allow_none=True)
    place = ma.fields.String()
    place_zh = ma.fields.String(allow_none=True)
    is_simulated = ma.fields.Boolean()
    raised_at = instant()
    recorded_at = instant()
    times = ma.fields.Integer(metadata={"description": "How often it was raised again while open."})
    acknowledged_at = instant(allow_none=True)
    acknowledged_by_id = Id(allow_none=True)
    acknowledged_by = ma.fields.String(allow_none=True)
    returned_at = instant(allow_none=True)
    closed_at = instant(allow_none=True)


class AlarmQuery(PageQuery):
    """Which alarms; without any filter, the open ones that are not suppressed."""

    state = ma.fields.List(ma.fields.String(validate=ma.validate.OneOf(STATES)), load_default=None)
    priority = ma.fields.List(ma.fields.Integer(validate=ma.validate.Range(1, 4)), load_default=None)
    carrier = ma.fields.List(ma.fields.Enum(Carrier, by_value=True), load_default=None)
    organisation = Id(load_default=None, metadata={"description": "This one and those below."})
    position = Id(load_default=None, metadata={"description": "This one and those below."})
    point = Id(load_default=None)
    rule = Id(load_default=None)
    text = ma.fields.String(load_default=None, validate=ma.validate.Length(1, 100))
    suppressed = ma.fields.Boolean(load_default=False, allow_none=True)
    since = instant(load_default=None)
    until = instant(load_default=None)
    order = ma.fields.String(load_default="urgent", validate=ma.validate.OneOf(["urgent", "newest"]))


class HappeningSchema(Schema):
    """One thing that happened to an alarm."""

    at = instant()
    kind = ma.fields.String(metadata={"example": "acknowledged"})
    level = ma.fields.String(allow_none=True)
    value = ma.fields.Float(allow_none=True)
    actor_id = Id(allow_none=True)
    actor = ma.fields.String(allow_none=True, metadata={"description": "Name."})
    comment = ma.fields.String(allow_none=True)


class AcknowledgementSchema(Schema):
    """What is said with it, if anything."""

    comment = ma.fields.String(load_default=None, allow_none=True, validate=_COMMENT)


class CommentSchema(Schema):
    """What is said."""

    text = ma.fields.String(required=True, validate=_COMMENT)


class ShelvingSchema(Schema):
    """Until when a rule's alarms are hidden, and why."""

    until = instant(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))


class CountSchema(Schema):
    """Open alarms of one priority."""

    priority = ma.fields.Integer()
    open = ma.fields.Integer()
    unacknowledged = ma.fields.Integer()


@blp.route("/alarms")
class Alarms(MethodView):
    """All alarms."""

    @blp.arguments(AlarmQuery, location="query")
    @blp.response(200, page_of(AlarmSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List alarms: open ones, the most urgent first, unless asked otherwise."""
        page = {name: wanted.pop(name) for name in ("order", "cursor", "limit")}
        return service.alarms(g.session, g.scope, _filter(wanted), **page)


@blp.route("/alarms/counts")
class Counts(MethodView):
    """How many there are."""

    @blp.response(200, CountSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """Count the open alarms by priority."""
        counts = service.open_counts(g.session, g.scope)
        return [{"priority": level, **vars(count)} for level, count in counts.items()]


@blp.route("/alarms/<id:alarm>")
class OneAlarm(MethodView):
    """One of them."""

    @blp.response(200, AlarmSchema)
    def get(self, alarm: UUID) -> Any:
        """Return one alarm."""
        return service.alarm(g.session, g.scope, alarm)


@blp.route("/alarms/<id:alarm>/history")
class History(MethodView):
    """What happened to it."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(HappeningSchema))
    def get(self, page: dict[str, Any], alarm: UUID) -> Any:
        """List all that happened to an alarm, the oldest first."""
        return service.history(g.session, g.scope, alarm, **page)


@blp.route("/alarms/<id:alarm>/acknowledgement")
class Acknowledgement(MethodView):
    """Somebody takes care."""

    @blp.arguments(AcknowledgementSchema)
    @blp.response(200, AlarmSchema)
    def put(self, given: dict[str, Any], alarm: UUID) -> Any:
        """Say that one has seen it and takes care; 409 when somebody was quicker."""
        service.acknowledge(g.session, g.scope, alarm, comment=given["comment"])
        return service.alarm(g.session, g.scope, alarm)


@blp.route("/alarms/<id:alarm>/comments")
class Comments(MethodView):
    """Words about it."""

    @blp.arguments(CommentSchema)
    @blp.response(201, HappeningSchema)
    def post(self, given: dict[str, Any], alarm: UUID) -> Any:
        """Write something into its history; answers the history."""
        service.comment(g.session, g.scope, alarm, text=given["text"])
        return service.history(g.session, g.scope, alarm, limit=1).items[0]


@blp.route("/alarm-rules/<id:rule>/shelving")
class Shelving(MethodView):
    """Hiding what is known."""

    @blp.arguments(ShelvingSchema)
    @blp.response(204)
    def put(self, given: dict[str, Any], rule: UUID) -> None:
        """Hide a rule's alarms until a time, for a reason."""
        service.shelve(g.session, g.scope, rule, **given)

    @blp.response(204)
    def delete(self, rule: UUID) -> None:
        """Show them again."""
        service.unshelve(g.session, g.scope, rule)


def _filter(wanted: dict[str, Any]) -> service.AlarmFilter:
    lists = {
        "states": wanted.pop("state"),
        "priorities": wanted.pop("priority"),
        "carriers": wanted.pop("carrier"),
    }
    ids = {f"{name}_id": wanted.pop(name) for name in ("organisation", "position", "point", "rule")}
    return service.AlarmFilter(**{k: tuple(v) if v else None for k, v in lists.items()}, **ids, **wanted)
