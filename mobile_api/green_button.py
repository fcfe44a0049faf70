"""Intervals as a Green Button feed: of one meter, or of all one has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, current_app, g
from flask.views import MethodView

from backend.kernel.errors import Refused
from backend.kernel.units import Carrier
from backend.metering import service
from mobile_api.fields import Area, Id
from mobile_api.metering import PeriodQuery, period_of
from mobile_api.organisations import organisations_under
from reports import green_button

blp = Area("green_button", __name__, description="Intervals as NAESB ESPI feeds, for other programs.")

FEED: dict[str, Any] = {"type": "string", "description": "An Atom feed of ESPI resources."}


class FeedQuery(PeriodQuery):
    """Which meters, from when until when."""

    organisation = Id(load_default=None, metadata={"description": "Of this one and those below."})
    carrier = ma.fields.Enum(Carrier, by_value=True, load_default=None)


@blp.route("/points/<id:point>/green-button")
class OneFeed(MethodView):
    """One meter."""

    @blp.arguments(PeriodQuery, location="query")
    @blp.response(200, FEED, content_type=green_button.MIMETYPE)
    def get(self, wanted: dict[str, Any], point: UUID) -> Response:
        """Return a meter's intervals of a period; a customer's, of the time in which they were supplied."""
        found = service.point(g.session, g.scope, point)
        if not green_button.is_told(found):
            raise Refused(
                "Green Button tells of metered amounts of electricity, gas, water, heat, cold and steam alone",
                field="point", value=found.name, remedy="take its curve or amounts",
            )  # fmt: skip
        return _feed([found], wanted, found.name)


@blp.route("/green-button")
class Feed(MethodView):
    """All meters."""

    @blp.arguments(FeedQuery, location="query")
    @blp.response(200, FEED, content_type=green_button.MIMETYPE)
    def get(self, wanted: dict[str, Any]) -> Response:
        """Return the intervals of all meters that count in totals, of an organisation and those below."""
        organisations = organisations_under(wanted["organisation"]) or g.scope.organisations
        points = service.total_points(
            g.session, g.scope, organisations=organisations, carrier=wanted["carrier"]
        )
        told = [point for point in points if green_button.is_told(point)]
        if len(told) > green_button.MOST_METERS:
            raise Refused(
                f"{len(told)} meters are too many for one feed", field="organisation",
                remedy=f"name one with {green_button.MOST_METERS} at most, or a carrier",
            )  # fmt: skip
        return _feed(told, wanted, "Enerfield")


def _feed(points: Sequence[Any], wanted: dict[str, Any], title: str) -> Response:
    meters = green_button.meters_of(g.session, g.scope, points=points)
    pieces = green_button.download(current_app.database, g.scope, meters, period_of(wanted), title=title)
    headers = {"Content-Disposition": 'attachment; filename="green-button.xml"'}
    return Response(pieces, mimetype=green_button.MIMETYPE, headers=headers)
