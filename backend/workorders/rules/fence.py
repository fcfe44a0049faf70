"""Whether somebody is where they say: fixes, distances, fences. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt


@dataclass(frozen=True)
class Place:
    """A fix: degrees (WGS 84) and its accuracy [m]."""

    latitude: float
    longitude: float
    accuracy_m: float = 0.0


def distance_m(one: Place, other: Place) -> float:
    """Return the great-circle distance of two places [m] (haversine, mean Earth radius 6,371 km)."""
    a, b = radians(one.latitude), radians(other.latitude)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * 6_371_000 * asin(sqrt(half))


def is_near(at: Place, place: Place, within_m: float) -> bool:
    """Tell whether a fix may lie within so many metres of a place, its accuracy taken off.

    A fix less exact than the fence is wide says no more than one that exact: a mast kilometres away proves nothing.
    """
    return distance_m(at, place) - min(max(at.accuracy_m, 0.0), within_m) <= within_m
