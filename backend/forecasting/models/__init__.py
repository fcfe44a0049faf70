"""Tables of forecasting: targets, models, forecasts, and the weather as it was known."""

from backend.forecasting.models.forecast import Forecast, ForecastModel, Verdict
from backend.forecasting.models.target import SETTINGS, ForecastTarget, ForecastTerm
from backend.forecasting.models.weather import WeatherKind, WeatherPlace, WeatherRun

__all__ = [
    "SETTINGS",
    "Forecast",
    "ForecastModel",
    "ForecastTarget",
    "ForecastTerm",
    "Verdict",
    "WeatherKind",
    "WeatherPlace",
    "WeatherRun",
]
