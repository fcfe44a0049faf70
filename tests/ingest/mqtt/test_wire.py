"""A wire to a real Mosquitto: nothing acknowledged early, nothing lost when either side goes away."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from uuid import uuid4

import pytest

from backend.kernel.errors import Refused
from ingest.mqtt.json_handler import JsonHandler
from ingest.mqtt.sparkplug.handler import SparkplugHandler
from ingest.mqtt.wire import Wire
from ingest.notebook import Notebook
from ingest.plan import Channel, Connection
from ingest.rules import GOOD, UNCERTAIN
from tests.ingest.mqtt.memory import MemorySink


def until(condition, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def publish(url: str, topic: str, *payloads: str) -> None:
    """Send with Mosquitto's own client, which nobody here wrote."""
    command = ["mosquitto_pub", "-L", f"{url}/{topic}", "-q", "1", "-V", "mqttv5", "-l"]
    subprocess.run(command, input="\n".join(payloads) + "\n", text=True, check=True, timeout=20)


def said(number: int) -> str:
    return f'{{"n": {number}, "power": {number}}}'


@pytest.fixture
def sink():
    return MemorySink()


@pytest.fixture
def topic():
    return f"t{uuid4().hex}"


@pytest.fixture
def make_wire(sink, topic, tmp_path):
    wires = []
    connection_id = uuid4()

    def maker(url: str, *, handler=None, sink=sink, template="{device}", **address) -> Wire:
        table = {"topic": f"{topic}/{template}", "sequence": "n"}
        connection = Connection(connection_id, "mqtt", "hall", {"url": url, "messages": [table], **address})
        channels = (Channel(1, connection_id, {"device": "m1", "path": "power"}),)
        made = handler or JsonHandler(connection, channels, sink)
        wire = Wire(connection, made, sink, Notebook(tmp_path / "notes"), worker="w", default_url=url)
        wire.start()
        wires.append(wire)
        return wire

    yield maker
    for wire in wires:
        wire.stop()


def values(sink) -> list[float]:
    return [row[2] for row in sink.rows]


def test_what_mosquitto_pub_sends_arrives_with_its_numbers(make_wire, sink, mqtt_url, topic):
    make_wire(mqtt_url)
    until(lambda: None in sink.errors)
    publish(mqtt_url, f"{topic}/m1", *(said(n) for n in range(1, 6)))
    until(lambda: len(sink.rows) == 5)
    assert values(sink) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert sink.numbers == [("m1", n) for n in range(1, 6)]


def test_the_session_is_kept_while_the_worker_is_away(make_wire, sink, mqtt_url, topic):
    wire = make_wire(mqtt_url)
    until(lambda: None in sink.errors)
    wire.stop()
    publish(mqtt_url, f"{topic}/m1", said(1), said(2))
    assert values(sink) == []
    make_wire(mqtt_url)
    until(lambda: values(sink) == [1.0, 2.0])


def test_what_was_not_acknowledged_comes_again(make_wire, sink, mqtt_url, topic):
    sink.holds = True
    wire = make_wire(mqtt_url)
    until(lambda: None in sink.errors)
    publish(mqtt_url, f"{topic}/m1", said(1), said(2), said(3))
    until(lambda: len(sink.rows) == 3)
    sink.waiting[1]()
    time.sleep(0.3)
    wire.stop()
    later = MemorySink()
    make_wire(mqtt_url, sink=later)
    until(lambda: values(later) == [1.0, 3.0])


def test_an_acknowledgement_from_before_a_reconnect_is_not_sent_into_the_next_connection(
    make_wire, sink, broker, topic
):
    own = broker()
    sink.holds = True
    make_wire(own.url)
    until(lambda: None in sink.errors)
    publish(own.url, f"{topic}/m1", said(1))
    until(lambda: len(sink.rows) == 1)
    own.stop()
    own.start()
    until(lambda: len(sink.rows) == 2)
    sink.waiting[0]()
    time.sleep(0.3)
    own.stop()
    own.start()
    until(lambda: len(sink.rows) == 3)
    assert values(sink) == [1.0, 1.0, 1.0]


def test_data_flows_again_within_ten_seconds_of_a_killed_brokers_return(make_wire, sink, broker, topic):
    own = broker()
    make_wire(own.url)
    until(lambda: None in sink.errors)
    own.kill()
    until(lambda: sink.errors[-1] is not None)
    time.sleep(3)
    own.start()
    back = time.monotonic()
    until(lambda: sink.errors[-1] is None)
    publish(own.url, f"{topic}/m1", said(9))
    until(lambda: values(sink) == [9.0])
    assert time.monotonic() - back < 10


def test_a_message_that_defeats_its_handler_becomes_a_dead_letter_and_does_not_return(
    make_wire, sink, mqtt_url, topic
):
    class Clumsy(JsonHandler):
        def take(self, topic, payload, **how):
            if b"13" in payload:
                raise ZeroDivisionError("thirteen")
            super().take(topic, payload, **how)

    table = {"topic": f"{topic}/{{device}}", "sequence": "n"}
    connection = Connection(uuid4(), "mqtt", "hall", {"messages": [table]})
    channels = (Channel(1, connection.id, {"device": "m1", "path": "power"}),)
    wire = make_wire(mqtt_url, handler=Clumsy(connection, channels, sink))
    until(lambda: None in sink.errors)
    publish(mqtt_url, f"{topic}/m1", said(1), said(13), said(2))
    until(lambda: values(sink) == [1.0, 2.0])
    assert [letter[2] for letter in sink.letters] == ["could not be handled: ZeroDivisionError: thirteen"]
    wire.stop()
    make_wire(mqtt_url)
    time.sleep(0.5)
    assert len(sink.letters) == 1


