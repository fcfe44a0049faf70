"""The one blueprint every page hangs on, and what pages need again and again."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, url_for
from werkzeug.wrappers import Response

from backend.kernel.errors import EnerfieldError
from portal.refusals import in_words, sentences

pages = Blueprint(
    "portal", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
)


def done(message: str, target: str) -> Response:
    """Go on to `target` after something was done, and say so there once."""
    flash(message, "good")
    return redirect(target, code=303)


def refused(error: EnerfieldError, target: str) -> Response:
    """Go back to `target` and say there what was wrong and what to do; nothing half done is kept."""
    g.undo = not getattr(error, "keeps_changes", False)
    flash(sentences(in_words(error.message), in_words(error.remedy)), "act")
    return redirect(target, code=303)


def own_path(target: str | None) -> str:
    """Return a path of this site to go to; anything else leads to the first page."""
    try:
        parts = urlsplit(target or "")
    except ValueError:  # crafted, for instance with an open bracket
        return url_for("portal.first_page")
    is_own = target and not parts.scheme and not parts.netloc and target.startswith("/")
    if not is_own or target.startswith("//") or "\\" in target:
        return url_for("portal.first_page")
    return target.rstrip("?")
