"""A challenger becomes champion only where it is better on days neither was trained on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.forecasting import service as forecasts
from backend.forecasting.models import Forecast, ForecastModel
from backend.forecasting.rules import Method
from backend.kernel import clock, ids
from backend.kernel.audit import AuditEvent
from backend.kernel.errors import Conflict, Forbidden
from backend.kernel.periods import Period

DAY = timedelta(days=1)
LATER = 10 * DAY


@pytest.fixture(scope="module")
def load(site):
    """A target with weather and its first champion."""
    site.receive(
        site.foretell(clock.now(), days=60, is_observed=True),
        *(site.foretell(clock.now() - n * DAY, warmer=0.5) for n in range(20, -1, -1)),
    )
    one = site.target("trained", weather_place_id=site.place_id)
    with site.session() as session:
        assert one.id in forecasts.due_for_training(session, site.scope)
        made = forecasts.retrain(session, site.scope, target_id=one.id)
    assert made is not None
    return one


def models(site, target):
    with site.session() as session:
        return forecasts.list_models(session, site.scope, target_id=target.id).items


def test_the_first_model_is_champion_and_is_used_with_the_weather(site, load):
    (first,) = models(site, load)
    assert first.verdict is forecasts.Verdict.CHAMPION
    assert set(first.scores) >= {"model", "last_week", "previous_day"}
    assert first.scores["model"]["pinball"] <= first.scores["last_week"]["pinball"]
    (made,) = site.issue(load)
    assert made.method is Method.MODEL
    assert made.model_id == first.id
    assert made.weather_known_at is not None
    with site.session() as session:
        assert (forecasts.replay(session, site.scope, made.forecast_id).values == made.values).all()
        assert load.id not in forecasts.due_for_training(session, site.scope)


def test_weather_that_came_since_is_not_in_a_replay(site, load):
    (made,) = site.issue(load)
    assert site.receive(site.foretell(made.issued_at - timedelta(minutes=5), warmer=9.0)) == 1
    with site.session() as session:
        assert (forecasts.replay(session, site.scope, made.forecast_id).values == made.values).all()


def test_stale_weather_is_left_out_openly(site, load):
    with clock.shifted(2 * DAY):
        site.read(site.until, site.until + 2 * DAY)
        (made,) = site.issue(load)
    assert made.method is Method.MODEL_WITHOUT_WEATHER
    assert made.passed[0]["why"] == "weather_stale"
    assert made.passed[0]["facts"]["hours"] > 36
    assert made.weather_known_at is None


def test_a_champion_too_young_is_not_compared(site, load):
    manager = site.world.scope(site.region, "manager")
    with site.world.database.transaction(manager) as session, pytest.raises(Conflict, match="too young"):
        forecasts.ask_for_training(session, manager, target_id=load.id)


def test_who_may_not_ask_is_refused(site, load):
    dispatcher = site.world.scope(site.region, "dispatcher")
    with site.world.database.transaction(dispatcher) as session, pytest.raises(Forbidden):
        forecasts.ask_for_training(session, dispatcher, target_id=load.id)


@pytest.fixture(scope="module")
def challenge(site, load):
    """Ten days later a manager asks for a new model: what it learnt from, and what came of it."""
    with clock.shifted(LATER):
        site.read(site.until, clock.now().replace(minute=0, second=0, microsecond=0))
        manager = site.world.scope(site.region, "manager")
        with site.world.database.transaction(manager) as session:
            forecasts.ask_for_training(session, manager, target_id=load.id)
        with site.session() as session:
            assert forecasts.due_for_training(session, site.scope)[0] == load.id
            lesson = forecasts.gather(session, site.scope, target_id=load.id)
    return lesson, forecasts.learn(lesson)


@pytest.mark.parametrize(("better", "verdict"), [(False, "refused"), (True, "champion")])
def test_a_challenger_replaces_the_champion_only_by_being_better(site, load, challenge, better, verdict):
    lesson, learnt = challenge
    with clock.shifted(LATER), site.session() as session:
        made = forecasts.settle(session, site.scope, lesson, replace(learnt, wins=better))
    assert made.verdict.value == verdict
    assert made.champion_scores["first"] == made.scores["model"]["first"]
    assert made.asked_by == site.region.people["manager"].id
    (standing,) = [one for one in models(site, load) if one.verdict is forecasts.Verdict.CHAMPION]
    assert (standing.id == made.id) is better
    with site.session() as session:
        actions = set(session.scalars(select(AuditEvent.action)))
    assert {"forecast.training_asked", f"forecast.model_{verdict}"} <= actions


def test_a_champion_that_changed_meanwhile_stays(site, load, challenge):
    lesson, learnt = challenge
    before = [one.id for one in models(site, load)]
    with clock.shifted(LATER), site.session() as session:
        stale = replace(lesson, champion_id=load.id)
        assert forecasts.settle(session, site.scope, stale, replace(learnt, wins=True)) is None
    assert [one.id for one in models(site, load)] == before


def test_accuracy_is_that_of_what_was_issued(site, load):
    with clock.shifted(11 * DAY):
        site.read(site.until, clock.now().replace(minute=0, second=0, microsecond=0))
        with site.session() as session:
            told = forecasts.accuracy(
                session, site.scope, target_id=load.id, period=Period(clock.now() - 12 * DAY, clock.now())
            )
    assert [one.lead_h for one in told] == [1, 6, 24]
    assert all(one.mae > 0 and 0 <= one.coverage_80 <= 1 and one.values > 0 for one in told)


def test_what_is_asked_for_while_a_model_learns_stays_asked_for(site, load, challenge):
    lesson, learnt = challenge
    stale = replace(lesson, champion_id=load.id)  # so that nothing is kept
    with clock.shifted(LATER + DAY), site.session() as session:
        one = forecasts.target(session, site.scope, load.id)
        one.retrain_asked_at = one.tried_at + timedelta(minutes=1)
        forecasts.settle(session, site.scope, stale, learnt)
        assert one.retrain_asked_at is not None
        one.retrain_asked_at = one.tried_at
        forecasts.settle(session, site.scope, stale, learnt)
        assert one.retrain_asked_at is None


def test_a_champion_too_young_is_no_fault_of_the_meters(site, load, challenge):
    """Whoever changes weather or modules asks for a model; it comes once there are days to compare on."""
    lesson, _learnt = challenge
    nothing_new = forecasts.NotLearnt(forecasts.Untrained.NO_NEW_DAYS, {"days": 0, "least_days": 3})
    with clock.shifted(LATER), site.session() as session:
        one = forecasts.target(session, site.scope, load.id)
        one.retrain_asked_at = one.tried_at
        assert forecasts.settle(session, site.scope, lesson, nothing_new) is None
        assert one.retrain_asked_at is not None and one.untrained is None


@pytest.fixture(scope="module")
def aged(site):
    """A target whose champion an earlier version of the programme wrote, trained an hour ago."""
    one = site.target("aged")
    with site.session() as session:
        now = clock.now()
        session.add(ForecastModel(
            id=ids.new_id(), organisation_id=one.organisation_id, target_id=one.id, number=1, trained_at=now,
            body='{"format": 1, "step_min": 60}', known_from=now - 60 * DAY, known_until=now, took_s=1.0, scores={},
            verdict=forecasts.Verdict.CHAMPION, champion_from=now,
        ))  # fmt: skip
        forecasts.target(session, site.scope, one.id).tried_at = now
    return one


def test_a_champion_of_an_earlier_version_is_passed_over_openly_and_trained_anew_soon(site, aged):
    (made,) = site.issue(aged)
    assert made.method is Method.LAST_WEEK
    assert [one["why"] for one in made.passed] == ["model_old", "model_old"]
    with site.session() as session:
        assert (forecasts.replay(session, site.scope, made.forecast_id).values == made.values).all()
        session.get(Forecast, made.forecast_id).method = Method.MODEL_WITHOUT_WEATHER  # as one issued before
        with pytest.raises(Conflict, match="by an earlier version"):
            forecasts.replay(session, site.scope, made.forecast_id)
    manager = site.world.scope(site.region, "manager")
    with site.world.database.transaction(manager) as session:
        forecasts.ask_for_training(session, manager, target_id=aged.id)  # not too young: nothing is compared
        session.rollback()
    with clock.shifted(DAY + timedelta(minutes=1)), site.session() as session:
        assert aged.id in forecasts.due_for_training(session, site.scope)
    with site.session() as session:
        made = forecasts.retrain(session, site.scope, target_id=aged.id)
        assert (made.verdict, made.champion_scores) == (forecasts.Verdict.CHAMPION, None)
