"""Sparkplug B: payloads by the standard's field numbers, births, aliases, gaps, rebirth."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest

from backend.kernel import clock
from backend.kernel.errors import Refused
from ingest.mqtt.sparkplug import codec
from ingest.mqtt.sparkplug.codec import DataType, Metric, Payload
from ingest.mqtt.sparkplug.handler import SparkplugHandler, replay
from ingest.mqtt.sparkplug.nodes import Address, Nodes
from ingest.notebook import Notebook
from ingest.plan import Channel, Connection
from tests.ingest.mqtt.memory import MemorySink

WIRE = UUID(int=3)
NOW_MS = clock.now_us() // 1000


# --- payloads


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (DataType.INT8, -5), (DataType.INT16, -300), (DataType.INT32, -70_000), (DataType.INT64, -(2**40)),
        (DataType.UINT8, 250), (DataType.UINT32, 2**32 - 1), (DataType.UINT64, 2**63 + 1),
        (DataType.FLOAT, 0.5), (DataType.DOUBLE, 1e300), (DataType.BOOLEAN, True), (DataType.STRING, "ok"),
        (DataType.DATE_TIME, 1_760_000_000_000), (DataType.DOUBLE, None),
    ],
)  # fmt: skip
def test_a_value_of_every_type_comes_back_as_it_was(datatype, value):
    sent = Payload((Metric("m", value, datatype, alias=4, timestamp_ms=9),), timestamp_ms=10, seq=255)
    assert codec.decode(codec.encode(sent)) == sent


def test_history_and_quality_travel_with_a_metric():
    metric = Metric("m", 1.0, DataType.DOUBLE, is_historical=True, quality=codec.STALE)
    assert codec.decode(codec.encode(Payload((metric,)))).metrics[0] == metric


def test_the_bytes_are_those_of_the_standard():
    """Worked by hand from the field numbers: timestamp 1, metric 2 {name 1, datatype 4, double 13}, seq 3."""
    raw = codec.encode(Payload((Metric("P", 1.0, DataType.DOUBLE),), timestamp_ms=150, seq=2))
    assert raw.hex() == "0896011" + "20e0a0150200a69000000000000f03f" + "1802"


def test_negative_integers_written_in_full_width_by_other_makers_are_understood():
    """Tahu's Java writes an Int8 of -5 as 0xFFFFFFFB; others as 0xFB."""
    assert codec.typed(0xFFFFFFFB, DataType.INT8) == codec.typed(0xFB, DataType.INT8) == -5


def test_bytes_that_are_no_payload_are_refused():
    with pytest.raises(Refused, match="not a Sparkplug B payload"):
        codec.decode(b"\x07\xff\xff")


# --- nodes


def birth(*metrics: Metric, seq: int = 0, bd_seq: int = 1) -> Payload:
    return Payload((Metric("bdSeq", bd_seq, DataType.INT64), *metrics), NOW_MS, seq)


def data(seq: int, *metrics: Metric) -> Payload:
    return Payload(metrics, NOW_MS, seq)


POWER = Metric("Power", -7, DataType.INT16, alias=1)
BY_ALIAS = Metric(value=65_536 - 8, alias=1)
NBIRTH, NDATA, NDEATH = (Address("g", kind, "n") for kind in ("NBIRTH", "NDATA", "NDEATH"))
DBIRTH, DDATA, DDEATH = (Address("g", kind, "n", "d") for kind in ("DBIRTH", "DDATA", "DDEATH"))


def test_data_by_alias_takes_name_and_type_from_the_birth():
    nodes = Nodes()
    nodes.take(NBIRTH, birth(POWER), now_us=0)
    outcome = nodes.take(NDATA, data(1, BY_ALIAS), now_us=1)
    assert [(device, m.name, m.value) for device, m in outcome.values] == [(None, "Power", -8)]
    assert not outcome.wants_rebirth


def test_sequence_numbers_wrap_after_255():
    nodes = Nodes()
    nodes.take(NBIRTH, birth(POWER, seq=0), now_us=0)
    outcomes = [nodes.take(NDATA, data(seq % 256, BY_ALIAS), now_us=1) for seq in range(1, 600)]
    assert sum(outcome.missed for outcome in outcomes) == 0


