"""The live stream for phones and partners: the portal's feed, by bearer token."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from flask.views import MethodView

from backend.app import live
from mobile_api.fields import Area, Schema

blp = Area("stream", __name__, description="What changes, as it changes (server-sent events).")

EXAMPLE = (
    'id: 4711\nevent: values\ndata: [["06F3ZK8S5W9M1QF8G1T2V3W4X5", 1764000000000, 41.7, true]]\n\n'
    'id: 4711\nevent: alarms\ndata: ["06F3ZK8S5W9M1QF8G1T2V3W4X6"]\n\n'
)


class LiveQuery(Schema):
    """What to be told of; without points and organisation, of alarms only."""

    points = ma.fields.String(
        metadata={"description": f"Ids of points, commas between, at most {live.MOST_POINTS}."}
    )
    organisation = ma.fields.String(
        metadata={"description": "Or all points of this organisation and those below it."}
    )


@blp.route("/live")
class Live(MethodView):
    """The stream."""

    @blp.doc(
        parameters=[
            {
                "in": "header", "name": "Last-Event-ID", "schema": {"type": "string"},
                "description": "Where the stream broke off: only what changed since is sent first.",
            }
        ],
        responses={
            "200": {
                "description": "`values`: [point, instant (ms), value or null, whether it may be trusted]; "
                "`alarms`: ids of alarms that changed; ends after ten minutes, then connect again.",
                "content": {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}},
            }
        },
    )  # fmt: skip
    @blp.arguments(LiveQuery, location="query")
    def get(self, _wanted: dict[str, Any]) -> Response:
        """Follow values and alarms; 503 when too many streams are open."""
        return live.stream()
