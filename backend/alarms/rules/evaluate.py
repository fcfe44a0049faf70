"""The evaluator: readings or the passing of time in, changes of alarm levels out. No clock, no database."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from backend.alarms.rules import latch as latching
from backend.alarms.rules import night, signals
from backend.alarms.rules.latch import NEVER, RESET, SET, Bools, Bytes, Floats, Ints, Transitions
from backend.alarms.rules.memory import Memory, Samples
from backend.alarms.rules.ruleset import ExpressionRule, NightRule, RuleSet
from backend.alarms.rules.signals import Live, Signal

LATE_US = 15 * 60 * 1_000_000
"""Readings received later than this after they were read never raise live alarms [µs]."""


@dataclass(frozen=True)
class Readings:
    """One batch as received: parallel arrays; usable: neither bad nor without a value."""

    point_key: Ints
    read_at_us: Ints
    value: Floats
    usable: Bools
    received_us: int
    is_live: bool = True


@dataclass(frozen=True)
class Change:
    """A rule moved from one level to another; 0 is normal.

    rule: index in the RuleSet; at_us: when, in the readings' own time; value: signal then, NaN where none
    limit: of the new level (of the old one on return to normal); worst: most extreme value on that side
    """

    rule: int
    at_us: int
    before: int
    after: int
    value: float
    limit: float
    worst: float


@dataclass
class Outcome:
    """Changes in the order of their instants, and rules that failed (key -> what went wrong)."""

    changes: list[Change] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)


def step(rules: RuleSet, memory: Memory, readings: Readings) -> Outcome:
    """Take one batch; `memory` moves on."""
    live = _admit(rules, memory, readings)
    outcome = Outcome()
    if not len(live.input):
        return outcome
    samples = signals.remember(rules, memory.samples, live)
    seen = [signals.values(rules, live), signals.states(rules, live), signals.rates(rules, live, samples)]
    newest = np.full(len(rules.point_key), NEVER)
    newest[live.input] = live.at_us  # ascending: the last one stays
    for expression in rules.expressions:
        until_us = max(int(newest[index]) for index in expression.inputs.values())
        if until_us != NEVER:
            seen += _conditions(rules, memory, expression, live, samples, until_us, outcome)
    for rule in rules.nights:
        at_us, value = live.of(rule.input)
        if len(at_us):
            seen += _verdicts(rule.rule, night.take(rule, memory, at_us, value))
    _judge(rules, memory, seen, outcome, until_us=None)
    memory.samples = signals.thinned(samples)
    last = np.r_[np.flatnonzero(np.diff(live.input)), len(live.input) - 1]
    memory.seen_us[live.input[last]] = live.at_us[last]
    memory.value[live.input[last]] = live.value[last]
    return outcome


def tick(rules: RuleSet, memory: Memory, now_us: int) -> Outcome:
    """Let time pass: delays end, devices fall silent, inputs go stale, nights end."""
    outcome = Outcome()
    none = Live(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    seen = [_silence(rules, memory, now_us)]
    for expression in rules.expressions:
        if signals.went_stale(memory, expression, now_us):
            seen += _conditions(rules, memory, expression, none, memory.samples, now_us, outcome)
    for rule in rules.nights:
        seen += _nights(rules, rule, memory, now_us, outcome)
    _judge(rules, memory, seen, outcome, until_us=now_us)
    return outcome


def reconcile(rules: RuleSet, memory: Memory, now_us: int) -> Outcome:
    """After rules changed: judge last values anew, and let go of levels that are no more."""
    outcome = Outcome()
    fresh = np.flatnonzero(memory.seen_us >= now_us - LATE_US)
    shown = Live(fresh, np.full(len(fresh), now_us), memory.value[fresh])
    seen = [signals.values(rules, shown), signals.states(rules, shown)]
    _judge(rules, memory, seen, outcome, until_us=None)
    levels = _levels(rules, memory)
    for rule in np.flatnonzero(memory.level != levels):
        level = int(levels[rule])
        outcome.changes.append(
            Change(int(rule), now_us, int(memory.level[rule]), level, float(memory.signal[rule]), np.nan,
                   float(memory.worst[rule]))
        )  # fmt: skip
        memory.level[rule] = level
        memory.raised_us[rule] = NEVER if level == 0 else memory.raised_us[rule]
    return outcome


def _admit(rules: RuleSet, memory: Memory, readings: Readings) -> Live:
    """Return the usable readings of watched points that are live and in order; note the last good ones.

    A device whose clock runs ahead is read as of the moment we received it.
    """
    if not len(rules.point_key):
        return Live(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    place = np.minimum(np.searchsorted(rules.point_key, readings.point_key), len(rules.point_key) - 1)
    chosen = np.flatnonzero((rules.point_key[place] == readings.point_key) & readings.usable)
    place, value = place[chosen], readings.value[chosen]
    at_us = np.minimum(readings.read_at_us[chosen], readings.received_us)
    np.maximum.at(memory.good_us, place, at_us)
    timely = (at_us >= memory.seen_us[place]) & (at_us >= readings.received_us - LATE_US)
    if not readings.is_live:
        timely[:] = False
    place, at_us, value = place[timely], at_us[timely], value[timely]
    order = np.lexsort((at_us, place))
    return Live(place[order], at_us[order], value[order])


def _silence(rules: RuleSet, memory: Memory, now_us: int) -> Signal:
    """A device is heard from its last usable reading, or since we listen; what is silent already stays so."""
    rule = rules.silence_rules
    latch = rules.first_latch(rule)
    is_on, good_us = memory.latch.is_on[latch], memory.good_us[rules.input[rule]]
    unheard_us = memory.latch.since_us[latch] - rules.latches.on_delay_us[latch] - rules.silence_after_us
    known_us = np.where(good_us == NEVER, unheard_us, good_us)
    good_us = np.where(is_on, known_us, np.maximum(good_us, memory.listening_us))
    deadline_us = good_us + rules.silence_after_us
    silent = deadline_us <= now_us
    at_us = np.where(silent, deadline_us, good_us)
    return Signal(rule, at_us, (now_us - good_us) / 1e6, np.where(silent, SET, RESET).astype(np.int8))


def _conditions(
    rules: RuleSet, memory: Memory, expression: ExpressionRule, live: Live, samples: Samples, until_us: int,
    outcome: Outcome,
) -> list[Signal]:  # fmt: skip
    """Work an expression out; one that fails is named and stops nobody."""
    try:
        signal = signals.condition(rules, memory, expression, live, samples, until_us)
    except Exception as error:  # a rule is somebody's text: whatever it does, the others go on
        outcome.errors[int(rules.key[expression.rule])] = f"{type(error).__name__}: {error}"
        return []
    return [] if signal is None else [signal]


def _nights(rules: RuleSet, rule: NightRule, memory: Memory, now_us: int, outcome: Outcome) -> list[Signal]:
    """Let a night end; a rule that fails at it is named and stops nobody."""
    try:
        return _verdicts(rule.rule, night.pass_time(rule, memory, now_us))
    except Exception as error:  # as with conditions: whatever it does, the others go on
        outcome.errors[int(rules.key[rule.rule])] = f"{type(error).__name__}: {error}"
        return []


def _verdicts(rule: int, verdicts: list[night.Verdict]) -> list[Signal]:
    return [
        Signal(np.array([rule]), np.array([at_us]), np.array([low]), np.array([judged], np.int8))
        for at_us, judged, low in verdicts
    ]


def _judge(
    rules: RuleSet, memory: Memory, seen: list[Signal], outcome: Outcome, *, until_us: int | None
) -> None:
    """Run the latches over the signals (and to `until_us`), and note the changes of levels."""
    signal = _merge(seen)
    was_on, was_since = memory.latch.is_on.copy(), memory.latch.since_us.copy()
    latches = rules.latches
    owner, place = signals.spread(
        np.searchsorted(signal.rule, latches.rule, side="left"),
        np.searchsorted(signal.rule, latches.rule, side="right"),
    )
    assert signal.judged is not None
    own_word = signal.judged[place]
    judged = np.where(own_word == ASK, latches.judge(owner, signal.value[place]), own_word)
    transitions = latching.run(latches, memory.latch, owner, signal.at_us[place], judged)
    if until_us is not None:
        transitions = latching.joined(transitions, latching.expire(latches, memory.latch, until_us))
    _note_changes(rules, memory, signal, transitions, (was_on, was_since), outcome)
    _note_signals(memory, signal)


ASK = np.int8(2)
"""In place of a judgement: compare the value with the latch's limits."""


