"""One site for all tests of a file; they ask of it at instants further and further on."""

from __future__ import annotations

import pytest

from tests.backend.forecasting.scene import Site, build
from tests.world import make_world


@pytest.fixture(scope="module")
def site(database) -> Site:
    world = make_world(database)
    return build(database, world, world.east)
