"""One small world for each module."""

from __future__ import annotations

import pytest

from backend.kernel.db import Database
from backend.wiring import connect
from tests.world import World, make_world


@pytest.fixture(scope="module")
def world(database: Database) -> World:
    connect()
    return make_world(database)
