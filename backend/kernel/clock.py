"""The only clock. Everything that asks for the time asks here, so that tests and demonstrations can move it.

A process that is started with `ENERFIELD_CLOCK_OFFSET_S` in its environment lives that many seconds ahead of
the machine (behind it, when negative), from its first instant to its last: for showing what happens days
later. Leave it unset everywhere else. Within a process that runs already, `shifted` moves the clock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

OFFSET = "ENERFIELD_CLOCK_OFFSET_S"

_offset = timedelta(seconds=float(os.environ.get(OFFSET) or 0))


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC) + _offset


def now_us() -> int:
    """Return the present instant [microseconds since the Unix epoch]."""
    return to_us(now())


def to_us(instant: datetime) -> int:
    """Convert an aware instant to microseconds since the Unix epoch, exactly."""
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_us(instant_us: int) -> datetime:
    """Convert microseconds since the Unix epoch to an aware UTC instant."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(instant_us))


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Move this process's clock by `by` while the block runs."""
    global _offset
    _offset += by
    try:
        yield
    finally:
        _offset -= by  # not what was before: blocks of several threads may end in any order
