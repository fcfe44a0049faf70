"""Latches: a level that goes on when a signal stays beyond its limit, and off when it stays back.

A signal keeps its last value until the next one. A latch that is off goes on once the signal has been at
or beyond `limit` for the on-delay without a break; one that is on goes off once the signal has been past
`reset` (the limit less the deadband) for the off-delay. Between `reset` and `limit`, and where the signal
is unknown (NaN), nothing begins and what was pending is dropped. The outcome depends on the signals and
their instants only, never on how they were cut into batches: that is what lets a delay end between two
readings, within a batch, or on the ticker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.int8]

NEVER = np.int64(np.iinfo(np.int64).min)
SET, HOLD, RESET = 1, 0, -1


@dataclass(frozen=True)
class Latches:
    """Parallel arrays, one entry a latch, grouped by rule: owner, scale, limits and delays [µs]."""

    rule: Ints
    code: Bytes
    sign: Floats
    limit: Floats
    reset: Floats
    on_delay_us: Ints
    off_delay_us: Ints

    def __len__(self) -> int:
        return len(self.rule)

    def judge(self, latch: Ints, signal: Floats) -> Bytes:
        """Tell for each (latch, signal) whether it sets, resets or neither."""
        beyond = (signal - self.limit[latch]) * self.sign[latch] >= 0
        back = (signal - self.reset[latch]) * self.sign[latch] < 0
        return beyond.astype(np.int8) - back.astype(np.int8)


@dataclass
class LatchMemory:
    """What latches remember: whether on, since when [µs], and since when the other way is pending."""

    is_on: Bools
    since_us: Ints
    pending_us: Ints

    @classmethod
    def blank(cls, count: int) -> LatchMemory:
        """Latches that never saw anything."""
        return cls(np.zeros(count, bool), np.full(count, NEVER), np.full(count, NEVER))

    def copy(self) -> LatchMemory:
        """Return an independent copy."""
        return LatchMemory(self.is_on.copy(), self.since_us.copy(), self.pending_us.copy())


@dataclass(frozen=True)
class Transitions:
    """Latches that went on or off, and when [µs]."""

    latch: Ints
    at_us: Ints
    is_on: Bools

    def __len__(self) -> int:
        return len(self.latch)


def run(latches: Latches, memory: LatchMemory, latch: Ints, at_us: Ints, judged: Bytes) -> Transitions:
    """Feed judged signals, sorted by (latch, instant), and return what went on or off.

    Runs of the same judgement count once; what is left is fed in rounds, the k-th of every latch together.
    """
    if not len(latch):
        return _none()
    fresh = np.ones(len(latch), dtype=bool)
    is_first = np.r_[True, latch[1:] != latch[:-1]]
    end = np.append(np.flatnonzero(is_first)[1:], len(latch)) - 1
    last, last_us = latch[end], at_us[end]
    fresh[1:] = is_first[1:] | (judged[1:] != judged[:-1])
    latch, at_us, judged, is_first = latch[fresh], at_us[fresh], judged[fresh], is_first[fresh]
    start = np.flatnonzero(is_first)
    rank = np.arange(len(latch)) - np.repeat(start, np.diff(np.append(start, len(latch))))
    by_rank = np.argsort(rank, kind="stable")
    found: list[Transitions] = []
    for chosen in np.split(by_rank, np.flatnonzero(np.diff(rank[by_rank])) + 1):
        found += _feed(latches, memory, latch[chosen], at_us[chosen], judged[chosen])
    return _joined([*found, _fire(latches, memory, last, last_us)])


def expire(latches: Latches, memory: LatchMemory, now_us: int) -> Transitions:
    """End every delay that is over by now."""
    waiting = np.flatnonzero(memory.pending_us != NEVER)
    return _fire(latches, memory, waiting, np.full(len(waiting), now_us))


def _feed(
    latches: Latches, memory: LatchMemory, latch: Ints, at_us: Ints, judged: Bytes
) -> list[Transitions]:
    before = _fire(latches, memory, latch, at_us)
    wanted = np.where(memory.is_on[latch], RESET, SET)
    pending = memory.pending_us[latch]
    begun = np.where(pending == NEVER, at_us, pending)
    memory.pending_us[latch] = np.where(judged == wanted, begun, NEVER)
    return [before, _fire(latches, memory, latch, at_us)]


def _fire(latches: Latches, memory: LatchMemory, latch: Ints, until_us: Ints) -> Transitions:
    pending = memory.pending_us[latch]
    delay = np.where(memory.is_on[latch], latches.off_delay_us[latch], latches.on_delay_us[latch])
    due = (pending != NEVER) & (pending <= until_us - delay)
    latch, at_us = latch[due], (pending + np.where(pending == NEVER, 0, delay))[due]
    memory.is_on[latch] = ~memory.is_on[latch]
    memory.since_us[latch] = at_us
    memory.pending_us[latch] = NEVER
    return Transitions(latch, at_us, memory.is_on[latch])


def _none() -> Transitions:
    empty = np.empty(0, dtype=np.int64)
    return Transitions(empty, empty, np.empty(0, dtype=bool))


def _joined(found: list[Transitions]) -> Transitions:
    return Transitions(
        np.concatenate([t.latch for t in found]),
        np.concatenate([t.at_us for t in found]),
        np.concatenate([t.is_on for t in found]),
    )


def joined(*found: Transitions) -> Transitions:
    """Return several lots of transitions as one."""
    return _joined(list(found))
