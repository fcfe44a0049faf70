"""The application on a small world."""

from tests.small_world import app, browser, phone, world

__all__ = ["app", "browser", "phone", "world"]
