"""Models that learn (for now a frame without one: see the ladder's naive rungs)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from backend.forecasting.rules.days import LocalClock
from backend.forecasting.rules.foreseen import Method
from backend.forecasting.rules.kinds import Kind
from backend.forecasting.rules.naive import naive
from backend.forecasting.rules.series import Floats, Past, Weather


@dataclass(frozen=True)
class Model:
    """What was learnt from a point's past; text in and out, so that it can be kept and replayed."""

    step_min: int

    def quantiles(self, past: Past, weather: Weather | None, *, start: datetime, steps: int) -> Floats:
        """Return quantiles of `steps` steps from `start`, shape (steps, quantiles); not yet limited."""
        gap = int((start - past.end).total_seconds() // 60 // past.step_min)
        padded = np.concatenate([past.values, np.full(gap + steps, np.nan)])
        clock = LocalClock(past.start, past.step_min, len(padded), past.zone, past.country)
        return naive(Method.LAST_WEEK, padded, clock, len(past.values))[gap:]

    def to_text(self) -> str:
        """Return the model as JSON."""
        return json.dumps({"format": 1, "step_min": self.step_min})

    @classmethod
    def from_text(cls, text: str) -> Model:
        """Read what `to_text` wrote."""
        return cls(json.loads(text)["step_min"])


def train(past: Past, weather: Weather | None, kind: Kind, *, seed: int = 0) -> Model:
    """Learn from a point's past. The same input and seed give the same model."""
    return Model(past.step_min)
