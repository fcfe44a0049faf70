"""From the past of a point to quantiles of its future. Pure: values and arrays in, values and arrays out."""

from backend.forecasting.rules.backtest import MARGIN, Folds, Scores, backtest, pinball, replaces
from backend.forecasting.rules.engine import Learning
from backend.forecasting.rules.foreseen import QUANTILES, Foreseen, Method, NoForecast, Passed, Why
from backend.forecasting.rules.kinds import Kind, PvArray, Source
from backend.forecasting.rules.ladder import forecast
from backend.forecasting.rules.model import LEAST_DAYS, OPENINGS, Model, OldModel, train, train_together
from backend.forecasting.rules.series import WEATHER_COLUMNS, Past, Weather

__all__ = [
    "LEAST_DAYS", "MARGIN", "OPENINGS", "QUANTILES", "WEATHER_COLUMNS", "Folds", "Foreseen", "Kind", "Learning",
    "Method", "Model", "NoForecast", "OldModel", "Passed", "Past", "PvArray", "Scores", "Source", "Weather", "Why",
    "backtest", "forecast", "pinball", "replaces", "train", "train_together",
]  # fmt: skip
