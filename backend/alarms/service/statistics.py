"""The self-assessment of a control room's alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from backend.alarms.queries import statistics as queries
from backend.alarms.rules import statistics as rules
from backend.alarms.rules.statistics import Measure
from backend.kernel import clock
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class NamedRule:
    """A rule as the assessment names it; count and share: how often it sounded."""

    rule_id: UUID
    name: str
    name_zh: str | None
    place: str
    place_zh: str | None
    count: int
    share: float


@dataclass(frozen=True)
class FloodOfAlarms:
    """A flood: from, to, how many alarms."""

    start: datetime
    end: datetime
    count: int


@dataclass(frozen=True)
class AlarmStatistics:
    """What happened in [start, end), beside the targets of ISA-18.2 and EEMUA 191."""

    start: datetime
    end: datetime
    operators: int
    total: int
    measures: Sequence[Measure]
    by_priority: dict[int, int]
    by_day: Sequence[int]
    top: Sequence[NamedRule]
    floods: Sequence[FloodOfAlarms]
    chattering: Sequence[NamedRule]
    stale: Sequence[NamedRule]


def statistics(
    session: Session, scope: Scope, *, start: datetime, end: datetime, organisation_id: UUID | None = None,
    operators: int = 1,
) -> AlarmStatistics:  # fmt: skip
    """Assess the alarms that sounded in [start, end) and were shared by so many operators."""
    if not start < end <= start + LONGEST:
        raise Refused("a period of up to a year is assessed", field="end", value=end.isoformat())
    if operators < 1:
        raise Refused("at least one operator", field="operators", value=operators)
    rows = queries.annunciations(session, scope, start=start, end=end, organisation_id=organisation_id)
    told = rules.Annunciations(
        _instants([row.at for row in rows]),
        np.array([row.key for row in rows], dtype=np.int64),
        np.array([row.priority for row in rows], dtype=np.int64),
        _instants([row.ended_at for row in rows]),
        _instants([row.acknowledged_at for row in rows]),
    )
    found = rules.assess(told, start_us=clock.to_us(start), end_us=clock.to_us(end), operators=operators)
    counts = {one.rule: (one.count, one.share) for one in found.top}
    keys = {*counts, *found.chattering, *found.stale}
    names = queries.named(session, scope, keys) if keys else {}

    def named(some: Sequence[int]) -> list[NamedRule]:
        return [
            NamedRule(row.id, row.name, row.name_zh, row.place, row.place_zh, *counts.get(key, (0, 0.0)))
            for key in some
            if (row := names.get(key)) is not None
        ]

    return AlarmStatistics(
        start, end, operators, found.total, found.measures, found.by_priority, found.by_day.tolist(),
        named([one.rule for one in found.top]),
        [FloodOfAlarms(clock.from_us(f.start_us), clock.from_us(f.end_us), f.count) for f in found.floods],
        named(found.chattering), named(found.stale),
    )  # fmt: skip


def _instants(some: Sequence[datetime | None]) -> rules.Ints:
    return np.array([rules.OPEN_US if at is None else clock.to_us(at) for at in some], dtype=np.int64)
