"""The only clock. Everything that asks for the time asks here, so that tests can move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


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
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before
