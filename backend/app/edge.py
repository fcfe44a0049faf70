"""Every request: know who asks, open one transaction confined to them, run the view, commit.

Views find `g.session`, `g.scope` and (when a person asks) `g.person`. They never commit; one that
answers an error itself, with a page, sets `g.undo`, so that nothing half done is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, g, request
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.app import access, security
from backend.assets.ports import FileStore
from backend.billing.ports import PaymentProvider
from backend.infra import metrics
from backend.infra.tokens import AccessTokens
from backend.infra.webpush import WebPush
from backend.kernel import ids
from backend.kernel.db import Database, confine
from backend.kernel.errors import EnerfieldError, Forbidden, Unauthenticated
from backend.kernel.scope import Scope
from backend.kernel.settings import Settings
from backend.metering.ports import FieldGuide
from backend.tenancy import service as tenancy
from backend.tenancy.service import Gate

RACES = (pg.UniqueViolation, pg.SerializationFailure, pg.DeadlockDetected, pg.ExclusionViolation)
"""Two requests met: the second try sees what the first one wrote."""

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
"""Counted by name; what else a client may invent is counted together, or it would fill our memory."""

_log = structlog.get_logger(__name__)


class Enerfield(Flask):
    """Flask, with one transaction around every view."""

    database: Database
    settings: Settings
    tokens: AccessTokens
    gate: Gate
    files: FileStore
    pusher: WebPush
    guide: FieldGuide
    payments: PaymentProvider | None

    def dispatch_request(self) -> Any:
        """Run the view in its transaction; once more when it raced with another."""
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        endpoint = request.endpoint or ""
        if endpoint in access.NEEDS_NOTHING:
            return super().dispatch_request()
        if endpoint in access.UPLOADS:
            request.max_content_length = self.settings.max_upload_mb << 20
        try:
            return self._in_transaction(endpoint, super().dispatch_request)
        except DBAPIError as error:
            if not isinstance(error.orig, RACES) or not _can_be_read_again():
                raise
            _log.info("request raced, trying again", error=str(error.orig))
            return self._in_transaction(endpoint, super().dispatch_request)

    def _in_transaction(self, endpoint: str, view: Callable[[], Any]) -> Any:
        response: Response | None = None
        try:
            with Session(self.database.engine, expire_on_commit=False) as session, session.begin():
                g.session, g.scope, g.person = session, Scope.public(), None
                try:
                    self._admit(session, endpoint)
                    response = self.make_response(view())
                    if g.get("undo"):
                        session.rollback()
                except EnerfieldError as error:
                    if getattr(error, "keeps_changes", False):
                        session.commit()
                    raise
            return response
        except BaseException:
            if response is not None:
                response.close()  # the commit failed: what the answer holds on to is let go
            raise

    def _admit(self, session: Session, endpoint: str) -> None:
        """Find out who asks and confine the transaction to what they may see."""
        if endpoint in access.OWN_KEY:
            return
        security.check_same_site()
        if endpoint in access.PUBLIC:
            self._greet(session)
            return
        identify = self._by_bearer if request.path.startswith("/api/") else self._by_cookie
        identify(session, endpoint)
        session.expunge(g.person)  # read by error pages after the transaction is over
        structlog.contextvars.bind_contextvars(person=str(g.person.id))
        if access.application_of(endpoint) and not g.scope.organisations:
            raise Forbidden(
                "this application is switched off for you", remedy="ask an administrator of your organisation"
            )
        confine(session, g.scope)

    def _by_bearer(self, session: Session, endpoint: str) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Unauthenticated("this needs an access token", remedy="log in and send it as a bearer token")
        claims = self.tokens.read(token)
        g.family_id = claims.family_id
        g.person, g.scope = tenancy.use_device(
            session, family_id=claims.family_id, person_id=claims.person_id,
            application=access.application_of(endpoint),
        )  # fmt: skip

    def _by_cookie(self, session: Session, endpoint: str) -> None:
        token = request.cookies.get(security.cookie_name(self.settings), "")
        if not token:
            raise Unauthenticated("this needs a log-in", remedy="log in")
        g.person, opened, g.scope = tenancy.use_session(
            session, token, application=access.application_of(endpoint)
        )
        g.session_token, g.session_id = token, opened.id
        security.check_csrf()

    def _greet(self, session: Session) -> None:
        """On public pages a person who is logged in is still greeted, and CSRF-checked, as themselves."""
        token = request.cookies.get(security.cookie_name(self.settings), "")
        if not token or request.path.startswith("/api/"):
            return
        try:
            self._by_cookie(session, request.endpoint or "")
            session.expunge(g.person)  # read by error pages after the transaction is over
            confine(session, g.scope)
        except Unauthenticated:
            return


def _can_be_read_again() -> bool:
    """Tell whether the request's body, if any, is kept: a stream is gone once it was read."""
    return not request.content_length or hasattr(request, "_cached_data") or "form" in request.__dict__


def _path_without_secrets() -> str:
    """Return the path asked for; of letters' links, whose path is the secret, only the pattern."""
    if "token" in (request.view_args or {}):
        return request.url_rule.rule if request.url_rule else ""
    return request.path


def register(app: Enerfield) -> None:
    """Give each request a reference, and count and log it."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = ids.show(ids.new_id())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(reference=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        endpoint, seconds = request.endpoint or "none", time.perf_counter() - g.get("began", 0.0)
        response.headers["X-Request-ID"] = g.get("request_id", "")
        method = request.method if request.method in METHODS else "other"
        metrics.REQUESTS.labels(endpoint, method, response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(endpoint).observe(seconds)
        if endpoint not in access.NEEDS_NOTHING:
            _log.info(
                "request", method=request.method, path=_path_without_secrets(), status=response.status_code,
                ms=round(seconds * 1000, 1),
            )  # fmt: skip
        return response
