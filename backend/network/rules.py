"""Where things may stand. Pure: no clock, no database."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from backend.kernel.errors import Refused


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


def _corners(coordinates: Any) -> list[tuple[float, float]]:
    if not isinstance(coordinates, list | tuple) or not coordinates:
        raise Refused("a geometry needs coordinates", field="geometry", remedy="give GeoJSON")
    if isinstance(coordinates[0], int | float):
        return [(float(coordinates[0]), float(coordinates[1]))]
    return [corner for part in coordinates for corner in _corners(part)]
