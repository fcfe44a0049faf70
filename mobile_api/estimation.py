"""How intervals are validated and estimated: limits and choices of an organisation, and when a point is shut."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.metering import service
from mobile_api.fields import Area, Id, Schema, instant

blp = Area("estimation", __name__, description="Limits of validation, choices of estimation, shut points.")

MOST_PERIODS = 1000


def _figure(name: str, words: str, *, whole: bool = False) -> ma.fields.Field[Any]:
    low, high = service.BOUNDS[name]
    kind = ma.fields.Integer if whole else ma.fields.Float
    return kind(validate=ma.validate.Range(low, high), metadata={"description": words})


class VeeSettingsSchema(Schema):
    """Limits and choices; what is left out of a change stays."""

    uses_siblings = ma.fields.Boolean(metadata={"description": "Alike points may shape a gap."})
    uses_weather = ma.fields.Boolean(metadata={"description": "The outdoor temperature may shape a gap."})
    uses_holidays = ma.fields.Boolean(
        metadata={"description": "Holidays of the site's calendar are days of rest."}
    )
    is_shut_without_supply = ma.fields.Boolean(
        metadata={"description": "Nothing flows where a contract has ended and none follows."}
    )
    longest_gap_days = _figure("longest_gap_days", "A longer gap keeps its straight line [d].", whole=True)
    missing = _figure("missing", "Unread intervals in a row that pass.", whole=True)
    spike = _figure("spike", "A day's peak, by its third highest interval.")
    high = _figure("high", "A day, by the highest of its past.")
    low = _figure("low", "A day, by the lowest of its past.")
    dead_hours = _figure("dead_hours", "Time without a count [h].")
    clock_s = _figure("clock_s", "How far a device's clock may be off [s].")
    loss = _figure("loss", "Share of a parent that its sub-meters may lack.")
    excess = _figure("excess", "Share by which sub-meters may exceed their parent.")


class ShutPeriodSchema(Schema):
    """A point is known to be shut: where nothing was read, nothing flowed."""

    id = Id(dump_only=True)
    starts_at = instant(required=True, metadata={"example": "2026-03-01T00:00:00+08:00"})
    ends_at = instant(
        load_default=None, allow_none=True, metadata={"description": "Null: until further notice."}
    )
    reason = ma.fields.String(
        required=True, validate=ma.validate.Length(3, 500), metadata={"example": "valve sealed on removal"}
    )


@blp.route("/organisations/<id:organisation>/vee-settings")
class VeeSettings(MethodView):
    """Of an organisation."""

    @blp.response(200, VeeSettingsSchema)
    def get(self, organisation: UUID) -> Any:
        """Return what holds for an organisation's points: its own settings, else those of the nearest one above."""
        return service.vee_settings(g.session, g.scope, organisation_id=organisation)

    @blp.arguments(VeeSettingsSchema)
    @blp.response(200, VeeSettingsSchema)
    def put(self, given: dict[str, Any], organisation: UUID) -> Any:
        """Change them (operators, managers, administrators); they hold for what is validated and estimated next."""
        return service.change_vee_settings(g.session, g.scope, organisation_id=organisation, **given)


@blp.route("/points/<id:point>/shut-periods")
class ShutPeriods(MethodView):
    """Of a point."""

    @blp.response(200, ShutPeriodSchema(many=True))
    def get(self, point: UUID) -> Any:
        """List when a point is said to be shut, the latest first."""
        return service.shut_periods(g.session, g.scope, point_id=point)

    @blp.arguments(ShutPeriodSchema)
    @blp.response(200, ShutPeriodSchema)
    def put(self, given: dict[str, Any], point: UUID) -> Any:
        """Say that it is shut (those who settle exceptions); the same start again says otherwise when it ends."""
        return service.shut_point(g.session, g.scope, point_id=point, **given)
