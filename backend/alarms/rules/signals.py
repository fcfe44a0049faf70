"""From readings to what rules judge: values, states, rates of change, and the truth of conditions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.alarms.rules.latch import HOLD, NEVER, RESET, SET, Bytes, Floats, Ints
from backend.alarms.rules.memory import Memory, Samples
from backend.alarms.rules.ruleset import ExpressionRule, RuleSet


@dataclass(frozen=True)
class Live:
    """Usable live readings of a batch, sorted by (input, instant)."""

    input: Ints
    at_us: Ints
    value: Floats

    def of(self, index: int) -> tuple[Ints, Floats]:
        """Return the instants and values of one input."""
        a, b = np.searchsorted(self.input, (index, index + 1))
        return self.at_us[a:b], self.value[a:b]

    def meet(self, rules: RuleSet, chosen: Ints) -> tuple[Ints, Ints]:
        """Pair each chosen rule (sorted by input) with every reading of its input: positions of both."""
        wanted = rules.input[chosen]
        return spread(
            np.searchsorted(self.input, wanted, side="left"),
            np.searchsorted(self.input, wanted, side="right"),
        )


@dataclass(frozen=True)
class Signal:
    """What rules looked at, sorted by (rule, instant); judged where the kind says yes or no by itself."""

    rule: Ints
    at_us: Ints
    value: Floats
    judged: Bytes | None = None


def spread(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Unroll the ranges [start, end): which range, and each position in it."""
    count = end - start
    owner = np.repeat(np.arange(len(count)), count)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + start[owner]


def values(rules: RuleSet, live: Live) -> Signal:
    """Limit rules look at the values themselves."""
    owner, place = live.meet(rules, rules.value_rules)
    return Signal(rules.value_rules[owner], live.at_us[place], live.value[place])


def states(rules: RuleSet, live: Live) -> Signal:
    """State rules look whether the value is one of theirs."""
    owner, place = live.meet(rules, rules.state_rules)
    value = live.value[place]
    hit = (value[:, None] == rules.state_values[owner]).any(axis=1) ^ (rules.state_negated[owner] == 1)
    return Signal(
        rules.state_rules[owner], live.at_us[place], value, np.where(hit, SET, RESET).astype(np.int8)
    )


def rates(rules: RuleSet, live: Live, samples: Samples) -> Signal:
    """Rate rules look at the slope from the oldest reading in the window to the newest [unit per `per`].

    samples: with the batch's own readings; a slope over less than half the window is unknown
    """
    owner, place = live.meet(rules, rules.rate_rules)
    if not len(owner):
        return Signal(rules.rate_rules[owner], live.at_us[place], live.value[place])
    at_us, value, window = live.at_us[place], live.value[place], rules.rate_window_us[owner]
    zero = int(samples.at_us.min()) - int(window.max())
    stride = int(max(samples.at_us.max(), at_us.max())) - zero + 1
    key = samples.input * stride + (samples.at_us - zero)
    oldest = np.searchsorted(key, live.input[place] * stride + (at_us - window - zero))
    span_us = at_us - samples.at_us[oldest]
    known = span_us * 2 >= window
    slope = np.full(len(owner), np.nan)
    rise = value[known] - samples.value[oldest[known]]
    slope[known] = rise / (span_us[known] / 1e6) * rules.rate_per_s[owner[known]]
    return Signal(rules.rate_rules[owner], at_us, slope)


def remember(rules: RuleSet, samples: Samples, live: Live) -> Samples:
    """Add the readings of inputs that windows look back on; drop what no window reaches any more."""
    new = rules.window_us[live.input] > 0
    if not new.any():
        return samples
    owner = np.concatenate([samples.input, live.input[new]])
    at_us = np.concatenate([samples.at_us, live.at_us[new]])
    value = np.concatenate([samples.value, live.value[new]])
    weight = np.concatenate([samples.weight, np.ones(int(new.sum()))])
    newest = np.full(len(rules.point_key), NEVER)
    np.maximum.at(newest, owner, at_us)
    needed_from = np.minimum(newest, live.at_us.min())[owner] - rules.window_us[owner]
    keep = at_us >= needed_from
    order = np.lexsort((at_us[keep], owner[keep]))
    return Samples(owner[keep][order], at_us[keep][order], value[keep][order], weight[keep][order])


MOST_SAMPLES = 4_000
"""Up to so many readings an input's windows are exact."""
FINENESS = 256
"""Beyond that, readings of an age are kept by 256ths of it."""


def thinned(samples: Samples) -> Samples:
    """Keep of inputs with too many samples the lowest and the highest of each bucket, weighted by its average.

    Buckets widen with age, by powers of two up to a 256th of it, so that a day at one reading a second is
    about 4,500 samples, and any window that ends now is off by a 256th of it at its far edge, at most.
    """
    edge = np.r_[np.flatnonzero(np.diff(samples.input)) + 1, len(samples.input)]
    count = np.diff(edge, prepend=0)
    many = np.flatnonzero(np.repeat(count, count) > MOST_SAMPLES)
    if not len(many):
        return samples
    newest_us = np.repeat(samples.at_us[edge - 1], count)[many]
    age_us = np.maximum(newest_us - samples.at_us[many], FINENESS)
    width = np.floor(np.log2(age_us / FINENESS)).astype(np.int64)
    bucket = samples.at_us[many] >> width
    keep, weight = np.ones(len(samples.input), dtype=bool), samples.weight.copy()
    keep[many], weight[many] = _extremes(
        (samples.input[many], width, bucket), samples.value[many], samples.weight[many]
    )
    return Samples(samples.input[keep], samples.at_us[keep], samples.value[keep], weight[keep])


