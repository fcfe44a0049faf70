"""What every wire's readings must satisfy. Pure: no clock, no socket, no database."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from backend.metering.rules import Quality

AHEAD_SECONDS = 60
"""How far a device's clock may run ahead before its instants are refused [s]."""

GOOD, UNCERTAIN, BAD = int(Quality.GOOD), int(Quality.UNCERTAIN), int(Quality.BAD)
"""Qualities a wire can give a reading."""

EARLIEST_US = 946_684_800_000_000
"""2000-01-01T00:00Z: an older instant is a clock that was never set [microseconds since the Unix epoch]."""


def check_times(
    read_at_us: NDArray[np.int64], *, now_us: int, ahead_seconds: float = AHEAD_SECONDS
) -> NDArray[np.bool_]:
    """Return which instants can be believed: not in the future, and from a clock that was set.

    read_at_us: instants of measurement [microseconds since the Unix epoch]
    now_us: the present [same]
    ahead_seconds: tolerated lead of a device's clock [s]
    returns: True where the reading may be kept, same length
    """
    read_at_us = np.asarray(read_at_us, np.int64)
    return (read_at_us >= EARLIEST_US) & (read_at_us <= now_us + int(ahead_seconds * 1_000_000))


def time_refusal(read_at_us: int, *, now_us: int, ahead_seconds: float = AHEAD_SECONDS) -> str | None:
    """Return why an instant is refused, in words; None where it can be believed."""
    if read_at_us < EARLIEST_US:
        return "the device's clock was never set: the reading is from before the year 2000"
    ahead = (read_at_us - now_us) / 1_000_000
    if ahead > ahead_seconds:
        return f"the reading is {ahead:.0f} s in the future; {ahead_seconds:.0f} s are tolerated"
    return None


def judge(value: float, *, low: float | None, high: float | None) -> int:
    """Return the quality of a value the device called good: bad where the quantity cannot be so.

    value, low, high: in the point's unit; NaN stands for no value
    """
    if not math.isfinite(value):
        return BAD
    if (low is not None and value < low) or (high is not None and value > high):
        return BAD
    return GOOD
