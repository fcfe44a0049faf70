"""Dead letters tried again: each by itself, with what was known when it came."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from backend.kernel import clock, ids
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from backend.metering.service import replays
from ingest.entries import READINGS
from ingest.plan import Channel, Connection, Plan
from ingest.replay import replay_asked
from tests.ingest.field import make_field

ADDRESS = {"messages": [{"topic": "t/{device}", "time": "ts", "time_unit": "ms"}]}
AN_HOUR_AGO = clock.now() - timedelta(hours=1)


@pytest.fixture
def field(database, environment):
    where = {"device": "m1", "path": "power"}
    return make_field(database, protocol=Protocol.MQTT, address=ADDRESS, points={"power": where})


@pytest.fixture
def replay(field):
    """Have letters (address, payload, known) tried again; return the reason of each, None where it went through."""

    def again(*letters, address=ADDRESS, where=None) -> list[str | None]:
        refusals = [
            metering.Refusal(
                field.organisation_id, field.connection_id, topic, payload, "as it was", AN_HOUR_AGO, ids.new_id(),
                known,
            )
            for topic, payload, known in letters
        ]  # fmt: skip
        with field.database.transaction(field.scope) as session:
            metering.add_dead_letters(session, field.scope, refusals)
        for refusal in refusals:
            with field.database.transaction(field.scope) as session:
                replays.ask_for_replay(session, field.scope, letter_id=refusal.id)
        connection = Connection(field.connection_id, "mqtt", "hall", address)
        channel = Channel(field.keys["power"], connection.id, where or {"device": "m1", "path": "power"})
        plan = Plan.of([connection], [channel])
        replay_asked(field.database, field.scope, plan, {field.connection_id: "mqtt"})
        with field.database.transaction(field.scope) as session:
            found = [metering.dead_letter(session, field.scope, refusal.id) for refusal in refusals]
            assert {letter.attempts for letter in found} == {1}
            return [None if letter.outcome == "replayed" else letter.reason for letter in found]

    return again


def body(**said) -> bytes:
    return orjson.dumps(said)


def rows_of(key: int, at_us: int) -> bytes:
    row = {"point_key": key, "read_at_us": at_us, "value": 1.0, "quality": 0, "live": True}
    return orjson.dumps([row])


def test_a_letter_that_defeats_its_handler_and_one_the_database_refuses_take_no_other_along(replay, field):
    at_us, key = clock.to_us(AN_HOUR_AGO), field.keys["power"]
    reasons = replay(
        ("readings", b'{"no": "rows"}', READINGS),
        ("readings", rows_of(key, -(2**63)), READINGS),
        ("t/m1", body(ts=at_us // 1000, power=5), None),
    )
    assert "could not be handled" in reasons[0]
    assert reasons[1] is not None
    assert reasons[2] is None
    assert [row[2] for row in field.rows()] == [5.0]


def test_values_without_a_time_keep_the_instant_at_which_they_came(replay, field):
    came_us = clock.to_us(AN_HOUR_AGO) - 250_000
    assert replay(("t/m1", body(power=5), None), ("t/m1", body(power=6), {"at_us": came_us})) == [None, None]
    assert {(row[1], row[2]) for row in field.rows()} == {(clock.to_us(AN_HOUR_AGO), 5.0), (came_us, 6.0)}


def test_a_retained_message_without_a_time_is_not_news_at_a_second_try_either(replay, field):
    known = {"at_us": clock.to_us(AN_HOUR_AGO), "is_retained": True}
    (reason,) = replay(("t/m1", body(power=5), known))
    assert "retained" in reason
    assert field.count() == 0


def test_a_device_that_publishes_on_a_topic_named_readings_writes_into_no_point_it_chooses(replay, field):
    (reason,) = replay(("readings", rows_of(field.keys["power"], clock.to_us(AN_HOUR_AGO)), None))
    assert "no template fits" in reason
    assert field.count() == 0


def test_readings_the_database_had_refused_are_stored_once_it_takes_them(replay, field):
    at_us = clock.to_us(AN_HOUR_AGO)
    assert replay(("readings", rows_of(field.keys["power"], at_us), READINGS)) == [None]
    assert field.rows() == [(field.keys["power"], at_us, 1.0, 0)]


def test_letters_of_connections_this_worker_does_not_read_are_left_alone(field):
    assert replay_asked(field.database, field.scope, Plan((), ()), {UUID(int=1): "mqtt"}) == 0
