"""What field work asks of the outside world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from backend.workorders.rules.dispatch.travel import Matrix, Place
from backend.workorders.rules.dispatch.values import Problem, Proposal


class Planner(Protocol):
    """Proposes a day. Whatever it proposes keeps every rule of the validator."""

    def propose(self, problem: Problem) -> Proposal:
        """Return who goes where; raises FrozenDoesNotFit when accepted work cannot be kept."""


class Roads(Protocol):
    """Knows how long driving takes."""

    def matrix(self, places: Sequence[Place]) -> Matrix:
        """Return the seconds between all places, at `travel.REFERENCE_KMH` or as cars drive."""
