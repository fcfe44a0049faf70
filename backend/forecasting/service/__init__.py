"""What can be done with forecasts. The caller owns the transaction."""

from backend.forecasting.models import Verdict, WeatherKind
from backend.forecasting.queries.confined import KEEPERS, LOOKERS
from backend.forecasting.rules import Method, Source, Why
from backend.forecasting.service.accuracy import Accuracy, accuracy
from backend.forecasting.service.failing import NotLearnt, Untrained, note_untrained
from backend.forecasting.service.issuing import due, issue_forecasts, keep_house, replay, revised_since
from backend.forecasting.service.looking import (
    LEVELS,
    ForecastSeries,
    actual,
    at,
    day_ahead,
    forecast,
    last_issued,
    list_forecasts,
    list_models,
    list_targets,
    place_of,
    standing,
    target,
    terms,
)
from backend.forecasting.service.targets import CHANGEABLE, NewTarget, add_target, change_target, end_target
from backend.forecasting.service.training import (
    ask_for_training,
    due_for_training,
    gather,
    learn,
    own_scores,
    retrain,
    settle,
)

__all__ = [
    "CHANGEABLE",
    "KEEPERS",
    "LEVELS",
    "LOOKERS",
    "Accuracy",
    "ForecastSeries",
    "Method",
    "NewTarget",
    "NotLearnt",
    "Source",
    "Untrained",
    "Verdict",
    "WeatherKind",
    "Why",
    "accuracy",
    "actual",
    "add_target",
    "ask_for_training",
    "at",
    "change_target",
    "day_ahead",
    "due",
    "due_for_training",
    "end_target",
    "forecast",
    "gather",
    "issue_forecasts",
    "keep_house",
    "last_issued",
    "learn",
    "list_forecasts",
    "list_models",
    "list_targets",
    "note_untrained",
    "own_scores",
    "place_of",
    "replay",
    "retrain",
    "revised_since",
    "settle",
    "standing",
    "target",
    "terms",
]
