"""Create the region's points, connections and channels, and note its exchanged meters."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from backend.demo import channels
from backend.demo.devices.ports import ports
from backend.demo.founding import Ground
from backend.demo.people import REGION
from backend.demo.region import Region
from backend.demo.spec import ConnectionSpec, PointSpec
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Direction, Point, RegisterEventKind
from backend.metering.models.connection import Protocol

Exchanged = Mapping[str, Sequence[tuple[datetime, float]]]
"""Point key -> when its meter was exchanged, and what the old one last showed [unit of the point]."""


def measure(session: Session, region: Region, ground: Ground, home: Path) -> dict[str, Point]:
    """Create points, connections and channels in the caller's transaction; return {key: point}.

    home: where the ports of our own devices are kept
    """
    made: dict[str, Point] = {}
    for spec in region.points:
        parent = made[spec.parent].id if spec.parent else None
        position = ground.positions[spec.position]
        made[spec.key] = metering.create_point(
            session, ground.scope, position_id=position, new=_new_point(spec, parent)
        )
    taken = ports(home)
    wires = {spec.key: _connection(session, spec, ground, taken) for spec in region.connections}
    for channel in channels.channels():
        metering.create_channel(
            session, ground.scope, connection_id=wires[channel.connection], point_id=made[channel.point].id,
            new=metering.NewChannel(address=channel.address),
        )  # fmt: skip
    return made


def note_exchanges(
    session: Session, ground: Ground, made: dict[str, Point], exchanged: Exchanged, *, since: datetime
) -> None:
    """Say which registers' meters were exchanged since an instant, with what the old ones last showed."""
    for key, replaced in exchanged.items():
        for at, final in replaced:
            if at >= since:
                metering.record_register_event(
                    session, ground.scope, point_id=made[key].id, at=at, kind=RegisterEventKind.EXCHANGE,
                    final=final, initial=0.0,
                )  # fmt: skip


def _new_point(spec: PointSpec, parent: UUID | None) -> metering.NewPoint:
    return metering.NewPoint(
        name=spec.name, name_zh=spec.name_zh, carrier=Carrier(spec.carrier), quantity=spec.quantity,
        unit=spec.unit, kind=PointKind(spec.kind), direction=Direction(spec.direction),
        category=spec.category, parent_id=parent,
        interval_minutes=spec.interval_minutes, dial=spec.dial if spec.kind == "register" else None,
        is_settled=spec.settlement, is_total=spec.total, is_simulated=True,
    )  # fmt: skip


def _connection(session: Session, spec: ConnectionSpec, ground: Ground, taken: dict[str, int]) -> UUID:
    new = metering.NewConnection(
        name=spec.name, name_zh=spec.name_zh, protocol=Protocol(spec.protocol), poll_seconds=spec.poll_seconds,
        is_simulated=True, address=channels.connection_address(spec.key, taken),
    )  # fmt: skip
    made = metering.create_connection(
        session, ground.scope, organisation_id=ground.organisations[REGION], new=new
    )
    return made.id
