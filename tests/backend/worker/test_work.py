"""Background work with a real worker: letters go out, canaries sing, every queue is consumed."""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import redis

from backend.infra import canary, outbox
from backend.kernel import clock
from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from tests.world import PASSWORDS, make_world


@pytest.fixture(scope="module")
def world(environment, database):
    from backend import wiring

    wiring.connect()
    return make_world(database)


@pytest.fixture(scope="module")
def worker(environment, world):
    """A worker process on the module's servers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "backend.cli", "work", "--processes", "1"],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield process
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(true, seconds: float = 60.0):
    ends = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.1)
    return found


def letters(environment, to: str) -> list:
    from pathlib import Path

    files = sorted(Path(environment["ENERFIELD_HOME"], "mail").glob("*.eml"))
    found = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
    return [letter for letter in found if letter["To"] == to]


def test_every_queue_has_a_worker_and_every_task_a_queue(environment, world):
    from backend.worker import app

    app.loader.import_default_modules()
    assert {queue.name for queue in app.conf.task_queues} == set(canary.QUEUES)
    for name, entry in app.conf.beat_schedule.items():
        assert entry["task"] in app.tasks, name
        assert entry.get("options", {}).get("queue", "events") in canary.QUEUES
    sung = {entry["args"][0] for entry in app.conf.beat_schedule.values() if entry["task"] == "canary.sing"}
    assert sung == set(canary.QUEUES)


def test_a_task_goes_to_the_queue_it_is_meant_for_and_to_no_other(environment, world):
    from backend.worker import app

    with redis.Redis.from_url(environment["ENERFIELD_REDIS_URL"]) as client:
        for queue in canary.QUEUES:
            app.send_task("canary.sing", [queue], queue=queue)
            assert [name for name in canary.QUEUES if client.llen(name)] == [queue]
            client.delete(queue)


def test_an_invitation_becomes_a_letter_whose_link_works(environment, world, worker):
    from backend.worker import app

    scope = world.scope(world.east, "administrator")
    with world.database.transaction(scope) as session:
        tenancy.invite(
            session, scope, email="letter@east.example", name="李", organisation_id=world.east.park.id,
            role=Role.DISPATCHER, locale="zh",
        )  # fmt: skip
    app.send_task("outbox.send_due")
    (letter,) = wait_until(lambda: letters(environment, "letter@east.example"))
    assert "East park" in letter["Subject"]
    token = re.search(r"/invitation/(\S+)", letter.get_content())[1]
    wait_until(lambda: outbox.open_count(world.database) == 0)
    with world.database.transaction(Scope.public()) as session:
        person = tenancy.set_password(
            session, PASSWORDS, token=token, purpose=tenancy.INVITATION, password="a long new password"
        )
    assert person.email == "letter@east.example"


def test_a_canary_sent_to_a_queue_comes_back(environment, world, worker):
    from backend.worker import app

    for queue in canary.QUEUES:
        app.send_task("canary.sing", [queue], queue=queue)
    redis_url = environment["ENERFIELD_REDIS_URL"]
    ages = wait_until(lambda: all(canary.ages_s(redis_url).values()) and canary.ages_s(redis_url))
    assert all(age < canary.LATE_S for age in ages.values())


def test_whoever_asks_for_a_reset_again_and_again_floods_nobody(environment, world):
    """Within ten minutes one letter goes out. A later one leaves it valid; whichever is used ends both."""
    from backend import wiring
    from backend.kernel.events import Event
    from backend.tenancy import events

    person = world.west.people["manager"]
    event = Event(events.RESET_WANTED, world.west.region.id, {"person_id": str(person.id)})
    for minutes in (0, 1, 9, 11):
        with (
            clock.shifted(timedelta(minutes=minutes)),
            world.database.transaction(world.west.scope) as session,
        ):
            wiring.letters.password_reset(session, world.west.scope, event)
    found = letters(environment, person.email)
    first, second = [re.search(r"/reset/(\S+)", letter.get_content())[1] for letter in found]
    with world.database.transaction(Scope.public()) as session:
        for token in (first, second):
            assert tenancy.token_holder(session, token, purpose=tenancy.RESET).id == person.id
        chosen = {"purpose": tenancy.RESET, "password": "a password nobody had before"}
        tenancy.set_password(session, PASSWORDS, token=first, **chosen)
        with pytest.raises(Exception, match="no longer valid"):
            tenancy.token_holder(session, second, purpose=tenancy.RESET)


def test_the_night_forgets_log_ins_that_are_long_over(environment, world):
    from backend.worker import tasks

    with world.database.transaction(Scope.public()) as session:
        tenancy.open_session(session, world.west.people["manager"], user_agent=None, network=None)
    assert tasks.forget() == 0
    with clock.shifted(timedelta(days=8)):
        assert tasks.forget() == 1
    tasks.keep_up_metering()
