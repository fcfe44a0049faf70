"""A furnished world whose eastern enterprise runs a plant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.orm import Session

from backend.kernel.db import Database
from backend.kernel.scope import Scope
from tests.plants import equip
from tests.world import Region, World, furnish, make_world


@pytest.fixture(scope="module")
def world(database: Database) -> World:
    """Two regions with people, places and points; the east has a plant."""
    made = furnish(make_world(database))
    equip(made, made.east)
    return made


@pytest.fixture(scope="module")
def east(world: World) -> Region:
    """The region with the plant."""
    return world.east


@pytest.fixture(scope="module")
def acting(world: World) -> Callable[..., Iterator[tuple[Session, Scope]]]:
    """`with acting("operator") as (session, scope):` one transaction of a person of the east, or of its system."""

    @contextmanager
    def one(role: str = "system", region: Region | None = None) -> Iterator[tuple[Session, Scope]]:
        scope = (region or world.east).scope if role == "system" else world.scope(region or world.east, role)
        with world.database.transaction(scope) as session:
            yield session, scope

    return one
