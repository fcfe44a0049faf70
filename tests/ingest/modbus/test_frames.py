"""A reply is an answer only when everything about it fits the request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.modbus import frames
from ingest.modbus.frames import Answer, ReplyRefused, Request
from tests.ingest.modbus.lying import content, frame, honest

ASKED = Request(transaction=17, unit=3, function=3, address=0x48, count=4)


def reply(**changes) -> bytes:
    asked = {"transaction": 17, "unit": 3, "function": 3, "address": 0x48, "count": 4} | changes
    return honest(**asked)


def test_the_right_reply_is_taken():
    assert frames.answer(reply(), ASKED) == Answer(tuple(content(3, 0x48 + i) for i in range(4)))


@pytest.mark.parametrize("kept", range(17))
def test_a_reply_in_pieces_is_waited_for(kept):
    assert frames.answer(reply()[:kept], ASKED) is None


@pytest.mark.parametrize(
    ("received", "said"),
    [
        (reply(transaction=16), "another request"),
        (reply(transaction=0), "another request"),
        (reply(unit=4), "reply of unit 4"),
        (reply(function=4), "reply of function 4"),
        (reply(count=3), "8 expected"),
        (reply(count=5), "8 expected"),
        (frame(17, 3, bytes([3, 8, 1, 2, 3])), "3 sent"),
        (frame(17, 3, bytes([3, 7]) + bytes(8)), "7 bytes announced"),
        (frame(17, 3, bytes([0x83])), "not a Modbus TCP frame"),
        (frame(17, 3, bytes([0x83, 0])), "malformed exception"),
        (frame(17, 3, bytes([0x84, 2])), "reply of function 132"),
        (frame(17, 3, reply()[7:], protocol=1), "not a Modbus TCP frame"),
        (frame(17, 3, reply()[7:], length=0), "not a Modbus TCP frame"),
        (frame(17, 3, reply()[7:], length=1000), "not a Modbus TCP frame"),
    ],
)
def test_what_does_not_fit_is_refused(received, said):
    with pytest.raises(ReplyRefused, match=said):
        frames.answer(received, ASKED)


def test_bits_are_unpacked_from_the_least_significant():
    asked = Request(1, 1, 1, 0, 10)
    assert frames.answer(frame(1, 1, bytes([1, 2, 0b1000_0101, 0b10])), asked) == Answer(
        (1, 0, 1, 0, 0, 0, 0, 1, 0, 1)
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (2, "illegal data address 0x0048 at unit 3"),
        (1, "illegal function 3 at unit 3"),
        (6, "device busy at unit 3"),
        (11, "gateway target device failed to respond at unit 3"),
        (77, "exception 77 at unit 3"),
    ],
)
def test_an_exception_is_said_in_words(code, said):
    found = frames.answer(frame(17, 3, bytes([0x83, code])), ASKED)
    assert found == Answer(exception=code)
    assert found.in_words(ASKED) == said


@given(st.binary(max_size=300))
def test_whatever_comes_is_taken_waited_for_or_refused(received):
    try:
        found = frames.answer(received, ASKED)
    except ReplyRefused:
        return
    if found is not None and not found.exception:
        assert received[:2] == b"\x00\x11" and received[6] == 3 and received[7] == 3 and len(found.words) == 4


def test_a_request_is_read_back_from_the_wire():
    assert frames.sent(bytes.fromhex("0011000000060303004800 04".replace(" ", ""))) == ASKED
