"""The description of the API (OpenAPI 3.1) and its viewer, both from our own host."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import marshmallow as ma
from flask import Blueprint, Flask, Response, current_app, render_template_string, url_for
from flask_smorest import Api
from flask_smorest.utils import prepare_response

from mobile_api import fields

TEXT = """Enerfield's data for phones and partners.

**Log in** with `POST /api/v1/auth/login`; send the access token as `Authorization: Bearer …`; after
15 minutes get the next one with the refresh token, which is used once (ask again within 60 seconds
if the answer got lost).

**You see what is yours**: the organisations where you hold a role and all below them; a customer,
the positions their agreements cover, for as long as they do. What is not yours answers 404, like
what is not there.

**Instants** carry an offset and are answered in UTC. **Lists** come in pages: pass `next` as `cursor`.
**Errors** are `application/problem+json` (RFC 9457) with a `code` for programs, a `title` and
`remedy` for people, and a `reference` to quote when you ask us.
"""

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Enerfield API</title>
{% if style %}<link rel="stylesheet" href="{{ style }}">{% endif %}
{% if script %}<script type="module" src="{{ script }}"></script>{% endif %}
</head>
<body><main id="api" data-description="{{ description }}">
<h1>Enerfield API</h1>
<p>The description for programs: <a href="{{ description }}">{{ description }}</a></p>
</main></body></html>
"""

blueprint = Blueprint("api-docs", __name__, url_prefix="/api/v1")


class ProblemSchema(ma.Schema):
    """What went wrong, for programs and people (RFC 9457); some errors say more, such as all `reasons`."""

    class Meta:
        """An error may name more than stands here."""

        unknown = ma.INCLUDE

    type = ma.fields.String(required=True, metadata={"example": "urn:enerfield:refused"})
    title = ma.fields.String(required=True, metadata={"description": "What happened, in plain words."})
    status = ma.fields.Integer(required=True, metadata={"example": 422})
    code = ma.fields.String(required=True, metadata={"description": "Stable name for programs."})
    reference = ma.fields.String(allow_none=True, metadata={"description": "Tell us this when you ask."})
    field = ma.fields.String(metadata={"description": "Which input was wrong."})
    value = ma.fields.Raw(metadata={"description": "What stood there."})
    remedy = ma.fields.String(metadata={"description": "What to do about it."})
    retry_after_s = ma.fields.Integer(metadata={"description": "When to come back [s]."})
    errors = ma.fields.Dict(metadata={"description": "Wrong fields of the input, each with its messages."})


class EnerfieldApi(Api):
    """Describes errors as `backend/app/errors.py` answers them."""

    ERROR_SCHEMA = ProblemSchema
    PROBLEM = "application/problem+json"

    def _register_error_handlers(self) -> None:
        """Leave errors to the application's one table."""

    def _register_responses(self) -> None:
        names = {status.name: status.phrase for status in HTTPStatus if status >= 200}
        for name, phrase in names.items():
            response: dict[str, Any] = {"description": phrase}
            if name not in {"NO_CONTENT", "NOT_MODIFIED"}:
                response["schema"] = self.ERROR_SCHEMA
            prepare_response(response, self.spec, self.PROBLEM)
            self.spec.components.response(name, response, lazy=True)
        default = {"description": "An error, as problem JSON.", "schema": self.ERROR_SCHEMA}
        prepare_response(default, self.spec, self.PROBLEM)
        self.spec.components.response("DEFAULT_ERROR", default, lazy=True)


def make_api(app: Flask) -> Api:
    """Return the Api that collects the description."""
    app.url_map.converters["id"] = fields.IdConverter
    app.config.update(
        API_TITLE="Enerfield API",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_JSON_PATH=None,
        OPENAPI_URL_PREFIX=None,
    )
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    api = EnerfieldApi(
        app,
        spec_kwargs={
            "info": {"description": TEXT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
            "security": [{"bearer": []}],
            "servers": [{"url": "/"}],
        },
    )
    api.spec.components.security_scheme("bearer", bearer)
    api.register_field(fields.Id, "string", None)
    api.ma_plugin.converter.add_attribute_function(_exact)
    api.register_converter(fields.IdConverter, lambda _converter: fields.ID_DESCRIBED)
    app.extensions["enerfield-api"] = api
    return api


def _exact(_converter: Any, field: ma.fields.Field, ret: dict[str, Any]) -> dict[str, Any]:
    """Say of an exact number that it is a text: apispec takes it for a number whatever it is written as."""
    if not (isinstance(field, ma.fields.Decimal) and field.as_string):
        return {}
    for bound in ("minimum", "maximum"):
        ret.pop(bound, None)
    return {"type": ["string", "null"] if field.allow_none else "string"}


@blueprint.get("/openapi.json")
def openapi_json() -> Response:
    """Answer the description; the same for everybody."""
    response = current_app.json.response(current_app.extensions["enerfield-api"].spec.to_dict())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@blueprint.get("/docs")
def viewer() -> str:
    """Answer the page to read and try the API (Swagger UI, from our own host)."""
    names = _built()
    return render_template_string(
        PAGE, script=names.get("api-docs.js"), style=names.get("api-docs.css"),
        description=url_for("api-docs.openapi_json"),
    )  # fmt: skip


def _built() -> dict[str, str]:
    """Return plain name -> address of built files; empty where the front end was not built."""
    manifest = Path(current_app.config["STATIC_FOLDER"]) / "build" / "manifest.json"
    if not manifest.is_file():
        return {}
    names: dict[str, str] = json.loads(manifest.read_text())
    return {plain: f"/static/build/{hashed}" for plain, hashed in names.items()}
