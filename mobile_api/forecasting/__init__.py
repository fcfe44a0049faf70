"""Forecasts in the API: what is forecast, quantiles, models, accuracy, and the weather they follow."""

from mobile_api.forecasting import forecasts, targets, weather
from mobile_api.forecasting.blueprint import blp

__all__ = ["blp", "forecasts", "targets", "weather"]
