"""From registers to settlement-grade intervals, and the statistics of instantaneous values.

The law: over any stretch, intervals sum exactly to what the register moved. It holds because the
register is read off at every interval border, rounded there to whole quanta, and amounts are the
differences of neighbouring borders, so that the rounding cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from backend.metering.rules.gaps import Shape, standings
from backend.metering.rules.glitches import moves, without_glitches

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
HOUR_US = 3_600_000_000
MOST_QUANTA = float(2**53)
"""From here on a float64 cannot tell one quantum from the next: such a reading counts nothing."""


class Method(IntEnum):
    """How an interval's amount came about."""

    MEASURED = 0
    ESTIMATED = 1
    EDITED = 2
    WITHDRAWN = 3
    """Nothing is left to make it of: it counts nothing, and is shown to nobody."""


class Rule(IntEnum):
    """The rule that made an interval."""

    INTERVAL = 0
    REGISTER = 1
    INTERPOLATED = 2
    BREAK = 3
    NONE = 4
    LINE = 5
    """From the interval before a gap to the one after, in a straight line."""
    DAY_TYPE = 6
    EDGED = 7
    WEATHER = 8
    SIBLINGS = 9
    ZERO = 10
    MANUAL = 11
    VIRTUAL = 12


@dataclass(frozen=True)
class Amounts:
    """Intervals of one point: parallel arrays of start [µs], amount [quanta], method and rule."""

    start_us: Ints
    amount: Ints
    method: NDArray[np.int16]
    rule: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.start_us)


@dataclass(frozen=True)
class RegisterMeter:
    """What one must know of a register to read amounts off it.

    length_us: interval length; quanta: quanta per unit; dial: first value not shown [unit] or None
    events: (instant [µs], final value of the old, first value of the new register) ascending
    """

    length_us: int
    quanta: int
    dial: float | None = None
    events: Sequence[tuple[int, float, float]] = ()


def floor_to(instant_us: int, length_us: int) -> int:
    """Return the start of the interval that holds the instant (intervals are aligned to 1970 UTC)."""
    return instant_us // length_us * length_us


