"""Who goes when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.workorders import service
from mobile_api.fields import page_of
from mobile_api.workorders import schemas as shape
from mobile_api.workorders.blueprint import blp


@blp.route("/work-orders/<id:order_id>/visits")
class OrderVisits(MethodView):
    """Planning."""

    @blp.arguments(shape.WorkScheduleSchema)
    @blp.response(201, shape.WorkVisitSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Plan a visit, or move the one that is planned."""
        return service.schedule(g.session, g.scope, order_id=order_id, **given)


@blp.route("/work-orders/<id:order_id>/dispatch")
class Dispatch(MethodView):
    """Dispatching."""

    @blp.response(200, shape.WorkOrderSchema)
    def post(self, order_id: UUID) -> Any:
        """Send the planned visits to their technicians."""
        return service.dispatch(g.session, g.scope, order_id=order_id)


@blp.route("/work-orders/<id:order_id>/emergency")
class Emergency(MethodView):
    """Row 18: all of it at once."""

    @blp.arguments(shape.WorkEmergencySchema)
    @blp.response(201, shape.WorkVisitSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Triage as P1, plan and dispatch in one command."""
        return service.emergency(g.session, g.scope, order_id=order_id, **given)


@blp.route("/visits")
class Visits(MethodView):
    """Visits of a period."""

    @blp.arguments(shape.VisitQuery, location="query")
    @blp.response(200, page_of(shape.WorkPlannedSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List visits by technician and time."""
        found = service.list_visits(g.session, g.scope, technician_id=query.pop("technician"), **query)
        return found.each(lambda row: {"visit": row[0], "order": row[1]})


@blp.route("/visits/<id:visit_id>/withdrawal")
class Withdrawal(MethodView):
    """Taking a visit off the plan."""

    @blp.arguments(shape.WorkReasonSchema)
    @blp.response(200, shape.WorkVisitSchema)
    def post(self, given: dict[str, Any], visit_id: UUID) -> Any:
        """Take a visit off the plan; the order is ready again when none is left."""
        return service.withdraw(g.session, g.scope, visit_id=visit_id, **given)
