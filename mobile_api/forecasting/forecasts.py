"""Forecasts: the newest one known at an instant, those issued before, and any of them made again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.forecasting import service
from backend.kernel.errors import NotFound
from backend.kernel.ids import show
from mobile_api.fields import PageQuery, page_of
from mobile_api.forecasting import schemas as shape
from mobile_api.forecasting.blueprint import blp
from mobile_api.forecasting.targets import window


@blp.route("/forecast-targets/<id:target>/forecast")
class NewestForecast(MethodView):
    """The newest one."""

    @blp.arguments(shape.KnownQuery, location="query")
    @blp.response(200, shape.ForecastSchema)
    def get(self, query: dict[str, Any], target: UUID) -> Any:
        """Return the newest forecast of a stretch, or the newest known at an instant; 404 where there is none."""
        period = window(query)
        service.target(g.session, g.scope, target)
        found = service.at(
            g.session, g.scope, target_ids=[target], start=query["start"], end=period.end or query["end"],
            known_at=query["known_at"],
        )  # fmt: skip
        if target not in found:
            raise NotFound("nothing was forecast for this stretch", field="target", value=show(target))
        return found[target]


@blp.route("/forecast-targets/<id:target>/forecasts")
class Forecasts(MethodView):
    """All of them."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.ForecastHeadSchema))
    def get(self, page: dict[str, Any], target: UUID) -> Any:
        """List the forecasts of a target without their amounts, the newest first."""
        return service.list_forecasts(g.session, g.scope, target_id=target, **page)


@blp.route("/forecasts/<id:forecast>")
class OneForecast(MethodView):
    """One of them."""

    @blp.response(200, shape.ForecastSchema)
    def get(self, forecast: UUID) -> Any:
        """Return one forecast as it was issued."""
        return service.forecast(g.session, g.scope, forecast)


@blp.route("/forecasts/<id:forecast>/replay")
class Replay(MethodView):
    """Once more."""

    @blp.response(200, shape.ForecastSchema)
    def get(self, forecast: UUID) -> Any:
        """Make a forecast again from what was known when it was issued: the same amounts, whatever came since."""
        return service.replay(g.session, g.scope, forecast)
