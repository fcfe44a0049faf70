"""Validation of intervals: each check is a small function from arrays to findings. Pure.

Limits are those of `Limits`; a check that needs a past says nothing of a point that has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.metering.rules.glitches import Events, moves, without_glitches
from backend.metering.rules.vee.findings import Check, Findings, Severity, findings, joined
from backend.metering.rules.vee.series import Past, Series, days_of, groups, zero_runs

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Limits:
    """What passes without a word. An organisation may set them otherwise.

    missing: unread intervals in a row; spike: peak of a day by its third highest interval, and beyond what the
    past ever saw by `beyond_peak`; high, low: a day by the highest and lowest day of the past; least_days: of past
    that are needed; dead_us: time without a count, and by the longest of the past; clock_us: of a device's clock
    loss: of a parent not found in its sub-meters, share; excess: of sub-meters over their parent, share
    """

    missing: int = 1
    spike: float = 2.8
    beyond_peak: float = 2.0
    high: float = 2.0
    low: float = 0.25
    least_days: int = 14
    dead_us: int = 24 * HOUR_US
    dead: float = 1.5
    clock_us: int = 120_000_000
    loss: float = 0.15
    excess: float = 0.02


def validate(series: Series, past: Past, limits: Limits) -> Findings:
    """Run every check that intervals and their own past allow."""
    return joined([
        missing(series.owner, series.start_us, series.length_us, limits.missing),
        validate_days(series, past, limits),
        dead(series, past, limits),
    ])  # fmt: skip


def validate_days(series: Series, past: Past, limits: Limits) -> Findings:
    """Run the checks that look at one day at a time."""
    return joined([spikes(series, past, limits), days(series, past, limits)])


def missing(owner: Ints, at_us: Ints, length_us: int, most: int) -> Findings:
    """Find stretches in which more than `most` intervals in a row were not read; sorted by owner and instant.

    at_us: starts of intervals, or instants of a register's readings
    """
    at = np.flatnonzero((np.diff(owner) == 0) & (np.diff(at_us) > (most + 1) * length_us))
    start, end = at_us[at] + length_us, at_us[at + 1]
    count = (end - start) // length_us
    return findings(Check.MISSING, count * length_us > 7 * 24 * HOUR_US, (owner[at], start, end), count, most)


def duplicates(owner: Ints, at_us: Ints, value: Floats) -> Findings:
    """Find instants said more than once; rows sorted by owner and instant. Said alike it is but a note."""
    at = np.flatnonzero((np.diff(owner) == 0) & (np.diff(at_us) == 0)) + 1
    apart = np.abs(value[at] - value[at - 1])
    lots = []
    for chosen, severity in ((apart > 0, Severity.LOOK), (apart == 0, Severity.NOTE)):
        rows = at[chosen]
        where = (owner[rows], at_us[rows], at_us[rows] + 1)
        lots.append(findings(Check.DUPLICATE, severity, where, apart[chosen], 0.0))
    return joined(lots)


def negative(owner: Ints, at_us: Ints, value: Floats, length_us: int) -> Findings:
    """Find interval readings below zero: an amount never is; what flows back has a point of its own."""
    at = np.flatnonzero(value < 0)
    return findings(
        Check.NEGATIVE, Severity.HOLD, (owner[at], at_us[at], at_us[at] + length_us), value[at], 0.0
    )


def spikes(series: Series, past: Past, limits: Limits) -> Findings:
    """Find days whose peak stands out: from their own third highest interval, and from all the past ever saw.

    Both are asked for, because a household's single shower stands out of its day, but not of its past.
    """
    if not len(series):
        return joined([])
    by_day = groups(series.owner, series.day)
    rest, place = series.amount.astype(np.float64), np.zeros(len(by_day.first), dtype=np.intp)
    top: list[Floats] = []
    for nth in range(3):
        highest = np.maximum.reduceat(rest, by_day.first)
        top.append(highest)
        hit = np.flatnonzero(rest == highest[by_day.of_row])
        is_first = np.ones(len(hit), dtype=bool)
        is_first[1:] = by_day.of_row[hit[1:]] != by_day.of_row[hit[:-1]]
        if nth == 0:
            place = hit[is_first]
        rest[hit[is_first]] = -1.0
    owner = series.owner[by_day.first]
    third = np.maximum(top[2], 1.0)
    is_known = past.days[owner] >= limits.least_days
    stands_out = (top[0] > limits.spike * third) & (top[0] > limits.beyond_peak * past.peak[owner])
    chosen = np.flatnonzero(is_known & stands_out & (by_day.size >= 3))
    start = series.start_us[place[chosen]]
    where = (owner[chosen], start, start + series.length_us)
    return findings(Check.SPIKE, Severity.HOLD, where, (top[0] / third)[chosen], limits.spike)


def days(series: Series, past: Past, limits: Limits) -> Findings:
    """Find whole days above or below what a point's own past allows."""
    found = days_of(series, groups(series.owner, series.day))
    is_known = found.is_whole & (past.days[found.owner] >= limits.least_days)
    highest, lowest = limits.high * past.most_day[found.owner], limits.low * past.least_day[found.owner]
    lots = []
    for check, is_off, limit in (
        (Check.HIGH, is_known & (found.total > highest), highest),
        (Check.LOW, is_known & (found.total < lowest), lowest),
    ):
        where = (found.owner[is_off], found.start_us[is_off], found.end_us[is_off])
        lots.append(findings(check, Severity.LOOK, where, found.total[is_off], limit[is_off]))
    return joined(lots)


