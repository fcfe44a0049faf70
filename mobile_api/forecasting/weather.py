"""Weather places, files of weather, and how far weather forecasts were off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.forecasting.service import weather
from backend.forecasting.service.weather_files import read_weather
from mobile_api.fields import page_of
from mobile_api.forecasting import schemas as shape
from mobile_api.forecasting.blueprint import blp
from mobile_api.forecasting.targets import window
from mobile_api.organisations import organisations_under


@blp.route("/weather-places")
class Places(MethodView):
    """All of them."""

    @blp.arguments(shape.PlaceQuery, location="query")
    @blp.response(200, page_of(shape.PlaceSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List the places whose weather is kept, by name."""
        return weather.list_places(
            g.session, g.scope, organisations=organisations_under(query["organisation"]), cursor=query["cursor"],
            limit=query["limit"],
        )  # fmt: skip

    @blp.arguments(shape.PlaceSchema)
    @blp.response(201, shape.PlaceSchema)
    def post(self, given: dict[str, Any]) -> Any:
        """Have the weather of a place kept (operators, managers, administrators)."""
        organisation_id = given.pop("organisation_id")
        return weather.add_place(
            g.session, g.scope, organisation_id=organisation_id, new=weather.NewPlace(**given)
        )


@blp.route("/weather-places/<id:weather_place>/files")
class WeatherFiles(MethodView):
    """Files of weather."""

    @blp.arguments(shape.WeatherFileSchema, location="files")
    @blp.response(201, shape.TakenSchema)
    def post(self, sent: dict[str, Any], weather_place: UUID) -> Any:
        """Take a CSV or EPW file of weather (operators, managers, administrators); the same again adds nothing."""
        weather.place(g.session, g.scope, weather_place)
        file = sent["file"]
        data = file.read() if hasattr(file, "read") else str(file).encode()
        delivered = read_weather(getattr(file, "filename", None) or "weather.csv", data)
        count = weather.upload(g.session, g.scope, place_id=weather_place, delivered=delivered)
        return {"deliveries": count}


@blp.route("/weather-places/<id:weather_place>/errors")
class Errors(MethodView):
    """How far off."""

    @blp.arguments(shape.WindowQuery, location="query")
    @blp.response(200, shape.WeatherErrorSchema(many=True))
    def get(self, query: dict[str, Any], weather_place: UUID) -> Any:
        """Return how far the weather forecasts for a period (up to 100 days) were off, by variable and lead."""
        weather.place(g.session, g.scope, weather_place)
        return weather.errors(g.session, g.scope, place_id=weather_place, period=window(query))
