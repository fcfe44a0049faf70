"""What the devices show now: the model at wall-clock time, worked out at most once a second."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from backend.demo import kept
from backend.demo.meters import Meters, microseconds
from backend.demo.spec import PointSpec
from backend.kernel import clock

_FRESH_US = 1_000_000


class Live:
    """Points of some devices with the values they show now."""

    def __init__(self, points: Iterable[PointSpec], *, home: Path | None = None) -> None:
        """Take the points. home: where running totals may be kept from an earlier start"""
        self.points = tuple(points)
        self._kept = kept.place(home) if home else None
        self._meters = Meters([p for p in self.points if p.kind != "interval"], kept_in=self._kept)
        self._intervals = Meters([p for p in self.points if p.kind == "interval"])
        self._at_us = 0
        self._values: dict[str, float] = {}

    def warm(self) -> None:
        """Work out the running totals since commissioning, which takes seconds, before anybody asks."""
        self.values()
        if self._kept:
            self._meters.keep(self._kept)
        if self._intervals.points:
            self.last_intervals()

    def values(self) -> dict[str, float]:
        """Return {point key: value} now, at most a second old. Interval points show the past only."""
        now_us = microseconds(clock.now())
        if now_us - self._at_us >= _FRESH_US or now_us < self._at_us:
            shown = self._meters.values(np.array([now_us]))[:, 0].tolist()
            self._values = dict(zip((p.key for p in self._meters.points), shown, strict=True))
            self._at_us = now_us
        return self._values

    @property
    def read_at(self) -> datetime:
        """When the values of the last call were shown."""
        return datetime.fromtimestamp(self._at_us / 1e6, UTC)

    def last_intervals(self) -> dict[str, tuple[datetime, float]]:
        """Return {point key: (start, amount)} of the last interval that has ended."""
        now_us = microseconds(clock.now())
        found = {}
        for row, point in enumerate(self._intervals.points):
            length_us = point.interval_minutes * 60_000_000
            start_us = now_us // length_us * length_us - length_us
            amount = float(self._intervals.amounts(row, np.array([start_us]))[0])
            found[point.key] = datetime.fromtimestamp(start_us / 1e6, UTC), amount
        return found
