"""Live values and alarms: to everybody who may see them, to nobody else, and a slow reader makes nobody wait."""

from __future__ import annotations

import json
import socket
import threading
import time
from datetime import timedelta

import numpy as np
import psycopg
import pytest
from sqlalchemy import event as events
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from backend.app import live
from backend.app.security import cookie_name
from backend.kernel import clock, ids
from backend.kernel.errors import Unavailable
from backend.kernel.scope import Role, Scope
from backend.metering import service as metering
from backend.tenancy import service as tenancy
from tests.apps import Browser
from tests.world import make_person


@pytest.fixture
def hub(world):
    found = live.Hub(world.database)
    yield found
    found.close()


def read(world, region, value: float, *, point: str = "supply_power") -> None:
    """Store one reading of now."""
    batch = metering.ReadingBatch(
        np.array([region.point_keys[point]]),
        np.array([clock.now_us()]),
        np.array([value]),
        np.zeros(1, np.int16),
    )
    with world.database.transaction(region.scope) as session:
        metering.store_readings(session, region.scope, batch, source="test", live=True)


def subscribe(world, hub, region, role, **wanted):
    scope = world.scope(region, role)
    with world.database.transaction(scope) as session:
        return hub.subscribe(session, scope, **wanted)


class Reader(threading.Thread):
    """Reads a stream in the background; `events` are (id, name, data)."""

    def __init__(self, subscription):
        super().__init__(daemon=True)
        self.subscription, self.events = subscription, []
        self.start()

    def run(self):
        for frame in self.subscription.frames():
            said = dict(line.split(": ", 1) for line in frame.decode().splitlines() if ": " in line)
            if "event" in said:
                self.events.append((int(said["id"]), said["event"], json.loads(said["data"])))

    def wait_for(self, wanted, seconds: float = 8.0):
        """Return the first event that `wanted` accepts."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for event in self.events:
                if wanted(*event):
                    return event
            time.sleep(0.02)
        raise AssertionError(f"not seen in {seconds} s: {self.events}")


def shows(value):
    return lambda _id, name, data: name == "values" and any(row[2] == value for row in data)


def test_a_reader_gets_what_is_there_and_then_what_changes(world, hub):
    point = ids.show(world.east.ids["supply_power"])
    read(world, world.east, 41.0)
    reader = Reader(
        subscribe(world, hub, world.east, "manager", points={world.east.ids["supply_power"]: point})
    )
    _, _, (first,) = reader.wait_for(shows(41.0))
    read(world, world.east, 42.5)
    began = time.monotonic()
    _, _, (row,) = reader.wait_for(shows(42.5))
    assert time.monotonic() - began < 2
    assert (row[0], row[3]) == (point, True)
    assert row[1] >= first[1]


def test_nobody_gets_a_strangers_values(world, hub):
    mine, theirs = world.east.ids["supply_power"], world.west.ids["supply_power"]
    reader = Reader(subscribe(world, hub, world.east, "manager", points={mine: "mine", theirs: "theirs"}))
    everything = Reader(subscribe(world, hub, world.east, "customer", organisation_id=world.east.customer.id))
    read(world, world.west, 66.0)
    read(world, world.east, 33.0, point="plant_power")
    read(world, world.east, 11.0)
    reader.wait_for(shows(11.0))
    everything.wait_for(shows(11.0))
    seen = {row[0] for event in reader.events for row in event[2]}
    assert seen == {"mine"}
    assert not any(row[2] in (66.0, 33.0) for event in everything.events for row in event[2])


def test_a_customer_whose_agreement_ended_gets_nothing_live(world, hub, owner_database):
    ended = text("UPDATE supply_agreement SET ends_at = :ends WHERE organisation_id = :id")
    given = {"id": world.west.customer.id}
    with owner_database.transaction(Scope.public()) as session:
        session.execute(ended, given | {"ends": clock.now()})
    reader = subscribe(
        world, hub, world.west, "customer", points={world.west.ids["supply_power"]: "was mine"}
    )
    assert not reader.names
    with owner_database.transaction(Scope.public()) as session:
        session.execute(ended, given | {"ends": None})


def agreement(owner_database, region, **changed):
    """Change the region's supply agreement, whoever may."""
    said = ", ".join(f"{name} = :{name}" for name in changed)
    with owner_database.transaction(Scope.public()) as session:
        session.execute(
            text(f"UPDATE supply_agreement SET {said} WHERE organisation_id = :id"),
            {"id": region.customer.id, **changed},
        )


