"""What workers have to say of their connections is written, each connection's by itself."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from backend.kernel import clock
from backend.kernel.errors import Unavailable
from backend.kernel.scope import Scope
from backend.metering.models.connection import Protocol
from ingest.news import Note
from ingest.store import DatabaseStore, Owner
from tests.ingest.field import make_field

STRANGE = UUID(int=77)


@pytest.fixture
def field(database, environment):
    return make_field(database, protocol=Protocol.MQTT, address={})


@pytest.fixture
def store(database, field):
    made = DatabaseStore(database)
    made.own({field.connection_id: Owner(field.organisation_id, "mqtt", field.scope)})
    return made


def test_a_sample_of_any_kind_is_offered_and_nobodys_note_is_lost_with_it(store, field):
    odd = {"a\x00b": "x\x00y", "nan": float("nan"), "thing": object(), "half": "\ud800", "list": [1, b"z"]}
    note = Note(
        field.connection_id, contact_at=clock.now(), error="un\x00fit", sightings={"m9": (odd, clock.now())}
    )
    notes = [Note(STRANGE, contact_at=clock.now()), note]
    store.notes(notes)
    assert notes == []
    assert field.state().error == "un�fit"
    with field.database.transaction(field.scope) as session:
        sample = session.scalar(
            text("SELECT sample FROM sighting WHERE connection_id = :c"), {"c": field.connection_id}
        )
    assert sample["a�b"] == "x�y"
    assert (sample["nan"], sample["list"][0]) == (None, 1)


def test_one_connections_note_that_cannot_be_written_does_not_stop_the_others(store, field):
    forbidden = Owner(field.organisation_id, "mqtt", Scope.public())
    store.own({STRANGE: forbidden})
    store.notes([Note(field.connection_id, error="no answer"), Note(STRANGE, error="x")])
    assert field.state().error == "no answer"


def test_a_connection_is_nobodys_only_once_the_database_has_named_them_all(database):
    fresh = DatabaseStore(database)
    fresh.own({}, is_complete=False)
    assert not fresh.is_nobodys(STRANGE)
    with pytest.raises(Unavailable):
        fresh.notes([Note(STRANGE)])
    fresh.own({})
    assert fresh.is_nobodys(STRANGE)
