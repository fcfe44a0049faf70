"""The one table that turns errors into HTTP, and the two ways to say them: problem JSON and a page."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for
from jinja2 import TemplateNotFound
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError, RequestRedirect

from backend.infra import logs
from backend.kernel import errors
from backend.kernel.errors import EnerfieldError

STATUS: dict[type[EnerfieldError], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Refused: 422,
    errors.TooManyAttempts: 429,
    errors.SettingWrong: 500,
    errors.Unavailable: 503,
    errors.ChecksumWrong: 460,  # of resumable uploads (tus 1.0)
}
"""Error -> status; a subclass has its parent's unless it is named."""

PLAIN = {
    400: ("bad_request", "the request cannot be read"),
    404: ("not_found", "there is nothing at this address"),
    405: ("method_not_allowed", "this address does not take that method"),
    413: ("too_large", "this is larger than allowed"),
    415: ("unsupported_media_type", "this kind of content is not taken here"),
    422: ("refused", "some of the input cannot be taken"),
    500: ("fault", "something went wrong on our side"),
}

_log = structlog.get_logger(__name__)


def register(app: Flask) -> None:
    """Answer every error by this table."""
    app.register_error_handler(EnerfieldError, answer)
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(Exception, answer)


def status_of(error: EnerfieldError) -> int:
    """Return the HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answer(error: Exception) -> Any:
    """Answer an error: to programs as problem JSON (RFC 9457), to people as a page."""
    if isinstance(error, RequestRedirect):
        return error
    problem = describe(error)
    if problem["status"] >= 500:
        _log.error("request failed", exc_info=error, code=problem["code"])
    if speaks_json():
        response = current_app.json.response(problem)
        response.mimetype = "application/problem+json"
    else:
        response = _page(problem)
    if response.status_code == 200:
        response.status_code = problem["status"]
    _add_headers(response, error, problem)
    return response


def describe(error: Exception) -> dict[str, Any]:
    """Return an error as a problem: status, code, title, what happened, what to do, reference."""
    error = _in_our_words(error)
    if isinstance(error, EnerfieldError):
        said = {key: _plain(value) for key, value in error.as_dict().items()}
        status, title = status_of(error), said.pop("message")
    elif isinstance(error, HTTPException) and error.response is None:
        status = error.code or 500
        code, title = PLAIN.get(status, ("http_error", error.name.lower()))
        said = {"code": code}
        if messages := getattr(error, "data", {}).get("messages"):
            said["errors"] = messages
    else:
        status, (code, title) = 500, PLAIN[500]
        said = {"code": code, "remedy": "try again; if it stays, tell us the reference"}
    return {
        "type": f"urn:enerfield:{said['code']}", "title": title, "status": status,
        "reference": g.get("request_id"), **said,
    }  # fmt: skip


def _in_our_words(error: Exception) -> Exception:
    """Return what a refusal of the database means to who asked."""
    if isinstance(error, IntegrityError):
        return errors.Conflict("this contradicts what is already there", remedy="load it again and look")
    if isinstance(error, DataError):
        return errors.Refused("some of the input cannot be kept", remedy="leave out unusual characters")
    if isinstance(error, RecursionError):
        return errors.Refused("this is nested too deeply", remedy="send plainer JSON")
    if isinstance(error, OperationalError | TimeoutError):
        return errors.Unavailable("the database does not answer", remedy="try again in a moment")
    return error


def speaks_json() -> bool:
    """Tell whether the asker is a program: the API's, or one that wants JSON rather than a page."""
    if request.path.startswith("/api/") or request.blueprint in {"health", "push"}:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def _page(problem: dict[str, Any]) -> Response:
    if problem["status"] == 401:
        return _to_log_in()
    try:
        return Response(render_template("error.html", problem=problem), mimetype="text/html")
    except Exception as error:  # the page of last resort may not fail, whatever the template does
        if not isinstance(error, TemplateNotFound | BuildError):
            _log.error("error page failed", exc_info=error)
        lines = [problem["title"], problem.get("remedy", ""), f"Reference: {problem['reference']}"]
        return Response("\n".join(line for line in lines if line), mimetype="text/plain")


def _to_log_in() -> Response:
    """Send somebody unknown to the log-in page, and back afterwards."""
    try:
        target = url_for("portal.log_in", next=request.full_path if request.method == "GET" else None)
    except BuildError:
        return Response("log in first", mimetype="text/plain")
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": url_for("portal.log_in")})
    return redirect(target, code=303)  # type: ignore[return-value]


def _add_headers(response: Response, error: Exception, problem: dict[str, Any]) -> None:
    if problem["status"] == 401 and speaks_json():
        response.headers["WWW-Authenticate"] = 'Bearer realm="enerfield"'
    if wait_s := problem.get("retry_after_s") or (5 if problem["status"] == 503 else None):
        response.headers["Retry-After"] = str(wait_s)
    if isinstance(error, HTTPException) and problem["status"] == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))


def _plain(value: Any) -> Any:
    """Return a value as JSON takes it, without secrets."""
    if isinstance(value, str | int | float | bool | list | dict | None):
        return logs.redact(None, "", {"value": value})["value"]
    return str(value)
