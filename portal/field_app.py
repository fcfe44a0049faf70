"""The field app's page under /field/, its service worker and nothing else: what it shows comes from the API.

The files are built by Vite (portal/field/) into static/field/; names there carry a hash, these two do not.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from flask import Response, current_app, request
from markupsafe import escape
from werkzeug.wrappers import Response as BaseResponse

from backend.app import security
from backend.kernel.errors import NotFound
from backend.kernel.settings import Settings
from portal.pages import pages

BUILT = Path(__file__).parent / "static" / "field"


@pages.get("/field/", defaults={"rest": ""})
@pages.get("/field/<path:rest>")
def field_app(rest: str) -> BaseResponse:
    """Return the one page of the app; which screen it shows is in the address and known to the app alone."""
    tiles = str(escape(_settings().tile_url or ""))
    page = _text("index.html").replace('name="tiles" content=""', f'name="tiles" content="{tiles}"')
    return _answer(page, "text/html; charset=utf-8")


@pages.get("/field/sw.js")
def field_worker() -> BaseResponse:
    """Return the service worker from /field/, so that it governs this app and no other page."""
    return _answer(_text("sw.js"), "text/javascript; charset=utf-8")


def _answer(text: str, kind: str) -> BaseResponse:
    response = Response(text, content_type=kind)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = security.field_policy(_settings().tile_url)
    response.add_etag()
    return response.make_conditional(request)


def _settings() -> Settings:
    app: Any = current_app  # Enerfield, which Flask's own type does not know
    return app.settings


def _text(name: str) -> str:
    path = BUILT / name
    try:
        return _read(path, path.stat().st_mtime)
    except FileNotFoundError:
        raise NotFound("the field app is not built", remedy="run script/bootstrap") from None


@cache
def _read(path: Path, _changed_at: float) -> str:
    return path.read_text(encoding="utf-8")
