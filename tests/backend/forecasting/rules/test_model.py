"""What holds for every model: order, limits, no look ahead, the same again, text and back."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.forecasting.rules import Kind, Model, NoForecast, Past, Source, forecast, train, train_together
from backend.forecasting.rules.features import Places
from backend.forecasting.rules.model import panel_of
from tests.backend.forecasting.rules.scene import QUICK, START, load, weather


@pytest.fixture(scope="module")
def past() -> Past:
    return load()


@pytest.fixture(scope="module")
def model(past: Past) -> Model:
    return train(past, weather(past), Kind(), learning=QUICK)


@given(
    holes=st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 200)), max_size=4),
    ceiling=st.floats(20, 200),
    hour=st.integers(0, 200),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_quantiles_never_cross_and_stay_within_limits_whatever_is_missing(model, past, holes, ceiling, hour):
    values = past.values.copy()
    for first, length in holes:
        values[first : first + length] = np.nan
    kind = Kind(ceiling=ceiling)
    issued_at = past.end - timedelta(hours=hour)
    try:
        seen = forecast(model, replace(past, values=values), None, kind=kind, issued_at=issued_at, steps=170)
    except NoForecast:
        return
    assert (np.diff(seen.values, axis=1) >= 0).all()
    assert seen.values.min() >= 0 and seen.values.max() <= ceiling


def test_the_same_input_and_seed_give_the_same_model(past):
    one, two = (train(past, None, Kind(), seed=4, learning=QUICK).to_text() for _ in range(2))
    assert one == two
    assert train(past, None, Kind(), seed=5, learning=QUICK).to_text() != one


def test_a_model_survives_being_written_and_read(model, past):
    again = Model.from_text(model.to_text())
    asked = {"kind": Kind(), "issued_at": past.end, "steps": 60}
    np.testing.assert_array_equal(
        forecast(again, past, weather(past), **asked).values,
        forecast(model, past, weather(past), **asked).values,
    )


def test_a_model_of_another_format_is_not_read():
    with pytest.raises(ValueError, match="train it anew"):
        Model.from_text('{"format": 0}')


def test_what_is_judged_at_once_is_what_would_have_been_foreseen(model, past):
    """The bench reads all origins from one panel; each must look only at what was known then."""
    panel = panel_of([past], weather(past), Kind())
    origin = len(past.values) - 72
    at = np.arange(origin, origin + 48)
    whole = model.raw(panel, Places(np.full(48, origin), at))
    cut = panel_of([replace(past, values=past.values[:origin])], weather(past), Kind(), ahead=72)
    np.testing.assert_array_equal(whole, model.raw(cut, Places(np.full(48, origin), at)))


def test_the_model_knows_more_than_last_week(model, past):
    more = load(67)
    asked = {"kind": Kind(), "issued_at": past.end, "steps": 168}
    came = more.values[len(past.values) :]
    missed = [np.abs(forecast(m, past, weather(past), **asked).median - came).mean() for m in (model, None)]
    assert missed[0] < missed[1]


def test_points_alike_share_a_model(past):
    twice = replace(past, values=2 * past.values)
    shared = train_together([past, twice], None, Kind(), learning=QUICK)
    one, two = shared.together([past, twice], None, start=past.end, steps=24)
    np.testing.assert_allclose(two, 2 * one, rtol=1e-5)


@pytest.mark.parametrize("days", [5, 20])
def test_too_few_days_make_no_model(days):
    with pytest.raises(NoForecast, match="a model needs 21"):
        train(load(days), None, Kind(), learning=QUICK)


@pytest.mark.parametrize(
    ("ends", "hours"),
    [(27, 23), (237, 25)],  # 2025-03-30 and 2025-10-26, Copenhagen
)
def test_days_of_23_and_25_hours_are_foreseen_hour_by_hour(ends, hours):
    """A load that keeps local time: the hours of the day after a change are those of the wall clock."""
    steps = (ends + 3) * 24
    clock = panel_of([Past(START, 60, np.zeros(steps), "Europe/Copenhagen")], None, Kind()).clock
    values = 50 + 10 * clock.minute_of_day / 60
    past = Past(START, 60, values.astype(float), "Europe/Copenhagen")
    counts = np.bincount(clock.day - clock.day[0])
    assert counts[ends] == hours
    midnight = int(np.flatnonzero(clock.day - clock.day[0] == ends)[0])
    issued_at = START + timedelta(hours=midnight)
    seen = forecast(None, past, None, kind=Kind(), issued_at=issued_at, steps=hours + 24)
    came = values[midnight : midnight + hours + 24]
    skipped = np.abs(seen.median - came) > 0
    assert skipped.sum() <= 2  # at most the hours that the day before did not have


def test_modules_give_nothing_at_night():
    from backend.forecasting.rules import PvArray

    past = load(40, zone="UTC", country=None)
    hour = np.arange(len(past.values)) % 24
    sunny = np.maximum(np.sin(np.pi * (hour + 0.5 - 5) / 14), 0) * 80
    kind = Kind(Source.PV, ceiling=100.0, pv=PvArray(51.5, 0.0, 30.0, 180.0))
    past = replace(past, values=sunny)
    seen = forecast(
        train(past, None, kind, learning=QUICK), past, None, kind=kind, issued_at=past.end, steps=24
    )
    assert (seen.values[[0, 1, 2, 22, 23]] == 0).all()
    assert seen.values[12, 5] > 40


def test_an_empty_building_stays_empty():
    past = replace(load(30), values=np.zeros(720))
    model = train(past, None, Kind(), learning=QUICK)
    assert not forecast(model, past, None, kind=Kind(), issued_at=past.end, steps=24).values.any()


def test_a_past_known_in_one_fortnight_only_can_be_learnt_from():
    past = load(80)
    past = replace(past, values=np.where(np.arange(len(past.values)) < 42 * 24, past.values, np.nan))
    assert train(past, None, Kind(), learning=QUICK).has(with_weather=False)


def test_a_past_with_nothing_to_learn_from_is_refused():
    past = load(90)
    past = replace(past, values=np.where(np.arange(len(past.values)) < 28 * 24, past.values, np.nan))
    with pytest.raises(NoForecast, match="can be learnt from"):
        train(past, None, Kind(), learning=QUICK)


def test_a_model_of_trees_alone_is_read_and_says_what_it_said(model, past):
    said = json.loads(model.to_text())
    said["format"] = 2
    for engine in said["engines"].values():
        del engine["lines"], engine["share"]
    old = Model.from_text(json.dumps(said))
    seen = forecast(old, past, None, kind=Kind(), issued_at=past.end, steps=48)
    assert np.isfinite(seen.values).all()
    assert json.loads(old.to_text())["format"] == 2
    assert all(engine.share == 1.0 and not engine.lines for engine in old.engines.values())
