"""How well a control room is served by its alarms: the measures of ISA-18.2 (clause 16) and EEMUA 191.

The targets are those usually quoted from the two; the standards themselves are to be consulted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
TEN_MINUTES_US = 600_000_000
MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
FLOOD_STARTS, FLOOD_ENDS = 10, 5
"""A flood begins with more than 10 alarms in ten minutes for an operator and ends with fewer than 5."""

CHATTER = 3
"""A rule chatters when it raises this often within a minute."""

FLEETING_US = 10_000_000
STALE_US = DAY_US


@dataclass(frozen=True)
class Annunciations:
    """Alarms as they sounded, ascending in time: parallel arrays.

    at_us; rule (any integer that names it); priority 1..4
    ended_us: when it returned or was closed; a far future where it has not
    acknowledged_us: likewise
    """

    at_us: Ints
    rule: Ints
    priority: Ints
    ended_us: Ints
    acknowledged_us: Ints

    def __len__(self) -> int:
        return len(self.at_us)


OPEN_US = np.int64(np.iinfo(np.int64).max)
"""Stands for 'not yet'."""


@dataclass(frozen=True)
class Measure:
    """One figure beside its target. value: None where nothing made one yet. is_met: None where there is no target."""

    name: str
    value: float | None
    target: float | None
    is_met: bool | None


@dataclass(frozen=True)
class Flood:
    """A stretch in which more alarms came than an operator can take [µs]."""

    start_us: int
    end_us: int
    count: int


@dataclass(frozen=True)
class TopRule:
    """A rule with how often it sounded and its share of all."""

    rule: int
    count: int
    share: float


@dataclass(frozen=True)
class Assessment:
    """Everything the page shows. by_day: alarms in each 24 h from the start."""

    total: int
    measures: Sequence[Measure]
    by_priority: dict[int, int]
    by_day: Ints
    top: Sequence[TopRule]
    floods: Sequence[Flood]
    chattering: Sequence[int]
    stale: Sequence[int]


def assess(alarms: Annunciations, *, start_us: int, end_us: int, operators: int, top: int = 10) -> Assessment:
    """Judge the alarms of [start, end) as `operators` shared them (evenly)."""
    slots = max(1, -(-(end_us - start_us) // TEN_MINUTES_US))
    counts = np.bincount((alarms.at_us - start_us) // TEN_MINUTES_US, minlength=slots)
    floods = _floods(counts, start_us, operators)
    ranked = _ranked(alarms.rule, top)
    chattering = _chattering(alarms)
    lasted_us = np.minimum(alarms.ended_us, end_us) - alarms.at_us
    fleeting = int(((lasted_us < FLEETING_US) & (alarms.ended_us < end_us)).sum())
    is_stale = lasted_us > STALE_US
    by_priority = {p: int((alarms.priority == p).sum()) for p in (1, 2, 3, 4)}
    flooded = sum(flood.end_us - flood.start_us for flood in floods) / (slots * TEN_MINUTES_US)
    total = len(alarms)
    days = max((end_us - start_us) / DAY_US, 1 / 24)
    measures = [
        _most("alarms a day and operator", total / days / operators, 150.0),
        _most("alarms an hour and operator", total / days / 24 / operators, 6.0),
        _most("alarms in ten minutes and operator", total / slots / operators, 1.0),
        _most("most alarms in ten minutes and operator", float(counts.max()) / operators, 10.0),
        _most("time in flood [share]", flooded, 0.01),
        _most("load of the ten most frequent rules [share]", sum(one.share for one in ranked), 0.05),
        _most("chattering rules", float(len(chattering)), 0.0),
        _most("fleeting alarms", float(fleeting), 0.0),
        _most("stale alarms a day", float(is_stale.sum()) / days, 5.0),
        _most("priority 1 [share]", by_priority[1] / max(total, 1), 0.05),
        _most("priority 2 [share]", by_priority[2] / max(total, 1), 0.15),
        Measure("seconds until acknowledged (median)", _until_acknowledged(alarms), None, None),
    ]
    by_day = np.bincount((alarms.at_us - start_us) // DAY_US, minlength=-(-(end_us - start_us) // DAY_US))
    stale = [int(rule) for rule in np.unique(alarms.rule[is_stale])]
    return Assessment(total, measures, by_priority, by_day, ranked, floods, chattering, stale)


def _most(name: str, value: float, target: float) -> Measure:
    return Measure(name, value, target, value <= target)


def _floods(counts: Ints, start_us: int, operators: int) -> list[Flood]:
    floods: list[Flood] = []
    begun: int | None = None
    for i, count in enumerate([*counts.tolist(), 0]):
        each = count / operators
        if begun is None and each > FLOOD_STARTS:
            begun = i
        elif begun is not None and each < FLOOD_ENDS:
            start = start_us + begun * TEN_MINUTES_US
            floods.append(Flood(start, start_us + i * TEN_MINUTES_US, int(counts[begun:i].sum())))
            begun = None
    return floods


def _ranked(rule: Ints, top: int) -> list[TopRule]:
    rules, counts = np.unique(rule, return_counts=True)
    order = np.lexsort((rules, -counts))[:top]
    return [TopRule(int(rules[i]), int(counts[i]), float(counts[i] / len(rule))) for i in order]


def _chattering(alarms: Annunciations) -> list[int]:
    order = np.lexsort((alarms.at_us, alarms.rule))
    rule, at_us = alarms.rule[order], alarms.at_us[order]
    again = CHATTER - 1
    fast = (rule[again:] == rule[:-again]) & (at_us[again:] - at_us[:-again] <= MINUTE_US)
    return [int(one) for one in np.unique(rule[again:][fast])]


def _until_acknowledged(alarms: Annunciations) -> float | None:
    done = alarms.acknowledged_us != OPEN_US
    waited = (alarms.acknowledged_us - alarms.at_us)[done]
    return float(np.median(waited)) / 1e6 if len(waited) else None
