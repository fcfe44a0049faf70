"""The hours a plan is made for: quarter hours first, whole hours behind them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from backend.optimisation.rules.horizon import Floats, Horizon, Ints

QUARTER = timedelta(minutes=15)
LONGEST_SHIFT = timedelta(hours=2)
"""Clocks are not set forth or back by more."""


def quarter(at: datetime) -> datetime:
    """Return the start of the quarter hour an instant lies in."""
    return at - timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)


def horizon(start: datetime, end: datetime, fine_h: float, zone: str) -> Horizon:
    """Return steps from `start` (on a quarter hour) to `end`: quarter hours for `fine_h`, then hours of the clock.

    The change falls on a full hour; what is left behind the last full hour is quarter hours again.
    """
    starts, at = [], start
    while at < end:
        is_fine = at < start + timedelta(hours=fine_h) or at.minute or at + timedelta(hours=1) > end
        starts.append(at)
        at += QUARTER if is_fine else timedelta(hours=1)
    return Horizon.of(starts, at, ZoneInfo(zone))


def quarters(planned: Horizon) -> int:
    """Return how many quarter hours a horizon holds."""
    return round(float(planned.hours.sum()) * 4)


def alike(planned: Horizon, back: timedelta, since: datetime) -> Ints:
    """Return the place of each quarter hour so many days before, by the clock of the zone, counted from an instant.

    Where clocks were changed between, the same time of day lies an hour nearer or further; shape (quarters,)
    """
    found = np.empty(quarters(planned), dtype=np.int64)
    for nth in range(found.size):
        at = (planned.start + nth * QUARTER).astimezone(UTC)
        past = at - back
        shift = _ahead(at, planned) - _ahead(past, planned)
        found[nth] = (past + shift - since) // QUARTER
    return found


def _ahead(at: datetime, planned: Horizon) -> timedelta:
    return at.astimezone(planned.zone).utcoffset() or timedelta(0)


def to_steps(values: Floats, planned: Horizon) -> Floats:
    """Return the mean over each step of values given by quarter hours, shape (…, quarters) -> (…, steps)."""
    counts = np.rint(planned.hours * 4).astype(np.int64)
    firsts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    return np.asarray(np.add.reduceat(np.asarray(values, dtype=float), firsts, axis=-1) / counts)


def to_quarters(values: Floats, planned: Horizon) -> Floats:
    """Return values by step spread over the quarter hours they hold in."""
    return np.repeat(np.asarray(values, dtype=float), np.rint(planned.hours * 4).astype(np.int64), axis=-1)
