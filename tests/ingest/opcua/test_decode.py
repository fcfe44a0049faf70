"""What a server's data values mean: number, quality and instant."""

import math
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from asyncua import ua

from backend.kernel import clock
from backend.metering.rules import Quality
from ingest.opcua.decode import known_at_us, measured_at_us, quality_of, reading_of
from ingest.plan import Channel

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOON_US = clock.to_us(NOON)
NOW_US = NOON_US + 7_000_000
NEVER = datetime(1601, 1, 1, tzinfo=UTC)


def channel(**changes) -> Channel:
    return Channel(point_key=1, connection_id=uuid4(), address={"node": "i=1"}, **changes)


def sent(value, status=ua.StatusCodes.Good, **stamps) -> ua.DataValue:
    variant = value if isinstance(value, ua.Variant) else ua.Variant(value)
    return ua.DataValue(Value=variant, StatusCode=ua.StatusCode(status), **stamps)


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        (ua.StatusCodes.Good, Quality.GOOD),
        (ua.StatusCodes.Good | 0x480, Quality.GOOD),  # with the overflow bits of a queue
        (ua.StatusCodes.GoodLocalOverride, Quality.MANUAL),
        (ua.StatusCodes.UncertainSensorNotAccurate, Quality.UNCERTAIN),
        (ua.StatusCodes.UncertainSubstituteValue, Quality.SUBSTITUTED),
        (ua.StatusCodes.BadSensorFailure, Quality.BAD),
        (0xC0000000, Quality.BAD),  # reserved severity
    ],
)
def test_status_codes_are_kept_as_quality(status, quality):
    assert quality_of(ua.StatusCode(status)) == quality


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (12.5, 12.5),
        (7, 7.0),
        (True, 1.0),
        (ua.Variant(2**40, ua.VariantType.Int64), float(2**40)),
    ],
)
def test_numbers_of_every_type_are_read(value, number):
    assert reading_of(sent(value), channel()) == (number, Quality.GOOD)


@pytest.mark.parametrize("value", ["open", math.nan, math.inf, ua.Variant([1.0, 2.0]), ua.Variant()])
def test_what_is_no_number_is_kept_as_a_bad_reading(value):
    found, quality = reading_of(sent(value), channel())
    assert math.isnan(found) and quality == Quality.BAD


def test_scale_offset_and_bounds_are_the_channel_s():
    assert reading_of(sent(500.0), channel(scale=0.001, offset=1.0)) == (1.5, Quality.GOOD)
    assert reading_of(sent(500.0), channel(high=100.0)) == (500.0, Quality.BAD)


def test_a_bad_status_keeps_the_value_that_came_with_it():
    assert reading_of(sent(7.0, ua.StatusCodes.BadSensorFailure), channel()) == (7.0, Quality.BAD)


@pytest.mark.parametrize(
    ("stamps", "at_us"),
    [
        ({"SourceTimestamp": NOON, "ServerTimestamp": NOON + timedelta(seconds=3)}, NOON_US),
        ({"ServerTimestamp": NOON + timedelta(seconds=3)}, NOON_US + 3_000_000),
        ({"SourceTimestamp": NEVER, "ServerTimestamp": NOON}, NOON_US),
        ({}, NOW_US),
    ],
)
def test_the_source_s_instant_counts_then_the_server_s_then_now(stamps, at_us):
    assert measured_at_us(sent(1.0, **stamps), now_us=NOW_US) == at_us


def test_a_value_read_again_counts_when_the_server_vouches_for_it():
    value = sent(1.0, SourceTimestamp=NOON - timedelta(days=400), ServerTimestamp=NOON)
    assert known_at_us(value, now_us=NOW_US) == NOON_US
