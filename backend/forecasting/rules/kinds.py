"""What is foreseen, and what is physically possible for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from backend.forecasting.rules.series import Floats


class Source(StrEnum):
    """What makes the values."""

    LOAD = "load"
    PV = "pv"
    WIND = "wind"
    SUPPLY = "supply"
    """Heat, cold or steam given by a plant or a network."""


@dataclass(frozen=True)
class PvArray:
    """Where modules stand and look.

    latitude, longitude: [°], north and east positive
    tilt_deg: from horizontal; azimuth_deg: from north, clockwise; both None where unknown
    peak: power under standard conditions, in the values' unit
    """

    latitude: float
    longitude: float
    tilt_deg: float | None = None
    azimuth_deg: float | None = None
    peak: float | None = None


@dataclass(frozen=True)
class Kind:
    """What is foreseen.

    carrier: as in backend/kernel/units.py; only said, never decided by
    floor, ceiling: limits of a value in its own unit (0, the power installed); None where there is none
    pv: place and position of modules, for PV
    """

    source: Source = Source.LOAD
    carrier: str = "electricity"
    floor: float | None = 0.0
    ceiling: float | None = None
    pv: PvArray | None = None

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Kind:
        """Read a kind from plain values."""
        pv = None if said["pv"] is None else PvArray(**said["pv"])
        return cls(Source(said["source"]), said["carrier"], said["floor"], said["ceiling"], pv)

    def limit(self, values: Floats) -> Floats:
        """Return values within the limits."""
        low = -np.inf if self.floor is None else self.floor
        high = np.inf if self.ceiling is None else self.ceiling
        return np.clip(values, low, high)
