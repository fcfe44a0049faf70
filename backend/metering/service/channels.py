"""How points are read: map one to an address of a connection, take a whole meter in by its family, change, remove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel import audit, clock, paging, units
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Scope
from backend.metering import queries
from backend.metering.models import Channel, Connection, Direction, Point
from backend.metering.models.connection import Protocol
from backend.metering.ports import FamilyView, FieldGuide, MeasureView
from backend.metering.queries import commissioning
from backend.metering.service.connections import KEEPERS, NewChannel, create_channel
from backend.metering.service.points import NewPoint, create_point


@dataclass(frozen=True)
class Meter:
    """A meter behind a Modbus gateway: which unit it answers as, its family, what is read, how the points are called.

    measures: names of the family's measures; name, name_zh: stand before the measure in each point's name
    words: measure -> (English, Chinese) words for it, else the measure's own name
    is_main: its first counting measure counts in the totals of site and organisation
    """

    family: str
    unit: int
    measures: tuple[str, ...]
    name: str
    name_zh: str | None = None
    words: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    is_main: bool = False


def channel(session: Session, scope: Scope, channel_id: UUID) -> Channel:
    """Return one channel; raises NotFound."""
    return commissioning.channel(session, scope, channel_id)


def channels_of_point(
    session: Session, scope: Scope, point_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[tuple[Channel, Connection]]:
    """Return a page of how a point is read: its channels with their connections; staff only."""
    point = queries.point(session, scope, point_id)
    return commissioning.channels_of_point(session, scope, point.id, cursor=cursor, limit=limit)


def add_channel(
    session: Session, scope: Scope, guide: FieldGuide, *, connection_id: UUID, point_id: UUID, new: NewChannel
) -> Channel:
    """Have a point read over a connection, at an address a worker can use.

    A family's measure in another unit of the same quantity is converted where no scale is given.
    """
    connection = queries.connection(session, scope, connection_id)
    scope.demand(connection.organisation_id, *KEEPERS)
    point = queries.point(session, scope, point_id)
    if any(held.id == point.id for _channel, held in queries.channels(session, scope, connection.id)):
        raise Conflict(
            f"'{point.name}' is read over '{connection.name}' already", field="point_id", value=str(point.id),
            remedy="change the channel there is",
        )  # fmt: skip
    new = _fitting(guide, new, point)
    _check(session, scope, guide, connection, new, but=None)
    return create_channel(session, scope, connection_id=connection.id, point_id=point.id, new=new)


def add_meter(
    session: Session, scope: Scope, guide: FieldGuide, *, connection_id: UUID, position_id: UUID, meter: Meter
) -> list[Channel]:
    """Make a point and a channel for each wanted measure of a meter; returns the channels."""
    connection = queries.connection(session, scope, connection_id)
    scope.demand(connection.organisation_id, *KEEPERS)
    if connection.protocol is not Protocol.MODBUS:
        raise Refused(
            "meter families are read over Modbus", field="connection_id", value=str(connection.id),
            remedy="choose a Modbus connection",
        )  # fmt: skip
    family = next((one for one in guide.families() if one.key == meter.family), None)
    if family is None:
        raise Refused(
            f"there is no meter family '{meter.family}'", field="family", value=meter.family,
            remedy="use one of " + ", ".join(one.key for one in guide.families()),
        )  # fmt: skip
    if not meter.measures:
        raise Refused(
            "nothing of the meter would be read", field="measures", value=[], remedy="choose a measure"
        )
    made, main = [], meter.is_main
    for name in dict.fromkeys(meter.measures):
        measure = _measure(family, name)
        is_total = main and measure.unit in units.QUANTA and measure.direction != "out"
        main = main and not is_total
        point = create_point(
            session, scope, position_id=position_id, new=_point(meter, family, measure, is_total=is_total)
        )
        new = NewChannel(address={"unit": meter.unit, "family": family.key, "measure": name})
        _check(session, scope, guide, connection, new, but=None)
        made.append(create_channel(session, scope, connection_id=connection.id, point_id=point.id, new=new))
    return made


def adopt(
    session: Session, scope: Scope, guide: FieldGuide, *, sighting_id: UUID, point_id: UUID, new: NewChannel
) -> Channel:
    """Read what was seen on the wire into a point there is, from now on."""
    sighting = queries.sighting(session, scope, sighting_id)
    scope.demand(sighting.organisation_id, *KEEPERS)
    made = add_channel(
        session, scope, guide, connection_id=sighting.connection_id, point_id=point_id, new=new
    )
    sighting.adopted_at = clock.now()
    session.flush()
    return made


def adopt_meter(
    session: Session, scope: Scope, guide: FieldGuide, *, sighting_id: UUID, position_id: UUID, meter: Meter
) -> list[Channel]:
    """Read a meter that was seen behind a Modbus gateway, by its family, into points of its own."""
    sighting = queries.sighting(session, scope, sighting_id)
    scope.demand(sighting.organisation_id, *KEEPERS)
    made = add_meter(
        session, scope, guide, connection_id=sighting.connection_id, position_id=position_id, meter=meter
    )
    sighting.adopted_at = clock.now()
    session.flush()
    return made


def change_channel(
    session: Session,
    scope: Scope,
    guide: FieldGuide,
    *,
    channel_id: UUID,
    is_enabled: bool | None = None,
    **said: Any,
) -> Channel:
    """Say otherwise how a point is read: address, decoding, scale, offset, period; or switch it on or off."""
    found = commissioning.channel(session, scope, channel_id)
    scope.demand(found.organisation_id, *KEEPERS)
    connection = queries.connection(session, scope, found.connection_id)
    told = {name: getattr(found, name) for name in ("address", "decoding", "scale", "offset", "poll_seconds")}
    wanted = told | said
    _check(session, scope, guide, connection, NewChannel(**wanted), but=found.id)
    wanted["is_enabled"] = found.is_enabled if is_enabled is None else is_enabled
    before = told | {"is_enabled": found.is_enabled}
    changed = {name: value for name, value in wanted.items() if value != before[name]}
    for name, value in changed.items():
        setattr(found, name, value)
    if changed:
        _plan_changed(session)
        audit.record(
            session, scope, action="channel.changed", entity="channel", entity_id=found.id,
            organisation_id=found.organisation_id, before={name: before[name] for name in changed}, after=changed,
        )  # fmt: skip
    session.flush()
    return found


def remove_channel(session: Session, scope: Scope, *, channel_id: UUID) -> None:
    """Read a point no longer at this address; the point and its readings stay."""
    found = commissioning.channel(session, scope, channel_id)
    scope.demand(found.organisation_id, *KEEPERS)
    session.delete(found)
    session.flush()
    _plan_changed(session)
    audit.record(
        session, scope, action="channel.removed", entity="channel", entity_id=found.id,
        organisation_id=found.organisation_id, before={"point": str(found.point_id), "address": found.address},
    )  # fmt: skip


def _check(
    session: Session,
    scope: Scope,
    guide: FieldGuide,
    connection: Connection,
    new: NewChannel,
    *,
    but: UUID | None,
) -> None:
    """Raise Refused for what a worker could not read, Conflict for a tag that fills another point."""
    if new.poll_seconds is not None and not 0.1 <= new.poll_seconds <= 86_400:
        raise Refused(
            f"{new.poll_seconds:g} s cannot be waited for", field="poll_seconds", value=new.poll_seconds,
            remedy="between 0.1 and 86400 s, or nothing: as the connection",
        )  # fmt: skip
    if new.scale == 0:
        raise Refused("a scale of 0 loses the value", field="scale", value=0, remedy="use 1, or the ratio")
    guide.check_channel(connection.protocol.value, connection.address, new.address, new.decoding)
    tag = new.address.get("tag")
    if connection.protocol is Protocol.HTTP and tag:
        taken = commissioning.tag_reader(session, scope, connection.id, tag, but)
        if taken is not None:
            raise Conflict(
                f"the tag '{tag}' fills '{taken.name}' already",
                field="tag",
                value=tag,
                remedy="use another tag",
            )


def _fitting(guide: FieldGuide, new: NewChannel, point: Point) -> NewChannel:
    """Return the channel scaled from its family's unit to the point's; raises Refused where none leads there."""
    family = next((one for one in guide.families() if one.key == new.address.get("family")), None)
    measure = family.measure(str(new.address.get("measure"))) if family else None
    if measure is None or measure.unit == point.unit or (new.scale, new.offset) != (1.0, 0.0):
        return new
    zero = units.convert(0.0, measure.unit, point.unit)
    return replace(new, scale=units.convert(1.0, measure.unit, point.unit) - zero, offset=zero)


def _measure(family: FamilyView, name: str) -> MeasureView:
    found = family.measure(name)
    if found is None:
        raise Refused(
            f"{family.maker} {family.model} has no measure '{name}'", field="measures", value=name,
            remedy="use one of " + ", ".join(one.name for one in family.measures),
        )  # fmt: skip
    return found


def _point(meter: Meter, family: FamilyView, measure: MeasureView, *, is_total: bool) -> NewPoint:
    plain = measure.name.replace("_", " ")
    english, chinese = meter.words.get(measure.name, (plain, None))
    return NewPoint(
        name=f"{meter.name} · {english}", name_zh=f"{meter.name_zh or meter.name} · {chinese}" if chinese else None,
        carrier=family.carrier, quantity=measure.quantity, unit=measure.unit, kind=measure.kind,
        direction=Direction(measure.direction or "in"), is_total=is_total,
    )  # fmt: skip


def _plan_changed(session: Session) -> None:
    session.execute(text("SELECT pg_notify('ingest_plan', '')"))
