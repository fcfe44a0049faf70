"""Against servers on libmodbus and modbus-serial: the right value of every type, unit and function."""

import math

import pytest

from ingest.devices import families
from ingest.modbus.run import run
from ingest.rules import BAD, GOOD
from tests.ingest.modbus.conftest import plan_of, words
from tests.ingest.recording import Running, until

ORDERS = ("abcd", "badc", "cdab", "dcba")
NUMBERS = [
    ("int16", "h", -1234), ("uint16", "H", 54321), ("int32", "i", -123_456_789),
    ("uint32", "I", 4_123_456_789),
    ("int64", "q", -1_234_567_890_123), ("uint64", "Q", 123_456_789_012_345), ("float32", "f", 1234.5),
    ("float64", "d", -9876.54321),
]  # fmt: skip


def at(unit: int, register: int, function: int = 3, **decoding):
    """Return a channel's address and fields."""
    fields = {key: decoding.pop(key) for key in ("scale", "offset", "low", "high") if key in decoding}
    return {"unit": unit, "function": function, "register": register}, {"decoding": decoding, **fields}


async def test_libmodbus_gives_every_type_in_every_order(libmodbus):
    held, channels, expected = {}, [], {}
    for function, space in ((3, "h"), (4, "i")):
        place = 100
        for type_, fmt, value in NUMBERS:
            for order in ORDERS:
                registers = words(fmt, value, order)
                held |= {(space, place + i): word for i, word in enumerate(registers)}
                channels.append(at(1, place, function, type=type_, order=order))
                expected[len(channels)] = value
                place += len(registers)
    async with Running(run, plan_of(libmodbus(held).port, *channels)) as sink:
        await until(lambda: len(sink.rows) >= len(channels), seconds=10)
    assert {key: (sink.last(key).value, sink.last(key).quality) for key in expected} == {
        key: (value, GOOD) for key, value in expected.items()
    }
    assert sink.errors == [None]


async def test_libmodbus_gives_coils_and_bits_of_words(libmodbus):
    held = {("c", 5): 1, ("c", 6): 0, ("d", 17): 1, ("h", 9): 0b100}
    channels = [
        at(1, 5, 1),
        at(1, 6, 1),
        at(1, 17, 2),
        at(1, 9, type="bit", bit=2),
        at(1, 9, type="bit", bit=1),
    ]
    async with Running(run, plan_of(libmodbus(held).port, *channels)) as sink:
        await until(lambda: len(sink.rows) >= 5, seconds=10)
    assert [sink.last(key).value for key in range(1, 6)] == [1, 0, 1, 1, 0]


async def test_nan_and_impossible_values_are_kept_as_bad(libmodbus):
    held = {("h", i): word for i, word in enumerate([0x7FC0, 0, *words("f", 5000.0), *words("f", 50.0)])}
    channels = [at(1, place, type="float32", low=0, high=70) for place in (0, 2, 4)]
    async with Running(run, plan_of(libmodbus(held).port, *channels)) as sink:
        await until(lambda: len(sink.rows) >= 3, seconds=10)
    assert math.isnan(sink.last(1).value) and sink.last(1).quality == BAD
    assert (sink.last(2).value, sink.last(2).quality) == (5000.0, BAD)
    assert (sink.last(3).value, sink.last(3).quality) == (50.0, GOOD)


async def test_one_gateway_carries_units_of_different_maps(modbus_serial):
    server = modbus_serial(
        {
            1: {"input": {0x34 + i: word for i, word in enumerate(words("f", 1234.5))}},
            2: {"holding": {0x28 + i: word for i, word in enumerate(words("i", 98_765, "cdab"))}},
            3: {"holding": {36: 0xFFFF, 37: 0xFF38, 62: 0x0012, 63: 0xD687}, "delay_ms": 120},
        }
    )
    plan = plan_of(
        server.port,
        at(1, 0x34, 4, type="float32"),
        at(2, 0x28, type="int32", order="cdab"),
        ({"unit": 3, "family": "acrel_adw300", "measure": "active_power"}, {}),
        ({"unit": 3, "family": "acrel_adw300", "measure": "active_energy_in"}, {}),
    )
    async with Running(run, plan) as sink:
        await until(lambda: {row.point_key for row in sink.rows} == {1, 2, 3, 4}, seconds=10)
    assert [sink.last(key).value for key in (1, 2, 3, 4)] == [1234.5, 98_765, -0.2, 12345.67]


