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
    ToldNumbers,
)
from backend.metering.models.point import Direction, Point, RegisterEvent, RegisterEventKind
from backend.metering.models.reading import Batch, Cursor, Latest, Reading, SupersededReading
from backend.metering.models.trial import ConnectionTrial, Outcome
from backend.metering.models.vee import ExceptionState, Gap, ShutPeriod, VeeException, VeeSetting, VirtualTerm

__all__ = [
    "Batch", "Channel", "Connection", "ConnectionState", "ConnectionTrial", "Cursor", "DeadLetter",
    "DeviceSequence", "Direction", "ExceptionState", "Gap", "GatewayRequest", "HourStatistic", "Interval",
    "Latest", "Outcome", "Point", "Progress", "Reading", "RegisterEvent", "RegisterEventKind", "RollUp",
    "ShutPeriod", "Sighting", "SupersededInterval", "SupersededReading", "ToldNumbers", "VeeException", "VeeSetting",
    "VirtualTerm",
]  # fmt: skip
