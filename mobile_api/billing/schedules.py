"""Documents on schedule."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.billing.service import schedules
from backend.billing.service.schedules import NewSchedule
from mobile_api.billing import paper_schemas as shape
from mobile_api.billing.blueprint import blp
from mobile_api.fields import PageQuery, page_of


@blp.route("/document-schedules")
class DocumentSchedules(MethodView):
    """Documents that are made by themselves."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.ScheduleShownSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List schedules, the newest first (managers, administrators)."""
        return schedules.schedules(g.session, g.scope, **page)

    @blp.arguments(shape.DocumentScheduleSchema)
    @blp.response(201, shape.ScheduleShownSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Have a document made for each period that is over (managers, administrators)."""
        where = new.pop("organisation_id")
        return schedules.create_schedule(g.session, g.scope, organisation_id=where, new=NewSchedule(**new))


@blp.route("/document-schedules/<id:schedule_id>/end")
class DocumentScheduleEnd(MethodView):
    """The end of a schedule."""

    @blp.arguments(shape.DocumentScheduleEndSchema)
    @blp.response(200, shape.ScheduleShownSchema)
    def post(self, said: dict[str, Any], schedule_id: UUID) -> Any:
        """Make no period any more that begins on a local day or later (managers, administrators)."""
        return schedules.end_schedule(g.session, g.scope, schedule_id=schedule_id, on=said["ends_on"])


@blp.route("/document-schedules/<id:schedule_id>/deliveries")
class DocumentDeliveries(MethodView):
    """What became of a schedule's periods."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.DocumentDeliverySchema))
    def get(self, page: dict[str, Any], schedule_id: UUID) -> Any:
        """List deliveries, the latest period first; one that failed says why (managers, administrators)."""
        return schedules.deliveries(g.session, g.scope, schedule_id=schedule_id, **page)


@blp.route("/document-deliveries/<id:delivery_id>/retry")
class DocumentRetry(MethodView):
    """A delivery that did not go out."""

    @blp.response(202, shape.DocumentDeliverySchema)
    def post(self, delivery_id: UUID) -> Any:
        """Have it tried again at once (managers, administrators)."""
        return schedules.retry(g.session, g.scope, delivery_id=delivery_id)
