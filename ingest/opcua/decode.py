"""What a server's data values mean as readings. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from asyncua import ua

from backend.kernel import clock
from backend.metering.rules import Quality
from ingest.plan import Channel
from ingest.rules import BAD, EARLIEST_US, GOOD, UNCERTAIN, judge

SUBCODE = 0xFFFF0000
OF_STATUS = {
    ua.StatusCodes.GoodLocalOverride: int(Quality.MANUAL),
    ua.StatusCodes.UncertainSubstituteValue: int(Quality.SUBSTITUTED),
}
"""Status codes that say more than good, uncertain or bad."""


def quality_of(status: ua.StatusCode | None) -> int:
    """Return the quality a status code stands for; a reserved severity counts as bad (Part 4, 7.39)."""
    if status is None or status.is_good():
        return OF_STATUS.get(status.value & SUBCODE, GOOD) if status is not None else GOOD
    if status.is_uncertain():
        return OF_STATUS.get(status.value & SUBCODE, UNCERTAIN)
    return BAD


def number_of(value: ua.DataValue) -> float:
    """Return a data value's number (true is 1); NaN where it has none."""
    raw = value.Value.Value if value.Value is not None else None
    if isinstance(raw, (bool, int, float)):
        return float(raw)
    return math.nan


def reading_of(value: ua.DataValue, channel: Channel) -> tuple[float, int]:
    """Return value [the point's unit] and quality of what the server sent for a channel."""
    number = number_of(value) * channel.scale + channel.offset
    if judge(number, low=channel.low, high=channel.high) == BAD:
        return number if math.isfinite(number) else math.nan, BAD
    return number, quality_of(value.StatusCode)


def measured_at_us(value: ua.DataValue, *, now_us: int) -> int:
    """Return when the value was measured: the source's instant, else the server's, else now [us]."""
    for instant in (value.SourceTimestamp, value.ServerTimestamp):
        if (found := _us(instant)) is not None:
            return found
    return now_us


def known_at_us(value: ua.DataValue, *, now_us: int) -> int:
    """Return until when the server vouches for a value it was just asked for [us].

    The server's instant is when it "knew [the value] to be accurate" (Part 4, 7.11), so an unchanged
    value read again counts as a reading of that instant.
    """
    found = _us(value.ServerTimestamp)
    return now_us if found is None else found


def _us(instant: datetime | None) -> int | None:
    """Return an instant [us]; None where there is none: servers then send the year 1601."""
    if instant is None:
        return None
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    found = clock.to_us(aware)
    return found if found >= EARLIEST_US else None
