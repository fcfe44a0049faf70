"""The feed of changes: in commit order, each thing once a transaction, nothing of what was taken back."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from backend.kernel import changes, ids
from tests.world import World, make_world


@pytest.fixture(scope="module")
def world(database) -> World:
    return make_world(database)


@pytest.fixture
def note(world):
    """Note a change of a thing of east's; returns the thing's id."""

    def noted(session, identifier=None, region=world.east):
        identifier = identifier or ids.new_id()
        changes.note(
            session, region.scope, entity="device", entity_id=identifier, organisation_id=region.region.id
        )
        return identifier

    return noted


def since(world, sequence):
    with world.database.transaction(world.east.scope) as session:
        return changes.since(session, world.east.scope, sequence=sequence)


def head(world):
    with world.database.transaction(world.east.scope) as session:
        return changes.head(session, world.east.scope)


def test_what_was_noted_twice_in_a_transaction_stands_there_once(world, note):
    before = head(world)
    with world.database.transaction(world.east.scope) as session:
        thing = note(session)
        other = note(session)
        note(session, thing)
    assert [one.entity_id for one in since(world, before)] == [thing, other]


def test_a_transaction_that_fails_notes_nothing(world, note):
    before = head(world)
    with pytest.raises(RuntimeError), world.database.transaction(world.east.scope) as session:
        note(session)
        raise RuntimeError
    assert since(world, before) == []


def test_a_savepoint_that_is_rolled_back_takes_its_notes_with_it(world, note):
    before = head(world)
    with world.database.transaction(world.east.scope) as session:
        first = note(session)
        with pytest.raises(RuntimeError), session.begin_nested():
            note(session)
            raise RuntimeError
        with session.begin_nested():
            last = note(session)
    assert [one.entity_id for one in since(world, before)] == [first, last]


def test_another_tenants_changes_are_not_in_the_feed(world, note):
    before = head(world)
    with world.database.transaction(world.west.scope) as session:
        note(session, region=world.west)
    assert since(world, before) == []


def test_a_thing_changed_again_is_answered_at_its_last_place(world, note):
    before = head(world)
    with world.database.transaction(world.east.scope) as session:
        thing = note(session)
    with world.database.transaction(world.east.scope) as session:
        other = note(session)
    with world.database.transaction(world.east.scope) as session:
        note(session, thing)
    assert [one.entity_id for one in since(world, before)] == [other, thing]


def test_a_cursor_never_passes_a_change_that_commits_later(world, note):
    """Whoever got a number holds the lock until it is committed: the feed has no gaps that fill later."""
    before, held, stop, seen = head(world), [], threading.Event(), []

    def write() -> None:
        for _ in range(40):
            with world.database.transaction(world.east.scope) as session:
                held.append(note(session))
                session.execute(text("SELECT pg_sleep(random() * 0.004)"))

    def follow() -> None:
        cursor = before
        while not stop.is_set() or since(world, cursor):
            for one in since(world, cursor):
                seen.append(one.entity_id)
                cursor = one.sequence

    writers = [threading.Thread(target=write) for _ in range(3)]
    reader = threading.Thread(target=follow)
    for thread in (*writers, reader):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert sorted(seen) == sorted(held)
    assert len(seen) == 120
