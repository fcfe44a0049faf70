"""A run's bills in one file."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, current_app, g
from flask.views import MethodView

from backend.billing.service import archives
from backend.kernel.errors import Conflict
from mobile_api.billing.blueprint import blp
from mobile_api.billing.paper_schemas import LOCALES, LocaleQuery
from mobile_api.fields import Id, Schema, instant
from reports import bill as papers

ZIP = "application/zip"


class NewArchiveSchema(Schema):
    """In which language."""

    locale = ma.fields.String(
        load_default="zh", validate=ma.validate.OneOf(LOCALES), metadata={"example": "zh"}
    )


class BillArchiveSchema(ma.Schema):
    """How far packing is: `done` of `whole` bills, `size` bytes; ended_at null: it goes on by itself."""

    run_id = Id()
    locale = ma.fields.String(metadata={"example": "zh"})
    done = ma.fields.Integer()
    whole = ma.fields.Integer()
    size = ma.fields.Integer()
    asked_at = instant()
    ended_at = instant(allow_none=True)


@blp.route("/runs/<id:run_id>/archive")
class RunArchive(MethodView):
    """The bills of a run, packed."""

    @blp.arguments(LocaleQuery, location="query")
    @blp.response(200, BillArchiveSchema)
    def get(self, query: dict[str, Any], run_id: UUID) -> Any:
        """Show how far packing a run's bills is (managers, administrators)."""
        return archives.archive(g.session, g.scope, run_id=run_id, locale=query["locale"] or g.scope.locale)

    @blp.arguments(NewArchiveSchema)
    @blp.response(202, BillArchiveSchema)
    def post(self, said: dict[str, Any], run_id: UUID) -> Any:
        """Have an issued run's bills packed as PDF; again, it is the same archive (managers, administrators)."""
        return archives.ask(g.session, g.scope, run_id=run_id, locale=said["locale"])


@blp.route("/runs/<id:run_id>/archive/file")
class RunArchiveFile(MethodView):
    """The file."""

    @blp.arguments(LocaleQuery, location="query")
    @blp.response(200, {"type": "string", "format": "binary"}, content_type=ZIP)
    def get(self, query: dict[str, Any], run_id: UUID) -> Response:
        """Return all bills of a run as a ZIP file of PDFs, once they are packed (managers, administrators)."""
        found = archives.archive(g.session, g.scope, run_id=run_id, locale=query["locale"] or g.scope.locale)
        if found.ended_at is None:
            raise Conflict(
                f"{found.done} of {found.whole} bills are packed", field="run_id", remedy="come back later"
            )
        opened = [partial(current_app.files.open, sha256) for sha256 in found.parts]  # type: ignore[attr-defined]
        answer = Response(papers.united(opened), mimetype=ZIP)
        answer.headers.set("Content-Disposition", "attachment", filename=f"bills-{found.locale}.zip")
        answer.headers["Cache-Control"] = "private, no-store"
        return answer
