"""How long it takes from place to place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EARTH_M = 6_371_008.8
"""Mean radius of the earth [m] (IUGG)."""

DETOUR = 1.3
"""Roads are longer than the straight line by about this."""

REFERENCE_KMH = 40.0
"""The speed a matrix is made for; a technician of another speed takes longer or shorter in proportion."""


class Place(NamedTuple):
    """A place on the earth [degrees, WGS 84]."""

    lon: float
    lat: float


@dataclass(frozen=True)
class Matrix:
    """Seconds at REFERENCE_KMH between places, by index: great circles here, a road service's answer elsewhere."""

    index: dict[Place, int]
    seconds: NDArray[np.int64]

    @classmethod
    def of(cls, places: Sequence[Place], seconds: NDArray[np.int64]) -> Matrix:
        """Put a road service's answer to use; `seconds[i, j]` leads from places[i] to places[j]."""
        if seconds.shape != (len(places), len(places)) or (seconds < 0).any():
            raise ValueError(
                "a travel matrix has a row and a column a place, and nobody arrives before leaving"
            )
        return cls({place: number for number, place in enumerate(places)}, seconds)

    def at_speed(self, speed_kmh: float) -> NDArray[np.int64]:
        """Return the whole matrix for a technician of this speed [s], rounded up."""
        scaled: NDArray[np.int64] = np.ceil(self.seconds * (REFERENCE_KMH / speed_kmh) - 1e-9).astype(
            np.int64
        )
        return scaled

    def between(self, start: Place, end: Place, speed_kmh: float) -> int:
        """Return the seconds from one place to another at a speed, rounded up."""
        base = int(self.seconds[self.index[start], self.index[end]])
        return math.ceil(base * (REFERENCE_KMH / speed_kmh) - 1e-9)


def great_circle(places: Iterable[Place]) -> Matrix:
    """Return the matrix where no road service is set: great circle x DETOUR / REFERENCE_KMH, rounded up."""
    known = list(dict.fromkeys(places))
    degrees = np.array(known, dtype=np.float64).reshape(-1, 2)
    lon, lat = np.radians(degrees[:, 0]), np.radians(degrees[:, 1])
    half = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat)[:, None] * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    metres = 2 * EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return Matrix.of(known, np.ceil(metres * DETOUR / (REFERENCE_KMH / 3.6)).astype(np.int64))
