"""A small made-up load that forecasts are tried on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from backend.forecasting.rules import Learning, Past, Weather

START = datetime(2025, 3, 3, tzinfo=UTC)
QUICK = Learning(rounds=12, spread_rounds=6, least_rows=15)


def load(
    days: int = 60, *, step_min: int = 60, zone: str = "Europe/Copenhagen", country: str | None = None
) -> Past:
    """Return a load with a day, a week, something of the weather, and noise."""
    per_day = 1440 // step_min
    at = np.arange(days * per_day)
    hour = at % per_day * 24 / per_day
    work = np.where(at // per_day % 7 < 5, 1.0, 0.6)
    noise = np.random.default_rng(3).normal(0, 4, len(at))
    values = np.maximum(100 * work * (1 + 0.4 * np.sin(2 * np.pi * (hour - 9) / 24)) + noise, 0)
    return Past(START, step_min, values, zone, country)


def weather(past: Past, *, ahead_days: int = 8) -> Weather:
    """Return temperature over a past and some days more, issued at its end."""
    hours = int((past.end - past.start) / timedelta(hours=1)) + 24 * ahead_days
    warmth = 10 + 6 * np.sin(2 * np.pi * (np.arange(hours) - 9) / 24)
    return Weather(past.start, 60, {"temperature_c": warmth}, past.end)
