"""Check-lists and failure codes."""

from __future__ import annotations

from typing import Any

from flask import g
from flask.views import MethodView

from backend.workorders import service
from mobile_api.fields import PageQuery, page_of
from mobile_api.workorders import schemas as shape
from mobile_api.workorders.blueprint import blp


@blp.route("/checklists")
class Checklists(MethodView):
    """Check-lists."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.ChecklistSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List the current version of every check-list."""
        return service.list_checklists(g.session, g.scope, **page)


@blp.route("/failure-codes")
class FailureCodes(MethodView):
    """Failure codes."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.FailureCodeSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List failure codes by kind."""
        return service.list_failure_codes(g.session, g.scope, **page)
