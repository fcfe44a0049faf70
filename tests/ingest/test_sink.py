"""The sink acknowledges what is durable, and nothing else."""

from __future__ import annotations

import threading
import time
from uuid import UUID

import numpy as np
import pytest

from backend.kernel.errors import Refused, Unavailable
from ingest.entries import Letter, Portion
from ingest.ports import Numbered, Readings
from ingest.sink import BatchSink, Pace
from ingest.spool import Spool

WIRE = UUID(int=1)
POISON = 66_666
FAULTY = 77_777
GONE = UUID(int=9)


class Memory:
    """A store in memory that can be away, slow, or refuse the point POISON."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], float] = {}
        self.dead: dict[UUID, Letter] = {}
        self.told = []
        self.is_away = False
        self.calls: list[int] = []
        self.heard: list[dict] = []
        self.gate = threading.Event()
        self.gate.set()

    def readings(self, portion: Portion) -> None:
        self.gate.wait(10)
        self.calls.append(len(portion))
        if self.is_away:
            raise Unavailable("the database does not answer")
        r = portion.readings
        if FAULTY in r.point_key:
            raise RuntimeError("a fault of ours")
        if POISON in r.point_key:
            raise Refused("that point is not known here")
        self.heard.append({device: heard.ranges for device, heard in portion.numbers.items()})
        self.rows |= dict(zip(zip(r.point_key, r.read_at_us, strict=True), r.value, strict=True))

    def letters(self, letters: list[Letter]) -> None:
        if self.is_away:
            raise Unavailable("the database does not answer")
        if any(letter.payload == b"unkeepable" for letter in letters):
            raise Refused("the database refuses it")
        self.dead |= {letter.id: letter for letter in letters}

    def notes(self, notes, *, is_drained) -> None:
        if self.is_away:
            raise Unavailable("the database does not answer")
        self.told += notes

    def is_nobodys(self, connection_id: UUID) -> bool:
        return connection_id == GONE


def rows(*keys: int, at: int = 1_700_000_000_000_000) -> Readings:
    return Readings.of([(key, at, float(key), 0) for key in keys])


def until(condition, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.005)


@pytest.fixture
def store():
    return Memory()


@pytest.fixture
def make_sink(store, tmp_path):
    made = []

    def maker(*, pace: Pace | None = None, cap_mb: int = 8) -> BatchSink:
        spool = Spool(tmp_path / "worker.sqlite", cap_mb=cap_mb)
        sink = BatchSink(store, spool, pace=pace or Pace(linger_seconds=0.02, note_seconds=0.05))
        sink.start()
        made.append((sink, spool))
        return sink

    yield maker
    store.gate.set()
    for sink, spool in made:
        sink.close(1.0)
        spool.close()


def test_a_reading_is_acknowledged_once_it_is_stored(make_sink, store):
    sink, told = make_sink(), []
    sink.put(rows(1, 2), connection_id=WIRE, done=lambda: told.append(len(store.rows)))
    until(lambda: told)
    assert told == [2]


def test_small_contributions_travel_together(make_sink, store):
    sink = make_sink(pace=Pace(rows=1000, linger_seconds=0.2))
    for key in range(500):
        sink.put(rows(key), connection_id=WIRE)
    until(lambda: len(store.rows) == 500)
    assert len(store.calls) <= 2


def test_nothing_is_acknowledged_before_the_commit(make_sink, store):
    store.gate.clear()
    sink, told = make_sink(), []
    sink.put(rows(1), connection_id=WIRE, done=lambda: told.append(1))
    time.sleep(0.2)
    assert told == []
    store.gate.set()
    until(lambda: told == [1])


def test_a_slow_database_holds_the_wires_back_instead_of_filling_memory(make_sink, store):
    store.gate.clear()
    sink = make_sink(pace=Pace(rows=100, waiting_rows=300, linger_seconds=0.01))
    writer = threading.Thread(
        target=lambda: [sink.put(rows(key), connection_id=WIRE) for key in range(2000)], daemon=True
    )
    writer.start()
    time.sleep(0.3)
    assert sink.waiting_rows <= 300
    store.gate.set()
    writer.join(10)
    until(lambda: len(store.rows) == 2000)


def test_while_the_database_is_away_the_spool_takes_readings_and_they_are_acknowledged(make_sink, store):
    sink, told = make_sink(), []
    store.is_away = True
    sink.put(rows(1, 2), connection_id=WIRE, done=lambda: told.append(True))
    until(lambda: told)
    assert store.rows == {}
    store.is_away = False
    until(lambda: len(store.rows) == 2)
    sink.put(rows(3), connection_id=WIRE)
    until(lambda: len(store.rows) == 3)


def test_dead_letters_survive_an_absent_database_too(make_sink, store):
    sink, told = make_sink(), []
    store.is_away = True
    sink.refuse(b"\x00{", connection_id=WIRE, address="a/b", reason="no JSON", done=lambda: told.append(1))
    until(lambda: told)
    store.is_away = False
    until(lambda: store.dead)
    letter = next(iter(store.dead.values()))
    assert (letter.payload, letter.address, letter.reason) == (b"\x00{", "a/b", "no JSON")


def test_a_full_spool_refuses_and_acknowledges_only_when_there_is_room_again(make_sink, store):
    sink = make_sink(cap_mb=1, pace=Pace(rows=20_000, linger_seconds=0.01))
    told = []
    store.is_away = True
    many = Readings.of([(key, 1_700_000_000_000_000, 0.0, 0) for key in range(20_000)])
    for number in range(3):
        sink.put(many, connection_id=WIRE, done=lambda number=number: told.append(number))
    until(lambda: sink.figures.is_refusing)
    assert told == [0]
    store.is_away = False
    until(lambda: len(told) == 3, 10)
    until(lambda: len(store.rows) == 20_000)


def test_one_poisonous_reading_goes_to_the_dead_letters_and_takes_nobody_along(make_sink, store):
    sink, told = make_sink(pace=Pace(linger_seconds=0.1)), []
    for key in [*range(50), POISON, *range(50, 100)]:
        sink.put(rows(key), connection_id=WIRE, done=lambda: told.append(1))
    until(lambda: len(told) == 101)
    assert len(store.rows) == 100
    assert [letter.reason for letter in store.dead.values()] == ["that point is not known here"]


def test_poison_that_went_through_the_spool_does_not_block_it(make_sink, store):
    sink = make_sink()
    store.is_away = True
    sink.put(rows(1, POISON, 2), connection_id=WIRE)
    until(lambda: sink.figures.spooled == 3)
    store.is_away = False
    until(lambda: len(store.rows) == 2 and len(store.dead) == 1)


def test_a_failing_acknowledgement_is_its_own_trouble(make_sink, store):
    sink, told = make_sink(), []
    sink.put(rows(1), connection_id=WIRE, done=lambda: 1 / 0)
    sink.put(rows(2), connection_id=WIRE, done=lambda: told.append(2))
    until(lambda: told == [2])


def test_closing_stores_what_waits(make_sink, store):
    sink = make_sink(pace=Pace(linger_seconds=5.0))
    sink.put(rows(1, 2, 3), connection_id=WIRE)
    assert sink.close()
    assert len(store.rows) == 3


def test_a_new_worker_finishes_what_a_killed_one_spooled(make_sink, store, tmp_path):
    store.is_away = True
    sink = make_sink()
    sink.put(rows(1, 2), connection_id=WIRE)
    until(lambda: sink.figures.spooled == 2)
    sink.close(1.0)
    sink._spool.close()
    store.is_away = False
    make_sink()
    until(lambda: len(store.rows) == 2)


def test_faults_numbers_and_sightings_are_told_together(make_sink, store):
    sink = make_sink()
    sink.put(rows(1, 2), connection_id=WIRE)
    sink.contact(WIRE, error="no route to 10.0.0.7")
    sink.numbered(WIRE, Numbered("m1", 4, 1))
    sink.numbered(WIRE, Numbered("m1", 7, 2))
    sink.sighted(WIRE, address="m2", sample={"power": 3})
    until(lambda: store.told)
    note = store.told[0]
    assert (note.error, note.numbers["m1"].ranges) == ("no route to 10.0.0.7", [(4, 5), (7, 8)])
    assert note.sightings["m2"][0] == {"power": 3}


def test_news_add_up_while_the_database_is_away(make_sink, store):
    sink = make_sink()
    store.is_away = True
    sink.put(rows(1), connection_id=WIRE)
    until(lambda: sink.figures.is_away)
    sink.missed(WIRE, count=2, gap={"device": "a"})
    time.sleep(0.1)
    sink.missed(WIRE, count=3, gap={"device": "b"})
    store.is_away = False
    until(lambda: store.told)
    assert sum(note.missed for note in store.told) == 5


def test_absent_values_travel_through_spool_and_letters_as_they_are(make_sink, store):
    sink = make_sink()
    store.is_away = True
    absent = Readings.of([(1, 1_700_000_000_000_000, np.nan, 2), (POISON, 1_700_000_000_000_000, np.nan, 2)])
    sink.put(absent, connection_id=WIRE)
    until(lambda: sink.figures.spooled == 2)
    store.is_away = False
    until(lambda: store.dead)
    assert np.isnan(store.rows[(1, 1_700_000_000_000_000)])
    assert b'"value":null' in next(iter(store.dead.values())).payload


def test_a_fault_stays_told_while_other_devices_of_the_connection_are_heard(make_sink, store):
    sink = make_sink()
    sink.contact(WIRE, error="unit 3 does not answer")
    until(lambda: store.told)
    sink.put(rows(1), connection_id=WIRE)
    until(lambda: len(store.told) == 2)
    assert store.told[1].error == "unit 3 does not answer"
    assert store.told[1].contact_at is not None


def test_numbers_of_messages_are_stored_with_their_readings_also_by_way_of_the_spool(make_sink, store):
    sink = make_sink()
    store.is_away = True
    for n in (1, 2, 4):
        sink.put(rows(n), connection_id=WIRE, number=Numbered("m1", n, n))
    until(lambda: sink.figures.spooled == 3)
    store.is_away = False
    until(lambda: len(store.rows) == 3)
    assert store.heard[-1] == {"m1": [(1, 3), (4, 5)]}
    sink.put(rows(5), connection_id=WIRE, number=Numbered("m1", 5, 5))
    until(lambda: len(store.rows) == 4)
    assert store.heard[-1] == {"m1": [(5, 6)]}


def test_the_number_of_a_message_whose_reading_is_refused_still_counts(make_sink, store):
    sink = make_sink()
    sink.put(rows(POISON), connection_id=WIRE, number=Numbered("m1", 4, 4))
    until(lambda: any(note.numbers for note in store.told))
    assert next(n for n in store.told if n.numbers).numbers["m1"].ranges == [(4, 5)]


def test_an_entry_of_a_connection_that_is_no_more_does_not_block_the_spool(make_sink, store):
    sink = make_sink()
    store.is_away = True
    sink.put(rows(1), connection_id=GONE)
    until(lambda: sink.figures.spooled == 1)
    sink.put(rows(2), connection_id=WIRE)
    until(lambda: sink.figures.spooled == 2)
    store.is_away = False
    until(lambda: store.rows and not sink._spool.items)
    assert (list(store.rows), sink._spool.set_aside_count) == ([(2, 1_700_000_000_000_000)], 1)


def test_an_entry_that_fails_while_others_go_through_is_set_aside_in_the_end(make_sink, store, monkeypatch):
    monkeypatch.setattr("ingest.sink.FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr("ingest.sink.LONGEST_PAUSE_SECONDS", 0.05)
    sink = make_sink()
    store.is_away = True
    sink.put(rows(FAULTY), connection_id=WIRE)
    until(lambda: sink.figures.spooled == 1)
    for key in range(8):
        sink.put(rows(key), connection_id=WIRE)
        until(lambda key=key: sink.figures.spooled == key + 2)
    store.is_away = False
    until(lambda: len(store.rows) == 8 and not sink._spool.items, 20)
    assert sink._spool.set_aside_count == 1


def test_a_letter_that_cannot_be_kept_takes_no_other_along(make_sink, store):
    sink, told = make_sink(pace=Pace(linger_seconds=0.2)), []
    for payload in (b"one", b"unkeepable", b"two"):
        sink.refuse(payload, connection_id=WIRE, address="a", reason="no", done=lambda: told.append(1))
    until(lambda: len(told) == 3)
    assert {letter.payload for letter in store.dead.values()} == {b"one", b"two"}
    assert sink._spool.set_aside_count == 1


def test_a_spool_file_that_breaks_while_it_is_open_is_set_aside_and_a_new_one_begun(
    make_sink, store, tmp_path
):
    sink, told = make_sink(), []
    store.is_away = True
    many = Readings.of([(key, 1_700_000_000_000_000, 0.0, 0) for key in range(5_000)])
    sink.put(many, connection_id=WIRE)
    until(lambda: sink.figures.spooled == 5_000)
    with (tmp_path / "worker.sqlite").open("r+b") as file:
        file.write(b"no database at all " * 1_000)
    sink.put(rows(1), connection_id=WIRE, done=lambda: told.append(1))
    until(lambda: told)
    assert list(tmp_path.glob("*.damaged-1"))
    store.is_away = False
    until(lambda: len(store.rows) == 1)


def test_large_letters_hold_the_wires_back_like_many_readings(make_sink, store):
    store.gate.clear()
    sink = make_sink(pace=Pace(rows=100, waiting_rows=300, linger_seconds=0.01))
    sink.put(rows(1), connection_id=WIRE)
    body = bytes(25_600)
    writer = threading.Thread(
        target=lambda: [sink.refuse(body, connection_id=WIRE, address="a", reason="no") for _ in range(20)],
        daemon=True,
    )
    writer.start()
    time.sleep(0.3)
    assert sink.waiting_rows <= 400
    store.gate.set()
    writer.join(10)
    until(lambda: len(store.dead) == 20)


def test_letters_alike_are_kept_up_to_a_number_and_the_rest_is_counted(make_sink, store, monkeypatch):
    monkeypatch.setattr("ingest.flood.MOST_ALIKE", 3)
    sink, told = make_sink(), []
    for _ in range(10):
        sink.refuse(b"x", connection_id=WIRE, address="a", reason="no", done=lambda: told.append(1))
    sink.refuse(b"y", connection_id=WIRE, address="a", reason="another")
    until(lambda: len(told) == 10)
    sink.close()
    reasons = sorted(letter.reason for letter in store.dead.values())
    assert reasons == ["7 more like this were counted, but not kept: no", "another", "no", "no", "no"]


def test_whoever_waits_for_room_is_let_go_when_the_worker_is_to_stop(make_sink, store):
    sink = make_sink(pace=Pace(rows=10, waiting_rows=10, linger_seconds=0.01))
    store.gate.clear()
    writer = threading.Thread(
        target=lambda: [sink.put(rows(key), connection_id=WIRE) for key in range(40)], daemon=True
    )
    writer.start()
    time.sleep(0.2)
    assert writer.is_alive()
    sink.let_go()
    writer.join(5)
    assert not writer.is_alive()
    store.gate.set()
