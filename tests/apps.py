"""The application under test, and those who call it: phones with tokens, browsers with cookies."""

from __future__ import annotations

from typing import Any

import structlog

from backend.app import create_app
from backend.app.edge import Enerfield
from backend.app.factory import FACES
from backend.app.security import HEADER, cookie_name
from backend.infra import logs
from backend.infra.attempts import RedisAttempts
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.tenancy import service as tenancy
from backend.tenancy.service import Gate
from tests.world import PASSWORD, PASSWORDS


def make_app(database: Database, faces: tuple[str, ...] = FACES) -> Enerfield:
    """Return the application on a module's servers, with cheap password hashing."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, logs.redact, logs.terminal_renderer()]
    )
    app = create_app(settings(), database, faces)
    app.gate = Gate(PASSWORDS, RedisAttempts(settings().redis_url))
    app.testing = False  # errors are answered, as they are to people
    return app


class Phone:
    """A client of the API, logged in by address and password."""

    def __init__(self, app: Enerfield, email: str, device_id: str = "test-phone") -> None:
        self.client = app.test_client(use_cookies=False)
        given = {"email": email, "password": PASSWORD, "device_id": device_id}
        answer = self.client.post("/api/v1/auth/login", json=given)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json

    @property
    def headers(self) -> dict[str, str]:
        """The bearer token."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """Ask the API; `path` begins after /api/v1."""
        return self.client.open("/api/v1" + path, method=method, headers=self.headers, **given)

    def get(self, path: str, **query: Any) -> Any:
        """Ask for something."""
        return self.ask("GET", path, query_string=query or None)


class Browser:
    """A browser with a session cookie."""

    def __init__(self, app: Enerfield, person: Any) -> None:
        self.app, self.client = app, app.test_client()
        with app.database.transaction(Scope.public()) as session:
            self.token = tenancy.open_session(session, person, user_agent="test", network="127.0.0.1")
        self.client.set_cookie(cookie_name(app.settings), self.token)

    @property
    def csrf(self) -> str:
        """The token pages carry for this session."""
        from flask import g

        from backend.app.security import csrf_token

        with self.app.test_request_context():
            g.session_token = self.token
            return csrf_token()

    def get(self, path: str, **given: Any) -> Any:
        """Load a page."""
        return self.client.get(path, **given)

    def post(self, path: str, **given: Any) -> Any:
        """Send a form, as the pages do: with the token."""
        headers = given.pop("headers", {})
        return self.client.post(path, headers={HEADER: self.csrf, **headers}, **given)