def _merge(seen: list[Signal]) -> Signal:
    """Return several signals as one, sorted by (rule, instant)."""
    rule = np.concatenate([s.rule for s in seen])
    at_us = np.concatenate([s.at_us for s in seen])
    value = np.concatenate([s.value for s in seen])
    judged = np.concatenate([np.full(len(s.rule), ASK) if s.judged is None else s.judged for s in seen])
    order = np.lexsort((at_us, rule))
    return Signal(rule[order], at_us[order], value[order], judged[order])


def _note_changes(
    rules: RuleSet, memory: Memory, signal: Signal, transitions: Transitions, was: tuple[Bools, Ints],
    outcome: Outcome,
) -> None:  # fmt: skip
    """Turn latches going on and off into changes of their rules' levels, instant by instant."""
    rule_of = rules.latches.rule[transitions.latch]
    order = np.lexsort((transitions.at_us, rule_of))
    is_on, since = was
    changes = []
    for group in np.split(order, np.flatnonzero(np.diff(rule_of[order])) + 1):
        if not len(group):
            continue
        rule = int(rule_of[group[0]])
        a, b = np.searchsorted(rules.latches.rule, (rule, rule + 1))
        start, end = np.searchsorted(signal.rule, (rule, rule + 1))
        track = _Track(rules, memory, rule, int(a), int(b), signal.at_us[start:end], signal.value[start:end])
        for moment in np.split(group, np.flatnonzero(np.diff(transitions.at_us[group])) + 1):
            at_us = int(transitions.at_us[moment[0]])
            is_on[transitions.latch[moment]] = transitions.is_on[moment]
            since[transitions.latch[moment]] = at_us
            change = track.move(at_us, is_on[a:b], since[a:b])
            if change is not None:
                changes.append(change)
    outcome.changes += sorted(changes, key=lambda change: (change.at_us, change.rule))


