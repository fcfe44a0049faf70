"""Registers are asked for together, never where the device forbids it."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.modbus.planner import Block, Limits, Span, blocks, split


def span(key: int, first: int, count: int = 2, function: int = 3) -> Span:
    return Span(key, function, first, first + count - 1)


def ranges(found: list[Block]) -> list[tuple[int, int]]:
    return [(block.first, block.last) for block in found]


def test_neighbours_are_read_together():
    assert ranges(blocks([span(1, 0), span(2, 2), span(3, 4)], Limits())) == [(0, 5)]


def test_a_small_gap_is_read_in_vain_and_a_wide_one_is_not():
    spans = [span(1, 0), span(2, 12), span(3, 50)]
    assert ranges(blocks(spans, Limits(max_gap=16))) == [(0, 13), (50, 51)]


def test_a_request_never_exceeds_what_the_device_answers():
    spans = [span(i, 2 * i) for i in range(100)]
    assert all(block.count <= 80 for block in blocks(spans, Limits(max_registers=80)))


def test_forbidden_registers_are_never_touched():
    spans = [span(1, 0), span(2, 4), span(3, 8)]
    assert ranges(blocks(spans, Limits(unreadable=((2, 3),)))) == [(0, 1), (4, 9)]


def test_functions_are_not_mixed():
    assert ranges(blocks([span(1, 0), span(2, 2, function=4)], Limits())) == [(0, 1), (2, 3)]


def test_two_values_of_one_register_share_the_request():
    assert ranges(blocks([span(1, 7, 1), span(2, 7, 1)], Limits())) == [(7, 7)]


def test_a_refused_block_is_cut_at_its_widest_gap():
    [block] = blocks([span(1, 0), span(2, 2), span(3, 10), span(4, 12)], Limits())
    assert ranges(split(block)) == [(0, 3), (10, 13)]


def test_a_single_value_cannot_be_split():
    [block] = blocks([span(1, 0)], Limits())
    assert split(block) == [block]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from([1, 2, 4]), st.sampled_from([3, 4])), min_size=1),
    st.integers(4, 125),
    st.integers(0, 20),
    st.integers(0, 400),
)
def test_every_value_is_read_once_within_all_limits(wanted, most, gap, forbidden):
    spans = [span(key, *place) for key, place in enumerate(wanted)]
    spans = [s for s in spans if not s.first <= forbidden <= s.last]
    found = blocks(spans, Limits(most, gap, ((forbidden, forbidden),)))
    assert sorted(s.point_key for block in found for s in block.spans) == sorted(s.point_key for s in spans)
    for block in found:
        assert block.count <= most
        assert not block.first <= forbidden <= block.last
        assert all(block.first <= s.first and s.last <= block.last for s in block.spans)
