"""The server and the scene that runs happen on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backend.workorders.conftest import world
from tests.field.office import Office
from tests.field.scene import Scene
from tests.world import World

__all__ = ["world"]


@pytest.fixture(scope="module")
def office(environment: object, world: World, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The server."""
    return Office(world.database, Path(tmp_path_factory.mktemp("office")))


@pytest.fixture(scope="module")
def scene(world: World) -> Scene:
    """People, places and orders of all runs that are undone."""
    return Scene(world).make(world.database)
