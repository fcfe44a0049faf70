"""What forecasting asks of the outside world: weather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

BELIEVED = {
    "temperature_c": (-90.0, 60.0), "ghi_wm2": (0.0, 1600.0), "wind_ms": (0.0, 120.0), "humidity_pct": (0.0, 100.0),
    "cloud_pct": (0.0, 100.0),
}  # fmt: skip
"""What is kept of weather (rules.WEATHER_COLUMNS) -> between which values it is believed; means over a step."""


@dataclass(frozen=True)
class Where:
    """The place weather is wanted for."""

    place_id: UUID
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Delivered:
    """Weather as it came, labelled by the start of each step.

    is_forecast: foreseen rather than observed; issued_at: when the source says it was made
    columns: variable (see BELIEVED) -> values, NaN where none is said
    """

    is_forecast: bool
    issued_at: datetime
    start: datetime
    step_minutes: int
    columns: Mapping[str, NDArray[np.float64]]


class Weather(Protocol):
    """Brings weather."""

    def fetch(self, where: Where) -> Sequence[Delivered]:
        """Return what is new for a place, the oldest first; nothing where nothing is.

        raises Unavailable when the source does not answer, Refused when what it says cannot be read
        """

    def taken(self, where: Where) -> None:
        """Hear that all that was fetched last is kept: it need not be brought again."""
