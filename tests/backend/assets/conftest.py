"""A yard with two places, a customer supplied at one of them, and a folder for files."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from backend.assets import service as assets
from backend.assets.models import Device
from backend.infra.files import FolderFiles
from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.network import service as network
from backend.network.models import Position, PositionKind
from backend.network.service import NewPosition
from tests.world import World, make_world

_numbers = itertools.count(1)


@dataclass
class Yard:
    """East's yard: places to stand devices at. The customer is supplied at `left` since ten days ago."""

    world: World
    scope: Scope
    site: Position
    left: Position
    right: Position

    @contextmanager
    def session(self, scope: Scope | None = None):
        """Open a transaction of east's."""
        with self.world.database.transaction(scope or self.scope) as session:
            yield session

    def person(self, role: str, region: Any = None) -> Scope:
        """Return the scope of a person of a role."""
        return self.world.scope(region or self.world.east, role)

    def device(self, serial: str | None = None, **said: Any) -> Device:
        """Enter a device."""
        said = {"manufacturer": "Eastron", "model": "SDM630", "family": "eastron_sdm630"} | said
        with self.session() as session:
            return assets.register_device(
                session, self.scope, organisation_id=self.world.east.region.id,
                serial_number=serial or f"SN{next(_numbers):05}", **said,
            )  # fmt: skip

    def do(self, command: Callable[..., Any], scope: Scope | None = None, **said: Any) -> Any:
        """Run a command in a transaction of its own."""
        with self.session(scope) as session:
            return command(session, scope or self.scope, **said)


@pytest.fixture(scope="module")
def yard(database) -> Yard:
    world = make_world(database)
    east = world.east
    with database.transaction(east.scope) as session:
        site = network.create_site(
            session, east.scope, organisation_id=east.region.id, new=NewPosition(PositionKind.SITE, "Yard"),
            timezone="Asia/Shanghai", currency="CNY",
        )  # fmt: skip
        left, right = (
            network.create_position(
                session, east.scope, parent_id=site.id,
                new=NewPosition(
                    PositionKind.METERING, name, name_zh=zh, code=name.upper(),
                    geometry={"type": "Point", "coordinates": [121.5 + step, 31.2]},
                ),
            )
            for name, zh, step in (("Left", "左侧电表间", 0.0), ("Right", "右侧电表间", 0.02))
        )  # fmt: skip
        network.create_supply_agreement(
            session, east.scope, customer_id=east.customer.id, operator_id=east.region.id, position_id=left.id,
            starts_at=clock.now() - timedelta(days=10),
        )  # fmt: skip
    return Yard(world, east.scope, site, left, right)


@pytest.fixture
def files(tmp_path) -> FolderFiles:
    return FolderFiles(tmp_path / "files")


@pytest.fixture(scope="session")
def pillow_is_warm() -> None:
    """Load Pillow's codecs once, so that limits on time judge the file and not the import."""
    Image.init()
