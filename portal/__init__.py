"""Web pages for customers, dispatchers, managers, operators and administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Hang every page on `app`, with its words, numbers and pictures."""
    from portal import alarms, language, metering, network, setup, tenancy  # noqa: F401  views hang themselves up
    from portal.pages import pages

    language.prepare(app)
    setup.prepare(app)
    app.register_blueprint(pages)
