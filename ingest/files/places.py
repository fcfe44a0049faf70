"""Where imported readings go: the connection of files, and points for tags nobody has mapped yet."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from backend.kernel.db import Database
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.service.connections import Protocol
from backend.network import service as network
from ingest.files.series import Series


@dataclass(frozen=True)
class Shelf:
    """Where files of one organisation are imported to; the site is needed only to make points."""

    database: Database
    scope: Scope
    organisation_id: UUID
    connection_id: UUID
    site_id: UUID | None = None

    def make_point(self, series: Series) -> int:
        """Make the point of a tag, read by this connection from now on; return its key."""
        kind = PointKind(series.kind)
        length = series.minutes if series.minutes in (5, 15, 30, 60) else 60
        with self.database.transaction(self.scope) as session:
            new = metering.NewPoint(
                name=series.tag, carrier=Carrier(series.carrier), quantity=series.quantity, unit=series.unit,
                kind=kind, interval_minutes=length, dial=series.dial, direction=metering.Direction(series.direction),
            )  # fmt: skip
            assert self.site_id is not None
            point = metering.create_point(session, self.scope, position_id=self.site_id, new=new)
            metering.create_channel(
                session, self.scope, connection_id=self.connection_id, point_id=point.id,
                new=metering.NewChannel(address={"tag": series.tag}),
            )  # fmt: skip
            return point.key


def find_shelf(
    database: Database, scope: Scope, organisation_id: UUID, *, connection: str, site: str | None, zone: str,
    currency: str = "CNY",
) -> Shelf:  # fmt: skip
    """Return where an organisation's files go; the connection is made when it is not there yet.

    site: where points are made, made itself when missing; None makes none
    """
    with database.transaction(scope) as session:
        views = metering.all_connections(session, scope)
        mine = [v.connection for v in views if v.connection.organisation_id == organisation_id]
        found = next((c for c in mine if c.name == connection), None)
        if found is None:
            new = metering.NewConnection(name=connection, protocol=Protocol.FILE, address={})
            found = metering.create_connection(session, scope, organisation_id=organisation_id, new=new)
        elif found.protocol is not Protocol.FILE:
            raise NotFound(
                f"'{connection}' is not a connection of files", field="connection", value=connection
            )
        site_id = None
        if site is not None:
            places = network.sites(session, scope)
            site_id = next(
                (p.id for _, p in places if p.name == site and p.organisation_id == organisation_id), None
            )
            if site_id is None:
                place = network.NewPosition(kind=network.PositionKind.SITE, name=site)
                site_id = network.create_site(
                    session,
                    scope,
                    organisation_id=organisation_id,
                    new=place,
                    timezone=zone,
                    currency=currency,
                ).id
        return Shelf(database, scope, organisation_id, found.id, site_id)
