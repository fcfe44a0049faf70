"""Amounts of a period beside those of the one before: compared is only what was counted throughout both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

THROUGHOUT = 0.95
"""A meter counts in a comparison from this share of both periods on; what lacks more would look like a change."""
MOSTLY = 0.9
"""Meters together are compared where those that count in both periods are this share of what all of them counted."""


@dataclass(frozen=True)
class Comparison:
    """Two amounts of the same meters; is_incomplete: too few of them counted before, so there are none."""

    now: float | None = None
    before: float | None = None
    is_incomplete: bool = False


@dataclass(frozen=True)
class Sums:
    """What meters counted in a period, and in the one it is compared with, where they did so throughout both.

    partly: meters that counted in a part of either period only
    """

    now: Mapping[UUID, float]
    before: Mapping[UUID, float]
    partly: frozenset[UUID] = frozenset()

    def amount(self, points: Sequence[Any]) -> float | None:
        """Return what meters counted together; None where none of them counted."""
        known = [self.now[point.id] for point in points if point.id in self.now]
        return sum(known) if known else None

    def compared(self, points: Sequence[Any]) -> Comparison:
        """Return what those of the meters counted that did so throughout both periods."""
        both = self.in_both(points)
        if both:
            return Comparison(self.amount(both), sum(self.before[point.id] for point in both))
        return Comparison(is_incomplete=any(point.id in self.partly for point in points))

    def in_both(self, points: Sequence[Any]) -> list[Any]:
        """Return the meters to compare: those that counted throughout, none where others counted more than a bit."""
        both = [point for point in points if point.id in self.before]
        whole, compared = self.amount(points) or 0.0, self.amount(both) or 0.0
        return both if compared >= MOSTLY * whole else []


def sums(now: Mapping[UUID, Any], before: Mapping[UUID, Any]) -> Sums:
    """Put two periods' amounts (with the share they cover) beside each other."""
    both = {id_ for id_ in now.keys() & before.keys() if min(now[id_].share, before[id_].share) >= THROUGHOUT}
    return Sums(
        {id_: one.amount for id_, one in now.items()},
        {id_: before[id_].amount for id_ in both},
        frozenset(before.keys() - both),
    )