def test_a_new_tenant_does_not_get_the_last_reading_of_the_one_before(world, hub, owner_database):
    point = {world.west.ids["supply_power"]: "p"}
    read(world, world.west, 5.0)
    moved_in = clock.now()
    agreement(owner_database, world.west, starts_at=moved_in)
    try:
        reader = Reader(subscribe(world, hub, world.west, "customer", points=point))
        read(world, world.west, 6.0)
        reader.wait_for(shows(6.0))
        assert not any(row[2] == 5.0 for event in reader.events for row in event[2])
        owner = subscribe(world, hub, world.west, "operator", points=point)
        assert owner.values
    finally:
        agreement(owner_database, world.west, starts_at=moved_in - timedelta(days=90))


def test_an_older_look_never_replaces_a_newer_value(world, hub):
    reader = subscribe(world, hub, world.east, "manager", points={world.east.ids["supply_power"]: "p"})
    (key,) = reader.names
    newest = reader.sequence + 10
    reader.offer(newest, [(key, clock.now_us() // 1000, 2.0, True)])
    reader.offer(newest - 5, [(key, clock.now_us() // 1000, 1.0, True)])
    assert reader.values[key][2] == 2.0
    assert reader.sequence == newest


def test_who_only_hears_of_alarms_holds_no_points(world, hub):
    assert not subscribe(world, hub, world.east, "dispatcher").points


def ended(stream, seconds: float = 5.0) -> bool:
    """Tell whether a stream that is being read comes to its end in time."""
    thread = threading.Thread(target=lambda: list(stream), daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def suspend(world, person, owner_database):
    scope = world.scope(world.east, "administrator")
    with world.database.transaction(scope) as session:
        tenancy.suspend(session, scope, person.id)


def log_out(world, person, owner_database):
    with world.database.transaction(Scope.public()) as session:
        session.execute(text("DELETE FROM portal_session WHERE person_id = :id"), {"id": person.id})


def withdraw(world, person, owner_database):
    scope = world.scope(world.east, "administrator")
    with world.database.transaction(scope) as session:
        for held in tenancy.memberships(session, scope, [person.id]):
            tenancy.withdraw(session, scope, held.id)


def end_supply(world, person, owner_database):
    agreement(owner_database, world.east, ends_at=clock.now())


@pytest.mark.parametrize("happens", [suspend, log_out, withdraw, end_supply])
def test_an_open_stream_ends_with_the_next_heartbeat_after(
    app, world, owner_database, request, monkeypatch, happens
):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.2)
    node = world.east.customer.id
    email = f"stream{abs(hash(request.node.name))}@east.example"
    with world.database.transaction(world.east.scope) as session:
        person = make_person(session, world.east.scope, email, node, Role.CUSTOMER)
    point = ids.show(world.east.ids["supply_power"])
    answer = Browser(app, person).get(f"/live?points={point}", buffered=False)
    frames = answer.iter_encoded()
    assert [next(frames) for _ in range(3)][1].startswith(b"id: ")
    try:
        happens(world, person, owner_database)
        assert ended(frames)
    finally:
        agreement(owner_database, world.east, ends_at=None)
    assert not readers_of(app, person)


def readers_of(app, person):
    return [one for one in app.extensions["live"]._readers if one.scope.actor_id == person.id]


def test_a_head_request_leaves_no_reader_behind(app, world, phone, browser):
    for ask in (
        lambda: browser(world.east, "manager").client.head("/live"),
        lambda: phone(world.east, "manager").ask("HEAD", "/live"),
    ):
        for _ in range(live.MOST_PER_PERSON + 1):
            assert ask().status_code == 405
    assert not readers_of(app, world.east.people["manager"])


def test_a_stream_nobody_reads_is_forgotten_when_it_is_closed(app, world, browser):
    answer = browser(world.east, "manager").get("/live", buffered=False)
    assert readers_of(app, world.east.people["manager"])
    answer.close()
    assert not readers_of(app, world.east.people["manager"])


def test_a_stream_whose_request_fails_at_the_end_is_forgotten(app, world, browser, monkeypatch):
    asking = browser(world.east, "operator")

    def fail(_session):
        raise OperationalError("COMMIT", {}, Exception("gone"))

    events.listen(Session, "before_commit", fail)
    try:
        assert asking.get("/live").status_code == 503
    finally:
        events.remove(Session, "before_commit", fail)
    assert not readers_of(app, world.east.people["operator"])


def test_an_alarm_is_told_to_who_may_see_its_point(world, hub):
    watching = Reader(subscribe(world, hub, world.east, "dispatcher"))
    stranger = Reader(subscribe(world, hub, world.west, "dispatcher"))
    payload = f"{world.east.ids['alarm'].hex} {world.east.ids['supply_power'].hex}"
    with world.database.transaction(world.east.scope) as session:
        session.execute(text("SELECT pg_notify('alarm', :payload)"), {"payload": payload})
    watching.wait_for(lambda _id, name, data: name == "alarms" and len(data) == 1)
    time.sleep(0.5)
    assert stranger.events == []


def test_a_reader_that_was_cut_off_gets_only_what_changed_since(world, hub):
    points = {world.east.ids[name]: name for name in ("supply_power", "plant_power")}
    reader = Reader(subscribe(world, hub, world.east, "manager", points=points))
    sequence, _, rows = reader.wait_for(lambda _id, name, _data: name == "values")
    assert {row[0] for row in rows} == {"supply_power", "plant_power"}
    read(world, world.east, 17.0)
    again = Reader(subscribe(world, hub, world.east, "manager", points=points, after=sequence))
    _, _, rows = again.wait_for(lambda _id, name, _data: name == "values")
    assert [row[0] for row in rows] == ["supply_power"]


def test_a_slow_reader_keeps_only_the_newest_of_each_point(world, hub):
    slow = subscribe(world, hub, world.east, "manager", points={world.east.ids["supply_power"]: "p"})
    for value in range(100, 120):
        read(world, world.east, float(value))
    quick = Reader(subscribe(world, hub, world.east, "manager", points={world.east.ids["supply_power"]: "p"}))
    quick.wait_for(shows(119.0))
    ends = time.monotonic() + 5
    while not any(row[2] == 119.0 for row in slow.values.values()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert len(slow.values) == 1


def test_there_is_a_most_and_it_is_said_clearly(world):
    hub = live.Hub(world.database, most=2)
    kept = [subscribe(world, hub, world.east, "manager") for _ in range(2)]
    with pytest.raises(Unavailable, match="too many live pages"):
        subscribe(world, hub, world.east, "dispatcher")
    hub.leave(kept[0])
    subscribe(world, hub, world.east, "dispatcher")
    hub.close()


def test_one_person_does_not_take_all_the_streams(world, hub):
    for _ in range(live.MOST_PER_PERSON):
        subscribe(world, hub, world.east, "manager")
    with pytest.raises(Unavailable):
        subscribe(world, hub, world.east, "manager")
    subscribe(world, hub, world.east, "technician")


def test_the_feed_comes_back_when_the_database_cuts_it_off(world, hub, owner_database):
    reader = Reader(
        subscribe(world, hub, world.east, "manager", points={world.east.ids["supply_power"]: "p"})
    )
    reader.wait_for(lambda _id, name, _data: name == "values")
    with psycopg.connect(owner_database.url, autocommit=True) as connection:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN alarm'"
        assert connection.execute(cut + " AND datname = current_database()").fetchall()
    read(world, world.east, 77.0)
    reader.wait_for(shows(77.0))


def test_a_silent_stream_shows_that_it_lives_and_ends_in_time(world, hub, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(live, "LONGEST_S", 2.0)
    frames = list(subscribe(world, hub, world.east, "manager").frames())
    assert frames[0].startswith(b"retry:")
    assert frames.count(b": alive\n\n") >= 3
    assert not hub._readers


def test_the_stream_goes_over_http_by_token_and_by_cookie(app, world, phone, browser, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(live, "LONGEST_S", 1.0)
    point = ids.show(world.east.ids["supply_power"])
    for listen in (
        lambda: phone(world.east, "manager").get("/live", points=point),
        lambda: browser(world.east, "manager").get(f"/live?points={point}"),
    ):
        answer = listen()
        assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert f'[["{point}",' in answer.get_data(as_text=True)
    assert phone(world.east, "manager").get("/live", points="x").status_code == 422


def test_every_role_may_listen(world, hub):
    for role in Role:
        subscribe(world, hub, world.east, role.value)


def test_pages_that_were_left_free_their_places_at_once(app, world):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    visitor = Browser(app, world.east.people["manager"])
    request = f"GET /live HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie_name(app.settings)}={visitor.token}\r\n\r\n"

    def opened() -> socket.socket:
        stream = socket.create_connection(("127.0.0.1", server.server_port), timeout=10)
        stream.sendall(request.encode())
        return stream

    try:
        for _ in range(live.MOST_PER_PERSON * 2):  # pages that are opened and left
            with opened() as stream:
                assert b"200" in stream.recv(12), stream.recv(4000)
        kept = [opened() for _ in range(live.MOST_PER_PERSON)]
        assert all(b"200" in stream.recv(12) for stream in kept)
        with opened() as one_more:  # these are all still looked at
            assert b"503" in one_more.recv(12)
        for stream in kept:
            stream.close()
    finally:
        server.shutdown()
