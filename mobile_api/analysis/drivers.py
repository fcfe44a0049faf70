"""Drivers: what use depends on, one by one or as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.analysis.rules.drivers import DriverKind, NewDriver, Source
from backend.analysis.service import drivers
from backend.kernel.errors import Refused
from backend.kernel.sheets import MOST_ROWS
from backend.tenancy import service as tenancy
from mobile_api.analysis.blueprint import blp
from mobile_api.billing.schemas import local_day
from mobile_api.fields import Id, PageQuery, Schema, few, instant, page_of
from reports import drivers as files

MOST_PROBLEMS = 8 * MOST_ROWS
"""Every cell of a file may be wrong."""


class DriverSchema(Schema):
    """What use depends on. An amount of local days [starts_on, ends_on), or for area and heads a level from a day on.

    Units: area m2, heads pcs, hours h, temperature °C; production in the unit said. Saying the same thing of the same
    first day again corrects it.
    """

    id = Id(dump_only=True)
    organisation_id = Id(dump_only=True)
    position_id = Id(load_default=None, allow_none=True)
    kind = ma.fields.Enum(DriverKind, by_value=True, required=True, metadata={"example": "production"})
    product = ma.fields.String(
        load_default="", validate=ma.validate.Length(max=80), metadata={"example": "steel"}
    )
    unit = ma.fields.String(load_default="", validate=ma.validate.Length(max=20), metadata={"example": "t"})
    value = ma.fields.Float(required=True, metadata={"example": 1250.5})
    starts_on = local_day("2026-10-01", required=True)
    ends_on = local_day("2026-11-01", load_default=None, allow_none=True)
    source = ma.fields.String(dump_only=True, attribute="source.value", metadata={"example": "api"})
    entered_at = instant(dump_only=True)


class DriverQuery(PageQuery):
    """Of which kind."""

    kind = ma.fields.Enum(DriverKind, by_value=True, load_default=None, metadata={"example": "production"})


class DriverFileSchema(Schema):
    """A file, and whether to write it, as a multipart body."""

    file = ma.fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "XLSX or CSV."}
    )
    write = ma.fields.Boolean(
        load_default=False, metadata={"description": "Without it, only looked through."}
    )


class FaultSchema(Schema):
    """Something in a file that cannot be taken, and where it stands."""

    row = ma.fields.Integer(metadata={"example": 4})
    column = ma.fields.String(metadata={"example": "last_day"})
    message = ma.fields.String()
    value = ma.fields.String(allow_none=True)
    remedy = ma.fields.String(allow_none=True)


class ImportSchema(Schema):
    """What a file would do, or did; nothing is written while anything is wrong with it."""

    is_written = ma.fields.Boolean()
    created = ma.fields.Integer(metadata={"example": 12})
    changed = ma.fields.Integer(metadata={"example": 0})
    unchanged = ma.fields.Integer(metadata={"example": 3})
    problems = few(ma.fields.Nested(FaultSchema), MOST_PROBLEMS)


@blp.route("/organisations/<id:organisation>/drivers")
class Drivers(MethodView):
    """Of an organisation and all below it."""

    @blp.arguments(DriverQuery, location="query")
    @blp.response(200, page_of(DriverSchema))
    def get(self, asked: dict[str, Any], organisation: UUID) -> Any:
        """List what use depends on, the latest first."""
        below = {one.id for one in tenancy.subtree(g.session, g.scope, organisation)}
        return drivers.drivers(g.session, g.scope, organisations=below, **asked)

    @blp.arguments(DriverSchema)
    @blp.response(201, DriverSchema)
    def post(self, new: dict[str, Any], organisation: UUID) -> Any:
        """Say what use depends on, or correct what was said of the same first day (managers, operators)."""
        place = new.pop("position_id")
        return drivers.record_driver(
            g.session, g.scope, organisation_id=organisation, position_id=place, new=NewDriver(**new),
            source=Source.API,
        )  # fmt: skip


@blp.route("/drivers/<id:driver>")
class OneDriver(MethodView):
    """One of them."""

    @blp.response(204)
    def delete(self, driver: UUID) -> None:
        """Take it back (managers, operators)."""
        drivers.remove_driver(g.session, g.scope, driver_id=driver)


@blp.route("/organisations/<id:organisation>/driver-files")
class DriverFiles(MethodView):
    """Many at once."""

    @blp.arguments(DriverFileSchema, location="files")
    @blp.response(200, ImportSchema)
    def post(self, sent: dict[str, Any], organisation: UUID) -> Any:
        """Look through a file, naming every fault by row and column; write it when asked and faultless."""
        if not hasattr(sent["file"], "stream"):
            raise Refused("this is no file", field="file", remedy="send it as a part with a file name")
        sent["file"].stream.seek(0)
        rows = files.read(sent["file"].read())
        return drivers.import_drivers(
            g.session, g.scope, organisation_id=organisation, rows=rows, write=sent["write"]
        )
