"""Views on schedule."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.analysis.service import schedules
from backend.analysis.service.schedules import NewSchedule
from mobile_api.analysis import schemas as shape
from mobile_api.analysis.blueprint import blp
from mobile_api.fields import PageQuery, page_of


@blp.route("/schedules")
class AnalysisSchedules(MethodView):
    """Views that are made by themselves."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.AnalysisScheduleShownSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List schedules, the newest first (managers, dispatchers, operators)."""
        return schedules.schedules(g.session, g.scope, **page)

    @blp.arguments(shape.AnalysisScheduleSchema)
    @blp.response(201, shape.AnalysisScheduleShownSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Have a view made for each period that is over (managers, dispatchers, operators)."""
        where = new.pop("organisation_id")
        return schedules.create_schedule(g.session, g.scope, organisation_id=where, new=NewSchedule(**new))


@blp.route("/schedules/<id:schedule_id>/end")
class AnalysisScheduleEnd(MethodView):
    """The end of a schedule."""

    @blp.arguments(shape.AnalysisScheduleEndSchema)
    @blp.response(200, shape.AnalysisScheduleShownSchema)
    def post(self, said: dict[str, Any], schedule_id: UUID) -> Any:
        """Make no period any more that begins on a local day or later (managers, dispatchers, operators)."""
        return schedules.end_schedule(g.session, g.scope, schedule_id=schedule_id, on=said["ends_on"])


@blp.route("/schedules/<id:schedule_id>/deliveries")
class AnalysisDeliveries(MethodView):
    """What became of a schedule's periods."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.AnalysisDeliverySchema))
    def get(self, page: dict[str, Any], schedule_id: UUID) -> Any:
        """List deliveries, the latest period first; one that failed says why (managers, dispatchers, operators)."""
        return schedules.deliveries(g.session, g.scope, schedule_id=schedule_id, **page)


@blp.route("/deliveries/<id:delivery_id>/retry")
class AnalysisRetry(MethodView):
    """A delivery that did not go out."""

    @blp.response(202, shape.AnalysisDeliverySchema)
    def post(self, delivery_id: UUID) -> Any:
        """Have it tried again at once (managers, dispatchers, operators)."""
        return schedules.retry(g.session, g.scope, delivery_id=delivery_id)
