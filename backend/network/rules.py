"""Where things may stand. Pure: no clock, no database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from backend.kernel.errors import Refused

MOST_DEEP = 30
"""So many places lie on the way from a site down to a place, at most."""


@dataclass(frozen=True)
class Box:
    """A part of the map between two meridians and two parallels, WGS 84 [degrees]; not across the date line."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        for name, low, high in (("east", self.west, 180), ("north", self.south, 90)):
            if not -high <= low < getattr(self, name) <= high:
                raise Refused(
                    "this is no box on the map", field=name, value=getattr(self, name),
                    remedy="give west below east within 180 degrees, south below north within 90",
                )  # fmt: skip

    @classmethod
    def around(cls, west: float, south: float, east: float, north: float) -> Box:
        """Return the box around some places, a little wider than they lie, so that one place makes a box, too."""
        pad = 0.001
        return cls(max(west - pad, -180), max(south - pad, -90), min(east + pad, 180), min(north + pad, 90))

    @classmethod
    def world(cls) -> Box:
        """Return the box that holds everything."""
        return cls(-180, -90, 180, 90)

    @property
    def width(self) -> float:
        """From west to east [degrees]."""
        return self.east - self.west

    @property
    def height(self) -> float:
        """From south to north [degrees]."""
        return self.north - self.south

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """West, south, east, north: as GeoJSON names a box."""
        return self.west, self.south, self.east, self.north

    @property
    def fine(self) -> float:
        """A pixel of a screen 4,000 wide that shows the box: what is finer need not be drawn [degrees]."""
        return max(self.width, self.height) / 4_000


def demand_depth(above: str) -> None:
    """Refuse a place below the deepest there may be; above: the path of the place it would stand in."""
    if above.count(".") + 1 >= MOST_DEEP:
        raise Refused(
            f"places lie at most {MOST_DEEP} deep", field="parent_id",
            remedy="put it into a place further up",
        )  # fmt: skip


def demand_zone(name: str) -> ZoneInfo:
    """Return the named time zone; raises Refused for a name the tz database does not hold."""
    if name not in available_timezones():
        raise Refused(
            f"'{name}' is not a time zone",
            field="timezone",
            value=name,
            remedy="use a name such as Asia/Shanghai",
        )
    return ZoneInfo(name)


def demand_wgs84(geometry: dict[str, Any] | None) -> None:
    """Refuse a GeoJSON geometry with coordinates no place on Earth has (longitude first, degrees)."""
    if geometry is None:
        return
    for longitude, latitude in _corners(geometry.get("coordinates")):
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise Refused(
                f"{longitude}, {latitude} is no place in WGS 84",
                field="geometry",
                value=[longitude, latitude],
                remedy="give longitude, then latitude, in degrees",
            )


def demand_name(name: str) -> str:
    """Return a name without the space around it; raises Refused for none, or one beyond 200 characters."""
    plain = name.strip()
    if not 1 <= len(plain) <= 200:
        raise Refused(
            "a name has 1 to 200 characters", field="name", value=name[:200], remedy="name the place"
        )
    return plain


def demand_kind(kind: str, *, is_site: bool) -> None:
    """Refuse a site that is another kind of place, and a site below another."""
    if is_site is not (kind == "site"):
        raise Refused(
            "a site stands at the top, and nothing else does", field="kind", value=kind,
            remedy="keep 'site'" if is_site else "choose what stands on a site: building, plant, metering, …",
        )  # fmt: skip


def demand_currency(code: str) -> None:
    """Refuse what is no currency code of ISO 4217's shape."""
    if not re.fullmatch("[A-Z]{3}", code):
        raise Refused(
            f"'{code}' is not a currency", field="currency", value=code, remedy="use a code such as CNY"
        )


def demand_end(starts_at: datetime, ends_at: datetime) -> None:
    """Refuse an agreement that ends before it began, or as it began."""
    if ends_at <= starts_at:
        raise Refused(
            "a supply cannot end before it starts", field="ends_at", value=ends_at.isoformat(),
            remedy=f"choose an instant after {starts_at.isoformat()}",
        )  # fmt: skip


def _corners(coordinates: Any) -> list[tuple[float, float]]:
    if not isinstance(coordinates, list | tuple) or not coordinates:
        raise Refused("a geometry needs coordinates", field="geometry", remedy="give GeoJSON")
    if isinstance(coordinates[0], int | float):
        return [(float(coordinates[0]), float(coordinates[1]))]
    return [corner for part in coordinates for corner in _corners(part)]