def register_amounts(
    at_us: Ints, value: Floats, meter: RegisterMeter, start_us: int, end_us: int, shapes: Sequence[Shape] = ()
) -> Amounts:
    """Read the intervals in [start, end) off a register.

    at_us: ascending instants of usable readings [µs], reaching one reading beyond either end where
    there is one; value: register [unit]. start_us, end_us: aligned to the interval length.
    Borders between two readings are interpolated; an interval that touches a gap longer than one
    interval is marked estimated, one across an unexplained step back is marked a break and counts
    nothing for that step. Borders outside the readings yield no interval. Readings too large to be
    counted in whole quanta are left out (`countable`).
    shapes: gaps whose borders follow a profile rather than a straight line; one whose readings on either
    side are not these any more is passed over.
    """
    usable = countable(value, meter.quanta)
    at_us, value = without_glitches(at_us[usable], value[usable], meter.dial, meter.events)
    if len(at_us) < 2:
        return _none()
    step = moves(at_us, value, meter.dial, meter.events)
    is_break = step < 0
    moved = np.where(is_break, 0.0, step)
    first = max(start_us, -(-int(at_us[0]) // meter.length_us) * meter.length_us)
    last = min(end_us, floor_to(int(at_us[-1]), meter.length_us))
    if last <= first:
        return _none()
    border = np.arange(first, last + 1, meter.length_us, dtype=np.int64)
    standing, offset = _at_borders(at_us, value, moved, meter.quanta, border)
    shaped = _follow_shapes(standing, border, _Shown(at_us, value, moved, offset, meter), shapes)
    amount = np.diff(np.maximum.accumulate(standing))
    gap = np.diff(at_us) > meter.length_us
    touched_gap = _touches(at_us, gap & ~is_break, border)
    touched_break = _touches(at_us, is_break, border)
    rule = np.where(touched_break, Rule.BREAK, np.where(touched_gap, Rule.INTERPOLATED, Rule.REGISTER))
    for one in shaped:
        low, high = np.searchsorted(border, [one.first_us - meter.length_us + 1, one.last_us])
        inside = rule[low:high]
        inside[inside == Rule.INTERPOLATED] = one.rule
    method = np.where(rule == Rule.REGISTER, Method.MEASURED, Method.ESTIMATED)
    return Amounts(border[:-1], amount, method.astype(np.int16), rule.astype(np.int16))


def countable(value: Floats, quanta: int) -> NDArray[np.bool_]:
    """Tell which values [unit] can be counted in whole quanta: finite, and small enough to be told apart."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.abs(value) * quanta < MOST_QUANTA


def interval_amounts(
    at_us: Ints, value: Floats, *, quanta: int, length_us: int, offset_us: Ints | int = 0
) -> Amounts:
    """Turn interval readings (labelled by their start) into intervals.

    Left out are negative ones, those too large to be counted, and those that start neither on a whole
    interval of UTC nor on one of local time. offset_us: of local time from UTC, of each reading [µs]
    """
    is_on_time = (at_us % length_us == 0) | ((at_us + offset_us) % length_us == 0)
    good = (value >= 0) & countable(value, quanta) & is_on_time
    amount = np.floor(value[good] * quanta + 0.5).astype(np.int64)
    zeros = np.zeros(len(amount), dtype=np.int16)
    return Amounts(at_us[good], amount, zeros, zeros)


def withdrawn(start_us: Ints) -> Amounts:
    """Return intervals that count nothing, because nothing is left to make them of."""
    nothing = np.zeros(len(start_us), dtype=np.int64)
    method, rule = (np.full(len(start_us), code, dtype=np.int16) for code in (Method.WITHDRAWN, Rule.NONE))
    return Amounts(start_us, nothing, method, rule)


@dataclass(frozen=True)
class HourStatistics:
    """What instantaneous values did hour by hour: parallel arrays; owner: whose values; instants in µs."""

    owner: Ints
    start_us: Ints
    count: Ints
    total: Floats
    low: Floats
    high: Floats
    low_at_us: Ints
    high_at_us: Ints


def hour_statistics(owner: Ints, at_us: Ints, value: Floats) -> HourStatistics:
    """Summarise usable instantaneous values (no NaN) by owner and UTC hour; sorted by owner and instant."""
    hour = at_us // HOUR_US
    is_first = np.ones(len(hour), dtype=bool)
    is_first[1:] = (owner[1:] != owner[:-1]) | (hour[1:] != hour[:-1])
    first = np.flatnonzero(is_first)
    if not len(first):
        none, nothing = np.empty(0, np.int64), np.empty(0)
        return HourStatistics(none, none, none, nothing, nothing, nothing, none, none)
    low, high = np.minimum.reduceat(value, first), np.maximum.reduceat(value, first)
    bucket = np.cumsum(is_first) - 1
    return HourStatistics(
        owner[first], hour[first] * HOUR_US, np.diff(first, append=len(hour)),
        np.add.reduceat(value, first), low, high,
        at_us[_first_hit(value == low[bucket], bucket)], at_us[_first_hit(value == high[bucket], bucket)],
    )  # fmt: skip


def _first_hit(hit: NDArray[np.bool_], bucket: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return where each bucket (ascending) is hit first."""
    places = np.flatnonzero(hit)
    is_first = np.ones(len(places), dtype=bool)
    is_first[1:] = bucket[places[1:]] != bucket[places[:-1]]
    return places[is_first]


def _none() -> Amounts:
    empty = np.empty(0, dtype=np.int64)
    return Amounts(empty, empty, empty.astype(np.int16), empty.astype(np.int16))


def _at_borders(at_us: Ints, value: Floats, moved: Floats, quanta: int, border: Ints) -> tuple[Ints, Floats]:
    """Return the unwrapped register at each border [whole quanta], and by how much it is unwrapped at each reading.

    Each border is rounded from the bare register between its two readings; rollovers, exchanges and
    breaks before it enter as whole quanta. So a border comes out the same whatever stretch is read.
    """
    jump = np.rint(moved * quanta - np.diff(value) * quanta)
    offset = np.concatenate(([0.0], np.cumsum(jump)))
    i = np.searchsorted(at_us, border, side="right") - 1
    inside = np.minimum(i, len(moved) - 1)
    share = np.where(i == inside, (border - at_us[inside]) / (at_us[inside + 1] - at_us[inside]), 0.0)
    raw = value[i] * quanta + share * moved[inside] * quanta
    return np.floor(raw + 0.5).astype(np.int64) + offset[i].astype(np.int64), offset


@dataclass(frozen=True)
class _Shown:
    """What a register showed: instants, values, moves between them, unwrapping at each, and how it counts."""

    at_us: Ints
    value: Floats
    moved: Floats
    offset: Floats
    meter: RegisterMeter


def _follow_shapes(standing: Ints, border: Ints, shown: _Shown, shapes: Sequence[Shape]) -> list[Shape]:
    """Put the borders inside shaped gaps where their shapes say; return the shapes that were followed."""
    followed = []
    quanta = shown.meter.quanta
    for shape in shapes:
        i = int(np.searchsorted(shown.at_us, shape.first_us))
        if i + 1 >= len(shown.at_us) or (int(shown.at_us[i]), int(shown.at_us[i + 1])) != (
            shape.first_us, shape.last_us,
        ):  # fmt: skip
            continue
        where, there = standings(
            shape, float(shown.value[i]) * quanta, float(shown.moved[i]) * quanta, shown.meter.length_us
        )
        _, mine, its = np.intersect1d(border, where, assume_unique=True, return_indices=True)
        standing[mine] = there[its] + int(shown.offset[i])
        followed.append(shape)
    return followed


def _touches(at_us: Ints, flagged: NDArray[np.bool_], border: Ints) -> NDArray[np.bool_]:
    """Tell which intervals overlap a flagged stretch between neighbouring readings."""
    hit = np.zeros(len(border), dtype=np.int64)
    low, high = at_us[:-1][flagged], at_us[1:][flagged]
    np.add.at(hit, np.clip(np.searchsorted(border, low, side="right") - 1, 0, len(border) - 1), 1)
    np.add.at(hit, np.clip(np.searchsorted(border, high, side="left"), 0, len(border) - 1), -1)
    return np.cumsum(hit)[:-1] > 0
