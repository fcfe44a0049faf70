"""Night flow: what still runs when everybody sleeps is what leaks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import numpy as np

from backend.alarms.rules.latch import HOLD, NEVER, RESET, SET, Floats, Ints
from backend.alarms.rules.memory import Memory, Night
from backend.alarms.rules.ruleset import NightRule
from backend.kernel import clock

HOUR_US = 3_600_000_000
PATIENCE_US = 60_000_000
"""How long after the night's end its last readings are waited for [µs]."""

Verdict = tuple[int, int, float]
"""(instant the night ended [µs], SET, RESET or HOLD, lowest flow)."""


def night_around(at_us: int, *, start: time, end: time, zone: str) -> tuple[int, int]:
    """Return the night [start, end) in `zone` that holds the instant, or the next one after it [µs].

    A night that the change to summer time swallows (from 02:00 to 03:00, say) does not happen.
    """
    local = clock.from_us(at_us).astimezone(ZoneInfo(zone))
    for ahead in (-1, 0, 1, 2, 3):
        on = local.date() + timedelta(days=ahead)
        begins = datetime.combine(on, start, ZoneInfo(zone))
        ends = datetime.combine(on + timedelta(days=end <= start), end, ZoneInfo(zone))
        begins_us, ends_us = clock.to_us(begins.astimezone(UTC)), clock.to_us(ends.astimezone(UTC))
        if ends_us > at_us and ends_us > begins_us:
            return begins_us, ends_us
    raise AssertionError("a night ends within three days")


def take(rule: NightRule, memory: Memory, at_us: Ints, value: Floats) -> list[Verdict]:
    """Feed a point's readings, ascending; return the verdicts on the nights that ended before them."""
    verdicts = []
    while len(at_us):
        night = _current(rule, memory, int(at_us[0]))
        a, b = np.searchsorted(at_us, (night.start_us, night.end_us))
        if b > a:
            _note(night, at_us[a:b], value[a:b])
        if b < len(at_us):
            verdicts += _close(rule, memory, night)
        at_us, value = at_us[b:], value[b:]
    return verdicts


def pass_time(rule: NightRule, memory: Memory, now_us: int) -> list[Verdict]:
    """Return the verdict on a night that is over by now."""
    night = memory.nights.get(rule.rule)
    if night is None or now_us < night.end_us + PATIENCE_US:
        return []
    return _close(rule, memory, night)


def _current(rule: NightRule, memory: Memory, at_us: int) -> Night:
    if rule.rule not in memory.nights:
        asked = rule.parameters
        memory.nights[rule.rule] = Night(
            *night_around(at_us, start=asked.start, end=asked.end, zone=rule.zone)
        )
    return memory.nights[rule.rule]


def _note(night: Night, at_us: Ints, value: Floats) -> None:
    night.low = min(night.low, float(value.min()))
    if night.first_us == NEVER:
        night.first_us, night.first = int(at_us[0]), float(value[0])
    night.last_us, night.last = int(at_us[-1]), float(value[-1])


def _close(rule: NightRule, memory: Memory, night: Night) -> list[Verdict]:
    """End the night and judge it; no verdict on less than half of it."""
    del memory.nights[rule.rule]
    span_us = night.last_us - night.first_us if night.first_us != NEVER else 0
    if span_us <= 0 or span_us * 2 < night.end_us - night.start_us:
        return []
    low = (night.last - night.first) / (span_us / HOUR_US) if rule.is_register else night.low
    if not low >= 0:
        return []
    quiet = memory.quiet.setdefault(rule.rule, [])
    limit = rule.parameters.limit
    if limit is None and rule.parameters.factor is not None and len(quiet) >= rule.parameters.few:
        limit = rule.parameters.factor * median(quiet)
    if limit is None:
        quiet.append(low)
        return []
    judged = SET if low >= limit and low > 0 else RESET if low < limit - rule.deadband or low == 0 else HOLD
    if judged != SET:
        quiet.append(low)
        del quiet[: -rule.parameters.nights]
    return [(night.end_us, judged, low)]
