"""The Flask application: puts pages, API and gateways together on one server."""

from backend.app.factory import create_app

__all__ = ["create_app"]
