"""Which language an answer has: the person's, else the cookie's, else what the browser prefers."""

from __future__ import annotations

from flask import Flask, g, request
from flask_babel import Babel

LOCALES = ("en", "zh")
COOKIE = "locale"


def register(app: Flask) -> None:
    """Let flask-babel ask here; translations lie beside the pages."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    Babel(app, locale_selector=choose, default_locale="en")


def choose() -> str:
    """Return 'en' or 'zh'."""
    person = g.get("person")
    if person is not None:
        return person.locale
    cookie = request.cookies.get(COOKIE)
    if cookie in LOCALES:
        return cookie
    return request.accept_languages.best_match(LOCALES) or "en"
