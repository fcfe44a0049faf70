"""A challenger becomes champion only where it is better on days neither was trained on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.forecasting import service as forecasts
from backend.forecasting.rules import Method
from backend.kernel import clock
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
