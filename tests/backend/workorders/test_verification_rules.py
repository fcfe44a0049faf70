"""Whether telemetry proves a repair: cases and laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from backend.workorders.rules.verification import (
    AlarmSpan,
    Happened,
    Question,
    Sample,
    Verdict,
    Watched,
    counted,
    judge,
    learned,
    spans,
    within_limits,
)

START = datetime(2026, 11, 27, 8, tzinfo=UTC)
PRESSURE = Watched("p", "pressure", "bar", 3.0, 5.0)
ASKED = Question([PRESSURE], timedelta(minutes=15), 5, timedelta(minutes=2))


def at(minutes):
    return START + timedelta(minutes=minutes)


def samples(*values, every=0.5, quality=0):
    return [Sample(at(every * (i + 1)), value, quality) for i, value in enumerate(values)]


def verdict(found, alarms=(), minutes=15.0, asked=ASKED):
    return judge(asked, {"p": found}, alarms, started_at=START, now=at(minutes))


def test_five_good_samples_in_a_row_and_the_alarm_gone_prove_it():
    gone = AlarmSpan("low", at(-30), at(-1))
    answer = verdict(samples(4, 4, 4, 4, 4), [gone], minutes=3)
    assert (answer.verdict, answer.first_good_at) == (Verdict.VERIFIED, at(0.5))


def test_one_outside_the_band_begins_the_row_anew():
    answer = verdict(samples(4, 4, 2, 4, 4, 4, 4), minutes=4)
    assert answer.verdict is None
    answer = verdict(samples(4, 4, 2, 4, 4, 4, 4, 4), minutes=4.5)
    assert (answer.verdict, answer.first_good_at) == (Verdict.VERIFIED, at(2))


def test_an_alarm_that_is_still_on_proves_nothing_and_fails_at_the_end():
    still = AlarmSpan("low", at(-30))
    assert verdict(samples(*[4] * 20), [still], minutes=12).verdict is None
    assert verdict(samples(*[4] * 30), [still], minutes=15).verdict is Verdict.FAILED


def test_an_alarm_that_comes_back_before_anybody_looked_is_raised_again():
    """It is one alarm with one history; it was on twice."""
    told = [
        ("raised", -30),
        ("returned", -1),
        ("raised_again", 2),
        ("worse", 3),
        ("returned", 4),
        ("acknowledged", 5),
    ]
    found = spans([Happened(1, "low", kind, at(minutes)) for kind, minutes in told])
    assert found == [AlarmSpan("low", at(-30), at(-1)), AlarmSpan("low", at(2), at(4))]
    assert verdict(samples(4, 4), found, minutes=3).verdict is Verdict.FAILED


def test_an_alarm_that_is_on_when_it_returns_to_service_is_raised_then():
    def over(kind, comment, *more):
        told = [Happened(1, "low", "raised", at(-30)), *more, Happened(1, "low", kind, at(2), comment)]
        return spans(told)

    anew = over("unsuppressed", "out_of_service")
    assert anew == [AlarmSpan("low", at(-30), at(2)), AlarmSpan("low", at(2))]
    assert verdict(samples(4, 4), anew, minutes=3).verdict is Verdict.FAILED
    assert over("unsuppressed", "shelved") == [AlarmSpan("low", at(-30))]
    gone = Happened(1, "low", "returned", at(-5))
    assert over("unsuppressed", "out_of_service", gone) == [AlarmSpan("low", at(-30), at(-5))]


def test_the_same_alarm_again_fails_at_once():
    again = [AlarmSpan("low", at(-30), at(-1)), AlarmSpan("low", at(1))]
    assert verdict(samples(4, 4), again, minutes=2).verdict is Verdict.FAILED


def test_silence_is_inconclusive_never_a_proof():
    assert verdict([]).verdict is Verdict.INCONCLUSIVE
    assert (
        verdict(samples(4, 4, 4, 4, 4, 4)).verdict is Verdict.INCONCLUSIVE
    )  # stale at the end of the window


def test_bad_quality_and_missing_values_do_not_count():
    assert verdict(samples(4, 4, 4, 4, 4, quality=2), minutes=3).verdict is None
    assert verdict(samples(4, None, 4, None, 4, 4), minutes=3.5).verdict is None


def test_a_gap_longer_than_a_sample_may_be_old_begins_the_row_anew():
    found = samples(4, 4, 4) + [Sample(at(8 + i / 2), 4.0) for i in range(2)]
    assert verdict(found, minutes=9).verdict is None


@given(some.lists(some.floats(0, 10), max_size=40), some.floats(0, 20))
def test_judging_again_from_the_same_samples_gives_the_same_verdict_and_a_verdict_stands(values, later):
    found = samples(*values)
    first = verdict(found, minutes=10)
    assert first == verdict(list(found), minutes=10)
    if first.verdict is Verdict.VERIFIED:
        row = [one for one in found if one.at >= first.first_good_at][: ASKED.samples]
        assert all(3 <= one.value <= 5 for one in row)


@given(some.lists(some.floats(0, 10), max_size=40), some.integers(1, 14))
def test_what_is_measured_after_the_moment_of_judgement_does_not_matter(values, minutes):
    found = samples(*values)
    known = [one for one in found if one.at <= at(minutes)]
    assert verdict(found, minutes=minutes) == verdict(known, minutes=minutes)


def test_a_point_that_is_open_on_both_sides_counts_only_where_speaking_is_the_proof():
    register = Watched("r", "energy", "kWh")
    floor = Watched("f", "flow", "m³/h", low=0.0)
    assert list(counted([register, PRESSURE, floor], "leak")) == [PRESSURE, floor]
    for fault_class in ("silence", "meter_fault"):
        assert list(counted([register, PRESSURE], fault_class)) == [register, PRESSURE]
    nothing = Question([], timedelta(minutes=15))
    assert verdict(samples(4, 4, 4, 4, 4), minutes=3, asked=nothing).verdict is None
    assert verdict(samples(*[4] * 30), asked=nothing).verdict is Verdict.INCONCLUSIVE


def test_a_band_is_learned_from_a_day_at_least_and_cut_to_the_alarms_limits():
    assert learned([1.0] * 23, [2.0] * 23) is None
    low, high = learned([1.0] * 40, [2.0] * 40)
    assert (round(low, 9), round(high, 9)) == (0.9, 2.1)
    assert within_limits((0.9, 2.1), {"H": 1.8, "LL": 0.2}) == (0.9, 1.8)
