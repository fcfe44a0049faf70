"""Contracts, registers and opening balances in a workbook."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, g
from flask.views import MethodView

from backend.assets.rules.files import XLSX
from backend.billing.service import KEEPERS
from backend.billing.service import migration as service
from backend.kernel.errors import Refused
from mobile_api.billing.blueprint import blp
from mobile_api.fields import Schema
from reports import migration as workbook


class MigrationFileSchema(Schema):
    """A workbook, and whether to write it, as a multipart body."""

    file = ma.fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "XLSX."}
    )
    write = ma.fields.Boolean(
        load_default=False, metadata={"description": "Without it, only looked through."}
    )


class MigrationProblemSchema(ma.Schema):
    """Something that cannot be taken: where it stands, what stands there, and what to do."""

    sheet = ma.fields.String(metadata={"example": "Contracts"})
    row = ma.fields.Integer()
    column = ma.fields.String(metadata={"example": "tariff"})
    message = ma.fields.String(metadata={"example": "no tariff has this code"})
    value = ma.fields.String(allow_none=True)
    remedy = ma.fields.String(allow_none=True, metadata={"example": "store the tariff first"})


class MigrationReportSchema(ma.Schema):
    """What a workbook would bring, or brought: rows by sheet. Nothing is written while there is a problem."""

    is_written = ma.fields.Boolean()
    created = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    unchanged = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    problems = ma.fields.List(ma.fields.Nested(MigrationProblemSchema))


@blp.route("/organisations/<id:organisation>/migration")
class Migration(MethodView):
    """What an operator brings from before."""

    @blp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX)
    def get(self, organisation: UUID) -> Response:
        """Return the workbook to begin with as XLSX (managers, administrators)."""
        g.scope.demand(organisation, *KEEPERS)
        name = {"Content-Disposition": 'attachment; filename="migration.xlsx"'}
        return Response(workbook.template(), mimetype=XLSX, headers=name)

    @blp.arguments(MigrationFileSchema, location="files")
    @blp.response(200, MigrationReportSchema)
    def post(self, sent: dict[str, Any], organisation: UUID) -> Any:
        """Look through a workbook, naming every fault by row and column; write it when asked and faultless (managers,
        administrators)."""
        if not hasattr(sent["file"], "stream"):
            raise Refused("this is no file", field="file", remedy="send it as a part with a file name")
        sent["file"].stream.seek(0)
        given = workbook.read(sent["file"].read())
        return service.bring(
            g.session, g.scope, organisation_id=organisation, given=given, write=sent["write"]
        )
