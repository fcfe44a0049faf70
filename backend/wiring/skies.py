"""Where weather comes from, by the source a place names."""

from __future__ import annotations

from functools import cache

from backend.forecasting.ports import Weather
from backend.infra.weather import FolderWeather, OpenMeteo
from backend.kernel.settings import settings


@cache
def weather_gateways() -> dict[str, Weather]:
    """Return source -> gateway; a provider only where one is set up."""
    where = settings()
    found: dict[str, Weather] = {"file": FolderWeather(where.home / "weather")}
    if where.weather_url is not None:
        found["http"] = OpenMeteo(where.weather_url)
    return found
