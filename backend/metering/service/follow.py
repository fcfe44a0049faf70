"""Follow the journal and keep amounts right: intervals, roll-ups and hourly statistics.

Whatever order readings come in, late, doubled or revised, the stretch they touch is made again
from what is stored, so that the outcome depends only on the readings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.kernel.units import PointKind
from backend.metering import queries, rules
from backend.metering.queries import CountedPoint, Stretches
from backend.metering.rules import Amounts, HourStatistics, RegisterMeter, Spans
from backend.metering.service import amounts, journal
from backend.metering.service.store import REMADE

Ints = NDArray[np.int64]
NAME = "roll_ups"
MOST_READINGS = 400_000
"""Readings made up in one go: bounds memory, and how long a live reading waits behind an import."""


@dataclass
class RollUpFollower:
    """Makes amounts of what the journal says has changed. One at a time works, under a lease.

    points: how each point counts; settled: how far each is made. Both are read again
    after `forget` (another worker may have gone on meanwhile, or a point was added or changed).
    """

    points: dict[int, CountedPoint] = field(default_factory=dict)
    settled: dict[int, Made] = field(default_factory=dict)

    def forget(self) -> None:
        """Read points and progress again at the next step."""
        self.points, self.settled = {}, {}

    def step(self, session: Session, scope: Scope) -> int:
        """Take the next batches in the caller's transaction; return how many were taken (0: none left)."""
        after = journal.cursor(session, scope, NAME)
        batches = journal.read(session, scope, after, limit=500, readings=False)
        taken, spans, weight = 0, [], 0
        for batch in batches:
            taken += 1
            if batch.source == REMADE:
                self.forget()
            if batch.spans is not None:
                spans.append(batch.spans)
                weight += int(batch.spans.count.sum())
            if weight >= MOST_READINGS:
                break
        if spans:
            self.make(session, scope, _merged(spans))
        if taken:
            journal.move_cursor(session, scope, NAME, batches[taken - 1].sequence)
        return taken

    def make(self, session: Session, scope: Scope, spans: Spans) -> None:
        """Make again all amounts and statistics that readings in these spans can have changed."""
        if not self.points or not set(spans.point_key.tolist()) <= self.points.keys():
            self.points = queries.counted_points(session, scope)
            made = queries.settled_until(session, scope)
            self.settled = {
                key: Made(until, newest, is_confirmed=False) for key, (until, newest) in made.items()
            }
        jobs = [job for i in range(len(spans)) if (job := self._job(spans, i)) is not None]
        by_kind = {
            PointKind.REGISTER: self._make_registers,
            PointKind.INTERVAL: self._make_intervals,
            PointKind.INSTANT: self._make_statistics,
            PointKind.STATE: self._make_statistics,
        }
        for kind in PointKind:
            chosen = [job for job in jobs if job.point.kind is kind]
            for chunk in _chunks(chosen):
                by_kind[kind](session, scope, chunk)

    def _job(self, spans: Spans, i: int) -> _Job | None:
        """Turn a span into the stretch to be made again, or None while its interval is still open."""
        point = self.points.get(int(spans.point_key[i]))
        if point is None:
            return None
        first, last = int(spans.first_us[i]), int(spans.last_us[i])
        made = self.settled.get(point.key)
        length = point.length_us if point.kind is PointKind.REGISTER else rules.HOUR_US
        if point.kind is not PointKind.INTERVAL and made is not None and first > made.newest_us:
            if rules.floor_to(last, length) <= made.until_us and made.is_confirmed:
                return None
            first = min(made.until_us, made.newest_us)
        return _Job(point, first, last, int(spans.count[i]))

    def _make_registers(self, session: Session, scope: Scope, jobs: list[_Job]) -> None:
        low, high, job, at_us, value = queries.readings_around(session, scope, _stretches(jobs))
        made: list[tuple[CountedPoint, Amounts]] = []
        ends: list[_End] = []
        edge = np.searchsorted(job, np.arange(len(jobs) + 1))
        for i, one in enumerate(jobs):
            part = slice(edge[i], edge[i + 1])
            at, register = at_us[part], value[part]
            if not len(at):
                continue
            meter = RegisterMeter(one.point.length_us, one.point.quanta, one.point.dial, one.point.events)
            amounts_of = rules.register_amounts(at, register, meter, int(low[i]), int(high[i]))
            made.append((one.point, amounts_of))
            if len(amounts_of):
                end = int(amounts_of.start_us[-1]) + one.point.length_us
                is_confirmed = int((at >= end).sum()) >= 2
                ends.append(
                    _End(
                        one.point.key,
                        Made(end, int(at[-1]), is_confirmed),
                        float(np.interp(end, at, register)),
                    )
                )
        self._write(session, scope, made, ends)

    def _make_intervals(self, session: Session, scope: Scope, jobs: list[_Job]) -> None:
        job, at_us, value = queries.readings_within(session, scope, _stretches(jobs, after=1))
        made: list[tuple[CountedPoint, Amounts]] = []
        ends: list[_End] = []
        edge = np.searchsorted(job, np.arange(len(jobs) + 1))
        for i, one in enumerate(jobs):
            part = slice(edge[i], edge[i + 1])
            found = rules.interval_amounts(
                at_us[part], value[part], quanta=one.point.quanta, length_us=one.point.length_us
            )
            made.append((one.point, found))
            if len(found):
                end = int(found.start_us[-1]) + one.point.length_us
                ends.append(_End(one.point.key, Made(end, end, is_confirmed=True)))
        self._write(session, scope, made, ends)

    def _make_statistics(self, session: Session, scope: Scope, jobs: list[_Job]) -> None:
        hours = []
        for one in jobs:
            made = self.settled.get(one.point.key)
            is_late = made is not None and one.last_us < made.until_us
            stop = rules.floor_to(one.last_us, rules.HOUR_US) + (rules.HOUR_US if is_late else 0)
            start = rules.floor_to(one.first_us, rules.HOUR_US)
            if stop > start:
                hours.append(_Job(one.point, start, stop - 1, one.count))
        if not hours:
            return
        job, at_us, value = queries.readings_within(session, scope, _stretches(hours, after=1))
        keys = np.array([one.point.key for one in hours], dtype=np.int64)[job]
        edge = np.searchsorted(job, np.arange(len(hours) + 1))
        parts = [rules.hour_statistics(at_us[a:b], value[a:b]) for a, b in zip(edge, edge[1:], strict=False)]
        owner = np.repeat(
            keys[edge[:-1][edge[1:] > edge[:-1]]], [len(p.start_us) for p in parts if len(p.start_us)]
        )
        names = HourStatistics.__dataclass_fields__
        joined = HourStatistics(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})
        order = _each_once(owner, joined.start_us)
        owner, joined = owner[order], HourStatistics(**{name: getattr(joined, name)[order] for name in names})
        amounts.write_statistics(session, scope, point_key=owner, hours=joined)
        stops = [_End(one.point.key, Made(one.last_us + 1, one.last_us, is_confirmed=True)) for one in hours]
        self._settle(session, scope, stops)

    def _write(
        self,
        session: Session,
        scope: Scope,
        made: list[tuple[CountedPoint, Amounts]],
        ends: list[_End],
    ) -> None:
        made = [(point, found) for point, found in made if len(found)]
        if made:
            counts = [len(found) for _, found in made]
            zones: dict[str, list[int]] = {}
            for point, _ in made:
                zones.setdefault(point.zone, []).append(point.key)
            rows = _unique_rows(made, counts)
            amounts.write_intervals(
                session, scope, **rows, zones={zone: np.unique(keys) for zone, keys in zones.items()}
            )
        self._settle(session, scope, ends)

    def _settle(self, session: Session, scope: Scope, ends: list[_End]) -> None:
        """Remember the furthest end of each point."""
        furthest: dict[int, _End] = {}
        for end in ends:
            before = furthest[end.key].made if end.key in furthest else self.settled.get(end.key)
            if before is None or end.made.until_us >= before.until_us:
                furthest[end.key] = end
        amounts.write_progress(
            session,
            scope,
            point_key=np.array(list(furthest), dtype=np.int64),
            until_us=np.array([end.made.until_us for end in furthest.values()], dtype=np.int64),
            newest_us=np.array([end.made.newest_us for end in furthest.values()], dtype=np.int64),
            value=np.array([end.register for end in furthest.values()], dtype=np.float64),
        )
        self.settled |= {key: end.made for key, end in furthest.items()}


