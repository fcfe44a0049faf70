"""A furnished world whose eastern enterprise keeps a book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.orm import Session

from backend.billing.models import LedgerBook
from backend.billing.service import ledger
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from tests.backend.billing.scene import Desk
from tests.world import Region, World, furnish, make_world


@pytest.fixture(scope="module")
def world(database: Database) -> World:
    """Two regions with people, places and points."""
    return furnish(make_world(database))


@pytest.fixture(scope="module")
def east(world: World) -> Region:
    """The region most tests happen in."""
    return world.east


@pytest.fixture(scope="module")
def acting(world: World) -> Callable[..., Iterator[tuple[Session, Scope]]]:
    """`with acting("manager") as (session, scope):` one transaction of a person of the east, or of its system."""

    @contextmanager
    def one(role: str = "system", region: Region | None = None) -> Iterator[tuple[Session, Scope]]:
        scope = (region or world.east).scope if role == "system" else world.scope(region or world.east, role)
        with world.database.transaction(scope) as session:
            yield session, scope

    return one


@pytest.fixture(scope="module")
def book(acting: Callable, east: Region) -> LedgerBook:
    """The eastern enterprise's book."""
    with acting("manager") as (session, scope):
        return ledger.open_book(session, scope, organisation_id=east.enterprise.id, name="East energy")


@pytest.fixture(scope="module")
def desk(acting: Callable, east: Region, book: LedgerBook) -> Desk:
    """Whoever runs bills in the east."""
    return Desk(acting, east)
