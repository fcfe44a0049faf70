"""Search by words, and positions and devices as a workbook, to and fro."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, g
from flask.views import MethodView

from backend.assets import service
from backend.assets.rules.files import XLSX
from backend.assets.service import KINDS
from backend.kernel.errors import Refused
from mobile_api.assets.blueprint import blp
from mobile_api.fields import Id, Schema
from reports import asset_list


class SearchQuery(Schema):
    """What to look for."""

    text = ma.fields.String(required=True, validate=ma.validate.Length(1, 100), metadata={"example": "电表"})
    kind = ma.fields.List(ma.fields.String(validate=ma.validate.OneOf(KINDS)), load_default=None)
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, 200))


class FoundSchema(Schema):
    """Something that fits."""

    kind = ma.fields.String(metadata={"enum": list(KINDS)})
    id = Id()
    title = ma.fields.Method(
        "_title", metadata={"type": "string", "example": "Eastron SDM630 · SN-2023-00A7"}
    )
    title_zh = ma.fields.Function(
        lambda one: getattr(one.row, "name_zh", None), metadata={"type": ["string", "null"]}
    )

    def _title(self, found: Any) -> str:
        row = found.row
        if found.kind == "device":
            return f"{row.manufacturer} {row.model} · {row.serial_number}"
        return row.title if found.kind == "document" else row.name


class ProblemRowSchema(Schema):
    """Something that cannot be taken, and where it stands."""

    sheet = ma.fields.String(metadata={"example": "Devices"})
    row = ma.fields.Integer()
    column = ma.fields.String(metadata={"example": "serial_number"})
    message = ma.fields.String()


class TableReportSchema(Schema):
    """What an import would do, or did."""

    is_written = ma.fields.Boolean()
    created = ma.fields.Function(lambda report: len(report.created), metadata={"type": "integer"})
    changed = ma.fields.Function(lambda report: len(report.changed), metadata={"type": "integer"})
    unchanged = ma.fields.Integer()
    problems = ma.fields.List(ma.fields.Nested(ProblemRowSchema))


class TableSchema(Schema):
    """A workbook, and whether to write it, as a multipart body."""

    file = ma.fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "XLSX."}
    )
    write = ma.fields.Boolean(
        load_default=False, metadata={"description": "Without it, only looked through."}
    )


@blp.route("/asset-search")
class Search(MethodView):
    """By words."""

    @blp.arguments(SearchQuery, location="query")
    @blp.response(200, FoundSchema(many=True))
    def get(self, asked: dict[str, Any]) -> Any:
        """Find devices, positions, documents, parts and organisations by words, in Chinese too."""
        return service.search(
            g.session, g.scope, text=asked["text"], kinds=asked["kind"] or KINDS, limit=asked["limit"]
        )


@blp.route("/organisations/<id:organisation>/asset-list")
class Table(MethodView):
    """As a workbook."""

    @blp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
    def get(self, organisation: UUID) -> Response:
        """Return the positions and devices of an organisation and all below as XLSX."""
        data = asset_list.write(service.export_sheet(g.session, g.scope, organisation_id=organisation))
        return Response(
            data, mimetype=XLSX, headers={"Content-Disposition": 'attachment; filename="assets.xlsx"'}
        )

    @blp.arguments(TableSchema, location="files")
    @blp.response(200, TableReportSchema)
    def post(self, sent: dict[str, Any], organisation: UUID) -> Any:
        """Look through a workbook, naming every fault by row and column; write it when asked and faultless."""
        if not hasattr(sent["file"], "stream"):
            raise Refused("this is no file", field="file", remedy="send it as a part with a file name")
        sent["file"].stream.seek(0)
        given = asset_list.read(sent["file"].read())
        return service.import_sheet(
            g.session, g.scope, organisation_id=organisation, given=given, write=sent["write"]
        )