def test_after_a_gap_aliases_are_not_believed_until_the_node_is_born_again():
    nodes = Nodes()
    nodes.take(NBIRTH, birth(POWER), now_us=0)
    outcome = nodes.take(NDATA, data(4, BY_ALIAS), now_us=1)
    assert (outcome.missed, outcome.gap) == (3, {"device": "g/n", "from": 1, "to": 3})
    assert (outcome.values, outcome.wants_rebirth) == ([], True)
    again = nodes.take(NDATA, data(5, BY_ALIAS), now_us=1_000_000)
    assert (again.wants_rebirth, again.missed) == (False, 0), "asked a moment ago, and nothing more was lost"
    nodes.take(NBIRTH, birth(Metric("Volts", 1, DataType.INT16, alias=1)), now_us=2_000_000)
    after = nodes.take(NDATA, data(1, BY_ALIAS), now_us=3_000_000)
    assert [m.name for _, m in after.values] == ["Volts"], "the alias now means another metric"


def test_a_node_never_heard_before_is_asked_to_be_born():
    outcome = Nodes().take(NDATA, data(7, BY_ALIAS), now_us=0)
    assert (outcome.wants_rebirth, outcome.unresolved) == (True, [1])


def test_a_device_is_born_and_dies_within_its_node():
    nodes = Nodes()
    nodes.take(NBIRTH, birth(), now_us=0)
    nodes.take(DBIRTH, data(1, Metric("Flow", 1.5, DataType.DOUBLE, alias=9)), now_us=0)
    outcome = nodes.take(DDATA, data(2, Metric(value=2.5, alias=9)), now_us=0)
    assert [(device, m.name, m.value) for device, m in outcome.values] == [("d", "Flow", 2.5)]
    nodes.take(DDEATH, data(3), now_us=0)
    assert nodes.offline == ["g/n/d"]
    nodes.take(DBIRTH, data(4, Metric("Flow", 1.5, DataType.DOUBLE, alias=9)), now_us=0)
    assert nodes.offline == []


def test_a_late_will_of_an_earlier_session_does_not_take_the_node_offline():
    nodes = Nodes()
    nodes.take(NBIRTH, birth(bd_seq=2), now_us=0)
    nodes.take(NDEATH, Payload((Metric("bdSeq", 1, DataType.INT64),)), now_us=0)
    assert nodes.offline == []
    nodes.take(NDEATH, Payload((Metric("bdSeq", 2, DataType.INT64),)), now_us=0)
    assert nodes.offline == ["g/n"]


@pytest.mark.parametrize(
    "topic", ["spBv1.0/g/NCMD/n", "spBv1.0/STATE/h", "spAv1.0/g/NDATA/n", "spBv1.0/g/DDATA/n"]
)
def test_other_topics_are_not_for_us(topic):
    assert Address.of(topic) is None


# --- the handler


def channel(key: int, metric: str, device: str | None = None, **more) -> Channel:
    return Channel(key, WIRE, {"metric": metric, **({"device": device} if device else {})}, **more)


@pytest.fixture
def sink():
    return MemorySink()


@pytest.fixture
def make_handler(sink, tmp_path):
    def maker(*channels: Channel, **address) -> SparkplugHandler:
        connection = Connection(WIRE, "sparkplug", "park", {"group": "g", **address})
        return SparkplugHandler(connection, channels, sink, Notebook(tmp_path / "notes"))

    return maker


def send(handler, topic: str, payload: Payload, done=None) -> None:
    handler.take(topic, codec.encode(payload), is_retained=False, done=done)


def test_mapped_metrics_become_readings_in_the_points_units(make_handler, sink):
    handler = make_handler(channel(1, "Power", scale=0.1), channel(2, "Flow", "d"))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(POWER))
    send(
        handler,
        "spBv1.0/g/DBIRTH/n/d",
        data(1, Metric("Flow", 3.5, DataType.DOUBLE, timestamp_ms=NOW_MS - 5)),
    )
    assert sink.rows == [(1, NOW_MS * 1000, -0.7000000000000001, 0), (2, (NOW_MS - 5) * 1000, 3.5, 0)]


def test_history_is_stored_without_being_news(make_handler, sink):
    handler = make_handler(channel(1, "Power"))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(Metric("Power", 4, DataType.INT16, is_historical=True)))
    assert (sink.live, [row[2] for row in sink.rows]) == ([False], [4.0])


@pytest.mark.parametrize(
    ("metric", "quality"),
    [
        (Metric("Power", None, DataType.INT16), 2),
        (Metric("Power", 1, DataType.INT16, quality=codec.BAD), 2),
        (Metric("Power", 1, DataType.INT16, quality=codec.STALE), 1),
        (Metric("Power", 1, DataType.INT16, quality=codec.GOOD), 0),
    ],
)
def test_null_and_stated_quality_are_kept(make_handler, sink, metric, quality):
    send(make_handler(channel(1, "Power")), "spBv1.0/g/NBIRTH/n", birth(metric))
    assert sink.rows[0][3] == quality


