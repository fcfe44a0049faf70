"""What validation finds: parallel arrays of findings, and the words for one of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Check(IntEnum):
    """Which question a finding answers."""

    MISSING = 0
    DUPLICATE = 1
    SPIKE = 2
    NEGATIVE = 3
    HIGH = 4
    LOW = 5
    REGISTER = 6
    PARENT = 7
    DEAD = 8
    CLOCK = 9
    EXCHANGE = 10


class Severity(IntEnum):
    """How much a finding matters: note it, look at it, do not bill before it is settled."""

    NOTE = 0
    LOOK = 1
    HOLD = 2


@dataclass(frozen=True)
class Findings:
    """Findings as parallel arrays, sorted by owner and start.

    owner: whose (point key, or index of the caller's); [start_us, end_us): where
    check, severity: see `Check`, `Severity`; measured, limit: what was found and what was still allowed, in
    the check's own unit (see `words`)
    """

    owner: Ints
    start_us: Ints
    end_us: Ints
    check: NDArray[np.int16]
    severity: NDArray[np.int16]
    measured: Floats
    limit: Floats

    def __len__(self) -> int:
        return len(self.owner)


def findings(
    check: Check, severity: Severity | NDArray[np.bool_], where: tuple[Ints, Ints, Ints],
    measured: Floats | Ints | float, limit: Floats | Ints | float,
) -> Findings:  # fmt: skip
    """Return findings of one check. where: owner, start and end of each; severity: an array says which to hold."""
    owner, start_us, end_us = where
    count = len(owner)
    graded = severity if isinstance(severity, np.ndarray) else np.full(count, severity == Severity.HOLD)
    low = Severity.NOTE if severity is Severity.NOTE else Severity.LOOK
    return Findings(
        owner, start_us, end_us, np.full(count, check, np.int16),
        np.where(graded, Severity.HOLD, low).astype(np.int16),
        np.broadcast_to(np.asarray(measured, np.float64), count),
        np.broadcast_to(np.asarray(limit, np.float64), count),
    )  # fmt: skip


def chosen(found: Findings, which: NDArray[np.bool_]) -> Findings:
    """Return some of the findings."""
    return Findings(**{name: getattr(found, name)[which] for name in Findings.__dataclass_fields__})


def joined(lots: Sequence[Findings]) -> Findings:
    """Return all findings, sorted by owner, start and check."""
    names = list(Findings.__dataclass_fields__)
    if not lots:
        none = np.empty(0, np.int64)
        return findings(Check.MISSING, Severity.NOTE, (none, none, none), none, none)
    columns = {name: np.concatenate([getattr(one, name) for one in lots]) for name in names}
    order = np.lexsort((columns["check"], columns["start_us"], columns["owner"]))
    return Findings(**{name: column[order] for name, column in columns.items()})


_WORDS = {
    Check.MISSING: "{measured:g} intervals in a row were not read; up to {limit:g} pass",
    Check.DUPLICATE: "one instant was said twice, {measured:g} apart; {limit:g} is allowed",
    Check.SPIKE: "an interval is {measured:g} times the third highest of its day; up to {limit:g} pass",
    Check.NEGATIVE: "a reading of {measured:g} lies below {limit:g}",
    Check.HIGH: "a day of {measured:g} lies above {limit:g}, which its own history allows",
    Check.LOW: "a day of {measured:g} lies below {limit:g}, which its own history asks for",
    Check.REGISTER: "intervals and register differ by {measured:g}; {limit:g} is rounding",
    Check.PARENT: "sub-meters and their parent differ by {measured:g}; {limit:g} is allowed for",
    Check.DEAD: "nothing was counted for {measured:g} h; its own history knows up to {limit:g} h",
    Check.CLOCK: "the device's clock is {measured:g} s off; {limit:g} s pass",
    Check.EXCHANGE: "the register steps back by {measured:g} with no exchange or reset recorded",
}


def words(check: Check, measured: float, limit: float) -> str:
    """Say in a sentence what was found. Amounts are in quanta of the point unless the sentence names a unit."""
    return _WORDS[check].format(measured=measured, limit=limit)
