"""The one blueprint every page hangs on, and what pages need again and again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, request
from werkzeug.wrappers import Response

from backend.kernel.errors import EnerfieldError

pages = Blueprint("portal", __name__, template_folder="templates", static_folder="static", static_url_path="/static")


def is_fragment() -> bool:
    """Tell whether htmx asks for a part of the page only (it always sends this header)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def done(message: str, target: str) -> Response:
    """Go on to `target` after something was done, and say so there once."""
    flash(message, "good")
    return redirect(target, code=303)


def refused(error: EnerfieldError, target: str) -> Response:
    """Go back to `target` and say there what was wrong and what to do."""
    flash(" ".join(part for part in (error.message, error.remedy) if part), "act")
    return redirect(target, code=303)


def asked(**defaults: Any) -> dict[str, Any]:
    """Return the named query parameters, stripped; a default stands for one that is missing or empty."""
    return {name: (request.args.get(name) or "").strip() or default for name, default in defaults.items()}


def scope() -> Any:
    """Return who asks; every page but the gate has one."""
    return g.scope
