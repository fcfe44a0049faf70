"""The worker as a whole: broker and database are real, what is shown here is what an installation does."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import threading
import time
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import pytest
from paho.mqtt import client as paho

from backend.kernel import clock
from backend.kernel.errors import Unavailable
from backend.kernel.settings import settings
from backend.kernel.units import PointKind
from backend.metering.models.connection import Protocol
from backend.metering.service import replays
from ingest.mqtt.sparkplug.codec import REBIRTH, DataType, Metric, Payload, decode, encode
from ingest.run import Worker
from ingest.spool import SpoolFull
from tests.ingest.field import make_field


def until(condition, seconds: float = 15.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)
    return found


class Running:
    """A worker in a thread of its own."""

    def __init__(self, database, home, name="main") -> None:
        ours = dataclasses.replace(settings(), home=home)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(database, ours, name)))
        self._thread.start()
        self._ready.wait(10)

    async def _run(self, database, ours, name) -> None:
        self.loop, self.stop_event = asyncio.get_running_loop(), asyncio.Event()
        self.worker = Worker(database, ours, ("mqtt", "sparkplug"), name)
        self._ready.set()
        await self.worker.run(self.stop_event)

    def stop(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.stop_event.set)
            self._thread.join(30)


@pytest.fixture
def start(environment, database, tmp_path):
    running = []

    def starter() -> Running:
        running.append(Running(database, tmp_path))
        return running[-1]

    yield starter
    for one in running:
        one.stop()


@pytest.fixture
def topic():
    return f"t{uuid4().hex}"


@pytest.fixture
def field(database, environment, topic):
    table = {"topic": f"{topic}/{{device}}", "time": "ts", "time_unit": "ms", "sequence": "n"}
    return make_field(
        database, protocol=Protocol.MQTT, address={"messages": [table]},
        points={"power": {"device": "m1", "path": "power"}},
    )  # fmt: skip


def publish(url: str, topic: str, *bodies) -> None:
    lines = "".join((b if isinstance(b, str) else orjson.dumps(b).decode()) + "\n" for b in bodies)
    command = ["mosquitto_pub", "-L", f"{url}/{topic}", "-q", "1", "-V", "mqttv5", "-l"]
    subprocess.run(command, input=lines, text=True, check=True, timeout=20)


def said(number: int) -> dict[str, float]:
    return {"n": number, "ts": clock.now_us() // 1000 - 100_000 + number, "power": number}


def connected(field) -> bool:
    state = field.state()
    return state is not None and state.contact_at is not None


def test_what_a_device_says_is_stored_and_a_gap_in_its_numbers_is_shown(
    start, field, mqtt_url, topic, monkeypatch
):
    monkeypatch.setattr(
        "backend.metering.service.sequences.close_gaps.__kwdefaults__", {"grace_seconds": 0.5}
    )
    start()
    until(lambda: connected(field))
    publish(mqtt_url, f"{topic}/m1", *(said(n) for n in (1, 2, 3, 7)))
    until(lambda: field.count() == 4)
    state = until(lambda: (s := field.state()).missed and s)
    assert state.missed == 3
    assert {k: state.last_gap[k] for k in ("device", "from", "to")} == {"device": "m1", "from": 4, "to": 6}
    publish(mqtt_url, f"{topic}/m1", said(8))
    time.sleep(3)
    assert field.state().missed == 3, "a gap is counted once"


def test_a_device_added_later_is_read_without_a_restart_and_its_dead_letter_can_be_replayed(
    start, field, mqtt_url, topic
):
    start()
    until(lambda: connected(field))
    publish(mqtt_url, f"{topic}/m2", said(1))
    (letter,) = until(field.letters)
    assert "no channel reads m2" in letter.reason
    field.add_point("new", {"device": "m2", "path": "power"})
    time.sleep(1)
    publish(mqtt_url, f"{topic}/m2", said(2))
    until(lambda: field.count() == 1)
    with field.database.transaction(field.scope) as session:
        replays.ask_for_replay(session, field.scope, letter_id=letter.id)
    until(lambda: field.count() == 2)
    assert until(lambda: not field.letters())


def test_a_replay_that_fails_again_stays_with_the_new_reason(start, field, mqtt_url, topic):
    start()
    until(lambda: connected(field))
    publish(mqtt_url, f"{topic}/m1", '{"power": "broken"}')
    (letter,) = until(field.letters)
    with field.database.transaction(field.scope) as session:
        replays.ask_for_replay(session, field.scope, letter_id=letter.id)
    (again,) = until(lambda: [one for one in field.letters() if one.attempts == 1])
    assert "not a number" in again.reason


def test_an_interval_without_time_waits_among_the_dead_letters(start, field, mqtt_url, topic):
    field.add_point("sold", {"device": "m1", "path": "sold"}, PointKind.INTERVAL)
    start()
    until(lambda: connected(field))
    publish(mqtt_url, f"{topic}/m1", {"sold": 3})
    (letter,) = until(field.letters)
    assert "an interval needs the device's own time" in letter.reason
    assert field.count() == 0


def test_two_letters_of_one_address_and_a_payload_of_any_bytes_are_kept(start, field, mqtt_url, topic):
    start()
    until(lambda: connected(field))
    for _ in range(2):
        subprocess.run(
            ["mosquitto_pub", "-L", f"{mqtt_url}/{topic}/m1", "-q", "1", "-s"],
            input=b"\x00\xff{", check=True, timeout=20,
        )  # fmt: skip
    until(lambda: len(field.letters()) == 2)
    assert {letter.payload for letter in field.letters()} == {b"\x00\xff{"}


def test_a_full_spool_is_seen_while_the_database_is_away(start, field, mqtt_url, topic, monkeypatch):
    running = start()
    until(lambda: connected(field))

    def away(*_, **__):
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(running.worker.store, "readings", away)
    monkeypatch.setattr(
        running.worker.spool, "append", lambda _: (_ for _ in ()).throw(SpoolFull("no space left"))
    )
    publish(mqtt_url, f"{topic}/m1", said(1))
    status = until(lambda: (s := running.worker.status.recall("sink")) and s["spool"] != "taking" and s)
    assert (status["database"], status["spool"]) == ("away", "full: nothing is acknowledged")
    monkeypatch.undo()
    until(lambda: field.count() == 1)


def test_a_connection_with_a_wrong_template_says_so_on_the_connections_page(start, database, environment):
    wrong = make_field(database, protocol=Protocol.MQTT, address={"messages": [{"topic": "a/{b}c"}]})
    start()
    state = until(wrong.state)
    assert "whole topic level" in state.error


def test_connections_that_cannot_be_used_say_so_and_the_others_are_read(
    start, database, field, mqtt_url, topic
):
    messages = {"messages": [{"topic": "a/{device}"}]}
    wrong = {
        "has no FIELD_MISSING": messages | {"user": "u", "secret_name": "FIELD_MISSING"},
        "No such file": messages | {"url": "mqtts://127.0.0.1:1", "tls": {"ca": "/etc/enerfield/none.pem"}},
        "port": messages | {"url": "mqtt://127.0.0.1:99999"},
    }
    fields = {
        words: make_field(database, protocol=Protocol.MQTT, address=address)
        for words, address in wrong.items()
    }
    fields["names no metric"] = make_field(
        database, protocol=Protocol.SPARKPLUG, address={"group": f"g{uuid4().hex}", "node": "n"},
        points={"power": {"device": "d"}},
    )  # fmt: skip
    fields["minutes is '15'"] = make_field(
        database, protocol=Protocol.MQTT, address=messages,
        points={"power": {"device": "m", "path": "p", "label": "end", "minutes": "15"}},
    )  # fmt: skip
    start()
    for words, one in fields.items():
        until(lambda words=words, one=one: (state := one.state()) and words in (state.error or ""))
    publish(mqtt_url, f"{topic}/m1", said(1))
    until(lambda: field.count() == 1)


class EdgeNode:
    """A Sparkplug edge node of another make: paho and the codec, nothing else.

    present: its power, with which it is born again whenever it is asked; None: it hears, and does nothing
    """

    def __init__(self, url: str, group: str, present: float | None = None) -> None:
        self.asked, self.seq, self.group, self.present = [], 0, group, present
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_message = self._hear
        self._client.connect(urlsplit(url).hostname, urlsplit(url).port)
        self._client.subscribe(f"spBv1.0/{group}/NCMD/park", qos=0)
        self._client.loop_start()

    def _hear(self, _client, _userdata, message) -> None:
        self.asked.append(decode(message.payload).metrics[0].name)
        if self.present is not None:
            threading.Thread(target=self.be_born, args=(self.present,)).start()

    def say(self, kind: str, *metrics: Metric, device: str = "") -> None:
        self.seq = 0 if kind == "NBIRTH" else (self.seq + 1) % 256
        payload = encode(Payload(metrics, clock.now_us() // 1000, self.seq))
        topic = f"spBv1.0/{self.group}/{kind}/park{device and '/' + device}"
        self._client.publish(topic, payload).wait_for_publish(5)

    def be_born(self, power: float) -> None:
        named = Metric("Power", power, DataType.DOUBLE, alias=7)
        self.say("NBIRTH", Metric("bdSeq", 1, DataType.INT64), named)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def test_a_sparkplug_node_is_read_asked_for_rebirth_after_a_gap_and_shown_when_it_dies(
    start, database, environment, mqtt_url
):
    group = f"g{uuid4().hex}"
    park = make_field(
        database, protocol=Protocol.SPARKPLUG, address={"group": group, "node": "park"},
        points={"power": {"metric": "Power"}},
    )  # fmt: skip
    start()
    until(lambda: connected(park))
    node = EdgeNode(mqtt_url, group)
    by_alias = [Metric(value=float(n), datatype=DataType.DOUBLE, alias=7) for n in range(9)]
    node.say("NDATA", by_alias[0])
    until(lambda: node.asked == [REBIRTH])
    node.be_born(1.0)
    time.sleep(0.01)
    node.say("NDATA", by_alias[2])
    until(lambda: park.count() == 2)
    assert [value for _, _, value, _ in park.rows()] == [1.0, 2.0]
    node.seq += 3
    node.say("NDATA", by_alias[3])
    state = until(lambda: (s := park.state()).missed and s)
    assert (state.missed, state.last_gap["device"]) == (3, f"{group}/park")
    node.be_born(4.0)
    until(lambda: park.count() == 3)
    node.say("NDEATH", Metric("bdSeq", 1, DataType.INT64))
    until(lambda: "offline" in (park.state().error or ""))
    node.be_born(5.0)
    until(lambda: park.state().error is None)
    node.stop()


def test_a_sparkplug_letter_is_replayed_by_its_metrics_names_after_the_mapping_was_mended(
    start, database, environment, mqtt_url
):
    group = f"g{uuid4().hex}"
    park = make_field(
        database, protocol=Protocol.SPARKPLUG, address={"group": group, "node": "park"},
        points={"power": {"metric": "Power"}},
    )  # fmt: skip
    start()
    until(lambda: connected(park))
    node = EdgeNode(mqtt_url, group)
    node.be_born(1.0)
    flow = Metric("Flow", 1.5, DataType.DOUBLE, alias=9)
    node.say("DBIRTH", flow, device="pump")
    for value in (2.5, 3.5):
        node.say("DDATA", Metric(value=value, datatype=DataType.DOUBLE, alias=9), device="pump")
        time.sleep(0.01)
    letters = until(lambda: len(park.letters()) == 2 and park.letters())
    assert {letter.reason for letter in letters} == {f"no channel reads {group}/park/pump"}
    node.be_born(2.0)
    node.say("DBIRTH", Metric("Level", 0.0, DataType.DOUBLE, alias=9), device="pump")
    key = park.add_point("flow", {"device": "pump", "metric": "Flow"})
    for letter in letters:
        with park.database.transaction(park.scope) as session:
            replays.ask_for_replay(session, park.scope, letter_id=letter.id)
    until(lambda: not park.letters())
    assert [value for point, _, value, _ in park.rows() if point == key] == [2.5, 3.5]
    node.stop()
