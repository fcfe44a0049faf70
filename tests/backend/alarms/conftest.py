"""A world and a plant for each module that asks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.kernel.db import Database
from tests.backend.alarms.plant import Plant, make_plant
from tests.world import World, make_world


@pytest.fixture(scope="module")
def world(database: Database) -> World:
    """Two regions with people."""
    return make_world(database)


@pytest.fixture
def make(world: World) -> Callable[..., Plant]:
    """Build plants: each takes over the follower's lease from the one before."""
    made: list[Plant] = []

    def one(**more: int) -> Plant:
        made.append(make_plant(world, **more))
        return made[-1]

    yield one
    for plant in made:
        with plant.asked_by() as (session, _):
            plant.follower.lease.release(session)


@pytest.fixture
def plant(make: Callable[..., Plant]) -> Plant:
    """A plant of four points."""
    return make()
