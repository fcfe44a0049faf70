"""What benches share: a durable server of their own, a region of plain points, and how results are said."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from backend.cli import db
from backend.cli.server.postgres import Postgres
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Point
from backend.network import service as network
from backend.network.models import PositionKind
from backend.tenancy import service as tenancy
from tests.servers import make_folder


def say(bench: str, case: str, value: float, unit: str, *, limit: float | None = None, rate: bool = False,
        goal: float | None = None, met: bool | None = None, **more: Any) -> None:  # fmt: skip
    """Print a result as one JSON line; ratio 1 is the bare limit, for rates value/limit, for times limit/value."""
    ratio = None if limit is None else (value / limit if rate else limit / value)
    line = {"bench": bench, "case": case, "value": round(value, 3), "unit": unit,
            "limit": None if limit is None else round(limit, 3), "ratio": None if ratio is None else round(ratio, 3),
            "goal": goal, "met": met, **more}  # fmt: skip
    print(json.dumps(line), flush=True)


class Durable:
    """A private PostgreSQL with fsync on, migrated, gone afterwards."""

    def __init__(self, tuning: dict[str, str] | None = None) -> None:
        self.folder = make_folder()
        self.server = Postgres(self.folder / "postgres", self.folder / "postgres.log", tuning or {})

    def __enter__(self) -> Durable:
        self.server.start()
        self.server.make_database("bench")
        db.upgrade(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """Address of the bench's database."""
        return self.server.url("bench")

    def restart(self) -> None:
        """Stop cleanly and start again."""
        self.server.stop()
        self.server.start()


@dataclass(frozen=True)
class Region:
    """A region with many register points at one position."""

    scope: Scope
    points: list[Point]

    @property
    def keys(self) -> NDArray[np.int64]:
        """Keys of its points."""
        return np.array([point.key for point in self.points], dtype=np.int64)

    @property
    def ids(self) -> list[uuid.UUID]:
        """Ids of its points."""
        return [point.id for point in self.points]


def plain_region(database: Database, points: int) -> Region:
    """Make a region with `points` electricity registers, every twentieth a total."""
    with database.transaction(Scope.public()) as session:
        region, scope = tenancy.found_region(session, name="Bench bay")
        site = network.create_site(
            session, scope, organisation_id=region.id, new=network.NewPosition(PositionKind.SITE, "Bench"),
            timezone="Asia/Shanghai", currency="CNY",
        )  # fmt: skip
        first = metering.create_point(session, scope, position_id=site.id, new=_register(0))
        session.execute(
            text(
                "INSERT INTO point (id, organisation_id, position_id, name, carrier, quantity, unit, kind,"
                " direction, interval_minutes, is_settled, is_total, created_at)"
                " SELECT gen_random_uuid(), organisation_id, position_id, 'register ' || n, carrier, quantity, unit,"
                " kind, direction, interval_minutes, is_settled, n % 20 = 0, created_at"
                " FROM point, generate_series(1, :last) n WHERE id = :first"
            ),
            {"first": first.id, "last": points - 1},
        )
    with database.transaction(scope) as session:
        found = metering.all_points(session, scope)
    return Region(scope, sorted(found, key=lambda point: point.key))


def _register(number: int) -> metering.NewPoint:
    return metering.NewPoint(
        f"register {number}", Carrier.ELECTRICITY, "active energy", "kWh", PointKind.REGISTER, is_total=True
    )
