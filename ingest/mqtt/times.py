"""Instants as devices write them. Pure."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.mqtt.mapping import TIME_UNITS_US


def instant_us(said: Any, unit: str) -> int:
    """Read an instant; raises Refused where it is none.

    unit: `iso` for text with an offset or Z, else `s`, `ms` or `us` since the Unix epoch
    returns: microseconds since the Unix epoch
    """
    if unit != "iso":
        if isinstance(said, int) and not isinstance(said, bool):
            return said * TIME_UNITS_US[unit]
        if isinstance(said, str):
            try:
                said = float(said)
            except ValueError:
                raise Refused(f"{said!r} is not an instant in {unit}", field="time", value=said) from None
        if isinstance(said, float) and math.isfinite(said * TIME_UNITS_US[unit]):
            return round(said * TIME_UNITS_US[unit])
        raise Refused(f"{said!r} is not an instant in {unit}", field="time", value=said)
    try:
        instant = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        raise Refused(
            f"{said!r} is not an instant", field="time", value=said, remedy="write 2026-01-31T12:00:00Z"
        ) from None
    if instant.tzinfo is None:
        raise Refused(f"{said!r} does not say its offset from UTC", field="time", value=said, remedy="add Z")
    return clock.to_us(instant)
