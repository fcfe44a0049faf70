"""Events reach their listeners at least once, and their effects happen once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.infra import outbox
from backend.kernel import clock, events
from backend.kernel.events import Event
from backend.kernel.scope import Scope
from tests.world import make_world


@pytest.fixture(scope="module")
def world(database):
    return make_world(database)


@pytest.fixture
def heard(monkeypatch):
    """A listener of 'test.happened' that remembers what it heard, and fails as often as told."""
    monkeypatch.setattr(events, "_listeners", {})
    told: list = []

    def listener(session, scope, event):
        told.append((event, scope))
        if event.body.get("failures", 0) >= len(told):
            raise RuntimeError("not now")
        session.execute(text("SELECT 1"))

    events.listen("test.happened", "the listener", listener)
    return told


@pytest.fixture(autouse=True)
def _empty(owner_database):
    with owner_database.transaction(Scope.public()) as session:
        session.execute(text("DELETE FROM outbox"))


def publish(world, **body):
    with world.database.transaction(world.east.scope) as session:
        events.publish(session, Event("test.happened", world.east.park.id, body))


def test_an_event_is_delivered_in_the_scope_of_its_organisation(world, heard):
    publish(world, text="hello")
    (entry,) = outbox.claim_due(world.database)
    assert outbox.deliver(world.database, entry)
    ((event, scope),) = heard
    assert event.body == {"text": "hello"}
    assert scope.organisations == {world.east.park.id, world.east.enterprise.id, world.east.customer.id}
    assert outbox.open_count(world.database) == 0


def test_a_second_delivery_finds_it_done(world, heard):
    publish(world)
    (entry,) = outbox.claim_due(world.database)
    assert [outbox.deliver(world.database, entry) for _ in range(3)] == [True, False, False]
    assert len(heard) == 1


def test_what_was_rolled_back_is_never_heard(world, heard):
    with world.database.transaction(world.east.scope) as session:
        events.publish(session, Event("test.happened", world.east.park.id, {}))
        session.rollback()
    assert outbox.claim_due(world.database) == []


def test_a_lost_message_is_sent_again_after_a_minute(world, heard):
    publish(world)
    (entry,) = outbox.claim_due(world.database)
    assert outbox.claim_due(world.database) == []
    with clock.shifted(timedelta(seconds=61)):
        assert outbox.claim_due(world.database) == [entry]
        assert outbox.deliver(world.database, entry)


def test_a_failing_listener_is_tried_again_later_and_later_and_says_why(world, heard):
    publish(world, failures=3)
    (entry,) = outbox.claim_due(world.database)
    waited = timedelta()
    for attempt in range(1, 4):
        with clock.shifted(waited):
            assert not outbox.deliver(world.database, entry)
            with world.database.transaction(Scope.public()) as session:
                row = session.execute(text("SELECT attempts, error, due_at FROM outbox")).one()
            assert (row.attempts, row.error) == (attempt, "RuntimeError: not now")
            assert row.due_at - clock.now() > timedelta(seconds=59) * 2 ** (attempt - 1)
        waited += timedelta(hours=1)
    with clock.shifted(waited):
        assert outbox.claim_due(world.database) == [entry]
        assert outbox.deliver(world.database, entry)


def test_an_entry_whose_listener_is_gone_is_done(world, heard, monkeypatch):
    publish(world)
    monkeypatch.setattr(events, "_listeners", {})
    (entry,) = outbox.claim_due(world.database)
    assert outbox.deliver(world.database, entry)


def test_two_relays_never_claim_the_same(world, heard):
    for _ in range(20):
        publish(world)
    claimed = outbox.claim_due(world.database, limit=12) + outbox.claim_due(world.database, limit=12)
    assert len(claimed) == len(set(claimed)) == 20


def test_delivered_events_are_forgotten_after_a_month(world, heard):
    publish(world)
    (entry,) = outbox.claim_due(world.database)
    outbox.deliver(world.database, entry)
    assert outbox.forget_delivered(world.database) == 0
    with clock.shifted(timedelta(days=31)):
        assert outbox.forget_delivered(world.database) == 1
