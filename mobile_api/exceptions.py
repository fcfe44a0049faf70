"""Exceptions of validation: what was found in readings and intervals, and what people do about it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.kernel.units import quanta_per
from backend.metering import service
from backend.metering.service import Check, ExceptionFilter, ExceptionState, Method, Rule, Severity
from mobile_api.fields import Area, Id, PageQuery, Schema, few, instant, page_of
from mobile_api.organisations import organisations_under

blp = Area("exceptions", __name__, description="Validation, estimation and editing of intervals.")

MOST_INTERVALS = 3000
MOST_VERSIONS = 3000
_REASON = ma.validate.Length(max=500)


def _names(kind: Any) -> list[str]:
    return [one.name.lower() for one in kind]


def _named(kind: Any, name: str) -> ma.fields.Function:
    """Show a code by its name."""
    return ma.fields.Function(
        lambda row: kind(getattr(row, name)).name.lower(),
        metadata={"type": "string", "enum": _names(kind)},
    )


class ExceptionSchema(Schema):
    """Something validation found, and what became of it."""

    id = Id()
    point_id = Id()
    organisation_id = Id()
    point_name = ma.fields.String(attribute="point.name", metadata={"example": "Main meter"})
    place = ma.fields.String(attribute="place.name", metadata={"example": "Boiler house"})
    starts_at = instant()
    ends_at = instant(metadata={"description": "Not included."})
    check = _named(Check, "check")
    severity = _named(Severity, "severity")
    measured = ma.fields.Float(metadata={"example": 12.0, "description": "In the check's own unit."})
    limit = ma.fields.Float(metadata={"example": 1.0, "description": "What is still allowed."})
    words = ma.fields.Function(
        lambda row: service.words(row.check, row.measured, row.limit),
        metadata={"type": "string", "example": "12 intervals in a row were not read; up to 1 pass"},
    )
    state = ma.fields.Enum(ExceptionState, by_value=True, metadata={"example": "open"})
    found_at = instant()
    settled_at = instant(allow_none=True)
    settled_by = Id(allow_none=True, metadata={"description": "Null: a new run settled it."})
    reason = ma.fields.String(allow_none=True, metadata={"example": "read off the display"})


class ExceptionQuery(PageQuery):
    """Which exceptions; without any filter, the open ones."""

    state = ma.fields.List(ma.fields.Enum(ExceptionState, by_value=True), load_default=[ExceptionState.OPEN])
    point = Id(load_default=None)
    check = ma.fields.String(load_default=None, validate=ma.validate.OneOf(_names(Check)))
    severity = ma.fields.String(
        load_default=None,
        validate=ma.validate.OneOf(_names(Severity)),
        metadata={"description": "At least so grave."},
    )
    organisation = Id(load_default=None, metadata={"description": "Of this one and those below."})


class SettlingSchema(Schema):
    """Why, if anything is to be said."""

    reason = ma.fields.String(load_default="", validate=_REASON, metadata={"example": "the house was empty"})


class SaidSchema(Schema):
    """One interval as a person says it was."""

    start = instant(required=True, metadata={"example": "2026-03-09T18:00:00Z"})
    amount = ma.fields.Float(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"example": 1.25, "description": "[unit of the point]"},
    )


class EditSchema(Schema):
    """What the intervals were, and how one knows."""

    intervals = ma.fields.List(
        ma.fields.Nested(SaidSchema), required=True, validate=ma.validate.Length(1, MOST_INTERVALS)
    )
    reason = ma.fields.String(
        required=True,
        validate=ma.validate.Length(3, 500),
        metadata={"example": "read off the meter's own log"},
    )


class VersionSchema(Schema):
    """One version of an interval; amounts in the unit of the point."""

    start = instant()
    version = ma.fields.Integer(metadata={"example": 1})
    minutes = ma.fields.Integer(metadata={"example": 15})
    amount = ma.fields.Float(metadata={"example": 1.25})
    method = _named(Method, "method")
    rule = _named(Rule, "rule")
    author_id = Id(allow_none=True, metadata={"description": "Who said it; null: made by rule."})


class VersionsSchema(Schema):
    """Every version of the intervals in an exception's stretch, the newest first of each start."""

    unit = ma.fields.String(metadata={"example": "kWh"})
    reasons = few(ma.fields.String(), 100, metadata={"description": "Why each gap is estimated as it is."})
    versions = few(ma.fields.Nested(VersionSchema), MOST_VERSIONS)


