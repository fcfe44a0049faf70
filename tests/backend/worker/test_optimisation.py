"""Plans by the clock with a real worker: once a quarter hour, again after a kill, and a letter where none can be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from backend.kernel import clock, periods
from backend.kernel.events import Event
from backend.optimisation import events, service
from backend.optimisation.service import PlanKind, clockwork
from tests.backend.worker.test_work import letters, wait_until
from tests.plants import document, equip, tell
from tests.world import furnish, make_world

ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def world(environment, database):
    from backend import wiring

    wiring.connect()
    made = furnish(make_world(database))
    equip(made, made.east)
    return made


@pytest.fixture(scope="module")
def tasks(world):
    from backend.worker import optimisation  # it reads its settings as it is imported

    return optimisation


@pytest.fixture
def plant(world, owner_database):
    """The plant, for which nothing is planned yet."""
    with owner_database.engine.begin() as connection:
        connection.execute(text("DELETE FROM operation_plan"))
    return str(world.east.ids["plant_model"])


@contextmanager
def working(environment):
    """Run a worker without its keeper on the queues of plans and events; at the end it is killed."""
    queues = ("--queue", "plans", "--queue", "events")
    process = subprocess.Popen(
        [sys.executable, "-m", "backend.cli", "work", "--bare", "--processes", "1", *queues],
        env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def plans(owner_database, kind="rolling"):
    """How many plans of a kind there are for each start, and how they came out."""
    with owner_database.engine.connect() as connection:
        asked = text(
            "SELECT count(*), min(status) FROM operation_plan WHERE kind = :kind GROUP BY starts_at ORDER BY starts_at"
        )
        return [tuple(row) for row in connection.execute(asked, {"kind": kind})]


def leased(owner_database, plant):
    with owner_database.engine.connect() as connection:
        asked = text("SELECT 1 FROM lease WHERE name = :name AND until > clock_timestamp()")
        return connection.scalar(asked, {"name": f"plan {plant} rolling"})


def test_a_worker_that_is_killed_leaves_the_plan_to_another_that_makes_it_once(
    environment, owner_database, tasks, plant
):
    from backend.worker import app

    with owner_database.engine.connect() as hindrance:
        hindrance.execute(
            text("LOCK TABLE coordination_target IN ACCESS EXCLUSIVE MODE")
        )  # read while a plan is made
        with working(environment):
            app.send_task("optimisation.make", [plant, "rolling"], queue="plans")
            wait_until(lambda: leased(owner_database, plant))
        hindrance.rollback()
    assert plans(owner_database) == []
    assert tasks.make(plant, "rolling") is None  # it may still be at work, for all that others know
    with owner_database.engine.begin() as connection:
        connection.execute(text("UPDATE lease SET until = clock_timestamp()"))
    assert tasks.make(plant, "rolling") == "optimal"
    assert tasks.make(plant, "rolling") is None
    assert plans(owner_database) == [(1, "optimal")]
    assert not leased(owner_database, plant)


def test_what_went_wrong_does_not_take_the_place_of_a_plan_another_worker_made(
    world, owner_database, tasks, plant
):
    assert tasks.make(plant, "rolling") == "optimal"
    scope, refusal = world.east.scope, {"message": "lost a race", "field": None, "remedy": ""}
    with world.database.transaction(scope) as session:
        about = {"plant_id": world.east.ids["plant_model"], "kind": PlanKind.ROLLING, "at": clock.now()}
        service.note_failure(session, scope, **about, refusal=refusal)
    assert (1, "optimal") in plans(owner_database)


def test_tomorrow_is_planned_once_from_two_in_the_afternoon_on(world, owner_database, tasks, plant):
    now, scope = clock.now().astimezone(ZoneInfo(ZONE)), world.east.scope
    two = now.replace(hour=14, minute=5, second=0, microsecond=0)
    two += timedelta(days=1) if two < now else timedelta(0)
    wanted = (world.east.ids["plant_model"], PlanKind.DAY_AHEAD)
    with world.database.transaction(scope) as session:
        assert wanted not in clockwork.due(session, scope, at=two - timedelta(minutes=10))
        assert wanted in clockwork.due(session, scope, at=two)
    with clock.shifted(two - now):
        for name, value in (("level", 50.0), ("engine", 1.0), ("warm", 18.0)):
            tell(world, world.east, name, value)
        assert tasks.make(plant, "day ahead") == "optimal"
        assert tasks.make(plant, "day ahead") is None
        with world.database.transaction(scope) as session:
            (made,) = service.plans(session, scope, kind=PlanKind.DAY_AHEAD).items
            assert wanted not in clockwork.due(session, scope)
    assert made.ends_at == periods.day(two.date() + timedelta(days=1), ZONE).end


def test_the_worker_plans_a_quarter_hour_once_and_writes_to_operators_where_it_cannot(
    environment, world, owner_database, tasks, plant
):
    from backend.worker import app

    for name, value in (("level", 50.0), ("engine", 1.0), ("warm", 18.0)):
        tell(world, world.east, name, value)
    operator = world.east.email("operator")
    with working(environment):
        for _ in range(3):
            app.send_task("optimisation.tick", queue="plans")
        wait_until(lambda: plans(owner_database))
        assert letters(environment, operator) == []
        with world.database.transaction(world.east.scope) as session:
            service.store_plant(
                session, world.east.scope, site_id=world.east.ids["site"],
                document=document(world.east, Grid={"tariff": "unheard-of"}),
            )  # fmt: skip
        with owner_database.engine.begin() as connection:
            assert set(plans(owner_database)) == {(1, "optimal")}
            connection.execute(text("DELETE FROM operation_plan"))
        for _ in range(2):
            app.send_task("optimisation.tick", queue="plans")
        wait_until(lambda: plans(owner_database))

        def delivered():
            app.send_task("outbox.send_due")  # first who is told, then the letter
            return letters(environment, operator)

        (letter,) = wait_until(delivered)
    assert plans(owner_database)[0] == (1, "failed")
    assert letter["Subject"] == "No plan for east site"
    said = letter.get_content()
    assert "there is no such tariff" in said and "/plans/" in said
    assert letters(environment, world.east.email("manager")) == []


def test_a_chinese_reader_is_led_to_the_page_that_says_the_reason_in_chinese(environment, world):
    from backend import wiring

    body = {"plan_id": str(world.east.ids["plant_model"]), "plant_id": str(world.east.ids["plant_model"]),
            "site": "east site", "site_zh": "东区", "message": "no prices", "remedy": "mend them"}  # fmt: skip
    told = {"said": body, "way": "mail", "person_id": "", "email": "li@east.example", "locale": "zh"}
    with world.database.transaction(world.east.scope) as session:
        event = Event(events.LETTER, world.east.enterprise.id, told)
        wiring.operation.hand_over(session, world.east.scope, event)
    (letter,) = letters(environment, "li@east.example")
    assert letter["Subject"] == "东区：未能生成运行计划"
    assert "计划页面" in letter.get_content() and "no prices" not in letter.get_content()


def test_every_task_of_optimisation_goes_to_the_queue_of_plans_and_each_is_fired(tasks):
    from backend.worker import app

    fired = {
        one["task"] for one in app.conf.beat_schedule.values() if one["task"].startswith("optimisation.")
    }
    assert fired == {"optimisation.tick", "optimisation.compare", "optimisation.forget"}
    assert app.conf.task_routes["optimisation.*"]["queue"] == "plans"
