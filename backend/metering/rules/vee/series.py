"""Intervals of many points as arrays, and what a point's own past says of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Series:
    """Intervals of many points, all of one length, sorted by owner and start, each once.

    owner: 0 … count-1; start_us; day: number of the local day; amount [quanta]; length_us: of an interval
    """

    owner: Ints
    start_us: Ints
    day: Ints
    amount: Ints
    length_us: int

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True)
class Groups:
    """Stretches of equal neighbours: where each begins, how long it is, and the group of each row."""

    first: NDArray[np.intp]
    size: NDArray[np.intp]
    of_row: NDArray[np.intp]


def groups(*columns: NDArray[np.generic]) -> Groups:
    """Group rows that agree with the row before in all columns."""
    count = len(columns[0])
    begins = np.ones(count, dtype=bool)
    begins[1:] = False
    for column in columns:
        begins[1:] |= column[1:] != column[:-1]
    first = np.flatnonzero(begins)
    return Groups(first, np.diff(first, append=count), np.cumsum(begins) - 1)


@dataclass(frozen=True)
class Days:
    """Sums by owner and local day; is_whole: all its intervals are there (23 to 25 hours of them)."""

    owner: Ints
    start_us: Ints
    end_us: Ints
    total: Ints
    is_whole: NDArray[np.bool_]


def days_of(series: Series, by_day: Groups) -> Days:
    """Sum intervals by owner and local day (`by_day`: groups of both)."""
    last = by_day.first + by_day.size - 1
    start, end = series.start_us[by_day.first], series.start_us[last] + series.length_us
    total = np.add.reduceat(series.amount, by_day.first) if len(series) else series.amount
    is_whole = (by_day.size * series.length_us == end - start) & (end - start >= DAY_US * 23 // 24)
    return Days(series.owner[by_day.first], start, end, total, is_whole)


@dataclass(frozen=True)
class Zeros:
    """Runs of intervals that count nothing: owner, [start, end) µs."""

    owner: Ints
    start_us: Ints
    end_us: Ints


def zero_runs(series: Series) -> Zeros:
    """Return each unbroken run of intervals that count nothing."""
    follows = np.zeros(len(series), dtype=np.int64)
    follows[1:] = np.diff(series.start_us) != series.length_us
    run = groups(series.owner, series.amount == 0, np.cumsum(follows))
    first = run.first[series.amount[run.first] == 0] if len(series) else run.first
    size = run.size[series.amount[run.first] == 0] if len(series) else run.size
    return Zeros(
        series.owner[first], series.start_us[first], series.start_us[first + size - 1] + series.length_us
    )


@dataclass(frozen=True)
class Past:
    """What the weeks before say of each owner: parallel arrays by owner.

    days: whole days looked at; least_day, most_day: lowest and highest of them [quanta]
    peak: highest interval [quanta]; longest_zero_us: longest time in which nothing was counted
    """

    days: Ints
    least_day: Floats
    most_day: Floats
    peak: Floats
    longest_zero_us: Ints


def past_of(series: Series, owners: int) -> Past:
    """Sum up the past of `owners` points; those of which nothing is known have 0 days."""
    days = days_of(series, groups(series.owner, series.day))
    whole, total = days.owner[days.is_whole], days.total[days.is_whole].astype(np.float64)
    least, most, peak = np.full(owners, np.inf), np.zeros(owners), np.zeros(owners)
    np.minimum.at(least, whole, total)
    np.maximum.at(most, whole, total)
    by_owner = groups(series.owner)
    if len(series):
        peak[series.owner[by_owner.first]] = np.maximum.reduceat(series.amount, by_owner.first)
    zeros, longest = zero_runs(series), np.zeros(owners, dtype=np.int64)
    last_end = np.zeros(owners, dtype=np.int64)
    np.maximum.at(last_end, series.owner, series.start_us + series.length_us)
    is_over = zeros.end_us < last_end[zeros.owner]  # one that still goes on is not past
    np.maximum.at(longest, zeros.owner[is_over], (zeros.end_us - zeros.start_us)[is_over])
    return Past(np.bincount(whole, minlength=owners).astype(np.int64), least, most, peak, longest)