@pytest.mark.parametrize("key", families())
async def test_every_family_is_read_as_its_map_says(libmodbus, key):
    """Each measure's registers hold a value of their own; a wrong address would show."""
    family = families()[key]
    formats = {
        "int16": "h",
        "uint16": "H",
        "int32": "i",
        "uint32": "I",
        "int64": "q",
        "uint64": "Q",
        "float32": "f",
    }
    held, channels, expected = {}, [], {}
    for number, measure in enumerate(family.measures.values(), 1):
        raw = 20 + number
        space = "h" if measure.function == 3 else "i"
        held |= {
            (space, measure.register + i): word
            for i, word in enumerate(words(formats[measure.type], raw, measure.order))
        }
        if measure.exponent_register is not None:
            held[space, measure.exponent_register] = 0xFFFE  # ten to the power of -2
        factor = 0.01 if measure.exponent_register is not None else 1
        channels.append(({"unit": 1, "family": key, "measure": measure.name}, {"low": -1e12, "high": 1e12}))
        expected[number] = raw * factor * measure.scale + measure.offset
    async with Running(run, plan_of(libmodbus(held).port, *channels)) as sink:
        await until(lambda: len(sink.rows) >= len(channels), seconds=10)
    assert {n: sink.last(n).value for n in expected} == pytest.approx(expected)
    assert all(row.quality == GOOD for row in sink.rows)


async def test_a_hole_in_the_map_costs_only_its_own_value(modbus_serial):
    """The gateway refuses the coalesced block, and then only the register that is not there."""
    server = modbus_serial({3: {"holding": {0x40: 1, 0x41: 2, 0x44: 3, 0x46: 4}}})
    plan = plan_of(server.port, at(3, 0x40), at(3, 0x41), at(3, 0x48), at(3, 0x44), at(3, 0x46))
    async with Running(run, plan) as sink:
        await until(lambda: {row.point_key for row in sink.rows} == {1, 2, 4, 5}, seconds=10)
        await until(lambda: sink.errors[-1] == "illegal data address 0x0048 at unit 3", seconds=10)
        seen = len(sink.rows)
        await until(lambda: len(sink.rows) >= seen + 8, seconds=10)
    assert [sink.last(key).value for key in (1, 2, 4, 5)] == [1, 2, 3, 4]
    assert not sink.of(3)


async def test_a_channel_that_cannot_be_read_is_told_and_the_others_go_on(libmodbus):
    plan = plan_of(
        libmodbus({("h", 7): 70}).port,
        at(1, 7),
        ({"unit": 1, "family": "eastron_sdm360", "measure": "active_power"}, {}),
        ({"unit": 1, "register": 7, "word": 2}, {}),
    )
    async with Running(run, plan) as sink:
        await until(lambda: bool(sink.of(1)), seconds=10)
    assert "unknown meter family 'eastron_sdm360': use one of acrel_adl3000" in sink.errors[-1]
    assert "unknown field 'word'" in sink.errors[-1]


async def test_each_channel_keeps_its_own_period(libmodbus):
    fast, slow = at(1, 1), at(1, 2)
    slow[1]["poll_seconds"] = 60.0
    async with Running(run, plan_of(libmodbus({}).port, fast, slow)) as sink:
        await until(lambda: len(sink.of(1)) >= 5, seconds=10)
    assert len(sink.of(2)) == 1


async def test_a_new_unit_behind_the_gateway_is_offered_with_the_families_it_may_be(
    modbus_serial, monkeypatch
):
    monkeypatch.setattr("ingest.modbus.scan.SCAN_SECONDS", 0.05)
    monkeypatch.setattr("ingest.modbus.run.SCAN_SECONDS", 0.05)
    frequency = {"holding": {3109 + i: word for i, word in enumerate(words("f", 50.02))}}
    server = modbus_serial({1: {"holding": {7: 70}}, 4: frequency})
    address = {"host": "127.0.0.1", "port": server.port, "scan": [1, 5]}
    plan = plan_of(server.port, at(1, 7), address=address, poll_seconds=1.0)
    async with Running(run, plan) as sink:
        await until(lambda: "unit 4" in sink.sightings, seconds=20)
        await until(lambda: len(sink.rows) >= 2, seconds=10)
    assert list(sink.sightings) == ["unit 4"]
    assert sink.sightings["unit 4"]["families"] == ["schneider_iem3155", "schneider_pm5000"]
    assert sink.errors == [None]
