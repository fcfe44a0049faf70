"""A phone in the hand of the east's technician, on a furnished world with policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.app.edge import Enerfield
from backend.infra.files import FolderFiles
from backend.kernel import ids
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.network.models import PositionKind
from tests.apps import make_app
from tests.backend.field.phone import Phone
from tests.backend.workorders.conftest import acting, dispatched, east, plan, reported, world
from tests.world import World

__all__ = ["acting", "dispatched", "east", "plan", "reported", "world"]


@pytest.fixture(scope="module")
def app(environment: dict[str, str], world: World) -> Iterator[Enerfield]:
    """The application on this world."""
    made = make_app(world.database)
    yield made
    made.extensions["live"].close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> FolderFiles:
    """Where photos are kept."""
    return FolderFiles(Path(tmp_path_factory.mktemp("files")))


@pytest.fixture
def phone(world: World, files: FolderFiles) -> Callable[..., Phone]:
    """Hand out phones: `phone()`, `phone("second")`."""
    made = 0

    def one(role: str = "technician", **more: Any) -> Phone:
        nonlocal made
        made += 1
        scope: Scope = world.scope(world.east, role)
        return Phone(world.database, scope, files, f"{role}-{id(one)}-{made}", **more)

    return one


@pytest.fixture
def anew(acting: Callable[..., Any], dispatched: Callable[..., Any], world: World) -> Callable[..., Any]:
    """Send the technician an order at a place of its own: no fault is open there."""

    def one(fault_class: str = "noise") -> Any:
        name = f"place {ids.show(ids.new_id())}"
        with acting("administrator") as (session, scope):
            new = network.NewPosition(PositionKind.PLANT, name)
            made = network.create_position(session, scope, parent_id=world.east.ids["site"], new=new)
            world.east.ids[name] = made.id
        return dispatched(name, fault_class=fault_class)

    return one
