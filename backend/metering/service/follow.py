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
from backend.metering.queries import CountedPoint
from backend.metering.rules import Amounts, HourStatistics, RegisterMeter, Spans
from backend.metering.service import amounts, journal

Ints = NDArray[np.int64]
NAME = "roll_ups"
MOST_READINGS = 400_000
"""Readings made up in one go: bounds memory, and how long a live reading waits behind an import."""

CONTEXT = 3
"""Readings fetched beyond a stretch, so that a glitch at its edge is judged by its neighbours."""


@dataclass
class RollUpFollower:
    """Makes amounts of what the journal says has changed. One at a time works, under a lease.

    points: how each point counts; settled: up to where each is made [µs]. Both are read again
    after `forget` (another worker may have gone on meanwhile, or a point was added or changed).
    """

    points: dict[int, CountedPoint] = field(default_factory=dict)
    settled: dict[int, int] = field(default_factory=dict)

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
            self.settled = queries.settled_until(session, scope)
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
        settled = self.settled.get(point.key)
        length = point.length_us if point.kind is PointKind.REGISTER else rules.HOUR_US
        if point.kind is not PointKind.INTERVAL and settled is not None and first >= settled:
            if rules.floor_to(last, length) <= settled:
                return None
            first = settled
        return _Job(point, first, last, int(spans.count[i]))

    def _make_registers(self, session: Session, scope: Scope, jobs: list[_Job]) -> None:
        job, at_us, value = _fetch(session, scope, jobs, around=True)
        made: list[tuple[CountedPoint, Amounts]] = []
        ends: list[tuple[int, int, float]] = []
        edge = np.searchsorted(job, np.arange(len(jobs) + 1))
        for i, one in enumerate(jobs):
            part = slice(edge[i], edge[i + 1])
            at, register = at_us[part], value[part]
            if not len(at):
                continue
            low, high = _judged(at, one)
            meter = RegisterMeter(one.point.length_us, one.point.quanta, one.point.dial, one.point.events)
            amounts_of = rules.register_amounts(at, register, meter, low, high)
            made.append((one.point, amounts_of))
            end = int(amounts_of.start_us[-1]) + one.point.length_us if len(amounts_of) else None
            if end is not None and end >= self.settled.get(one.point.key, 0):
                ends.append((one.point.key, end, float(np.interp(end, at, register))))
        self._write(session, scope, made, ends)

    def _make_intervals(self, session: Session, scope: Scope, jobs: list[_Job]) -> None:
        job, at_us, value = _fetch(session, scope, jobs, around=False)
        made: list[tuple[CountedPoint, Amounts]] = []
        ends: list[tuple[int, int, float]] = []
        edge = np.searchsorted(job, np.arange(len(jobs) + 1))
        for i, one in enumerate(jobs):
            part = slice(edge[i], edge[i + 1])
            found = rules.interval_amounts(
                at_us[part], value[part], quanta=one.point.quanta, length_us=one.point.length_us
            )
            made.append((one.point, found))
            if len(found):
                ends.append((one.point.key, int(found.start_us[-1]) + one.point.length_us, float("nan")))
        self._write(session, scope, made, ends)

    def _make_statistics(self, session: Session, scope: Scope, jobs: list[_Job]) -> None:
        hours = []
        for one in jobs:
            settled = self.settled.get(one.point.key)
            is_late = settled is not None and one.last_us < settled
            stop = rules.floor_to(one.last_us, rules.HOUR_US) + (rules.HOUR_US if is_late else 0)
            start = rules.floor_to(one.first_us, rules.HOUR_US)
            if stop > start:
                hours.append(_Job(one.point, start, stop - 1, one.count))
        if not hours:
            return
        job, at_us, value = _fetch(session, scope, hours, around=False)
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
        self._settle(session, scope, [(one.point.key, one.last_us + 1, float("nan")) for one in hours])

    def _write(
        self,
        session: Session,
        scope: Scope,
        made: list[tuple[CountedPoint, Amounts]],
        ends: list[tuple[int, int, float]],
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

    def _settle(self, session: Session, scope: Scope, ends: list[tuple[int, int, float]]) -> None:
        """Remember the furthest end of each point."""
        furthest: dict[int, tuple[int, float]] = {}
        for key, end, register in ends:
            if end >= furthest.get(key, (self.settled.get(key, 0), 0.0))[0]:
                furthest[key] = (end, register)
        amounts.write_progress(
            session,
            scope,
            point_key=np.array(list(furthest), dtype=np.int64),
            until_us=np.array([end for end, _ in furthest.values()], dtype=np.int64),
            value=np.array([register for _, register in furthest.values()], dtype=np.float64),
        )
        self.settled |= {key: end for key, (end, _) in furthest.items()}


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


def _fetch(
    session: Session, scope: Scope, jobs: list[_Job], *, around: bool
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    keys = np.array([job.point.key for job in jobs], dtype=np.int64)
    first = np.array([job.first_us for job in jobs], dtype=np.int64)
    last = np.array([job.last_us for job in jobs], dtype=np.int64) + (0 if around else 1)
    return queries.usable_readings(session, scope, keys, first, last, around=around)


def _judged(at_us: Ints, job: _Job) -> tuple[int, int]:
    """Return the stretch whose readings all have neighbours fetched too, so that glitches are judged rightly."""
    before = int(np.searchsorted(at_us, job.first_us))
    after = len(at_us) - int(np.searchsorted(at_us, job.last_us, side="right"))
    length = job.point.length_us
    low = int(at_us[1] if before >= CONTEXT else at_us[0])
    high = int(at_us[-2] if after >= CONTEXT else at_us[-1])
    return -(-low // length) * length, rules.floor_to(high, length)


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
    return order[np.r_[True, (np.diff(key[order]) != 0) | (np.diff(start[order]) != 0)]]


def _chunks(jobs: list[_Job]) -> list[list[_Job]]:
    """Cut jobs into lots of bounded weight."""
    lots: list[list[_Job]] = []
    weight = MOST_READINGS
    for job in jobs:
        if weight + job.count > MOST_READINGS:
            lots.append([])
            weight = 0
        lots[-1].append(job)
        weight += job.count
    return lots
