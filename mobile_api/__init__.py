"""The JSON API for phones and partners: /api/v1, described at /api/v1/openapi.json, shown at /api/v1/docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Hang every area's views on the application, and their description."""
    from mobile_api import (
        alarms,
        analysis,
        assets,
        auth,
        billing,
        channels,
        connections,
        coordination,
        description,
        dispatch,
        estimation,
        exceptions,
        field,
        forecasting,
        green_button,
        hosting,
        live,
        metering,
        network,
        optimisation,
        organisations,
        people,
        tags,
        workorders,
    )

    api = description.make_api(app)
    areas = (
        auth, organisations, people, network, metering, alarms, channels, connections, live, tags, assets, workorders,
        dispatch, field, hosting, exceptions, estimation, billing, green_button, analysis, forecasting, optimisation,
        coordination,
    )  # fmt: skip
    for area in areas:
        api.register_blueprint(area.blp, url_prefix="/api/v1" + (area.blp.url_prefix or ""))
    app.register_blueprint(description.blueprint)
