"""Closed orders that were drawn to be looked at again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.workorders import service
from mobile_api.fields import Id, PageQuery, Schema, instant, page_of
from mobile_api.workorders.blueprint import blp


class WorkQualitySchema(ma.Schema):
    """A closed order that was drawn; `is_good` is null until somebody has looked at it."""

    id = Id()
    work_order_id = Id()
    cycle = ma.fields.Integer()
    event_id = Id(metadata={"description": "The event that closed the order, by which it was drawn."})
    share = ma.fields.Float(metadata={"description": "Of the closed orders that are drawn, 0 to 1."})
    drawn_at = instant()
    is_good = ma.fields.Boolean(allow_none=True)
    findings = ma.fields.String(allow_none=True)
    checked_at = instant(allow_none=True)
    checked_by = Id(allow_none=True)


class WorkQualityQuery(PageQuery):
    """Which: those nobody has looked at yet, unless all are asked for."""

    every = ma.fields.Boolean(load_default=False)


class WorkQualityOutcomeSchema(Schema):
    """Whether the work was done as it should be; what is wanting is said in words."""

    is_good = ma.fields.Boolean(required=True)
    findings = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=2000))


class WorkQualityShareSchema(Schema):
    """Which share of the closed orders of an organisation is drawn, 0 to 1."""

    share = ma.fields.Float(required=True, validate=ma.validate.Range(0, 1), metadata={"example": 0.1})


@blp.route("/quality-checks")
class QualityChecks(MethodView):
    """Quality checks."""

    @blp.arguments(WorkQualityQuery, location="query")
    @blp.response(200, page_of(WorkQualitySchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List the closed orders that were drawn, the newest first."""
        found = service.quality_checks(
            g.session, g.scope, is_open=not query["every"], cursor=query["cursor"], limit=query["limit"]
        )
        return {"items": [check for check, _order in found.items], "next_cursor": found.next_cursor}


@blp.route("/quality-checks/<id:check_id>/outcome")
class QualityOutcome(MethodView):
    """What somebody found."""

    @blp.arguments(WorkQualityOutcomeSchema)
    @blp.response(200, WorkQualitySchema)
    def put(self, given: dict[str, Any], check_id: UUID) -> Any:
        """Say whether the work was good; once, by a dispatcher or manager who was not there."""
        return service.check_quality(g.session, g.scope, check_id=check_id, **given)


@blp.route("/organisations/<id:organisation_id>/quality-share")
class QualityShare(MethodView):
    """How many are drawn."""

    @blp.response(200, WorkQualityShareSchema)
    def get(self, organisation_id: UUID) -> Any:
        """Return the share that is drawn at an organisation."""
        return {"share": service.quality_share(g.session, g.scope, organisation_id=organisation_id)}

    @blp.arguments(WorkQualityShareSchema)
    @blp.response(200, WorkQualityShareSchema)
    def put(self, given: dict[str, Any], organisation_id: UUID) -> Any:
        """Set it, as the next version of the service level; orders triaged before keep theirs."""
        changed = service.change_quality_share(g.session, g.scope, organisation_id=organisation_id, **given)
        return {"share": changed.quality_share}
