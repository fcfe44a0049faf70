"""Web pages for customers, dispatchers, managers, operators and administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Hang every page on `app`, with its words, numbers and pictures."""
    # importing the areas hangs their views on the blueprint
    from portal import alarm_rules, alarms, finding, language, metering, network, plant, setup, tenancy  # noqa: F401
    from portal.pages import pages

    language.prepare(app)
    setup.prepare(app)
    app.register_blueprint(pages)
