"""What is forecast, its models, and how good its forecasts were."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.forecasting import service
from backend.kernel.errors import Refused
from backend.kernel.periods import Period
from mobile_api.fields import PageQuery, page_of
from mobile_api.forecasting import schemas as shape
from mobile_api.forecasting.blueprint import blp
from mobile_api.organisations import organisations_under

LONGEST = timedelta(days=100)


def window(query: dict[str, datetime]) -> Period:
    """Return the period asked for; raises Refused where it is empty or too long."""
    if not query["start"] < query["end"] <= query["start"] + LONGEST:
        raise Refused(
            "a stretch ends after it starts, within 100 days", field="end", value=query["end"].isoformat()
        )
    return Period(query["start"], query["end"])


@blp.route("/forecast-targets")
class Targets(MethodView):
    """All of them."""

    @blp.arguments(shape.TargetQuery, location="query")
    @blp.response(200, page_of(shape.TargetSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List what is forecast, by name (dispatchers, operators, managers, administrators)."""
        return service.list_targets(
            g.session, g.scope, organisations=organisations_under(query["organisation"]), carrier=query["carrier"],
            cursor=query["cursor"], limit=query["limit"],
        )  # fmt: skip

    @blp.arguments(shape.NewTargetSchema)
    @blp.response(201, shape.TargetSchema)
    def post(self, given: dict[str, Any]) -> Any:
        """Have a sum of points forecast from now on (operators, managers, administrators)."""
        said = shape.as_target(given)
        position_id = said.pop("position_id")
        new = service.NewTarget(**said)
        return service.add_target(g.session, g.scope, position_id=position_id, new=new)


@blp.route("/forecast-targets/<id:target>")
class OneTarget(MethodView):
    """One of them."""

    @blp.response(200, shape.TargetSchema)
    def get(self, target: UUID) -> Any:
        """Return one thing that is forecast."""
        return service.target(g.session, g.scope, target)

    @blp.arguments(shape.TargetChangeSchema)
    @blp.response(200, shape.TargetSchema)
    def patch(self, said: dict[str, Any], target: UUID) -> Any:
        """Say otherwise what it is called, its limits, weather, modules (operators, managers, administrators).

        What was forecast before can still be made again as it was.
        """
        return service.change_target(g.session, g.scope, target_id=target, **said)


@blp.route("/forecast-targets/<id:target>/end")
class End(MethodView):
    """No more."""

    @blp.response(200, shape.TargetSchema)
    def put(self, target: UUID) -> Any:
        """Forecast it no more (operators, managers, administrators); what was forecast stays."""
        return service.end_target(g.session, g.scope, target_id=target)


@blp.route("/forecast-targets/<id:target>/training")
class Training(MethodView):
    """A new model."""

    @blp.response(200, shape.TargetSchema)
    def put(self, target: UUID) -> Any:
        """Have a new model trained (operators, managers, administrators): it is used only if it is better.

        409 while the model in use is too young to be compared with.
        """
        return service.ask_for_training(g.session, g.scope, target_id=target)


@blp.route("/forecast-targets/<id:target>/models")
class Models(MethodView):
    """Its models."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.ModelSchema))
    def get(self, page: dict[str, Any], target: UUID) -> Any:
        """List the models of a target, the newest first, with what became of each."""
        return service.list_models(g.session, g.scope, target_id=target, **page)


@blp.route("/forecast-targets/<id:target>/accuracy")
class AccuracyOfTarget(MethodView):
    """As it really was."""

    @blp.arguments(shape.WindowQuery, location="query")
    @blp.response(200, shape.AccuracySchema(many=True))
    def get(self, query: dict[str, Any], target: UUID) -> Any:
        """Return how good the forecasts issued for a period (up to 100 days) were, by lead."""
        return service.accuracy(g.session, g.scope, target_id=target, period=window(query))
