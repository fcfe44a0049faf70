"""Conditions over several points: what is understood, what is refused, and what unknown means."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.alarms.rules import expression
from backend.alarms.rules.evaluate import Readings, step, tick
from backend.alarms.rules.memory import blank, pack, restore
from backend.alarms.rules.ruleset import RuleSpec, compile_rules
from backend.kernel.errors import Refused

NAMES = frozenset({"a", "b"})
UNKNOWN = float("nan")


class Given:
    """Inputs by hand: one instant."""

    def __init__(self, **values: float) -> None:
        self.values = values

    def value(self, name: str) -> np.ndarray:
        return np.array([self.values[name]])

    def window(self, name: str, function: str, seconds: float) -> np.ndarray:
        return np.array([self.values[f"{function}_{name}"]])


def truth(text: str, **values: float) -> float:
    names = NAMES & set("".join(c if c.isalnum() else " " for c in text).split())
    (found,) = np.broadcast_to(expression.parse(text, names=names).evaluate(Given(**values)), (1,))
    return float(found)


@pytest.mark.parametrize(
    ("text", "a", "b", "expected"),
    [
        ("a > b", 2, 1, 1),
        ("a - b >= 1", 2, 1, 1),
        ("-a < b * 2 + 1", 2, 1, 1),
        ("0 < a < 5 and b == 1", 2, 1, 1),
        ("not a > b", 2, 1, 0),
        ("abs(a - b) > 3 or max(a, b, 7) == 7", 2, 1, 1),
        ("a > 1 and b > 1", 2, UNKNOWN, UNKNOWN),
        ("a > 5 and b > 1", 2, UNKNOWN, 0),  # false and unknown is false
        ("a > 1 or b > 1", 2, UNKNOWN, 1),  # true or unknown is true
        ("a > 5 or b > 1", 2, UNKNOWN, UNKNOWN),
        ("not b > 1", 0, UNKNOWN, UNKNOWN),
        ("a / b > 1", 1, 0, UNKNOWN),  # a division by zero is unknown
        ("b != 1", 0, UNKNOWN, UNKNOWN),
    ],
)
def test_conditions_mean_what_they_say(text, a, b, expected):
    np.testing.assert_equal(truth(text, a=a, b=b), float(expected))


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a + b", "a >", "c > 1", "a > b > ", "a if b else 1 > 2", "a.real > 1", "a[0] > 1",
        "a ** b > 1",
        "__import__('os').system('x') > 1", "(lambda: 1)() > 0", "a > 'x'", "a > True", "avg(a) > 1",
        "avg(a, b) > 1", "avg(a, 0) > 1", "avg(a + b, 60) > 1", "min(a) > 1", "abs(a, b) > 1", "abs(x=1) > 1",
        "(a > 1) + 1 > 2", "a > 1 and b", "a := 3 > 1", "a in (1, 2)", "a > 1 " + "and a > 1 " * 60,
        "a > " + "(" * 250 + "1" + ")" * 250, "a < 1e400",
        "a < -1e400", "a < " + "9" * 310,
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_never_run(text):
    with pytest.raises(Refused) as refused:
        expression.parse(text, names=NAMES)
    assert refused.value.field == "parameters.when"


@given(text=st.text(max_size=80))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_breaks_the_reader(text):
    with suppress(Refused):
        expression.parse(text, names=NAMES)


def test_what_is_bound_must_be_used():
    with pytest.raises(Refused, match="not used: b"):
        expression.parse("a > 1", names=NAMES)


S = 1_000_000
T0 = 1_700_000_000 * S


def over(when: str, *rows: tuple[float, int, float], until: float | None = None, **more) -> list[tuple]:
    """Changes (second, level) of a rule over points 1 (a) and 2 (b), read as (second, point, value)."""
    names = {name: key for name, key in (("a", 1), ("b", 2)) if name in when}
    given_ = {"when": when, "points": {name: str(key) for name, key in names.items()}, "stale_s": 60}
    rules, errors = compile_rules([RuleSpec(1, 1, "expression", 1, given_, points=names, **more)])
    assert errors == {}
    memory, changes = blank(rules, now_us=T0), []
    for second, point, value in rows:
        at = T0 + round(second * S)
        batch = Readings(np.array([point]), np.array([at]), np.array([value]), np.array([True]), at)
        changes += step(rules, memory, batch).changes
    if until is not None:
        changes += tick(rules, memory, T0 + round(until * S)).changes
    return [((change.at_us - T0) / S, change.after) for change in changes]


def test_a_stale_input_is_unknown_and_ends_what_is_pending():
    rows = [(0, 1, 50), (50, 2, 1)]
    assert over("a - b > 40", *rows, until=59, on_delay_s=9) == [(59, 1)]
    assert over("a - b > 40", *rows, until=200, on_delay_s=20) == []  # a is stale from second 60


def test_an_alarm_stays_as_it_is_while_an_input_is_unknown():
    assert over("a - b > 40", (0, 1, 50), (1, 2, 1), until=500) == [(1, 1)]


def test_windows_look_back_over_readings():
    rising = [(t, 1, 10.0 + t) for t in range(0, 61, 10)]
    assert over("rate(a, 60) > 0.9", *rising) == [(30, 1)]
    assert over("avg(a, 30) > 40", *rising) == [(50, 1)]  # (40 + 50 + 60) / 3 at second 50
    assert over("highest(a, 20) - lowest(a, 20) > 9", *rising) == [(10, 1)]


def test_a_day_at_a_reading_a_second_is_remembered_in_few_and_means_the_same():
    named = {"a": 1}
    given_ = {"when": "avg(a, 86400) > 0", "points": {"a": "1"}}
    rules, _ = compile_rules([RuleSpec(1, 1, "expression", 1, given_, points=named)])
    memory = blank(rules, now_us=T0)
    at_s = np.arange(0, 86_400 * 2, 1.0)
    value = np.where(at_s % 100 == 7, 1000.0, np.sin(at_s / 5000))
    for part in np.array_split(np.arange(len(at_s)), 96):
        at = T0 + (at_s[part] * S).astype(np.int64)
        keys, usable = np.full(len(part), 1), np.ones(len(part), bool)
        step(rules, memory, Readings(keys, at, value[part], usable, int(at[-1])))
    at, kept, weight = memory.samples.of(0)
    began = int(at[0] - T0) // S
    assert began <= 86_400 and len(kept) < 6_000
    assert np.isclose(np.average(kept, weights=weight), value[began:].mean(), rtol=0.01)
    assert (kept.min(), kept.max()) == (value[began:].min(), value[began:].max())
    again, _ = restore(rules, pack(rules, memory), now_us=T0)
    for mine, theirs in zip(memory.samples.of(0), again.samples.of(0), strict=True):
        np.testing.assert_array_equal(mine, theirs)
