"""Which method is taken, and what is said of those passed over."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from backend.forecasting.rules import (
    Kind,
    Method,
    Model,
    NoForecast,
    Past,
    Source,
    Weather,
    Why,
    forecast,
    train,
)
from tests.backend.forecasting.rules.scene import QUICK, load, weather


@pytest.fixture(scope="module")
def past() -> Past:
    return load()


@pytest.fixture(scope="module")
def model(past: Past) -> Model:
    return train(past, weather(past), Kind(), learning=QUICK)


def _foresee(model: Model | None, past: Past, air: Weather | None, steps: int = 48):
    return forecast(model, past, air, kind=Kind(), issued_at=past.end, steps=steps)


def _with(past: Past, **changed: float) -> Past:
    values = past.values.copy()
    for last, value in changed.items():
        values[-int(last.removeprefix("last_")) :] = value
    return replace(past, values=values)


def test_the_model_is_the_best_rung(model, past):
    seen = _foresee(model, past, weather(past))
    assert (seen.method, seen.passed) == (Method.MODEL, ())
    assert (seen.start, seen.values.shape) == (past.end, (48, 11))


@pytest.mark.parametrize(
    ("air", "why"),
    [
        (lambda w: None, Why.NO_WEATHER),
        (lambda w: replace(w, issued_at=w.issued_at - timedelta(days=3)), Why.WEATHER_STALE),
        (lambda w: replace(w, issued_at=w.issued_at + timedelta(hours=1)), Why.WEATHER_LATER),
        (
            lambda w: replace(w, columns={"temperature_c": w.columns["temperature_c"][:-190]}),
            Why.WEATHER_SHORT,
        ),
    ],
)
def test_without_weather_that_may_be_used_the_model_does_without(model, past, air, why):
    seen = _foresee(model, past, air(weather(past)))
    assert seen.method is Method.MODEL_WITHOUT_WEATHER
    assert [(one.method, one.why) for one in seen.passed] == [(Method.MODEL, why)]


def test_stale_weather_says_how_old_it_is(model, past):
    air = replace(weather(past), issued_at=past.end - timedelta(hours=50))
    assert _foresee(model, past, air).passed[0].facts == {"hours": 50.0, "limit_hours": 36.0}


@pytest.mark.parametrize(
    ("hours", "method", "why"),
    [
        (40, Method.LAST_WEEK, Why.STALE),  # the model wants yesterday
        (100, Method.PROFILE, Why.STALE),
    ],
)
def test_a_silent_meter_leads_down_the_ladder(model, past, hours, method, why):
    seen = _foresee(model, _with(past, **{f"last_{hours}": np.nan}), weather(past))
    assert seen.method is method
    assert seen.passed[0].why is why


def test_a_stuck_meter_is_not_believed(model, past):
    seen = _foresee(model, _with(past, last_30=77.0), weather(past))
    assert seen.method is Method.PROFILE
    assert {one.why for one in seen.passed} == {Why.FLAT}
    assert seen.passed[0].facts["hours"] == 30.0


def test_an_empty_building_is_not_a_stuck_meter(model, past):
    assert _foresee(model, _with(past, last_30=0.0), weather(past)).method is Method.MODEL


@pytest.mark.parametrize(("days", "method"), [(10, Method.LAST_WEEK), (5, Method.PREVIOUS_DAY)])
def test_a_short_past_carries_what_it_can(days, method):
    seen = _foresee(None, load(days), None)
    assert seen.method is method
    assert all(one.why in (Why.NO_MODEL, Why.TOO_SHORT) for one in seen.passed)


@pytest.mark.parametrize(
    ("past", "missing"),
    [
        (load(1), Why.TOO_SHORT),
        (_with(load(60), last_480=np.nan), Why.STALE),
        (replace(load(60), values=np.where(np.arange(1440) % 24 == 3, 5.0, np.nan)), Why.GAPS),
        (replace(load(2), values=np.full(48, 7.0)), Why.FLAT),
    ],
)
def test_where_nothing_is_known_nothing_is_said(past, missing):
    with pytest.raises(NoForecast) as refusal:
        _foresee(None, past, None)
    assert refusal.value.missing is missing
    assert refusal.value.remedy
    assert {one.method for one in refusal.value.passed} == set(Method)


def test_a_model_of_another_step_length_is_not_used(model):
    seen = _foresee(model, load(20, step_min=15), None)
    assert (seen.method, seen.passed[0].why) == (Method.LAST_WEEK, Why.MODEL_OTHER_STEP)


@pytest.mark.parametrize("rung", ["model", "without weather", "last week", "profile"])
def test_what_comes_after_the_instant_changes_nothing(model, past, rung):
    issued_at = past.end - timedelta(days=3, minutes=20)
    until = int((issued_at - past.start) / timedelta(hours=1))
    given = past.values.copy()
    if rung == "profile":
        given[until - 100 : until] = np.nan
    other = np.where(np.arange(len(given)) < until, given, 1e6)
    air = replace(weather(past), issued_at=issued_at) if rung == "model" else None
    one, two = (
        forecast(model if "w" not in rung or rung == "without weather" else None, replace(past, values=values), air,
                 kind=Kind(), issued_at=issued_at, steps=30)
        for values in (given, other)
    )  # fmt: skip
    assert one.method is two.method
    np.testing.assert_array_equal(one.values, two.values)


def test_a_forecast_starts_at_the_next_step():
    past = load(20)
    seen = forecast(None, past, None, kind=Kind(), issued_at=past.end - timedelta(minutes=90), steps=2)
    assert seen.start == past.end - timedelta(hours=1)


def test_a_model_trained_without_weather_says_so(past):
    alone = train(past, None, Kind(), learning=QUICK)
    seen = _foresee(alone, past, weather(past))
    assert (seen.method, seen.passed[0].why) == (Method.MODEL_WITHOUT_WEATHER, Why.MODEL_WITHOUT)


def test_modules_nobody_knows_the_place_of_are_dark_by_habit():
    past = load(20, zone="UTC")
    hour = np.arange(len(past.values)) % 24
    past = replace(past, values=np.where((hour >= 6) & (hour < 18), past.values, 0.05))
    seen = forecast(None, past, None, kind=Kind(Source.PV), issued_at=past.end, steps=24)
    assert (seen.values[:6] == 0).all()
    assert seen.values[12].min() > 0


def test_a_model_nobody_can_read_is_passed_over_openly(past):
    seen = _foresee(Why.MODEL_OLD, past, weather(past))
    assert seen.method is Method.LAST_WEEK
    assert [one.why for one in seen.passed] == [Why.MODEL_OLD, Why.MODEL_OLD]


def test_limits_said_otherwise_hold_for_the_model_that_learnt_before(model, past):
    air, tight = weather(past), replace(model, kind=Kind(ceiling=1e-3))
    assert np.array_equal(_foresee(tight, past, air).values, _foresee(model, past, air).values)


def test_weather_without_a_variable_the_model_learnt_from_is_not_used(model, past):
    windy = Weather(past.start, 60, {"wind_ms": weather(past).columns["temperature_c"]}, past.end)
    made = (model.quantiles(past, air, start=past.end, steps=24) for air in (windy, None))
    assert np.array_equal(*made)