@blp.route("/exceptions")
class Exceptions(MethodView):
    """All of them."""

    @blp.arguments(ExceptionQuery, location="query")
    @blp.response(200, page_of(ExceptionSchema))
    def get(self, wanted: dict[str, Any]) -> Any:
        """List exceptions, the newest first: open ones unless asked otherwise."""
        return service.exceptions(
            g.session, g.scope,
            ExceptionFilter(
                wanted["state"], wanted["point"], _code(Check, wanted["check"]), _code(Severity, wanted["severity"]),
                organisations_under(wanted["organisation"]),
            ),
            cursor=wanted["cursor"], limit=wanted["limit"],
        )  # fmt: skip


@blp.route("/exceptions/<id:exception>")
class OneException(MethodView):
    """One of them."""

    @blp.response(200, ExceptionSchema)
    def get(self, exception: UUID) -> Any:
        """Return one exception."""
        return service.vee_exception(g.session, g.scope, exception)


@blp.route("/exceptions/<id:exception>/versions")
class Versions(MethodView):
    """What the intervals were and are."""

    @blp.response(200, VersionsSchema)
    def get(self, exception: UUID) -> Any:
        """Return every version of the intervals in an exception's stretch."""
        told = service.story(g.session, g.scope, exception, around=timedelta(0))
        per_unit = quanta_per(told.row.point.unit)
        versions = [
            SimpleNamespace(**{**row._mapping, "amount": row.amount / per_unit}) for row in told.versions
        ]
        reasons = [gap.reason for gap in told.gaps if gap.reason][:100]
        return {"unit": told.row.point.unit, "reasons": reasons, "versions": versions}


@blp.route("/exceptions/<id:exception>/acceptance")
class Acceptance(MethodView):
    """It is right as it is."""

    @blp.arguments(SettlingSchema)
    @blp.response(200, ExceptionSchema)
    def put(self, given: dict[str, Any], exception: UUID) -> Any:
        """Accept what was found (dispatchers, operators, managers, administrators); 409 when it is settled already."""
        service.accept_exception(g.session, g.scope, exception, reason=given["reason"])
        return service.vee_exception(g.session, g.scope, exception)


@blp.route("/exceptions/<id:exception>/edit")
class Edit(MethodView):
    """It was otherwise."""

    @blp.arguments(EditSchema)
    @blp.response(200, ExceptionSchema)
    def put(self, given: dict[str, Any], exception: UUID) -> Any:
        """Give intervals new amounts, as versions in one's own name; where a register is known, its move is the sum."""
        said = [(one["start"], one["amount"]) for one in given["intervals"]]
        service.edit_exception(g.session, g.scope, exception, said=said, reason=given["reason"])
        return service.vee_exception(g.session, g.scope, exception)


@blp.route("/exceptions/<id:exception>/rerun")
class Rerun(MethodView):
    """Once more."""

    @blp.arguments(SettlingSchema)
    @blp.response(200, ExceptionSchema)
    def put(self, given: dict[str, Any], exception: UUID) -> Any:
        """Have the stretch made, estimated and validated again; edits in it are taken back. Done within seconds."""
        service.rerun_exception(g.session, g.scope, exception, reason=given["reason"])
        return service.vee_exception(g.session, g.scope, exception)


def _code(kind: Any, name: str | None) -> Any:
    return None if name is None else kind[name.upper()]