@dataclass(frozen=True)
class Made:
    """How far a point's amounts are made.

    until_us: end of the last complete interval or hour; newest_us: newest reading they were made of
    is_confirmed: a second reading beyond that end has shown that the first was no glitch
    """

    until_us: int
    newest_us: int
    is_confirmed: bool


@dataclass(frozen=True)
class _End:
    """Where the making of a point ended; register there [unit], NaN for other kinds."""

    key: int
    made: Made
    register: float = float("nan")


@dataclass(frozen=True)
class _Job:
    """A stretch of one point to be made again: [first, last] µs, with about `count` readings."""

    point: CountedPoint
    first_us: int
    last_us: int
    count: int


def _merged(spans: list[Spans]) -> Spans:
    """Join spans of many batches; overlapping ones of a point become one."""
    key, first, last, count = (
        np.concatenate([getattr(s, name) for s in spans])
        for name in ("point_key", "first_us", "last_us", "count")
    )
    order = np.lexsort((first, key))
    key, first, last, count = key[order], first[order], last[order], count[order]
    fresh = np.ones(len(key), dtype=bool)
    fresh[1:] = (np.diff(key) != 0) | (first[1:] > last[:-1] + rules.HOUR_US)
    at = np.flatnonzero(fresh)
    return Spans(key[at], first[at], np.maximum.reduceat(last, at), np.add.reduceat(count, at))


