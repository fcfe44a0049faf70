"""Web pages for customers, dispatchers, managers, operators and administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Hang every page on `app`, with its words, numbers and pictures."""
    # importing the areas hangs their views on the blueprint
    from portal import (  # noqa: F401
        alarm_rules,
        alarms,
        analysis,
        assets,
        billing,
        billing_documents,
        field_app,
        finding,
        forecasting,
        language,
        metering,
        network,
        optimisation,
        plant,
        setup,
        sites,
        tags,
        tenancy,
        workorders,
    )
    from portal.pages import pages

    language.prepare(app)
    setup.prepare(app)
    app.register_blueprint(pages)
