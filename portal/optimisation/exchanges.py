"""Who gives whom what and when: a picture of each line's flow, what goes through it each way, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from backend.kernel.periods import Period
from backend.optimisation.service.rounds import CoordinationRound
from portal import plots
from portal.optimisation.drawing import PER_H
from portal.optimisation.together_words import EXCHANGES, hours_said, sentence
from portal.plots import Series

STILL = 1e-6
"""What is sent below this is nothing [unit an hour]."""


def lines(kept: CoordinationRound, zone: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return each line through which something goes: amounts each way [unit], and its flow as a picture."""
    found = []
    hours = np.asarray(kept.hours, dtype=float)
    for one in kept.lines:
        sent = np.asarray(one["sent"], dtype=float)
        if np.abs(sent).max(initial=0.0) <= STILL:
            continue
        unit = one["unit"]
        found.append({
            "name": one["name"], "carrier": one["carrier"], "unit": unit,
            "one": names.get(one["one"], one["one"]), "other": names.get(one["other"], one["other"]),
            "given": float(np.clip(sent, 0, None) @ hours), "back": float(np.clip(-sent, 0, None) @ hours),
            "picture": _picture(kept, one["carrier"], sent.tolist(), PER_H.get(unit, f"{unit}/h"), zone),
        })  # fmt: skip
    return found


def idle(kept: CoordinationRound) -> list[str]:
    """Return the names of lines through which nothing goes."""
    return [
        one["name"] for one in kept.lines if max((abs(rate) for rate in one["sent"]), default=0.0) <= STILL
    ]


def stretches(kept: CoordinationRound, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return who gives whom what, over which hours, and why; as it was said when the round was made."""
    return [
        {name: one["values"][name] for name in ("carrier", "rate")}
        | {"hours": hours_said(one["values"]["hours"])}
        | {name: names.get(one["values"][name], one["values"][name]) for name in ("giver", "taker")}
        | {"why": sentence(one, names)}
        for one in kept.said
        if one["template"] in EXCHANGES
    ]  # fmt: skip


def _picture(kept: CoordinationRound, carrier: str, sent: list[float], per_h: str, zone: str) -> Any:
    corners: list[tuple[Any, float | None]] = []
    at = kept.starts_at
    for rate, hours in zip(sent, kept.hours, strict=True):
        until = at + timedelta(hours=hours)
        corners += [(at, rate), (until - timedelta(seconds=1), rate)]
        at = until
    period = Period(kept.starts_at.replace(minute=0), at)
    return plots.plot([Series("", carrier, corners)], per_h, period, zone, height=150.0, zero=True)