def _extremes(columns: tuple[Ints, ...], value: Floats, weight: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Choose the lowest and the highest value of each run of equal columns; their weights keep its average."""
    is_first = np.ones(len(value), dtype=bool)
    is_first[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    first = np.flatnonzero(is_first)
    run = np.cumsum(is_first) - 1
    count = np.diff(first, append=len(value))
    by_value = np.lexsort((value, run))
    low, high = by_value[first], by_value[first + count - 1]
    total, weights = np.add.reduceat(value * weight, first), np.add.reduceat(weight, first)
    span = value[high] - value[low]
    of_high = np.where(span > 0, (total - weights * value[low]) / np.where(span > 0, span, 1.0), weights)
    of_high = np.clip(of_high, 0.0, weights)
    keep, kept_weight = (count <= 2)[run], weight.copy()
    crowded = np.flatnonzero(count > 2)
    keep[low[crowded]] = keep[high[crowded]] = True
    kept_weight[low[crowded]] = (weights - of_high)[crowded]
    kept_weight[high[crowded]] = of_high[crowded]
    return keep, kept_weight


@dataclass(frozen=True)
class _At:
    """Inputs of one expression at chosen instants (see expression.Inputs)."""

    rule: ExpressionRule
    memory: Memory
    live: Live
    samples: Samples
    at_us: Ints

    def value(self, name: str) -> Floats:
        index = self.rule.inputs[name]
        read_at, value = _with_past(self.memory, self.live, index)
        last = np.searchsorted(read_at, self.at_us, side="right") - 1
        fresh = self.at_us - read_at[last] <= _stale_us(self.rule)
        return np.where((last >= 0) & (read_at[last] != NEVER) & fresh, value[last], np.nan)

    def window(self, name: str, function: str, seconds: float) -> Floats:
        read_at, value, weight = self.samples.of(self.rule.inputs[name])
        window_us = round(seconds * 1e6)
        end = np.searchsorted(read_at, self.at_us, side="right")
        start = np.searchsorted(
            read_at, self.at_us - window_us, side="left" if function == "rate" else "right"
        )
        pairs = zip(start, end, strict=True)
        look = _WINDOW[function]
        known = np.array([look(read_at[a:b], value[a:b], weight[a:b], window_us) if b > a else np.nan
                          for a, b in pairs])  # fmt: skip
        return np.where(np.isnan(self.value(name)), np.nan, known)


def _average(at_us: Ints, value: Floats, weight: Floats, window_us: int) -> float:
    total = float(weight.sum())  # zero where a bucket at the window's edge left only what weighs nothing
    return float((value * weight).sum()) / total if total > 0 else float(value.mean())


def _slope(at_us: Ints, value: Floats, weight: Floats, window_us: int) -> float:
    span_us = int(at_us[-1] - at_us[0])
    return (
        float("nan") if span_us == 0 or span_us * 2 < window_us else (value[-1] - value[0]) / (span_us / 1e6)
    )


_WINDOW = {
    "avg": _average,
    "lowest": lambda at_us, value, weight, window_us: value.min(),
    "highest": lambda at_us, value, weight, window_us: value.max(),
    "rate": _slope,
}


def condition(
    rules: RuleSet, memory: Memory, rule: ExpressionRule, live: Live, samples: Samples, until_us: int
) -> Signal | None:
    """Work out one expression wherever an input changed or went stale, up to `until_us`.

    memory: as before the batch. Unknown neither sets nor resets. None where nothing happened.
    """
    moments = [live.of(index)[0] for index in rule.inputs.values()]
    since = int(memory.judged_us[rule.rule])
    for index in rule.inputs.values():
        read_at, _ = _with_past(memory, live, index)
        stale_at = read_at[read_at != NEVER] + _stale_us(rule) + 1
        following = np.append(read_at[read_at != NEVER][1:], np.iinfo(np.int64).max)
        moments.append(stale_at[(stale_at < following) & (stale_at <= until_us) & (stale_at > since)])
    at_us = np.unique(np.maximum(np.concatenate(moments), since))
    if not len(at_us):
        return None
    truth = np.broadcast_to(
        rule.parameters.when.evaluate(_At(rule, memory, live, samples, at_us)), at_us.shape
    )
    judged = np.where(np.isnan(truth), HOLD, np.where(truth != 0, SET, RESET)).astype(np.int8)
    memory.judged_us[rule.rule] = at_us[-1]
    return Signal(np.full(len(at_us), rule.rule), at_us, np.full(len(at_us), np.nan), judged)


def went_stale(memory: Memory, rule: ExpressionRule, now_us: int) -> bool:
    """Tell whether an input went stale since the expression was last worked out."""
    stale_us, judged_us = _stale_us(rule), int(memory.judged_us[rule.rule])
    return any(
        judged_us < int(memory.seen_us[index]) + stale_us + 1 <= now_us for index in rule.inputs.values()
    )


def _with_past(memory: Memory, live: Live, index: int) -> tuple[Ints, Floats]:
    read_at, value = live.of(index)
    return (
        np.concatenate((memory.seen_us[index : index + 1], read_at)),
        np.concatenate((memory.value[index : index + 1], value)),
    )


def _stale_us(rule: ExpressionRule) -> int:
    return round(rule.parameters.stale_s * 1e6)
