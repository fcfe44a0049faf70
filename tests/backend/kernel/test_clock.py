"""A clock that was moved comes back, in whatever order those who moved it end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backend.kernel import clock

NEAR = timedelta(seconds=30)


def ahead() -> timedelta:
    return clock.now() - datetime.now(UTC)


def test_blocks_that_end_out_of_order_leave_nothing_behind():
    first, second = clock.shifted(timedelta(days=3)), clock.shifted(timedelta(days=-40))
    first.__enter__()
    second.__enter__()
    assert abs(ahead() + timedelta(days=37)) < NEAR
    first.__exit__(None, None, None)
    assert abs(ahead() + timedelta(days=40)) < NEAR
    second.__exit__(None, None, None)
    assert abs(ahead()) < NEAR
