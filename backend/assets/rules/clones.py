"""When the same tag seen twice must be two tags. Pure.

A label hangs at one thing. Seen here and then, faster than a van drives, somewhere else, one of the two
is a copy. Fixes are uncertain: the accuracies of both are taken off the distance before anything is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from backend.kernel.errors import Refused

EARTH_M = 6_371_008.8
"""Mean radius (IUGG) [m]."""


@dataclass(frozen=True)
class Place:
    """Where somebody was, by their phone: WGS 84 [degrees], and how far the fix may be off [m]."""

    longitude: float
    latitude: float
    accuracy_m: float = 0.0

    def __post_init__(self) -> None:
        good = -180 <= self.longitude <= 180 and -90 <= self.latitude <= 90 and self.accuracy_m >= 0
        if not good:  # also where one of them is no number
            raise Refused(
                "this place is not on Earth",
                field="place",
                value=str(self),
                remedy="send longitude, latitude and accuracy in metres",
            )


@dataclass(frozen=True)
class Seen:
    """A tag was seen somewhere at an instant."""

    at: datetime
    place: Place


@dataclass(frozen=True)
class CloneRule:
    """How fast is too fast: `apart_m` within `within_s`, as a speed; nearer than `least_m` never counts.

    20 km within 10 min are 120 km/h. least_m: phones without sky sometimes answer with the mast they hear
    """

    apart_m: float = 20_000.0
    within_s: float = 600.0
    least_m: float = 5_000.0

    @property
    def speed_ms(self) -> float:
        """The speed above which it was not one tag [m/s]."""
        return self.apart_m / self.within_s


@dataclass(frozen=True)
class Apart:
    """Two sightings that cannot be of one tag: how far apart at least [m], in how long [s]."""

    distance_m: float
    seconds: float


def apart(one: Seen, other: Seen, rule: CloneRule = CloneRule()) -> Apart | None:  # frozen
    """Return how far apart two sightings are at least, where that was too fast for one tag; else None."""
    distance_m = distance(one.place, other.place) - one.place.accuracy_m - other.place.accuracy_m
    seconds = abs((one.at - other.at).total_seconds())
    if distance_m < rule.least_m or distance_m <= rule.speed_ms * seconds:
        return None
    return Apart(distance_m, seconds)


def distance(one: Place, other: Place) -> float:
    """Return the great-circle distance between two places [m] (haversine)."""
    a, b = math.radians(one.latitude), math.radians(other.latitude)
    lift = math.sin((b - a) / 2) ** 2
    turn = math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, lift + math.cos(a) * math.cos(b) * turn)))
