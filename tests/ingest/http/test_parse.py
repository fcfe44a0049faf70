"""A push's odd readings are refused one by one, whatever their neighbours are."""

from __future__ import annotations

from uuid import UUID

import pytest

from backend.kernel import clock
from ingest.http.parse import parse
from ingest.plan import Channel

CHANNEL = Channel(1, UUID(int=1), {"tag": "a"})
NOW_US = clock.now_us()
GOOD = {"tag": "a", "read_at": NOW_US // 1000, "value": 1}


@pytest.mark.parametrize(
    "odd",
    [
        {"read_at": 1e308}, {"read_at": 2**63}, {"read_at": -(2**63)}, {"read_at": []}, {"read_at": "x"},
        {"quality": []}, {"quality": {}}, {"value": "1"}, {"value": [1]}, {"tag": []},
    ],
)  # fmt: skip
def test_one_odd_reading_is_refused_and_the_next_one_taken(odd):
    push = parse([GOOD | odd, GOOD], {("tag", "a"): CHANNEL}, now_us=NOW_US)
    assert [refusal["index"] for refusal in push.refused] == [0]
    assert push.positions == [1]
