"""What the office decides of an order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.workorders import service
from backend.workorders.service import Command
from mobile_api.fields import Schema
from mobile_api.workorders import schemas as shape
from mobile_api.workorders.blueprint import blp
from mobile_api.workorders.upkeep import WorkPartNewSchema


@blp.route("/work-orders/<id:order_id>/triage")
class Triage(MethodView):
    """Triage."""

    @blp.arguments(shape.WorkTriageSchema)
    @blp.response(200, shape.WorkOrderSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Say what kind of fault it is and how grave."""
        command = Command(base_rev=given.pop("base_rev"))
        skills = tuple(given.pop("skills"))
        return service.triage(g.session, g.scope, order_id=order_id, given=command, skills=skills, **given)


@blp.route("/work-orders/<id:order_id>/rejection")
class Rejection(MethodView):
    """Rejecting."""

    @blp.arguments(shape.WorkReasonSchema)
    @blp.response(200, shape.WorkOrderSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Say that it is no fault of ours; the reporter is told why."""
        return service.reject(g.session, g.scope, order_id=order_id, **given)


@blp.route("/work-orders/<id:order_id>/merger")
class Merger(MethodView):
    """Merging."""

    @blp.arguments(shape.WorkTargetSchema)
    @blp.response(200, shape.WorkOrderSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Say that it is the same fault as another order."""
        return service.merge(g.session, g.scope, order_id=order_id, **given)


@blp.route("/work-orders/<id:order_id>/approval")
class Approval(MethodView):
    """Approving."""

    @blp.response(200, shape.WorkOrderSchema)
    def post(self, order_id: UUID) -> Any:
        """Let the money be spent; not by the one who asked."""
        return service.approve(g.session, g.scope, order_id=order_id)


@blp.route("/work-orders/<id:order_id>/postponement")
class Postponement(MethodView):
    """Putting on hold before work begins."""

    @blp.arguments(shape.WorkPostponeSchema)
    @blp.response(200, shape.WorkOrderSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Put an order on hold until a date."""
        return service.postpone(g.session, g.scope, order_id=order_id, **given)

    @blp.response(200, shape.WorkOrderSchema)
    def delete(self, order_id: UUID) -> Any:
        """Take it up again."""
        return service.take_up(g.session, g.scope, order_id=order_id)


@blp.route("/work-orders/<id:order_id>/cancellation")
class Cancellation(MethodView):
    """Cancelling."""

    @blp.arguments(shape.WorkReasonSchema)
    @blp.response(200, shape.WorkOrderSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Say that nothing is to be done; not once something was."""
        return service.cancel(g.session, g.scope, order_id=order_id, **given)


@blp.route("/work-orders/<id:order_id>/acknowledgement")
class Acknowledgement(MethodView):
    """Stopping the ladder."""

    @blp.response(200, Schema.from_dict({"rungs": ma.fields.Integer()}, name="AcknowledgedSchema"))
    def post(self, order_id: UUID) -> dict[str, int]:
        """Say by name that somebody has seen it."""
        return {"rungs": service.acknowledge(g.session, g.scope, order_id=order_id)}


@blp.route("/work-orders/<id:order_id>/permits")
class Permits(MethodView):
    """Permits to work."""

    @blp.arguments(shape.WorkPermitNewSchema)
    @blp.response(201, shape.WorkPermitSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Issue a permit."""
        return service.issue_permit(g.session, g.scope, order_id=order_id, **given)


@blp.route("/work-orders/<id:order_id>/needed-parts")
class NeededParts(MethodView):
    """Parts the job will take."""

    @blp.arguments(WorkPartNewSchema)
    @blp.response(200, shape.WorkLookedSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Say how many of a part the job will take; set aside at once where somebody is planned to go."""
        service.plan_part(g.session, g.scope, order_id=order_id, **given)
        return service.look(g.session, g.scope, order_id=order_id)


@blp.route("/work-orders/<id:order_id>/rework")
class Rework(MethodView):
    """Sending back in."""

    @blp.response(201, shape.WorkVisitSchema)
    def post(self, order_id: UUID) -> Any:
        """Send the one who was there back in: the repair was not confirmed, and they left less than two hours ago."""
        return service.rework(g.session, g.scope, order_id=order_id)


@blp.route("/work-orders/<id:order_id>/follow-up")
class FollowUp(MethodView):
    """Planning another visit."""

    @blp.response(200, shape.WorkOrderSchema)
    def post(self, order_id: UUID) -> Any:
        """Call for another visit after a repair that was not confirmed."""
        return service.follow_up(g.session, g.scope, order_id=order_id)


@blp.route("/work-orders/<id:order_id>/another-visit")
class AnotherVisit(MethodView):
    """Planning anew what was left."""

    @blp.response(200, shape.WorkOrderSchema)
    def post(self, order_id: UUID) -> Any:
        """Make an order ready again whose work began and whose visits are all over."""
        return service.plan_again(g.session, g.scope, order_id=order_id)


@blp.route("/work-orders/<id:order_id>/closing")
class Closing(MethodView):
    """Closing."""

    @blp.response(200, shape.WorkOrderSchema)
    def post(self, order_id: UUID) -> Any:
        """Close a verified order."""
        return service.close(g.session, g.scope, order_id=order_id)