def test_a_gap_is_told_and_the_node_asked(make_handler, sink):
    asked = []
    handler = make_handler(channel(1, "Power"))
    handler.connected(lambda topic, payload, qos: asked.append((topic, codec.decode(payload).metrics[0])))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(POWER))
    send(handler, "spBv1.0/g/NDATA/n", data(3, Metric(value=-8, datatype=DataType.INT16, alias=1)))
    assert sink.gaps == [(2, {"device": "g/n", "from": 1, "to": 2})]
    topic, metric = asked[-1]
    assert (topic, metric.name, metric.value) == ("spBv1.0/g/NCMD/n", codec.REBIRTH, True)
    assert "aliases that no birth explained" in sink.letters[0][2]


def test_after_a_restart_the_nodes_known_before_are_asked_at_once(make_handler):
    send(make_handler(), "spBv1.0/g/NBIRTH/n", birth())
    asked = []
    make_handler().connected(lambda topic, payload, qos: asked.append(topic))
    assert asked == ["spBv1.0/g/NCMD/n"]


def test_whoever_takes_over_asks_the_nodes_that_channels_name_though_it_never_heard_them(make_handler):
    others = Channel(2, WIRE, {"metric": "Power", "node": "theirs/n"})
    all_of_them = Channel(3, WIRE, {"metric": "Power", "node": "g/#"})
    handler, asked = make_handler(channel(1, "Power"), others, all_of_them, node="n"), []
    handler.connected(lambda topic, payload, qos: asked.append(topic))
    assert asked == ["spBv1.0/g/NCMD/n"], "and nobody outside of the connection's group"


def test_new_metrics_of_a_birth_are_offered_but_not_the_nodes_own_controls(make_handler, sink):
    control = Metric(codec.REBIRTH, False, DataType.BOOLEAN)
    send(
        make_handler(channel(1, "Power")), "spBv1.0/g/NBIRTH/n", birth(POWER, control, Metric("Hz", 50.0, 10))
    )
    assert list(sink.sightings) == ["g/n/Hz"]


def test_a_primary_host_says_that_it_is_there(make_handler):
    said = []
    handler = make_handler(host_id="enerfield")
    handler.connected(lambda topic, payload, qos: said.append((topic, payload)))
    assert said[0][0] == "spBv1.0/STATE/enerfield"
    assert b'"online":true' in said[0][1]
    assert b'"online":false' in handler.will[1]


def test_a_message_is_acknowledged_with_its_last_part(make_handler, sink):
    told = []
    sink.holds = True
    handler = make_handler(channel(1, "Power"), channel(2, "Flow"))
    metrics = (POWER, Metric("Flow", 1.0, DataType.DOUBLE, is_historical=True))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(*metrics), done=lambda: told.append(1))
    sink.waiting[0]()
    assert told == []
    sink.waiting[1]()
    assert told == [1]


# --- dead letters on their way back


FLOW = Metric("Flow", 1.5, DataType.DOUBLE, alias=9, timestamp_ms=NOW_MS - 9)


def read_again(sink, place: int, *channels: Channel, known=True):
    payload, topic, _ = sink.letters[place]
    connection = Connection(WIRE, "sparkplug", "park", {"group": "g"})
    return replay(
        connection, channels, topic, payload, sink.known[place] if known else None, now_us=NOW_MS * 1000
    )


def test_what_a_device_that_no_channel_reads_says_waits_with_the_names_its_aliases_had(make_handler, sink):
    handler = make_handler(channel(1, "Power"))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(POWER))
    send(handler, "spBv1.0/g/DBIRTH/n/d", data(1, FLOW))
    assert sink.letters == [], "a birth introduces, and is no loss"
    send(handler, "spBv1.0/g/DDATA/n/d", data(2, Metric(value=2.5, datatype=DataType.DOUBLE, alias=9)))
    assert sink.letters[0][2] == "no channel reads g/n/d"
    readings, left = read_again(sink, 0, channel(2, "Flow", "d", scale=10.0))
    assert (readings.point_key.tolist(), readings.value.tolist(), left) == ([2], [25.0], [])
    assert readings.read_at_us.tolist() == [NOW_MS * 1000]


