"""What the worker does for forecasts: takes weather that was dropped, issues what is due once, trains under a lease."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend import wiring
from backend.forecasting import events
from backend.forecasting import service as forecasts
from backend.forecasting.service import weather
from backend.infra import canary, outbox
from backend.kernel import clock, ids
from backend.kernel.leases import Lease
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.wiring import foresight
from tests.backend.worker.test_work import letters
from tests.forecasting import foresee
from tests.world import furnish, make_world

CSV = "issued_at,valid_at,temperature_c\n,2026-01-01T00:00Z,4.5\n2026-01-01T00:00Z,2026-01-01T01:00Z,4\n"


@pytest.fixture(scope="module")
def world(environment, database):
    wiring.weather_gateways.cache_clear()
    made = furnish(make_world(database))
    foresee(made, made.east)
    yield made
    wiring.weather_gateways.cache_clear()


def deliver(world):
    """Deliver what was told, and the letters that follow from it."""
    for _ in range(2):
        for entry in outbox.claim_due(world.database):
            assert outbox.deliver(world.database, entry)


@pytest.fixture(scope="module")
def tasks(world):
    from backend.worker import forecasting  # it reads its settings as it is imported

    return forecasting


def test_weather_that_was_dropped_is_taken_and_what_is_wrong_is_told(world, tasks):
    place = world.east.ids["weather_place"]
    folder = settings().home / "weather" / ids.show(place)
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("valid_at,temperature_c\nyesterday,4\n")
    (folder / "b.csv").write_text(CSV)
    assert tasks.take_weather() == 2
    assert sorted(one.name for one in folder.iterdir()) == ["refused", "taken"]
    assert tasks.take_weather() == 0


def test_a_file_that_was_refused_is_told_to_the_operator(environment, world, tasks):
    """It is laid aside, and the next good one clears what the page says: without a letter nobody would know."""
    deliver(world)
    (letter,) = letters(environment, world.east.email("operator"))
    assert letter["Subject"] == "A weather file was not taken: east weather station"
    assert "a.csv: row 2: this is no instant" in letter.get_content() and "/weather" in letter.get_content()


def test_a_chinese_notice_of_a_file_names_it_in_chinese_and_leads_to_the_page():
    said = {
        "name": "roof",
        "name_zh": "屋顶站",
        "place_id": "7",
        "message": "a.csv: row 2: this is no number",
    }
    notice = foresight.worded(events.WEATHER_REFUSED, said, "zh")
    assert "a.csv" in notice.body and "row" not in notice.body and notice.url == "/weather"


def test_what_is_due_is_issued_once_a_step(world, tasks):
    assert tasks.issue() == 0
    with clock.shifted(timedelta(hours=1)):
        assert tasks.issue() == 1
        assert tasks.issue() == 0
    target = world.east.ids["target"]
    with world.database.transaction(world.east.scope) as session:
        assert len(forecasts.list_forecasts(session, world.east.scope, target_id=target).items) == 2


def test_too_little_to_learn_from_is_tried_again_the_next_day(world, tasks):
    scope = world.east.scope
    assert tasks.train() == 0
    with world.database.transaction(scope) as session:
        assert forecasts.due_for_training(session, scope) == []
        with clock.shifted(timedelta(days=1, minutes=1)):
            assert forecasts.due_for_training(session, scope) == [world.east.ids["target"]]


def test_a_training_that_fails_is_told_once_and_stands_on_the_page_until_one_succeeds(
    environment, world, tasks, monkeypatch
):
    scope, target_id = world.east.scope, world.east.ids["target"]

    def kept():
        with world.database.transaction(scope) as session:
            return forecasts.target(session, scope, target_id).untrained

    before = len(letters(environment, world.east.email("operator")))
    assert kept() | {"facts": None} == {
        "why": "too_short",
        "facts": None,
        "is_told": False,
    }  # new: no news yet

    def broken(_lesson):
        raise ZeroDivisionError("a fault in the rules")

    monkeypatch.setattr(forecasts, "gather", lambda *_given, **_named: object())
    monkeypatch.setattr(forecasts, "learn", broken)
    for days in (3, 5):
        with clock.shifted(timedelta(days=days)):
            assert tasks.train() == 0
    assert kept()["facts"]["said"] == "ZeroDivisionError: a fault in the rules"
    with clock.shifted(timedelta(days=5)):
        deliver(world)
    (letter,) = letters(environment, world.east.email("operator"))[before:]
    assert letter["Subject"] == "No forecast model could be trained: east plant load"
    assert (
        "a fault in the rules" in letter.get_content() and f"/forecasts/{target_id}" in letter.get_content()
    )


def test_one_worker_trains_at_a_time(world, tasks):
    other = Lease("forecast training", seconds=60)
    with world.database.transaction(Scope.public()) as session:
        assert other.hold(session)
    with clock.shifted(timedelta(days=2)):
        assert tasks.train() == 0
    with world.database.transaction(world.east.scope) as session:
        assert forecasts.target(session, world.east.scope, world.east.ids["target"]).tried_at < clock.now()
    with world.database.transaction(Scope.public()) as session:
        other.release(session)


def test_old_forecasts_are_thinned_but_the_first_of_each_hour_and_day_stay(world, tasks):
    target, scope = world.east.ids["target"], world.east.scope

    def count() -> int:
        with world.database.transaction(scope) as session:
            return len(forecasts.list_forecasts(session, scope, target_id=target, limit=200).items)

    before = count()
    with world.database.transaction(scope) as session:
        forecasts.issue_forecasts(session, scope, target_ids=[target])  # a second one in this hour
    with clock.shifted(timedelta(days=36)):
        assert tasks.keep_house() in (1, 2)  # the hour may have turned meanwhile
    assert count() <= before + 1
    with world.database.transaction(scope) as session:
        assert weather.place(session, scope, world.east.ids["weather_place"]).error is None


def test_every_task_of_forecasting_goes_to_a_queue_that_is_consumed(tasks):
    from backend.worker import app

    routes = app.conf.task_routes
    assert routes["forecasting.*"]["queue"] in canary.QUEUES
    fired = [one["task"] for one in app.conf.beat_schedule.values() if one["task"].startswith("forecasting.")]
    assert sorted(fired) == [
        "forecasting.issue", "forecasting.keep_house", "forecasting.take_weather", "forecasting.train",
    ]  # fmt: skip
