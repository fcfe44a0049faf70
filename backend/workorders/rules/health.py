"""How a place's plant is: a number from what broke there within a year. Pure; no claim to foresee anything.

A year without a repair is 100. Each repair takes off by its priority (P1 25, P2 15, P3 8, P4 4), less the longer ago
it was (nothing after a year); each time it came back, or telemetry did not confirm it, takes off half as much again,
twice at most; each whole day the plant was down takes off 2, 20 at most. A pump with a P2 half a year ago
(15 x 0.5 = 7.5) and one closed today that came back once (15 x 1.5 = 22.5), down for 30 hours (2), stands at 68.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

YEAR = timedelta(days=365)
TAKES = {1: 25.0, 2: 15.0, 3: 8.0, 4: 4.0}
AGAIN = 0.5
A_DAY_DOWN, MOST_DOWN = 2.0, 20.0


@dataclass(frozen=True)
class Mended:
    """A repair that was closed. came_back: how often it was reopened or not confirmed; down: how long the plant was"""

    closed_at: datetime
    priority: int
    came_back: int = 0
    down: timedelta = timedelta(0)


@dataclass(frozen=True)
class Health:
    """0 (worst) to 100, and the counts and hours it rests on."""

    score: float
    because: dict[str, Any]


def health(repairs: Sequence[Mended], now: datetime) -> Health:
    """Return how a plant is by its repairs of the last year; older ones, and later ones, are left out."""
    recent = [one for one in repairs if timedelta(0) <= now - one.closed_at < YEAR]
    lost = sum(
        TAKES[one.priority] * (1 + AGAIN * min(one.came_back, 2)) * (1 - (now - one.closed_at) / YEAR)
        for one in recent
    )
    down = sum((one.down for one in recent), timedelta(0))
    lost += min(MOST_DOWN, A_DAY_DOWN * down.days)
    because = {
        "repairs": len(recent), "came_back": sum(one.came_back for one in recent),
        "down_h": round(down / timedelta(hours=1), 1),
    }  # fmt: skip
    return Health(round(max(0.0, 100.0 - lost), 1), because)