def test_a_letter_keeps_its_own_meaning_whatever_the_aliases_mean_by_now(make_handler, sink):
    handler = make_handler(channel(1, "Power"))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(POWER))
    send(handler, "spBv1.0/g/DBIRTH/n/d", data(1, FLOW))
    send(handler, "spBv1.0/g/DDATA/n/d", data(2, Metric(value=2.5, datatype=DataType.DOUBLE, alias=9)))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(POWER))
    send(handler, "spBv1.0/g/DBIRTH/n/d", data(1, Metric("Level", 0.0, DataType.DOUBLE, alias=9)))
    readings, _ = read_again(sink, 0, channel(2, "Flow", "d"), channel(3, "Level", "d"))
    assert (readings.point_key.tolist(), readings.value.tolist()) == ([2], [2.5])


def test_only_what_could_not_be_used_is_kept_so_that_a_replay_revises_nothing(make_handler, sink):
    handler = make_handler(channel(1, "Power"), channel(2, "State"))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(POWER, Metric("State", "open", DataType.STRING)))
    assert sink.known[0] == {
        "node": "g/n",
        "metrics": [
            {"device": None, "metric": "State", "value": "open", "datatype": 12, "timestamp_ms": NOW_MS,
             "is_historical": False, "quality": None}
        ],
    }  # fmt: skip
    readings, left = read_again(sink, 0, channel(1, "Power", scale=5.0), channel(2, "State"))
    assert (len(readings), left) == (0, ["State: not a number"])


def test_devices_of_nodes_that_nobody_reads_are_offered_and_make_no_letters(make_handler, sink):
    handler = make_handler(channel(1, "Power"), node="ours")
    send(handler, "spBv1.0/g/NBIRTH/theirs", birth())
    send(handler, "spBv1.0/g/DBIRTH/theirs/d", data(1, FLOW))
    send(handler, "spBv1.0/g/DDATA/theirs/d", data(2, FLOW))
    assert (sink.letters, list(sink.sightings)) == ([], ["g/theirs/d/Flow"])


def test_a_letter_from_before_names_were_kept_is_read_as_far_as_it_names_its_metrics(make_handler, sink):
    handler = make_handler(channel(1, "Power"))
    send(handler, "spBv1.0/g/NBIRTH/n", birth())
    send(handler, "spBv1.0/g/DDATA/n/d", data(1, FLOW, Metric(value=3.5, datatype=DataType.DOUBLE, alias=77)))
    readings, left = read_again(sink, 0, channel(2, "Flow", "d"), known=False)
    assert (readings.value.tolist(), left) == ([1.5], ["1 values by aliases that no birth explained"])


def test_a_letter_of_nothing_but_unexplained_aliases_is_refused_with_the_reason(make_handler, sink):
    send(
        make_handler(channel(1, "Power")),
        "spBv1.0/g/NDATA/n",
        data(3, Metric(value=-8, datatype=DataType.INT16, alias=1)),
    )
    with pytest.raises(Refused, match="no birth explained"):
        read_again(sink, 0, channel(1, "Power"))


def test_a_channel_without_a_metric_is_named_and_the_others_are_read(make_handler, sink):
    handler = make_handler(Channel(1, WIRE, {"device": "d"}), channel(2, "Power"))
    send(handler, "spBv1.0/g/NBIRTH/n", birth(POWER))
    assert handler.error == "channel of point 1: it names no metric"
    assert {row[0] for row in sink.rows} == {2}


def test_sparkplug_messages_are_not_shared_among_workers(make_handler):
    with pytest.raises(Refused, match="cannot be shared"):
        make_handler(channel(1, "Power"), share="hall")


def test_after_our_own_reconnect_aliases_are_believed_only_from_the_next_birth_on(make_handler, sink):
    handler, asked = make_handler(channel(1, "Power")), []
    send(handler, "spBv1.0/g/NBIRTH/n", birth(POWER))
    seen = len(sink.rows)
    handler.connected(lambda topic, *_: asked.append(topic))
    assert asked == ["spBv1.0/g/NCMD/n"]
    send(handler, "spBv1.0/g/NDATA/n", data(1, Metric(value=7, datatype=DataType.INT16, alias=1)))
    assert len(sink.rows) == seen
    assert "aliases that no birth explained" in sink.letters[-1][2]
    assert len(asked) == 1, "it is asked once"


def test_a_primary_host_that_goes_says_so_with_the_instant_of_its_birth(make_handler):
    handler, said = make_handler(channel(1, "Power"), host_id="h"), []
    handler.connected(lambda *message: said.append(message))
    handler.leaving(lambda *message: said.append(message))
    (topic, birth_body, _), (same, death_body, qos) = said
    assert (topic, same, qos) == ("spBv1.0/STATE/h", "spBv1.0/STATE/h", 1)
    online, offline = orjson.loads(birth_body), orjson.loads(death_body)
    assert (online["online"], offline["online"]) == (True, False)
    assert online["timestamp"] == offline["timestamp"]
