"""Registers become numbers: every type, every order of bytes, and what is no value."""

import math
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.errors import Refused
from ingest.modbus.decode import Encoding, decode, scaled
from ingest.modbus.mapping import Register, register
from ingest.modbus.planner import Limits
from ingest.modbus.unit import Unit
from ingest.plan import Channel, Connection
from ingest.rules import BAD, GOOD
from tests.ingest.modbus.conftest import words

ORDERS = ("abcd", "badc", "cdab", "dcba")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("type_", "fmt", "value"),
    [
        ("int16", "h", -1234),
        ("uint16", "H", 54321),
        ("int32", "i", -123_456_789),
        ("uint32", "I", 4_123_456_789),
        ("int64", "q", -1_234_567_890_123),
        ("uint64", "Q", 123_456_789_012_345),
        ("float32", "f", 1234.5),
        ("float64", "d", -9876.54321),
    ],
)
def test_a_number_is_read_in_any_order_of_bytes(type_, fmt, value, order):
    assert decode(words(fmt, value, order), Encoding(type_, order)) == (value, GOOD)


@pytest.mark.parametrize(
    ("registers", "encoding", "value"),
    [
        ([0x4248, 0x0000], Encoding("float32", "abcd"), 50.0),  # golden: IEEE 754 of 50 as a meter sends it
        ([0x0000, 0x4248], Encoding("float32", "cdab"), 50.0),
        ([0x4842, 0x0000], Encoding("float32", "badc"), 50.0),
        ([0x0000, 0x4842], Encoding("float32", "dcba"), 50.0),
        ([0x1234], Encoding("bcd16"), 1234),
        ([0x1234, 0x5678], Encoding("bcd32"), 12_345_678),
        ([0x5678, 0x1234], Encoding("bcd32", "cdab"), 12_345_678),
        ([1, 2345, 6789, 12], Encoding("mod10_4"), 1_2345_6789_0012),
        ([12, 6789, 2345], Encoding("mod10_3", "cdab"), 2345_6789_0012),
        ([0b0100_0000_0000_0000], Encoding("bit", bit=14), 1),
        ([0b1011_1111_1111_1111], Encoding("bit", bit=14), 0),
        ([2301], Encoding("uint16", scale=0.1), 230.1),
        ([3], Encoding("uint16", scale=0.1), 0.3),
        ([250], Encoding("int16", scale=0.1, offset=-273.15), 25 - 273.15),
    ],
)
def test_meters_own_formats_are_read(registers, encoding, value):
    assert decode(registers, encoding) == (value, GOOD)


@pytest.mark.parametrize(
    ("registers", "encoding"),
    [
        ([0x7FC0, 0x0000], Encoding("float32")),  # NaN
        ([0xFFC0, 0x0000], Encoding("float32")),  # NaN, as Schneider sends it
        ([0x7F80, 0x0000], Encoding("float32")),  # infinite
        ([0x8000, 0, 0, 0], Encoding("int64", absent=(0x8000000000000000,))),
        ([0xFFFF], Encoding("uint16", absent=(0xFFFF,))),
        ([0x123A], Encoding("bcd16")),
        ([10_000, 0], Encoding("mod10_2")),
    ],
)
def test_what_is_no_value_is_kept_as_a_bad_reading(registers, encoding):
    value, quality = decode(registers, encoding)
    assert math.isnan(value) and quality == BAD


@pytest.mark.parametrize("value", [-0.5, 70.5])
def test_what_the_quantity_cannot_be_is_kept_but_marked_bad(value):
    assert decode(words("f", value), Encoding("float32", low=0, high=70)) == (value, BAD)


@pytest.mark.parametrize(("exponent", "value"), [(0, 5.0), (3, 5000.0), (-2, 0.05)])
def test_a_meter_that_states_its_power_of_ten_is_believed(exponent, value):
    assert decode([0, 5], Encoding("uint32"), exponent=exponent) == (value, GOOD)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.01, 0.001]))
def test_tenths_are_exact(raw, scale):
    assert scaled(raw, scale) == raw / round(1 / scale)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from(ORDERS))
def test_every_float_survives_the_wire(value, order):
    assert decode(words("f", value, order), Encoding("float32", order)) == (value, GOOD)


@pytest.mark.parametrize("word", [0x8000, 0x7FFF, 31, 0xFFE0])
def test_an_exponent_no_meter_means_is_no_value(word):
    unit = Unit(1, [Register(9, 1, 3, 10, Encoding("uint16"), 11, 1.0)], Limits(), now=0.0)
    (block,) = unit.rounds(0.0)[0].blocks
    ((_, _, value, quality),) = unit.rows(block, [5, word], 0)
    assert (math.isnan(value), quality) == (True, BAD)


def test_a_value_and_its_exponent_that_no_request_can_read_together_are_refused():
    wire = Connection(UUID(int=1), "modbus", "hall", {"host": "h"})
    far = Channel(1, wire.id, {"unit": 1, "register": 0}, {"type": "uint16", "exponent_register": 125})
    with pytest.raises(Refused, match="126 registers apart"):
        register(wire, far)
    with pytest.raises(Refused, match="beyond register"):
        register(wire, Channel(1, wire.id, {"unit": 1, "register": 65_535}, {"type": "uint32"}))
