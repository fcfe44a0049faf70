"""What a forecast is made from: the measured past of a point, and the weather around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from backend.kernel.errors import Refused

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

WEATHER_COLUMNS = ("temperature_c", "ghi_wm2", "wind_ms", "humidity_pct", "cloud_pct")
"""Air temperature [°C], global horizontal irradiance [W/m²], wind [m/s], relative humidity [%], cloud cover [%]."""


@dataclass(frozen=True, eq=False)
class Past:
    """What a point measured, step by step.

    start: the first step's start (UTC)
    step_min: length of a step [min]; it divides a day
    values: the mean rate or the amount of each step, shape (steps,), NaN where unknown; the unit is the asker's
    zone: IANA name of the zone its people live by
    country: whose holidays they keep, as `holidays` names it ('CN', 'DK', 'GB-ENG'); None keeps none
    """

    start: datetime
    step_min: int
    values: Floats
    zone: str = "UTC"
    country: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", np.asarray(self.values, dtype=np.float64))
        _check_grid(self.start, self.step_min, "past")
        if self.values.ndim != 1:
            raise Refused("the past is one value a step", field="past.values", value=self.values.ndim)

    @property
    def end(self) -> datetime:
        """End of the last step (UTC)."""
        return self.start + timedelta(minutes=self.step_min * len(self.values))

    def known(self, at: datetime) -> Past:
        """Return what had been measured by `at`: the steps that had ended."""
        ended = max(0, int((at - self.start) / timedelta(minutes=self.step_min)))
        return replace(self, values=self.values[:ended])

    def since(self, at: datetime) -> Past:
        """Return the steps that start at `at` or later."""
        first = max(0, -int((self.start - at) // timedelta(minutes=self.step_min)))
        return replace(
            self, start=self.start + timedelta(minutes=first * self.step_min), values=self.values[first:]
        )


@dataclass(frozen=True, eq=False)
class Weather:
    """Weather of a place over past and future, as one source knew it at one instant.

    start, step_min: its steps, as in `Past`; they may differ from the point's
    columns: some of WEATHER_COLUMNS, each of shape (steps,), NaN where unknown
    issued_at: when its future part was foretold (UTC): tells how stale it is, and that it was known
    """

    start: datetime
    step_min: int
    columns: Mapping[str, Floats]
    issued_at: datetime

    def __post_init__(self) -> None:
        _check_grid(self.start, self.step_min, "weather")
        sizes = {np.shape(column) for column in self.columns.values()}
        unknown = set(self.columns) - set(WEATHER_COLUMNS)
        if unknown or len(sizes) > 1:
            raise Refused(
                "weather has columns of one length, named " + ", ".join(WEATHER_COLUMNS),
                field="weather.columns",
                value=", ".join(sorted(self.columns)),
            )

    def on(self, start: datetime, step_min: int, steps: int) -> dict[str, Floats]:
        """Return the columns on other steps, between two instants drawn straight; NaN beyond the ends and in gaps."""
        ours = (start - self.start) / timedelta(minutes=1) + step_min * (
            np.arange(steps, dtype=np.float64) + 0.5
        )
        theirs = self.step_min * (np.arange(self._steps, dtype=np.float64) + 0.5)
        return {name: self._at(np.asarray(column), theirs, ours) for name, column in self.columns.items()}

    @property
    def _steps(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def _at(self, column: Floats, theirs: Floats, ours: Floats) -> Floats:
        known = np.isfinite(column)
        if not known.any():
            return np.full(len(ours), np.nan)
        read = np.interp(ours, theirs[known], column[known])
        index = np.floor(ours / self.step_min).astype(int)
        inside = (index >= 0) & (index < len(column))
        near = known | np.roll(known, 1) | np.roll(known, -1)  # a gap of one step is drawn over
        read[~inside] = np.nan
        read[inside] = np.where(near[index[inside]], read[inside], np.nan)
        return read


def _check_grid(start: datetime, step_min: int, field: str) -> None:
    if start.tzinfo is None:
        raise Refused(
            f"{field} starts at an instant, with its zone", field=f"{field}.start", value=str(start)
        )
    if step_min <= 0 or 1440 % step_min:
        raise Refused(f"steps of {step_min} min do not fill a day", field=f"{field}.step_min", value=step_min)
    if start.astimezone(UTC).timestamp() % 60:
        raise Refused(f"{field} starts on a full minute", field=f"{field}.start", value=start.isoformat())
