"""What a forecast says: quantiles for each step, by which method, and why not by a better one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np

from backend.forecasting.rules.kinds import Kind
from backend.forecasting.rules.series import Floats
from backend.kernel.errors import Refused

QUANTILES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.95)
MEDIAN = QUANTILES.index(0.50)
BAND_80 = (QUANTILES.index(0.10), QUANTILES.index(0.90))
"""Columns between which four values of five should fall."""


class Method(StrEnum):
    """The rungs of the ladder, the best first."""

    MODEL = "model"
    MODEL_WITHOUT_WEATHER = "model_without_weather"
    LAST_WEEK = "last_week"
    PREVIOUS_DAY = "previous_day"
    PROFILE = "profile"


class Why(StrEnum):
    """Why a rung was not taken; `Passed.facts` holds the figures."""

    NO_MODEL = "no_model"
    MODEL_OLD = "model_old"
    """An earlier version of the programme wrote it; it cannot be read and is learnt anew."""
    NO_WEATHER = "no_weather"
    WEATHER_STALE = "weather_stale"
    WEATHER_LATER = "weather_later"
    WEATHER_SHORT = "weather_short"
    MODEL_OTHER_STEP = "model_other_step"
    MODEL_WITHOUT = "model_without"
    """The model has not learnt this rung: it was trained without weather, or only with it."""
    TOO_SHORT = "too_short"
    STALE = "stale"
    FLAT = "flat"
    GAPS = "gaps"


@dataclass(frozen=True)
class Passed:
    """A rung that was passed over, and why.

    facts: figures for the sentence, such as {'hours': 30.0, 'limit_hours': 24.0}
    """

    method: Method
    why: Why
    facts: Mapping[str, float] = field(default_factory=dict)


class NoForecast(Refused):
    """Nothing honest can be said: `missing` names what is not there (`Why`), `passed` every rung's reason."""

    def __init__(self, message: str, *, missing: Why, passed: tuple[Passed, ...], remedy: str) -> None:
        super().__init__(message, field="past", remedy=remedy, missing=missing.value)
        self.missing = missing
        self.passed = passed


@dataclass(frozen=True, eq=False)
class Foreseen:
    """A forecast.

    start: the first step's start (UTC), at or after the instant it was issued
    values: in the past's unit, shape (steps, len(QUANTILES)); never falling from left to right, within limits
    method: the rung it stands on; passed: the better rungs and why not they
    """

    start: datetime
    step_min: int
    values: Floats
    method: Method
    passed: tuple[Passed, ...] = ()

    @property
    def median(self) -> Floats:
        """The value as likely too high as too low, shape (steps,)."""
        return self.values[:, MEDIAN]


def tidy(values: Floats, kind: Kind) -> Floats:
    """Return quantiles in order and within the limits, shape (..., quantiles)."""
    return kind.limit(np.sort(values, axis=-1))


def around(point: Floats, errors: Floats) -> Floats:
    """Return quantiles made of a point forecast and quantiles of what it missed by.

    The median stays the point forecast. point: shape (steps,); errors: shape (steps, quantiles)
    """
    return np.asarray(point[:, None] + errors - errors[:, [MEDIAN]])
