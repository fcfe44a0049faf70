"""MQTT messages become readings by templates that are data."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import orjson
import pytest

from backend.kernel.errors import Refused
from ingest.mqtt.decode import Decoder, Unknown, shapes_of
from ingest.plan import Channel

WIRE = UUID(int=7)
NOW = 1_760_000_000_000_000
NOW_MS = NOW // 1000
NOON = "2025-10-09T08:53:20Z"

OBJECT = {
    "topic": "plant/{device}/telemetry", "values": "v", "time": "ts", "time_unit": "ms", "sequence": "n",
    "quality": "q", "qualities": {"192": "good", "64": "uncertain"},
}  # fmt: skip
SAMPLES = {
    "topic": "log/{device}", "each": "samples", "values": "v", "time": "t", "time_unit": "s",
    "sequence": "no",
}  # fmt: skip
TAGGED = {"topic": "gw/{site}/up", "each": "d", "tag": "name", "value": "val", "time": "$.at"}
PLAIN = {"topic": "home/{device}/{tag}"}


def channel(key: int, address: dict[str, Any], **more: Any) -> Channel:
    return Channel(key, WIRE, address, **more)


def decoder(*channels: Channel) -> Decoder:
    return Decoder(shapes_of({"messages": [OBJECT, SAMPLES, TAGGED, PLAIN]}), channels)


def rows(message) -> list[tuple[int, int, float, int]]:
    r = message.readings
    return list(
        zip(r.point_key.tolist(), r.read_at_us.tolist(), r.value.tolist(), r.quality.tolist(), strict=True)
    )


POWER = channel(1, {"device": "m1", "path": "power"}, scale=0.001)
ENERGY = channel(2, {"device": "m1", "path": "energy"}, offset=100.0)


def say(how: Decoder, topic: str, body: Any) -> Any:
    payload = body if isinstance(body, bytes) else orjson.dumps(body)
    return how.decode(topic, payload, now_us=NOW)


def test_members_of_an_object_are_scaled_to_the_points_units():
    message = say(
        decoder(POWER, ENERGY),
        "plant/m1/telemetry",
        {"ts": NOW_MS, "n": 5, "v": {"power": 1500, "energy": 7}},
    )
    assert rows(message) == [(1, NOW, 1.5, 0), (2, NOW, 107.0, 0)]
    assert (message.device, message.sequence, message.has_time) == ("m1", 5, True)


def test_another_device_under_the_same_template_is_another_point():
    other = channel(3, {"device": "m2", "path": "power"})
    message = say(decoder(POWER, other), "plant/m2/telemetry", {"ts": NOW_MS, "v": {"power": 9}})
    assert rows(message) == [(3, NOW, 9.0, 0)]


def test_a_message_with_only_some_members_gives_only_those():
    message = say(decoder(POWER, ENERGY), "plant/m1/telemetry", {"ts": NOW_MS, "v": {"energy": 7}})
    assert rows(message) == [(2, NOW, 107.0, 0)]


@pytest.mark.parametrize(
    ("said", "value", "quality"),
    [
        (2000, 2.0, 0),
        ("2000", 2.0, 0),
        (True, 0.001, 0),
        (None, math.nan, 2),
        ("on", 0.001, 0),
        (9e9, 9e6, 2),
    ],
)
def test_what_counts_as_a_number(said, value, quality):
    limited = channel(1, {"device": "m1", "path": "power"}, scale=0.001, low=0.0, high=1e6)
    message = say(decoder(limited), "plant/m1/telemetry", {"ts": NOW_MS, "v": {"power": said}})
    ((_, _, got, judged),) = rows(message)
    assert (got == pytest.approx(value, nan_ok=True), judged) == (True, quality)


def test_implausible_values_are_kept_but_bad_beside_good_ones():
    limited = channel(1, {"device": "m1", "path": "power"}, low=0.0, high=10.0)
    message = say(
        decoder(limited, ENERGY), "plant/m1/telemetry", {"ts": NOW_MS, "v": {"power": 11, "energy": 1}}
    )
    assert [(key, quality) for key, _, _, quality in rows(message)] == [(1, 2), (2, 0)]


def test_one_bad_member_is_named_and_the_others_stand():
    message = say(
        decoder(POWER, ENERGY), "plant/m1/telemetry", {"ts": NOW_MS, "v": {"power": "n/a", "energy": 1}}
    )
    assert rows(message) == [(2, NOW, 101.0, 0)]
    assert message.refusals == ["power: 'n/a' is not a number"]


@pytest.mark.parametrize(("word", "quality"), [(192, 0), (64, 1), ("bad", 2), ("strange", 2), (None, 0)])
def test_a_stated_quality_is_kept_and_an_unknown_one_is_bad(word, quality):
    message = say(decoder(POWER), "plant/m1/telemetry", {"ts": NOW_MS, "q": word, "v": {"power": 1}})
    assert rows(message)[0][3] == quality


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xff\x00", "not JSON"),
        ({"ts": NOW_MS + 61_000, "v": {"power": 1}}, "in the future"),
        ({"ts": 5, "v": {"power": 1}}, "never set"),
        ({"ts": "soon", "v": {"power": 1}}, "not an instant"),
        ({"ts": NOW_MS}, "no values"),
        ({"ts": NOW_MS, "v": {"other": "x"}}, "none of the members"),
        ([], "no values"),
        (b"null", "no values"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(body, why):
    with pytest.raises(Refused, match=why):
        say(decoder(POWER), "plant/m1/telemetry", body)


def test_a_clock_one_minute_ahead_is_tolerated():
    message = say(decoder(POWER), "plant/m1/telemetry", {"ts": NOW_MS + 60_000, "v": {"power": 1}})
    assert rows(message)[0][1] == NOW + 60_000_000


def test_without_the_devices_time_the_present_counts():
    assert rows(say(decoder(POWER), "plant/m1/telemetry", {"v": {"power": 1000}})) == [(1, NOW, 1.0, 0)]


def test_an_interval_without_the_devices_time_is_refused_but_its_neighbour_stands():
    interval = channel(9, {"device": "m1", "path": "energy"}, kind="interval")
    message = say(decoder(POWER, interval), "plant/m1/telemetry", {"v": {"power": 1000, "energy": 4}})
    assert [row[0] for row in rows(message)] == [1]
    assert message.refusals == ["energy: an interval needs the device's own time"]
    with pytest.raises(Refused, match="an interval needs"):
        say(decoder(interval), "plant/m1/telemetry", {"v": {"energy": 4}})


def test_an_interval_labelled_by_its_end_is_kept_by_its_start():
    interval = channel(9, {"device": "m1", "path": "energy", "label": "end", "minutes": 15}, kind="interval")
    message = say(decoder(interval), "plant/m1/telemetry", {"ts": NOW_MS, "v": {"energy": 4}})
    assert rows(message) == [(9, NOW - 900_000_000, 4.0, 0)]


def test_samples_of_an_array_have_their_own_instants():
    p = channel(4, {"device": "m1", "path": "p"})
    body = {
        "no": 8,
        "samples": [{"t": NOW // 10**6 - 2, "v": {"p": 1}}, {"t": NOW // 10**6 - 1, "v": {"p": 2}}],
    }
    message = say(decoder(p), "log/m1", body)
    assert rows(message) == [(4, NOW - 2_000_000, 1.0, 0), (4, NOW - 1_000_000, 2.0, 0)]
    assert message.sequence == 8


def test_one_sample_from_the_future_does_not_take_the_others_along():
    p = channel(4, {"device": "m1", "path": "p"})
    body = {"samples": [{"t": NOW // 10**6, "v": {"p": 1}}, {"t": NOW // 10**6 + 3600, "v": {"p": 2}}]}
    message = say(decoder(p), "log/m1", body)
    assert len(rows(message)) == 1
    assert "element 1: the reading is 3600 s in the future" in message.refusals[0]


def test_tagged_readings_find_their_points_and_new_tags_are_offered_once():
    known = channel(5, {"site": "north", "tag": "flow"})
    how = decoder(known)
    body = {"at": NOON, "d": [{"name": "flow", "val": 3}, {"name": "level", "val": 4}]}
    message = say(how, "gw/north/up", body)
    assert rows(message) == [(5, NOW, 3.0, 0)]
    assert message.unmapped == {"level": (4, {"site": "north", "tag": "level"})}
    assert say(how, "gw/north/up", body).unmapped == {}


def test_new_members_of_a_known_device_are_offered_once():
    how = decoder(POWER, ENERGY)
    body = {"ts": NOW_MS, "v": {"power": 1, "energy": 2, "volts": 230}}
    assert say(how, "plant/m1/telemetry", body).unmapped == {
        "volts": (230, {"device": "m1", "path": "volts"})
    }
    assert say(how, "plant/m1/telemetry", body).unmapped == {}


def test_a_bare_number_is_a_reading_of_its_topic():
    tag = channel(6, {"device": "boiler", "tag": "temp"})
    assert rows(say(decoder(tag), "home/boiler/temp", b"71.5")) == [(6, NOW, 71.5, 0)]


def test_an_element_of_an_array_and_a_deep_member_can_be_a_point():
    third = channel(6, {"device": "m1", "path": "phases[2]"})
    deep = channel(7, {"device": "m1", "path": 'a."b.c".d'})
    body = {"ts": NOW_MS, "v": {"phases": [1, 2, 3], "a": {"b.c": {"d": 4}}}}
    assert [row[2] for row in rows(say(decoder(third, deep), "plant/m1/telemetry", body))] == [3.0, 4.0]


@pytest.mark.parametrize(("topic", "device"), [("plant/m9/telemetry", "m9"), ("elsewhere", "elsewhere")])
def test_an_unknown_device_or_topic_says_so(topic, device):
    with pytest.raises(Unknown) as unknown:
        say(decoder(POWER), topic, {"ts": NOW_MS, "v": {"power": 1}})
    assert unknown.value.context["device"] == device


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({}, "topic is missing"),
        ({"topic": "a/{b}c"}, "whole topic level"),
        ({"topic": "a", "tag": "x"}, "belong together"),
        ({"topic": "a", "time_unit": "days"}, "time_unit"),
        ({"topic": "a", "colour": 1}, "unknown field"),
        ({"topic": "a", "values": "a["}, "not a path"),
        ({"topic": "a", "qualities": {"x": "fine"}}, "quality 'fine'"),
    ],
)
def test_a_template_that_is_wrong_says_what(table, why):
    with pytest.raises(Refused, match=why):
        Decoder(shapes_of({"messages": [table]}), [])


@pytest.mark.parametrize(
    ("topic", "body", "name"),
    [
        ("plant/m9/telemetry", {"ts": NOW_MS, "v": {"power": 1, "state": "on"}}, "power"),
        ("plant/m9/telemetry", {"v": {"a.b": 4.5}}, "a.b"),
        ("log/m9", {"samples": [{"t": NOW // 10**6, "v": {"p": 1}}]}, "p"),
        ("gw/south/up", {"at": NOON, "d": [{"name": "flow", "val": 3}]}, "flow"),
        ("home/boiler/temp", 71.5, ""),
    ],
)
def test_the_channel_offered_for_an_unknown_device_reads_it(topic, body, name):
    with pytest.raises(Unknown) as unknown:
        say(decoder(), topic, body)
    ((seen, (value, address)),) = unknown.value.context["seen"].items()
    assert seen == name
    assert [row[2] for row in rows(say(decoder(channel(8, address)), topic, body))] == [value]


def test_one_channel_that_cannot_be_used_is_named_and_the_others_are_read():
    how = decoder(
        channel(5, {"device": "m1", "path": "a..[b"}),
        channel(6, {"device": "m1", "label": "end", "minutes": "15"}),
        POWER,
    )
    assert [words.split(":")[0] for words in how.refused] == ["channel of point 5", "channel of point 6"]
    assert len(rows(say(how, "plant/m1/telemetry", {"v": {"power": 5.0}}))) == 1


@pytest.mark.parametrize("said", [1e308, float(2**70)])
def test_an_instant_beyond_all_time_is_refused(said):
    with pytest.raises(Refused):
        say(decoder(POWER), "plant/m1/telemetry", {"ts": said, "v": {"power": 5.0}})


def test_a_number_no_counter_reaches_is_named_and_the_reading_kept():
    message = say(decoder(POWER), "plant/m1/telemetry", {"n": 2**63, "v": {"power": 5.0}})
    assert (message.sequence, len(message.readings)) == (None, 1)
    assert message.refusals == [f"{2**63} is too high to be a message's number"]


def test_an_element_without_a_value_offers_nothing():
    message = say(
        decoder(channel(4, {"site": "s", "tag": "T1"})),
        "gw/s/up",
        {"d": [{"name": "T9"}, {"name": "T1", "val": 2}]},
    )
    assert message.unmapped == {}