def dead(series: Series, past: Past, limits: Limits) -> Findings:
    """Find meters that stand still for longer than they ever did, or zeros that stand for missing data."""
    runs = zero_runs(series)
    allowed = np.maximum(limits.dead_us, limits.dead * past.longest_zero_us[runs.owner])
    length = runs.end_us - runs.start_us
    is_used = (past.days[runs.owner] >= limits.least_days) & (past.most_day[runs.owner] > 0)
    chosen = is_used & (length > allowed)
    where = (runs.owner[chosen], runs.start_us[chosen], runs.end_us[chosen])
    hours = length[chosen] / HOUR_US
    return findings(Check.DEAD, Severity.HOLD, where, hours, allowed[chosen] / HOUR_US)


def register_against_intervals(
    where: tuple[Ints, Ints, Ints], advance: Ints, total: Ints, *, rounding: int
) -> Findings:
    """Compare what a register moved with the sum of the intervals of the same meter.

    where: owner, start and end of each stretch; advance, total: of register and intervals [quanta]
    rounding: what the last digits of the two displays may make [quanta]
    """
    apart = total - advance
    off = np.flatnonzero(np.abs(apart) > rounding)
    owner, start, end = (one[off] for one in where)
    return findings(Check.REGISTER, Severity.HOLD, (owner, start, end), apart[off], rounding)


def against_parent(where: tuple[Ints, Ints, Ints], parent: Ints, children: Ints, limits: Limits) -> Findings:
    """Compare sub-meters with the meter that feeds them: they never sum to more, and losses are small.

    where: owner (the parent), start and end of each stretch; parent, children: amounts there [quanta]
    """
    over, lost = (np.asarray(share * parent, dtype=np.float64) for share in (limits.excess, -limits.loss))
    lots = []
    for is_off, limit, severity in (
        (children - parent > over, over, Severity.HOLD), (children - parent < lost, lost, Severity.LOOK)
    ):  # fmt: skip
        owner, start, end = (one[is_off] for one in where)
        measured = (children - parent)[is_off]
        lots.append(findings(Check.PARENT, severity, (owner, start, end), measured, limit[is_off]))
    return joined(lots)


def clock_drift(owner: Ints, read_at_us: Ints, received_at_us: Ints, limits: Limits) -> Findings:
    """Find devices whose clock is off; rows sorted by owner.

    What is read can only be received later, so the least delay of a lot is the clock's own error (and the
    way's, which is short). A negative one cannot be but the clock's.
    """
    if not len(owner):
        return joined([])
    by_owner = groups(owner)
    delay = np.minimum.reduceat(received_at_us - read_at_us, by_owner.first)
    off = np.flatnonzero(np.abs(delay) > limits.clock_us)
    first, last = by_owner.first[off], by_owner.first[off] + by_owner.size[off] - 1
    where = (owner[first], read_at_us[first], read_at_us[last] + 1)
    return findings(Check.CLOCK, delay[off] < 0, where, -delay[off] / 1e6, limits.clock_us / 1e6)


def exchanges(owner: int, at_us: Ints, value: Floats, *, dial: float | None, events: Events) -> Findings:
    """Find where one register steps back with neither roll-over, exchange nor reset to explain it."""
    at_us, value = without_glitches(at_us, value, dial, events)
    step = moves(at_us, value, dial, events) if len(value) > 1 else np.empty(0)
    back = np.flatnonzero(step < 0)
    where = (np.full(len(back), owner, np.int64), at_us[back], at_us[back + 1])
    return findings(Check.EXCHANGE, Severity.HOLD, where, np.abs(step[back]), 0.0)
