"""Orders: report, follow, say a word, confirm, rate."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, g
from flask.views import MethodView

from backend.kernel.scope import Role
from backend.workorders import service
from backend.workorders.rules import machine, table
from backend.workorders.service import OrderFilter, Report, Source
from mobile_api.fields import PageQuery, page_of
from mobile_api.workorders import schemas as shape
from mobile_api.workorders.blueprint import blp


@blp.route("/work-orders")
class Orders(MethodView):
    """Work orders."""

    @blp.arguments(shape.OrderQuery, location="query")
    @blp.response(200, page_of(shape.WorkOrderRowSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List orders, the newest report first."""
        wanted = OrderFilter(
            statuses=None if query["status"] is None else [machine.OrderStatus(one) for one in query["status"]],
            position_ids=[query["position"]] if query["position"] else None, device_id=query["device"],
            alarm_id=query["alarm"], priorities=query["priority"], technician_id=query["technician"],
            text=query["search"],
        )  # fmt: skip
        return service.orders(g.session, g.scope, wanted, cursor=query["cursor"], limit=query["limit"])

    @blp.arguments(shape.WorkReportSchema)
    @blp.response(201, shape.WorkReportedSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Report a fault."""
        return service.report(g.session, g.scope, new=Report(**new), source=_source())


def _source() -> Source:
    """Say as what the asker reports."""
    if g.scope.holds(Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR):
        return Source.DISPATCHER
    return Source.TECHNICIAN if g.scope.holds(Role.TECHNICIAN) else Source.CUSTOMER


@blp.route("/work-orders/machine")
class Machine(MethodView):
    """The two state machines."""

    @blp.response(200, shape.WorkMachineSchema)
    def get(self) -> dict[str, Any]:
        """Return the table of commands: from where to where, who may give them, what is asked first."""
        return table.as_table()


@blp.route("/work-orders/<id:order_id>")
class Order(MethodView):
    """One work order."""

    @blp.response(200, shape.WorkLookedSchema)
    def get(self, order_id: UUID) -> Any:
        """Return an order with what belongs to it: of events, photos and comments the newest; pages hold all."""
        return service.look(g.session, g.scope, order_id=order_id)


@blp.route("/work-orders/<id:order_id>/events")
class Events(MethodView):
    """All that happened to it."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.WorkEventSchema))
    def get(self, page: dict[str, Any], order_id: UUID) -> Any:
        """List what happened to an order, the newest first."""
        return service.list_events(g.session, g.scope, order_id=order_id, **page)


@blp.route("/work-orders/<id:order_id>/photos")
class Photos(MethodView):
    """All that was photographed and signed."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.WorkPhotoSchema))
    def get(self, page: dict[str, Any], order_id: UUID) -> Any:
        """List an order's photos and signatures, the newest first."""
        return service.list_photos(g.session, g.scope, order_id=order_id, **page)


@blp.route("/work-orders/<id:order_id>/photos/<id:photo_id>")
class Photo(MethodView):
    """The bytes of a photo."""

    @blp.response(200, content_type="image/jpeg")
    def get(self, order_id: UUID, photo_id: UUID) -> Response:
        """Return a photo as it is kept: decoded and written anew, without its place."""
        sha256, mime = service.photo(g.session, g.scope, order_id=order_id, photo_id=photo_id)
        response = Response(current_app.files.open(sha256), mimetype=mime)  # type: ignore[attr-defined]  # ours
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.headers["Cache-Control"] = "private, max-age=86400"
        return response


@blp.route("/work-orders/<id:order_id>/comments")
class Comments(MethodView):
    """Remarks."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.WorkCommentSchema))
    def get(self, page: dict[str, Any], order_id: UUID) -> Any:
        """List what was said about an order, the newest first; customers see what is public."""
        return service.list_comments(g.session, g.scope, order_id=order_id, **page)

    @blp.arguments(shape.WorkCommentNewSchema)
    @blp.response(201, shape.WorkCommentSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Add a remark; a customer's is public by nature."""
        return service.comment(g.session, g.scope, order_id=order_id, **given)


@blp.route("/work-orders/<id:order_id>/rating")
class Rating(MethodView):
    """Rating."""

    @blp.arguments(shape.WorkRatingSchema)
    @blp.response(200, shape.WorkOrderSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Say how it went, once it is verified; by whom it was done for."""
        return service.rate(g.session, g.scope, order_id=order_id, **given)


@blp.route("/work-orders/<id:order_id>/confirmation")
class Confirmation(MethodView):
    """Where telemetry cannot say, a person does."""

    @blp.arguments(shape.WorkSeenSchema)
    @blp.response(200, shape.WorkOrderSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Say whether it works again."""
        say = service.confirm_by_hand if given["works"] else service.deny_by_hand
        return say(g.session, g.scope, order_id=order_id, seen=given["seen"])


@blp.route("/work-orders/<id:order_id>/reopening")
class Reopening(MethodView):
    """Reopening."""

    @blp.arguments(shape.WorkReasonSchema)
    @blp.response(200, shape.WorkOrderSchema)
    def post(self, given: dict[str, Any], order_id: UUID) -> Any:
        """Say that the fault is back: a new cycle of the same order."""
        return service.reopen(g.session, g.scope, order_id=order_id, **given)
