"""Batches of readings as parallel arrays, and the journal bytes that followers read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from backend.kernel.errors import Refused

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Shorts = NDArray[np.int16]

EARLIEST_US = 631_152_000_000_000  # 1990-01-01
LATEST_US = 4_102_444_800_000_000  # 2100-01-01


class Quality(IntEnum):
    """How far a reading can be trusted. All but BAD may enter amounts."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2
    SUBSTITUTED = 3
    MANUAL = 4


@dataclass(frozen=True)
class ReadingBatch:
    """Readings of any points in any order, as parallel arrays of one length.

    point_key: int64; read_at_us: int64 [microseconds since 1970, UTC]
    value: float64 [unit of the point], NaN where the source sent none; quality: int16 (see Quality)
    """

    point_key: Ints
    read_at_us: Ints
    value: Floats
    quality: Shorts

    def __post_init__(self) -> None:
        kinds = {"point_key": np.int64, "read_at_us": np.int64, "value": np.float64, "quality": np.int16}
        for name, kind in kinds.items():
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=kind))
        lengths = {len(getattr(self, name)) for name in kinds}
        if len(lengths) != 1:
            raise Refused("the arrays of a batch differ in length", field="batch", value=sorted(lengths))
        if len(self) and not (self.read_at_us.min() >= EARLIEST_US and self.read_at_us.max() < LATEST_US):
            raise Refused(
                "a reading lies outside the years 1990 to 2099",
                field="read_at",
                remedy="check the device's clock and the unit of its time stamp",
            )

    def __len__(self) -> int:
        return len(self.point_key)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> ReadingBatch:
        """Return the readings chosen by a mask or by positions."""
        return ReadingBatch(
            self.point_key[chosen], self.read_at_us[chosen], self.value[chosen], self.quality[chosen]
        )


def join(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """Return one batch holding all of `batches`, in their order."""
    return ReadingBatch(
        np.concatenate([b.point_key for b in batches]),
        np.concatenate([b.read_at_us for b in batches]),
        np.concatenate([b.value for b in batches]),
        np.concatenate([b.quality for b in batches]),
    )


def passes(batch: ReadingBatch) -> Iterator[ReadingBatch]:
    """Yield the batch sorted by (point, instant), each key once per pass.

    An instant that comes twice with the same content is said once; with another content it
    waits for the next pass, where it becomes the next revision.
    """
    order = np.lexsort((batch.read_at_us, batch.point_key))
    rest = batch.take(order)
    while len(rest):
        same = np.zeros(len(rest), dtype=bool)
        same[1:] = (rest.point_key[1:] == rest.point_key[:-1]) & (rest.read_at_us[1:] == rest.read_at_us[:-1])
        if not same.any():
            yield rest
            return
        first = rest.take(~same)
        yield first
        owner = np.cumsum(~same)[same] - 1
        again = rest.take(same)
        alike = (
            np.equal(again.value, first.value[owner]) | (np.isnan(again.value) & np.isnan(first.value[owner]))
        ) & (again.quality == first.quality[owner])
        rest = again.take(~alike)


@dataclass(frozen=True)
class Spans:
    """Stretches of time in which points got new readings: parallel arrays.

    point_key, first_us, last_us (both included), count of readings in between
    """

    point_key: Ints
    first_us: Ints
    last_us: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.point_key)


BREAK_US = 6 * 3600 * 1_000_000
"""Readings of a point further apart than this start a new span, so that one late reading stays small."""


def spans_of(batch: ReadingBatch) -> Spans:
    """Return the stretches a batch, sorted by (point, instant), touches."""
    if not len(batch):
        empty = np.empty(0, dtype=np.int64)
        return Spans(empty, empty, empty, empty)
    starts = np.ones(len(batch), dtype=bool)
    starts[1:] = (batch.point_key[1:] != batch.point_key[:-1]) | (np.diff(batch.read_at_us) > BREAK_US)
    at = np.flatnonzero(starts)
    last = np.append(at[1:], len(batch)) - 1
    return Spans(batch.point_key[at], batch.read_at_us[at], batch.read_at_us[last], last - at + 1)


def pack(batch: ReadingBatch) -> bytes:
    """Return the batch as journal bytes: int64 count, then its arrays, little endian."""
    arrays = (batch.point_key, batch.read_at_us, batch.value, batch.quality)
    return np.int64(len(batch)).tobytes() + b"".join(a.tobytes() for a in arrays)


def unpack(journal: bytes) -> ReadingBatch:
    """Read journal bytes back."""
    n = int(np.frombuffer(journal, np.int64, 1)[0])
    return ReadingBatch(
        np.frombuffer(journal, np.int64, n, 8),
        np.frombuffer(journal, np.int64, n, 8 + 8 * n),
        np.frombuffer(journal, np.float64, n, 8 + 16 * n),
        np.frombuffer(journal, np.int16, n, 8 + 24 * n),
    )


def pack_spans(spans: Spans) -> bytes:
    """Return spans as bytes: four int64 arrays one after another."""
    return b"".join(
        a.astype(np.int64).tobytes() for a in (spans.point_key, spans.first_us, spans.last_us, spans.count)
    )


def unpack_spans(raw: bytes) -> Spans:
    """Read spans back."""
    return Spans(*np.frombuffer(raw, np.int64).reshape(4, -1))
