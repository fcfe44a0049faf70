"""A plant for the tests of ingest: points at a position, read over one connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from backend.network import service as network
from backend.network.models import PositionKind
from backend.network.service import NewPosition
from backend.tenancy import service as tenancy


@dataclass
class Field:
    """An organisation with a connection and the points behind it.

    points: name -> id; keys: name -> int64 key inside readings
    """

    database: Database
    scope: Scope
    organisation_id: UUID
    position_id: UUID
    connection_id: UUID
    points: dict[str, UUID]
    keys: dict[str, int]

    def rows(self) -> list[tuple[int, int, float | None, int]]:
        """Return every stored reading: key, instant [µs], value, revision."""
        with self.database.transaction(self.scope) as session:
            found = session.execute(
                text(
                    "SELECT point_key, (extract(epoch FROM read_at) * 1000000)::int8, value, revision"
                    " FROM reading WHERE point_key = ANY (:keys) ORDER BY 1, 2"
                ),
                {"keys": list(self.keys.values())},
            )
            return [tuple(row) for row in found]

    def count(self) -> int:
        """Return how many readings are stored."""
        with self.database.transaction(self.scope) as session:
            return session.scalar(
                text("SELECT count(*) FROM reading WHERE point_key = ANY (:keys)"),
                {"keys": list(self.keys.values())},
            )

    def letters(self) -> list[Any]:
        """Return the open dead letters, newest first."""
        with self.database.transaction(self.scope) as session:
            return metering.list_dead_letters(session, self.scope).items

    def state(self) -> Any:
        """Return what the connections page shows."""
        with self.database.transaction(self.scope) as session:
            views = metering.all_connections(session, self.scope)
            return next(view.state for view in views if view.connection.id == self.connection_id)

    def add_point(
        self, name: str, address: dict[str, Any], kind: PointKind = PointKind.INSTANT, **how: Any
    ) -> int:
        """Make a point and its channel; return its key."""
        with self.database.transaction(self.scope) as session:
            unit = "kWh" if kind in (PointKind.REGISTER, PointKind.INTERVAL) else "kW"
            new = metering.NewPoint(
                name=name, carrier=Carrier.ELECTRICITY, quantity="energy" if unit == "kWh" else "power",
                unit=unit, kind=kind,
            )  # fmt: skip
            point = metering.create_point(session, self.scope, position_id=self.position_id, new=new)
            channel = metering.NewChannel(address=address, **how)
            metering.create_channel(
                session, self.scope, connection_id=self.connection_id, point_id=point.id, new=channel
            )
            self.points[name], self.keys[name] = point.id, point.key
            return point.key


def make_field(
    database: Database,
    *,
    protocol: Protocol,
    address: dict[str, Any],
    points: dict[str, dict[str, Any]] | None = None,
) -> Field:
    """Make an organisation of its own with one connection and instant points: name -> channel address."""
    with database.transaction(Scope.public()) as session:
        region, scope = tenancy.found_region(session, name=f"Region {uuid4().hex[:8]}")
        site = network.create_site(
            session, scope, organisation_id=region.id, timezone="Asia/Shanghai", currency="CNY",
            new=NewPosition(kind=PositionKind.SITE, name="Hall"),
        )  # fmt: skip
        connection = metering.create_connection(
            session, scope, organisation_id=region.id,
            new=metering.NewConnection(name="hall", protocol=protocol, address=address),
        )  # fmt: skip
    field = Field(database, scope, region.id, site.id, connection.id, {}, {})
    for name, where in (points or {}).items():
        field.add_point(name, where)
    return field
