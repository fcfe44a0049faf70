"""When a rule goes on, gets worse and goes off, by the readings alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.alarms.rules.evaluate import Change, Readings, reconcile, step, tick
from backend.alarms.rules.memory import Memory, blank, pack, restore
from backend.alarms.rules.ruleset import RuleSet, RuleSpec, compile_rules

START_US = 1_700_000_000_000_000
SECOND = 1_000_000
POINT = 7


def rule(kind="limit", *, key=1, point=POINT, **more) -> RuleSpec:
    parameters = more.pop("parameters", {"HH": 100, "H": 90, "L": 10, "LL": 0})
    return RuleSpec(key, more.pop("revision", 1), kind, point, parameters, **more)


def compiled(*specs: RuleSpec) -> RuleSet:
    rules, errors = compile_rules(specs)
    assert errors == {}
    return rules


def batch(*readings, point=POINT, received_s=None, live=True) -> Readings:
    """Readings of one point as (second, value) or of several as (second, value, point)."""
    rows = [(r[2] if len(r) > 2 else point, START_US + round(r[0] * SECOND), r[1]) for r in readings]
    key, at, value = (np.array(column) for column in zip(*rows, strict=True))
    value = value.astype(float)
    received = at.max() if received_s is None else START_US + received_s * SECOND
    return Readings(key, at, value, ~np.isnan(value), int(received), live)


def seconds(at_us: int) -> float:
    return (at_us - START_US) / SECOND


def levels(changes: list[Change]) -> list[tuple[float, int]]:
    return [(seconds(change.at_us), change.after) for change in changes]


def fed(rules: RuleSet, *batches: Readings, until_s: float | None = None, memory: Memory | None = None):
    memory = memory or blank(rules, now_us=START_US)
    changes = [change for one in batches for change in step(rules, memory, one).changes]
    if until_s is not None:
        changes += tick(rules, memory, START_US + round(until_s * SECOND)).changes
    return changes


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([50, 60, 89.9], []),
        ([50, 90], [(1, 1)]),  # at the limit is at the level
        ([50, 95, 105], [(1, 1), (2, 2)]),  # gets worse
        ([50, 105], [(1, 2)]),  # straight to the outer limit: one change
        ([50, 105, 99, 91], [(1, 2), (2, 1)]),
        ([50, 95, 80], [(1, 1), (2, 0)]),
        ([50, 9, -1, 5, 20], [(1, -1), (2, -2), (3, -1), (4, 0)]),
        ([95, 5], [(0, 1), (1, -1)]),  # from one side to the other without being normal
        ([50, 95, 50, 95, 50], [(1, 1), (2, 0), (3, 1), (4, 0)]),  # inside one batch nothing is missed
    ],
)
def test_a_limit_rule_follows_its_four_levels(values, expected):
    rules = compiled(rule())
    assert levels(fed(rules, batch(*enumerate(values)))) == expected


def test_a_deadband_holds_the_alarm_until_the_value_is_really_back():
    rules = compiled(rule(parameters={"H": 90}, deadband=5))
    shown = enumerate([91, 89, 91, 86, 85, 84.9, 86])
    assert levels(fed(rules, batch(*shown))) == [(0, 1), (5, 0)]


def test_an_on_delay_asks_that_the_value_stays_beyond_the_limit():
    rules = compiled(rule(parameters={"H": 90}, on_delay_s=10))
    assert levels(fed(rules, batch((0, 95), (9, 80), (12, 95), (20, 96)), until_s=21.9)) == []
    assert levels(fed(rules, batch((0, 95), (9, 80), (12, 95), (20, 96)), until_s=22)) == [(22, 1)]


def test_a_delay_ends_between_two_readings_at_its_own_time():
    rules = compiled(rule(parameters={"H": 90}, on_delay_s=10, off_delay_s=5))
    assert levels(fed(rules, batch((0, 95), (60, 50), (90, 50)))) == [(10, 1), (65, 0)]


def test_an_off_delay_holds_a_chattering_alarm():
    rules = compiled(rule(parameters={"H": 90}, off_delay_s=10))
    chatter = [(t, 95 if t % 2 else 85) for t in range(60)]
    assert levels(fed(rules, batch(*chatter), until_s=100)) == [(1, 1)]


def test_a_change_tells_value_limit_and_worst():
    rules = compiled(rule())
    raised, worse, returned = fed(rules, batch((0, 95), (1, 120), (2, 110), (3, 50)))
    assert (raised.value, raised.limit) == (95, 90)
    assert (worse.value, worse.limit) == (120, 100)
    assert (returned.value, returned.worst) == (50, 120)


def test_imports_and_late_readings_never_raise_an_alarm():
    rules = compiled(rule())
    memory = blank(rules, now_us=START_US)
    assert fed(rules, batch((0, 200), live=False), memory=memory) == []
    assert fed(rules, batch((0, 200), received_s=15 * 60 + 1), memory=memory) == []
    assert fed(rules, batch((1000, 50)), memory=memory) == []
    assert fed(rules, batch((999, 200), received_s=1001), memory=memory) == []  # older than the latest
    assert levels(fed(rules, batch((1001, 200)), memory=memory)) == [(1001, 2)]


def test_a_clock_ahead_neither_hides_nor_blocks():
    rules = compiled(rule())
    memory = blank(rules, now_us=START_US)
    assert levels(fed(rules, batch((3600, 200), received_s=10), memory=memory)) == [(10, 2)]
    assert levels(fed(rules, batch((11, 50), received_s=11), memory=memory)) == [(11, 0)]


def test_bad_readings_say_nothing():
    rules = compiled(rule())
    memory = blank(rules, now_us=START_US)
    fed(rules, batch((0, 95)), memory=memory)
    assert fed(rules, batch((1, float("nan"))), memory=memory) == []


def test_silence_is_raised_by_time_and_ended_by_a_good_reading():
    rules = compiled(rule("silence", parameters={"after_s": 60}))
    memory = blank(rules, now_us=START_US)
    fed(rules, batch((5, 1.0)), memory=memory)
    bad = batch((50, float("nan")))
    assert levels(fed(rules, bad, until_s=64.9, memory=memory)) == []
    assert levels(fed(rules, until_s=65, memory=memory)) == [(65, 1)]
    assert levels(fed(rules, batch((100, 1.0)), until_s=101, memory=memory)) == [(100, 0)]


def test_silence_counts_from_when_we_began_to_listen():
    rules = compiled(rule("silence", parameters={"after_s": 60}))
    memory = blank(rules, now_us=START_US)
    assert levels(fed(rules, until_s=59, memory=memory)) == []
    assert levels(fed(rules, until_s=61, memory=memory)) == [(60, 1)]


@pytest.mark.parametrize("was_heard", [True, False])
def test_a_silence_that_is_known_outlasts_our_own_absence(was_heard):
    """We were away for long: what was silent before is silent still, and is heard when it speaks."""
    rules = compiled(rule("silence", parameters={"after_s": 60}, on_delay_s=5))
    memory = blank(rules, now_us=START_US)
    if was_heard:
        fed(rules, batch((5, 1.0)), memory=memory)
    assert [after for _, after in levels(fed(rules, until_s=100, memory=memory))] == [1]
    memory.listening_us = START_US + 1000 * SECOND
    assert levels(fed(rules, until_s=1001, memory=memory)) == []
    assert levels(fed(rules, batch((1002, 1.0)), until_s=1003, memory=memory)) == [(1002, 0)]


@pytest.mark.parametrize(
    ("parameters", "values", "expected"),
    [
        ({"equals": 0}, [1, 0, 1], [(1, 1), (2, 0)]),
        ({"not_equals": 1}, [1, 1, 3], [(2, 1)]),
        ({"one_of": [3, 4]}, [1, 3, 4, 5], [(1, 1), (3, 0)]),
    ],
)
def test_a_state_rule_knows_its_states(parameters, values, expected):
    rules = compiled(rule("state", parameters=parameters))
    assert levels(fed(rules, batch(*enumerate(values)))) == expected


def test_a_rate_rule_measures_over_its_window():
    parameters = {"rising": 6, "falling": 30, "per": "min", "window_s": 60}
    rules = compiled(rule("rate", parameters=parameters))
    steady = [(t, 20 + t * 0.05) for t in range(0, 120, 10)]  # 3 a minute
    steep = [(t, 26 + (t - 120) * 0.5) for t in range(120, 200, 10)]  # 30 a minute
    drop = [(200, 0.0), (210, 0.0)]
    changes = fed(rules, batch(*steady), batch(*steep), batch(*drop))
    assert [change.after for change in changes] == [1, -1]
    assert changes[0].value >= 6 and changes[1].value <= -30


def test_half_a_window_of_history_is_needed_for_a_rate():
    rules = compiled(rule("rate", parameters={"rising": 1, "per": "s", "window_s": 60}))
    assert fed(rules, batch((0, 0), (29, 1000))) == []
    assert len(fed(rules, batch((0, 0), (30, 1000)))) == 1


# --- what must hold for every sequence ---

steps = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from([-5, 5, 50, 86, 89, 91, 95, 101, 120])),
    min_size=1,
    max_size=40,
)
delays = st.sampled_from([0, 3, 10, 25])


def sequence_of(moves) -> list[tuple[int, float]]:
    shown, t = [], 0
    for pause, value in moves:
        t += pause
        shown.append((t, value))
    return shown


def naive(shown, *, limit, deadband, on_delay, off_delay, until) -> list[tuple[float, int]]:
    """The H level alone, second by second: what the sentence in latch.py says, nothing clever.

    On and off again at the same instant is no change.
    """
    changes, is_on, since = [], False, None
    values = dict(shown)
    for t in range(until + 1):
        before = is_on
        for is_reading in (False, True):
            if is_reading and t in values:
                wanted = values[t] < limit - deadband if is_on else values[t] >= limit
                since = (t if since is None else since) if wanted else None
            if since is not None and t - since >= (off_delay if is_on else on_delay):
                is_on, since = not is_on, None
        if is_on != before:
            changes.append((t, int(is_on)))
    return changes


@given(moves=steps, on_delay=delays, off_delay=delays, deadband=st.sampled_from([0, 4]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_arrays_say_what_the_plain_sentence_says(moves, on_delay, off_delay, deadband):
    shown = sequence_of(moves)
    until = shown[-1][0] + 60
    rules = compiled(
        rule(parameters={"H": 90}, deadband=deadband, on_delay_s=on_delay, off_delay_s=off_delay)
    )
    found = levels(fed(rules, batch(*shown, received_s=until), until_s=until))
    plain = naive(shown, limit=90, deadband=deadband, on_delay=on_delay, off_delay=off_delay, until=until)
    assert found == plain


BOTH = {
    "when": "a - b > 40 and avg(a, 30) > 60 or b > 100",
    "points": {"a": "x", "b": "y"},
    "stale_s": 60,
}
MANY = [
    rule(key=1, deadband=2),
    rule(key=2, on_delay_s=10, off_delay_s=5),
    rule("rate", key=3, on_delay_s=3,
         parameters={"rising": 60, "falling": 60, "window_s": 30}),
    rule("state", key=4, parameters={"equals": 5}, on_delay_s=3),
    rule("expression", key=5, points={"a": POINT, "b": 8}, on_delay_s=1, parameters=BOTH),
    rule(key=6, point=8, off_delay_s=25, deadband=4),
]  # fmt: skip


@given(data=st.data(), moves=steps)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_cuts_ticks_and_restarts_change_nothing(data, moves):
    """However in-order readings are cut, and wherever the evaluator restarts, the alarms are the same."""
    shown = [
        (t, value, point)
        for t, value in sequence_of(moves)
        for point in data.draw(st.sampled_from([(POINT,), (8,), (POINT, 8)]))
    ]
    until = shown[-1][0] + 100
    rules = compiled(*MANY)
    whole = fed(rules, batch(*shown, received_s=shown[-1][0]), until_s=until)

    memory, cut = blank(rules, now_us=START_US), []
    instants = sorted({t for t, _, _ in shown})
    while instants:
        size = data.draw(st.integers(1, len(instants)))
        now, instants = instants[:size], instants[size:]
        part = [reading for reading in shown if reading[0] in now]
        cut += fed(rules, batch(*part), memory=memory)
        if data.draw(st.booleans()):
            between = (now[-1] + instants[0]) / 2 if instants else now[-1]
            cut += fed(rules, until_s=between, memory=memory)
        if data.draw(st.booleans()):
            memory, gone = restore(rules, pack(rules, memory), now_us=START_US)
            assert gone == {}
    cut += fed(rules, until_s=until, memory=memory)

    def told(changes):
        return sorted((c.at_us, c.rule, c.before, c.after, repr(c.value), repr(c.worst)) for c in changes)

    assert told(cut) == told(whole)


@given(moves=steps)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_rule_has_at_most_one_alarm_open(moves):
    rules = compiled(*MANY)
    at = dict.fromkeys(range(len(rules)), 0)
    for change in fed(rules, batch(*sequence_of(moves)), until_s=2000):
        assert change.before == at[change.rule] != change.after
        at[change.rule] = change.after


def test_a_changed_rule_is_judged_anew_on_the_last_value():
    before = compiled(rule(parameters={"H": 90}))
    memory = blank(before, now_us=START_US)
    fed(before, batch((0, 95)), memory=memory)
    eased = compiled(rule(parameters={"H": 97}, revision=2))
    memory, _ = restore(eased, pack(before, memory), now_us=START_US)
    assert levels(reconcile(eased, memory, START_US + SECOND).changes) == [(1, 0)]
    sharper = compiled(rule(parameters={"HH": 93, "H": 80}, revision=3))
    memory, _ = restore(sharper, pack(eased, memory), now_us=START_US)
    assert levels(reconcile(sharper, memory, START_US + 2 * SECOND).changes) == [(2, 2)]


def test_a_level_that_is_taken_out_of_a_rule_is_let_go():
    before = compiled(rule(parameters={"HH": 100, "H": 90}))
    memory = blank(before, now_us=START_US)
    fed(before, batch((0, 120)), memory=memory)
    without = compiled(rule(parameters={"H": 90}, revision=2))
    memory, _ = restore(without, pack(before, memory), now_us=START_US)
    assert levels(reconcile(without, memory, START_US + SECOND).changes) == [(1, 1)]


def test_a_rule_withdrawn_while_on_is_named():
    before = compiled(rule(key=1), rule(key=2, point=8))
    memory = blank(before, now_us=START_US)
    fed(before, batch((0, 120)), memory=memory)
    after = compiled(rule(key=2, point=8))
    _, gone = restore(after, pack(before, memory), now_us=START_US)
    assert gone == {1: 2}


def test_a_rule_that_cannot_be_read_is_set_aside_and_the_others_go_on():
    rules, errors = compile_rules([rule(key=1, parameters={"H": "high"}), rule(key=2)])
    assert list(errors) == [1] and "not a number" in errors[1]
    assert levels(fed(rules, batch((0, 120)))) == [(0, 2)]
