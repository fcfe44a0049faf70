"""How workers divide connections: evenly, completely, and without moving what need not move."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.shares import divide

ALL = frozenset(("modbus", "mqtt"))


def connections(count: int, protocol: str = "modbus") -> dict[UUID, str]:
    return {UUID(int=number): protocol for number in range(1, count + 1)}


def settle(wanted, workers, held):
    """Let the workers take turns until nothing moves; returns who holds what, and how many changed hands."""
    moves = 0
    for _ in range(20):
        before = dict(held)
        for me in workers:
            seen = {c: p for c, p in wanted.items() if p in workers[me]}
            shares = divide(seen, workers=workers, held=held, me=me)
            for connection in shares.give:
                del held[connection]
            for connection in shares.take:
                held.setdefault(connection, me)
                moves += 1
        if held == before:
            return held, moves
    raise AssertionError("it never settles")


@pytest.mark.parametrize(
    ("count", "workers", "parts"),
    [
        (4, 1, [4]),
        (4, 2, [2, 2]),
        (5, 2, [2, 3]),
        (4, 3, [1, 1, 2]),
        (2, 3, [0, 1, 1]),
        (1, 2, [0, 1]),
        (0, 2, [0, 0]),
    ],
)
def test_every_worker_comes_to_an_equal_share(count, workers, parts):
    names = [f"w{n}" for n in range(workers)]
    held, _ = settle(connections(count), dict.fromkeys(names, ALL), {})
    assert sorted(list(held.values()).count(name) for name in names) == parts


def test_a_worker_that_comes_takes_only_its_share_and_one_that_goes_moves_only_its_own():
    wanted = connections(6)
    held, _ = settle(wanted, {"a": ALL}, {})
    held, moves = settle(wanted, {"a": ALL, "b": ALL}, held)
    assert moves == 3
    held, moves = settle(wanted, dict.fromkeys("abc", ALL), dict(held))
    assert moves == 2
    held, _ = settle(wanted, {"a": ALL, "b": ALL}, {c: h for c, h in held.items() if h != "c"})
    kept = {connection for connection, holder in held.items() if holder == "a"}
    held, moves = settle(wanted, {"a": ALL}, {c: h for c, h in held.items() if h == "a"})
    assert moves == 3
    assert kept < held.keys()


def test_what_only_one_worker_can_read_is_its_own_whatever_else_it_holds():
    wanted = connections(4) | {UUID(int=90): "mqtt", UUID(int=91): "mqtt"}
    workers = {"a": ALL, "b": frozenset(("modbus",))}
    held, _ = settle(wanted, workers, {})
    assert held[UUID(int=90)] == held[UUID(int=91)] == "a"
    assert list(held.values()).count("b") == 2


@given(
    st.dictionaries(st.uuids(), st.sampled_from(("modbus", "mqtt")), max_size=20),
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from((ALL, frozenset(("mqtt",)))),
        min_size=1,
        max_size=5,
    ),
)
def test_everything_somebody_can_read_is_read(wanted, workers):
    held, _ = settle(wanted, workers, {})
    readable = {c for c, protocol in wanted.items() if any(protocol in p for p in workers.values())}
    assert held.keys() == readable
