"""From readings stored to alarms that people see: the follower on the real database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.alarms import service
from backend.alarms.rules import evaluate
from backend.kernel import clock
from backend.kernel.errors import Refused

SECONDS = timedelta(seconds=1)


def test_a_reading_over_the_limit_becomes_an_alarm_people_see(plant):
    rule = plant.rule(advice="Open the valve.")
    at = plant.read(80, 95)
    plant.follow()
    (alarm,) = plant.alarms("dispatcher", point_id=plant.points[0].id)
    assert (alarm.rule_id, alarm.state, alarm.level, alarm.priority) == (rule.id, "unacknowledged", "H", 3)
    assert (alarm.value, alarm.limit, alarm.raised_at, alarm.unit) == (95, 90, at, "°C")
    assert (alarm.place, alarm.point_name, alarm.advice) == (
        "Works 1 · Boiler house",
        "Supply 0",
        "Open the valve.",
    )


def test_worse_better_returned_are_one_alarm(plant):
    plant.rule()
    for value in (95, 105, 99, 50):
        plant.read(value)
        plant.follow()
    (alarm,) = plant.alarms(point_id=plant.points[0].id)
    assert plant.history(alarm) == ["raised", "worse", "better", "returned"]
    assert (alarm.state, alarm.level, alarm.worst) == ("returned", "H", 105)


def test_up_and_down_within_one_batch_is_not_missed(plant):
    plant.rule()
    plant.read(50, 95, 50, 105, 50)
    plant.follow()
    (alarm,) = plant.alarms(point_id=plant.points[0].id)
    assert plant.history(alarm) == ["raised", "returned", "raised_again", "returned"]
    assert (alarm.times, alarm.state) == (2, "returned")


def test_an_alarm_raised_again_before_anybody_looked_is_the_same_alarm(plant):
    plant.rule()
    for value in (95, 50, 96):
        plant.read(value)
        plant.follow()
    (alarm,) = plant.alarms(point_id=plant.points[0].id)
    assert (alarm.state, alarm.times, alarm.returned_at) == ("unacknowledged", 2, None)


def test_a_delay_ends_on_the_ticker(plant):
    plant.rule(on_delay_s=30)
    plant.read(95)
    plant.follow()
    assert plant.alarms(point_id=plant.points[0].id) == []
    plant.follow(after=29 * SECONDS)
    assert plant.alarms(point_id=plant.points[0].id) == []
    plant.follow(after=31 * SECONDS)
    assert plant.states(point_id=plant.points[0].id) == [("unacknowledged", "H")]


def test_silence_is_raised_and_ended(plant):
    plant.rule(kind="silence", parameters={"after_s": 60})
    plant.read(20)
    plant.follow()
    plant.follow(after=61 * SECONDS)
    (alarm,) = plant.alarms(point_id=plant.points[0].id)
    assert (alarm.state, alarm.level, alarm.limit, alarm.unit) == ("unacknowledged", "silent", 60, "s")
    plant.read(20)
    plant.follow()
    assert plant.states(point_id=plant.points[0].id) == [("returned", "silent")]


def test_imports_and_late_readings_raise_nothing(plant):
    plant.rule()
    plant.read(200, live=False)
    plant.read(200, at=clock.now() - timedelta(minutes=16))
    plant.follow()
    plant.read(50)
    plant.read(200, at=clock.now() - timedelta(minutes=1))
    plant.follow()
    assert plant.alarms(point_id=plant.points[0].id) == []


def test_a_restart_between_any_two_readings_changes_nothing(plant):
    plant.rule(deadband=5, off_delay_s=10)
    plant.rule(point=1)
    for i, value in enumerate((95, 88, 105, 86, 95, 84, 84)):
        at = clock.now() + i * SECONDS
        with clock.shifted(i * SECONDS):
            plant.read(value, at=at)
            plant.read(95 if i % 2 else 50, point=1, at=at)
        plant.follow(after=i * SECONDS)
        plant.restart()
    plant.follow(after=60 * SECONDS)
    (alarm,) = plant.alarms(point_id=plant.points[0].id)
    assert plant.history(alarm) == ["raised", "worse", "returned"]
    (other,) = plant.alarms(point_id=plant.points[1].id)
    assert other.times == 3


def test_work_that_was_not_saved_is_done_again_and_not_doubled(plant):
    plant.rule()
    plant.read(95)
    plant.follow()
    plant.read(105)
    evaluator = plant.follower.evaluator
    with plant.database.transaction(plant.system) as session:
        for batch in service.follow.journal.read(session, plant.system, evaluator.sequence):
            evaluator.take(batch)  # evaluated, but this worker dies before it saves
    plant.restart()
    plant.follow()
    plant.follow()
    (alarm,) = plant.alarms(point_id=plant.points[0].id)
    assert plant.history(alarm) == ["raised", "worse"]


def test_a_worker_that_fell_asleep_writes_nothing_when_it_wakes(plant):
    plant.rule()
    sleeper = plant.follower
    plant.follow()
    plant.restart()
    plant.read(95)
    plant.follow()
    plant.read(50)
    sleeper.turn(plant.database, plant.system)
    assert sleeper.evaluator is None
    plant.follow()
    (alarm,) = plant.alarms(point_id=plant.points[0].id)
    assert plant.history(alarm) == ["raised", "returned"]


def test_even_without_a_lease_the_table_holds_one_open_alarm_per_rule_and_point(plant):
    plant.rule()
    plant.read(50)
    plant.follow()
    first = plant.follower
    plant.restart()
    plant.follow()
    second = plant.follower
    plant.read(95)
    moves = []
    for follower in (first, second):
        with plant.database.transaction(plant.system) as session:
            for batch in service.follow.journal.read(session, plant.system, follower.evaluator.sequence):
                follower.evaluator.take(batch)
        moves.append(follower.evaluator.moves)
    with plant.database.transaction(plant.system) as one:
        service.follow.record(one, plant.system, moves[0])
    with plant.database.transaction(plant.system) as other:
        service.follow.record(other, plant.system, moves[1])
    assert len(plant.alarms(point_id=plant.points[0].id)) == 1


def test_a_rule_made_changed_and_ended_while_the_follower_runs(plant):
    plant.follow()
    rule = plant.rule()
    plant.read(95)
    plant.follower.woken("alarm_rule")
    plant.follow()
    assert plant.states(point_id=plant.points[0].id) == [("unacknowledged", "H")]
    with plant.asked_by("manager") as (session, scope):
        service.change_rule(session, scope, rule.id, parameters={"H": 97.0})
    plant.follower.woken("alarm_rule")
    plant.follow()
    assert plant.states(point_id=plant.points[0].id) == [("returned", "H")]
    plant.read(99)
    plant.follow()
    assert plant.states(point_id=plant.points[0].id) == [("unacknowledged", "H")]
    with plant.asked_by("manager") as (session, scope):
        service.change_rule(session, scope, rule.id, is_enabled=False)
    plant.follower.woken("alarm_rule")
    plant.follow()
    (alarm,) = plant.alarms(point_id=plant.points[0].id, states=["normal"])
    assert plant.history(alarm)[-1] == "withdrawn"


def test_a_new_rule_is_judged_at_once_on_what_its_point_shows(plant):
    plant.rule(1)
    plant.read(95)
    plant.read(200, point=2, live=False)
    plant.follow()
    plant.rule()
    plant.rule(2)
    plant.follow()
    assert plant.states(point_id=plant.points[0].id) == [("unacknowledged", "H")]
    assert plant.alarms(point_id=plant.points[2].id) == []  # an import is not live


def test_a_rule_change_is_noticed_even_if_nobody_called(plant):
    plant.follow()
    plant.rule()
    plant.follower.rules_changed, plant.follower.saved_at = False, 0.0
    plant.follow()
    plant.read(95)
    plant.follow()
    assert plant.states(point_id=plant.points[0].id) == [("unacknowledged", "H")]


def test_a_failing_rule_is_set_aside_with_its_error_and_can_be_mended(plant, owner_database, monkeypatch):
    bad, good = plant.rule(), plant.rule(point=1)
    with owner_database.engine.begin() as connection:
        connection.execute(
            text(
                'UPDATE alarm_rule SET parameters = \'{"H": "high"}\', revision = revision + 1 WHERE id = :id'
            ),
            {"id": bad.id},
        )
    plant.follow()
    plant.read(95, point=1)
    plant.follow()
    assert plant.states(rule_id=good.id) == [("unacknowledged", "H")]
    with plant.asked_by("operator") as (session, scope):
        assert "not a number" in service.rule(session, scope, bad.id).rule.error
        service.change_rule(session, scope, bad.id, parameters={"H": 90.0})
    plant.follower.woken("alarm_rule")
    plant.read(95)
    plant.follow()
    assert plant.states(rule_id=bad.id) == [("unacknowledged", "H")]


def test_a_rule_that_breaks_the_evaluator_is_found_and_stops_nobody(plant, monkeypatch):
    bad, good = plant.rule(1, kind="state", parameters={"equals": 13.0}), plant.rule(1)
    plant.follow()
    honest = evaluate.signals.states

    def breaks(rules, live):
        if bad.key in rules.key[rules.state_rules]:
            raise ZeroDivisionError("a bug in a rule kind")
        return honest(rules, live)

    monkeypatch.setattr(evaluate.signals, "states", breaks)
    plant.read(95, point=1)
    plant.follow()
    assert plant.states(rule_id=good.id) == [("unacknowledged", "H")]
    with plant.asked_by("operator") as (session, scope):
        assert service.rule(session, scope, bad.id).rule.error == "ZeroDivisionError: a bug in a rule kind"


def test_rules_over_several_points_are_evaluated_when_any_of_them_changes(plant):
    a, b = (str(plant.points[i].id) for i in (0, 1))
    plant.rule(kind="expression", parameters={"when": "a - b > 40", "points": {"a": a, "b": b}})
    plant.read(90)
    plant.follow()
    assert plant.alarms(point_id=plant.points[0].id) == []  # b is unknown, not zero
    plant.read(60, point=1)
    plant.follow()
    assert plant.alarms(point_id=plant.points[0].id) == []
    plant.read(45, point=1)
    plant.follow()
    assert plant.states(point_id=plant.points[0].id) == [("unacknowledged", "condition")]


@pytest.mark.parametrize(
    ("kind", "parameters", "field"),
    [
        ("limit", {}, "parameters"),
        ("limit", {"H": 90, "HH": 80}, "parameters.HH"),
        ("limit", {"H": float("nan")}, "parameters.H"),
        ("limit", {"up": 90}, "parameters.up"),
        ("rate", {"rising": -1}, "parameters.rising"),
        ("rate", {"rising": 1, "per": "week"}, "parameters.per"),
        ("silence", {"after_s": 0}, "parameters.after_s"),
        ("state", {"equals": 1, "one_of": [2]}, "parameters"),
        ("expression", {"when": "a >", "points": {"a": "x"}}, "parameters.when"),
        ("night_flow", {"from": "02:00", "to": "02:10", "limit": 1}, "parameters.to"),
        ("earthquake", {}, "kind"),
    ],
)
def test_a_wrong_rule_is_refused_in_words(plant, kind, parameters, field):
    with pytest.raises(Refused) as refused:
        plant.rule(kind=kind, parameters=parameters)
    assert refused.value.field == field