def _stretches(jobs: list[_Job], *, after: int = 0) -> Stretches:
    """Return the jobs as arrays; their ends moved by `after` µs."""
    return Stretches(
        np.array([job.point.key for job in jobs], dtype=np.int64),
        np.array([job.first_us for job in jobs], dtype=np.int64),
        np.array([job.last_us + after for job in jobs], dtype=np.int64),
        np.array([job.point.length_us for job in jobs], dtype=np.int64),
    )


def _unique_rows(made: list[tuple[CountedPoint, Amounts]], counts: list[int]) -> dict[str, Ints]:
    """Return columns for writing; where two stretches of a point overlap, each start is written once."""
    key = np.repeat(np.array([point.key for point, _ in made], dtype=np.int64), counts)
    start = np.concatenate([found.start_us for _, found in made])
    order = _each_once(key, start)
    columns = {
        "point_key": key,
        "start_us": start,
        "minutes": np.repeat(np.array([point.length_us // 60_000_000 for point, _ in made]), counts),
        "method": np.concatenate([found.method for _, found in made]),
        "rule": np.concatenate([found.rule for _, found in made]),
        "amount": np.concatenate([found.amount for _, found in made]),
    }
    return {name: column[order] for name, column in columns.items()}


def _each_once(key: Ints, start: Ints) -> NDArray[np.intp]:
    """Return where each (point, start) stands first, in their order: stretches of a point may overlap."""
    order = np.lexsort((start, key))
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(key[order]) != 0) | (np.diff(start[order]) != 0)
    return order[is_first]


def _chunks(jobs: list[_Job]) -> list[list[_Job]]:
    """Cut jobs into lots of bounded weight."""
    lots: list[list[_Job]] = []
    weight = 0
    for job in jobs:
        if not lots or weight + job.count > MOST_READINGS:
            lots.append([])
            weight = 0
        lots[-1].append(job)
        weight += job.count
    return lots
