"""The words in which the demo region is described: plain values, no database, no map library.

Keys are stable, readable names such as `hotel.heat`; names come in English and Chinese.
"""

from dataclasses import dataclass, field
from datetime import datetime

LonLat = tuple[float, float]


@dataclass(frozen=True)
class OrganisationSpec:
    """A node of the tree region > park > enterprise > customer."""

    key: str
    parent: str | None
    kind: str
    name: str
    name_zh: str
    trade: str | None = None


@dataclass(frozen=True)
class PersonSpec:
    """Somebody who can log in to the demo: one role at one node."""

    email: str
    name: str
    role: str
    organisation: str
    locale: str


@dataclass(frozen=True)
class PositionSpec:
    """A functional location. A site has no parent and carries the address.

    outline: polygon [(longitude, latitude)]; else `place` is a point
    """

    key: str
    organisation: str
    kind: str
    name: str
    name_zh: str
    place: LonLat
    parent: str | None = None
    outline: tuple[LonLat, ...] = ()
    carriers: tuple[str, ...] = ()
    category: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class LineSpec:
    """A cable, pipe, or piece of the base map.

    kind: 'feeder', 'pipe', or a base layer 'street', 'coast', 'block', 'park'
    length_m: along the line [m]; is_area: the coordinates close a polygon
    """

    key: str
    kind: str
    coordinates: tuple[LonLat, ...]
    carrier: str | None = None
    from_position: str | None = None
    to_position: str | None = None
    name: str | None = None
    length_m: float = 0.0
    is_area: bool = False


@dataclass(frozen=True)
class SupplySpec:
    """A customer supplied at a position and below, from an instant on."""

    organisation: str
    position: str
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True)
class DeviceSpec:
    """A serial-numbered thing at a position; `family` names its table in ingest/devices where it has one."""

    key: str
    position: str
    manufacturer: str
    model: str
    serial_number: str
    family: str | None = None


@dataclass(frozen=True)
class ConnectionSpec:
    """A way into the field: `protocol` is modbus, opcua, mqtt or sparkplug."""

    key: str
    protocol: str
    name: str
    name_zh: str
    poll_seconds: float = 10.0


@dataclass(frozen=True)
class PointSpec:
    """One measured quantity at a position, and what of the model it shows.

    kind: register, interval, instant or state; direction: in (consumed) or out (delivered), seen from the
    position
    source: key of the model's flow (registers, intervals, rates) or level; factor: model unit to the point's
    unit
    resolution: step of what the meter shows [unit]; dial: first value a register cannot show [unit]
    jitter: fast noise of an instant, share of its value; exchanged: the meter is replaced each year, see
    `meters`
    measure: the name in the device family's table, or of the metric, node or field
    """

    key: str
    position: str
    device: str
    name: str
    name_zh: str
    carrier: str
    quantity: str
    unit: str
    kind: str
    source: str
    measure: str
    direction: str = "in"
    category: str | None = None
    parent: str | None = None
    interval_minutes: int = 15
    dial: float | None = None
    resolution: float = 0.01
    jitter: float = 0.0
    factor: float = 1.0
    settlement: bool = False
    total: bool = False
    exchanged: bool = False
    connection: str = ""
    address: dict = field(default_factory=dict, hash=False, compare=False)


@dataclass(frozen=True)
class AlarmRuleSpec:
    """When to raise an alarm about a point; `parameters` as in the alarms area."""

    point: str
    kind: str
    name: str
    name_zh: str
    parameters: dict = field(hash=False)
    priority: int = 3
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    advice: str | None = None
