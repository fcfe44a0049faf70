"""Build the application: one call, everything registered."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from backend import wiring
from backend.app import edge, errors, health, live, locale, security
from backend.app.edge import Enerfield
from backend.infra import logs
from backend.infra.files import FolderFiles
from backend.infra.tokens import AccessTokens
from backend.infra.webpush import WebPush
from backend.kernel import db
from backend.kernel.db import Database
from backend.kernel.settings import Settings
from backend.kernel.settings import settings as from_environment

BODY_BYTES = 2_000_000
"""Largest body of a request, unless its endpoint takes uploads [bytes]."""

STATIC = Path(__file__).parents[2] / "portal" / "static"


FACES = ("mobile_api", "portal", "ingest.http.views")
"""What people and machines meet, each with `register(app)`. Named only: they stand above this package."""


def create_app(
    settings: Settings | None = None, database: Database | None = None, faces: Sequence[str] = FACES
) -> Enerfield:
    """Return the application on the given settings and database, else the process's own."""
    settings = settings or from_environment()
    if database is None:  # a server, not a test: its logs are ours to shape
        logs.configure()
    app = Enerfield("backend.app", static_folder=None, template_folder=None)
    app.settings = settings
    app.database = database or db.database()
    app.tokens = AccessTokens(settings.secret_key, settings.base_url)
    app.gate = wiring.gate()
    app.files = FolderFiles(settings.home / "files")
    app.pusher = WebPush(settings.home, settings.base_url)
    app.guide = wiring.guide()
    app.payments = wiring.payments()
    _configure(app, settings)
    wiring.connect()
    edge.register(app)
    security.register(app, settings)
    errors.register(app)
    locale.register(app)
    live.register(app)
    app.register_blueprint(health.blueprint)
    for face in faces:
        importlib.import_module(face).register(app)
    _serve_files(app, settings)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        STATIC_FOLDER=str(STATIC),
        MAX_CONTENT_LENGTH=BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=BODY_BYTES,
        MAX_FORM_PARTS=500,
        SESSION_COOKIE_NAME="enerfield-notes",  # only what a page says once; log-ins are in the database
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=1),
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]


def _serve_files(app: Flask, settings: Settings) -> None:
    """Serve built files compressed and for ever (their names carry a hash), and mind trusted proxies."""
    headers = security.static_headers(settings)

    def add_headers(answered: Headers, _path: str, url: str) -> None:
        for name, value in headers.items():
            answered[name] = value
        if url.startswith("/static/field/"):  # its workers obey the policy they come with
            answered["Content-Security-Policy"] = security.field_policy(settings.tile_url)

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(STATIC),
        prefix="static/",
        max_age=3600,
        immutable_file_test=r"^.+-[\w-]{8}\.\w+$",
        add_headers_function=add_headers,
        allow_all_origins=False,
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
