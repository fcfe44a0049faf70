"""Tables of metering: points and how they are read, readings, and the amounts made of them."""

from backend.metering.models.amounts import HourStatistic, Interval, Progress, RollUp, SupersededInterval
from backend.metering.models.connection import (
    Channel,
    Connection,
    ConnectionState,
    DeadLetter,
    DeviceSequence,
    GatewayRequest,
    Sighting,
)
from backend.metering.models.point import Direction, Point, RegisterEvent, RegisterEventKind
from backend.metering.models.reading import Batch, Cursor, Latest, Reading, SupersededReading

__all__ = [
    "Batch", "Channel", "Connection", "ConnectionState", "Cursor", "DeadLetter", "DeviceSequence",
    "Direction", "GatewayRequest", "HourStatistic", "Interval", "Latest", "Point", "Progress", "Reading",
    "RegisterEvent", "RegisterEventKind", "RollUp", "Sighting", "SupersededInterval", "SupersededReading",
]  # fmt: skip
