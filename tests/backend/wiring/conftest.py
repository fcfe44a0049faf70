"""The world billing is tested in."""

from tests.backend.billing.conftest import acting, book, desk, east, world

__all__ = ["acting", "book", "desk", "east", "world"]