@dataclass
class _Track:
    """One rule on its way through a batch: its latches [a, b) and its signal."""

    rules: RuleSet
    memory: Memory
    rule: int
    a: int
    b: int
    at_us: Ints
    value: Floats

    def move(self, at_us: int, is_on: Bools, since_us: Ints) -> Change | None:
        """Move the rule to the level its latches now give; None where that is the level it has."""
        codes = self.rules.latches.code[self.a : self.b]
        best = _most_severe(codes, is_on, since_us)
        after, before = (0 if best is None else int(codes[best])), int(self.memory.level[self.rule])
        if after == before:
            return None
        place = int(np.searchsorted(self.at_us, at_us, side="right")) - 1
        value = float(self.value[place] if place >= 0 else self.memory.signal[self.rule])
        shown = (
            best if best is not None else int(np.flatnonzero(codes == before)[0]) if before in codes else 0
        )
        crossed = before * after < 0
        worst = value if before == 0 or crossed else self._worst(before, at_us)
        self.memory.level[self.rule], self.memory.worst[self.rule] = after, worst
        if before == 0 or after == 0 or crossed:
            self.memory.raised_us[self.rule] = NEVER if after == 0 else at_us
        limit = self.rules.shown_limit(self.rule, self.a + shown)
        return Change(self.rule, at_us, before, after, value, limit, worst)

    def _worst(self, code: int, at_us: int) -> float:
        """Return the most extreme value from the instant the alarm was raised to `at_us`."""
        during = (self.at_us >= self.memory.raised_us[self.rule]) & (self.at_us <= at_us)
        pick = np.fmax if code > 0 else np.fmin
        return float(pick.reduce(np.append(self.value[during], self.memory.worst[self.rule])))


def _most_severe(codes: Bytes, is_on: Bools, since_us: Ints) -> int | None:
    on = [i for i in range(len(codes)) if is_on[i]]
    return max(on, key=lambda i: (abs(int(codes[i])), int(since_us[i])), default=None)


def _note_signals(memory: Memory, signal: Signal) -> None:
    """Keep each rule's last signal, and the worst of those that are on."""
    if not len(signal.rule):
        return
    last = np.r_[np.flatnonzero(np.diff(signal.rule)), len(signal.rule) - 1]
    first = np.r_[0, last[:-1] + 1]
    rule, value = signal.rule[last], signal.value[last]
    memory.signal[rule] = np.where(np.isnan(value), memory.signal[rule], value)
    level = memory.level[rule]
    during = np.where(signal.at_us >= memory.raised_us[signal.rule], signal.value, np.nan)
    high, low = np.fmax.reduceat(during, first), np.fmin.reduceat(during, first)
    worst = np.where(level > 0, np.fmax(memory.worst[rule], high), np.fmin(memory.worst[rule], low))
    memory.worst[rule] = np.where(level == 0, np.nan, worst)


def _levels(rules: RuleSet, memory: Memory) -> Ints:
    """Return the level each rule's latches give."""
    levels = np.zeros(len(rules), dtype=np.int64)
    severity = np.zeros(len(rules), dtype=np.int64)
    for i in np.flatnonzero(memory.latch.is_on):
        rule, code = int(rules.latches.rule[i]), int(rules.latches.code[i])
        if abs(code) > severity[rule]:
            levels[rule], severity[rule] = code, abs(code)
    return levels