@pytest.mark.parametrize(
    ("payload", "why"),
    [("{", "not JSON"), ('{"power": "x"}', "not a number"), ('{"n": 4, "power": "x"}', "not a number")],
)
def test_malformed_messages_go_to_the_dead_letters_as_they_came(
    make_wire, sink, mqtt_url, topic, payload, why
):
    make_wire(mqtt_url)
    until(lambda: None in sink.errors)
    publish(mqtt_url, f"{topic}/m1", payload)
    until(lambda: sink.letters)
    assert (sink.letters[0][0], sink.letters[0][1]) == (payload.encode(), f"{topic}/m1")
    assert why in sink.letters[0][2]


def test_a_device_nobody_knows_is_offered_and_its_message_kept(make_wire, sink, mqtt_url, topic):
    make_wire(mqtt_url)
    until(lambda: None in sink.errors)
    publish(mqtt_url, f"{topic}/m77", said(1))
    until(lambda: sink.letters)
    assert sink.sightings["m77/power"]["channel"] == {"device": "m77", "path": "power"}
    assert sink.letters[0][2] == "no channel reads m77"


def test_two_workers_of_a_share_get_every_message_once_between_them(
    make_wire, sink, mqtt_url, topic, tmp_path
):
    other = MemorySink()
    make_wire(mqtt_url, share="hall")
    connection = Connection(
        uuid4(), "mqtt", "hall", {"share": "hall", "messages": [{"topic": f"{topic}/{{device}}"}]}
    )
    channels = (Channel(1, connection.id, {"device": "m1", "path": "power"}),)
    second = Wire(
        connection, JsonHandler(connection, channels, other), other, Notebook(tmp_path / "n2"),
        worker="v", default_url=mqtt_url,
    )  # fmt: skip
    second.start()
    until(lambda: None in sink.errors and None in other.errors)
    time.sleep(0.2)
    publish(mqtt_url, f"{topic}/m1", *(said(n) for n in range(40)))
    until(lambda: len(sink.rows) + len(other.rows) == 40)
    second.stop()
    assert sorted(values(sink) + values(other)) == [float(n) for n in range(40)]
    assert min(len(sink.rows), len(other.rows)) > 5


def test_a_changed_plan_gives_up_what_it_no_longer_wants(make_wire, sink, mqtt_url, topic):
    wire = make_wire(mqtt_url, template="old/{device}")
    until(lambda: None in sink.errors)
    wire.stop()
    sink.errors.clear()
    make_wire(mqtt_url, template="new/{device}")
    until(lambda: None in sink.errors)
    time.sleep(0.3)
    publish(mqtt_url, f"{topic}/old/m1", said(1))
    publish(mqtt_url, f"{topic}/new/m1", said(2))
    until(lambda: sink.rows)
    time.sleep(0.3)
    assert (values(sink), sink.letters) == ([2.0], [])


def test_what_waited_at_the_broker_without_a_time_of_its_own_is_uncertain_and_no_news(
    make_wire, sink, mqtt_url, topic
):
    first = make_wire(mqtt_url)
    until(lambda: None in sink.errors)
    first.stop()  # two of one client id would throw each other out for ever
    publish(mqtt_url, f"{topic}/m1", said(1), said(2))
    make_wire(mqtt_url)
    until(lambda: values(sink) == [1.0, 2.0])
    assert ([row[3] for row in sink.rows], sink.live) == ([UNCERTAIN, UNCERTAIN], [False, False])
    time.sleep(2.0)  # a busy machine may have handed over the second late
    publish(mqtt_url, f"{topic}/m1", said(3))
    until(lambda: len(sink.rows) == 3)
    assert (sink.rows[2][3], sink.live[2]) == (GOOD, True)


class RefusingBroker:
    """A broker that lets everybody in and nobody hear anything."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        line, _ = self._server.accept()
        with line:
            while data := line.recv(4096):
                if data[0] == 0x10:
                    line.sendall(bytes.fromhex("2003000000"))
                elif data[0] == 0x82:
                    line.sendall(bytes([0x90, 4]) + data[2:4] + b"\x00\x87")

    def close(self) -> None:
        self._server.close()


def test_a_subscription_the_broker_refuses_is_told(make_wire, sink, topic):
    broker = RefusingBroker()
    wire = make_wire(broker.url)
    until(lambda: sink.errors and sink.errors[-1] is not None)
    assert sink.errors[-1] == f"the broker refuses the subscription to {topic}/+: Not authorized"
    wire.check()
    assert sink.errors[-1] is not None, "it stays told while the broker is reached"
    wire.stop()
    broker.close()


def test_a_primary_host_that_is_stopped_leaves_its_state_as_offline(make_wire, sink, mqtt_url, tmp_path):
    host = uuid4().hex
    connection = Connection(uuid4(), "sparkplug", "park", {"group": "g", "host_id": host})
    handler = SparkplugHandler(connection, (), sink, Notebook(tmp_path / "nodes"))
    wire = make_wire(mqtt_url, handler=handler)
    until(lambda: None in sink.errors)
    time.sleep(0.3)
    wire.stop()
    command = ["mosquitto_sub", "-L", f"{mqtt_url}/spBv1.0/STATE/{host}", "-C", "1", "-W", "5"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    assert '"online":false' in said


def test_an_address_with_an_impossible_port_is_refused_in_words(make_wire):
    with pytest.raises(Refused, match="port"):
        make_wire("mqtt://h:99999")
