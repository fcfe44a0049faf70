"""From the past of a point to quantiles of its future. Pure: values and arrays in, values and arrays out."""

from backend.forecasting.rules.backtest import MARGIN, Folds, Scores, backtest, pinball, replaces
from backend.forecasting.rules.foreseen import QUANTILES, Foreseen, Method, NoForecast, Passed, Why
from backend.forecasting.rules.kinds import Kind, PvArray, Source
from backend.forecasting.rules.ladder import forecast
from backend.forecasting.rules.model import Model, train
from backend.forecasting.rules.series import WEATHER_COLUMNS, Past, Weather

__all__ = [
    "MARGIN", "QUANTILES", "WEATHER_COLUMNS", "Folds", "Foreseen", "Kind", "Method", "Model", "NoForecast", "Passed",
    "Past", "PvArray", "Scores", "Source", "Weather", "Why", "backtest", "forecast", "pinball", "replaces", "train",
]  # fmt: skip
