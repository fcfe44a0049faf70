"""Where weather comes from (port: `backend.forecasting.ports.Weather`): files in a folder, or a provider over HTTP."""

from backend.infra.weather.folder import FolderWeather
from backend.infra.weather.open_meteo import OpenMeteo

__all__ = ["FolderWeather", "OpenMeteo"]
