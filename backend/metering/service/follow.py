"""Follow the journal and keep amounts right: intervals, roll-ups and hourly statistics.

Whatever order readings come in, late, doubled or revised, the stretch they touch is made again
from what is stored, so that the outcome depends only on the readings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import psycopg
import structlog
from numpy.typing import NDArray
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope
from backend.kernel.units import PointKind
from backend.metering import queries, rules
from backend.metering.models import Gap
from backend.metering.queries import CountedPoint
from backend.metering.rules import Amounts, HourStatistics, RegisterMeter, Rule, Spans
from backend.metering.service import amounts, gaps, journal, validation, virtual
from backend.metering.service.store import REMADE
from backend.metering.service.stretches import (
    MOST_READINGS,
    End,
    Job,
    Made,
    Work,
    arrays_of,
    chunks_of,
    countable,
    each_once,
    local_offsets,
    merged,
    unique_rows,
    withdrawn,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NAME = "roll_ups"
NEAR = 2
"""So many readings on either side of a changed one say whether it can be true, as a rule."""
MOST_BATCHES = 500
MOST_ODD = 100
"""Registers looked at in one go with many readings around."""
FAULTS = (
    ArithmeticError, LookupError, TypeError, ValueError, DataError, IntegrityError, psycopg.DataError,
    psycopg.IntegrityError,
)  # fmt: skip
"""What the readings of a point can bring about: its fault alone. Anything else is nobody's, and is tried again."""

_log = structlog.get_logger(__name__)

Make = Callable[[Session, Scope, list[Job]], None]


@dataclass
class RollUpFollower:
    """Makes amounts of what the journal says has changed. One at a time works, under a lease.

    points: how each point counts; settled: how far each is made; failing: from when on [µs] the amounts of
    points that were set aside are still to be made. All are read again after `forget` (another worker may have
    gone on meanwhile, or a point was added or changed).
    is_behind: more was waiting than the last step took
    """

    points: dict[int, CountedPoint] = field(default_factory=dict)
    settled: dict[int, Made] = field(default_factory=dict)
    failing: dict[int, int] = field(default_factory=dict)
    virtual: virtual.Virtual = field(default_factory=virtual.Virtual)
    is_behind: bool = False

    def forget(self) -> None:
        """Read points and progress again at the next step."""
        self.points, self.settled, self.failing = {}, {}, {}

    def step(self, session: Session, scope: Scope) -> int:
        """Take the next batches in the caller's transaction; return how many were taken (0: none left)."""
        after = journal.cursor(session, scope, NAME)
        batches = journal.read(session, scope, after, limit=MOST_BATCHES, readings=False)
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
        self.is_behind = taken < len(batches) or taken == MOST_BATCHES
        if spans:
            self.make(session, scope, merged(spans))
        if taken:
            journal.move_cursor(session, scope, NAME, batches[taken - 1].sequence)
        return taken

    def estimate(self, session: Session, scope: Scope, *, most: int = gaps.MOST) -> int:
        """Estimate the gaps that wait, in the caller's transaction; return how many were taken (0: none left)."""
        waiting = queries.waiting_gaps(session, scope, most)
        if waiting:
            self._look_up(session, scope, {gap.point_key for gap in waiting})
            self._estimate(session, scope, waiting)
        return len(waiting)

    def _estimate(self, session: Session, scope: Scope, waiting: Sequence[Gap]) -> None:
        """Estimate gaps; where that fails find the one to blame, by halves, and leave it its straight line."""
        try:
            with session.begin_nested():
                filled = gaps.estimate(session, scope, self.points, waiting)
                validation.note_gaps(session, scope, filled.unusual, self.points)
                session.flush()
                if filled.made:
                    self._write(session, scope, Work(made=filled.made))
                    self._make_virtual(session, scope)
                if filled.registers:
                    self.make(session, scope, gaps.spans(filled.registers))
        except FAULTS as error:
            if len(waiting) > 1:
                half = len(waiting) // 2
                self._estimate(session, scope, waiting[:half])
                self._estimate(session, scope, waiting[half:])
                return
            gaps.give_up(session, scope, waiting[0], error)

    def make(self, session: Session, scope: Scope, spans: Spans) -> None:
        """Make again all amounts and statistics that readings in these spans can have changed."""
        self._look_up(session, scope, set(spans.point_key.tolist()))
        jobs = [job for i in range(len(spans)) if (job := self._job(spans, i)) is not None]
        by_kind = {
            PointKind.REGISTER: self._make_registers,
            PointKind.INTERVAL: self._make_intervals,
            PointKind.INSTANT: self._make_statistics,
            PointKind.STATE: self._make_statistics,
        }
        for kind in PointKind:
            chosen = [job for job in jobs if job.point.kind is kind]
            alone = [[job] for job in chosen if job.point.key in self.failing]
            for chunk in chunks_of([job for job in chosen if job.point.key not in self.failing]) + alone:
                self._make_or_set_aside(session, scope, by_kind[kind], chunk)
        self._make_virtual(session, scope)

    def _make_virtual(self, session: Session, scope: Scope) -> None:
        """Make virtual meters where what they consist of was written, layer by layer."""
        if not self.virtual.changed:
            return
        try:
            with session.begin_nested():
                for layer in self.virtual.layers:
                    self._make_layer(session, scope, layer)
        except FAULTS as error:
            _log.warning("virtual meters not made", points=self.virtual.layers, exc_info=error)
        self.virtual.changed.clear()

    def _make_layer(self, session: Session, scope: Scope, layer: list[int]) -> None:
        work = Work()
        for point, found, stretch in virtual.make(session, scope, self.virtual, layer, self.points):
            work.made.append((point, found))
            work.empty.append((point, *stretch))
            if len(found):
                end = int(found.start_us[-1]) + point.length_us
                work.ends.append(End(point.key, Made(end, end, is_confirmed=True)))
        if work.made:
            self._write(session, scope, work)

    def _look_up(self, session: Session, scope: Scope, keys: set[int]) -> None:
        """Know how these points count, and how far each is made."""
        if self.points and keys <= self.points.keys():
            return
        self.points = queries.counted_points(session, scope)
        self.virtual = virtual.Virtual.of(session, scope)
        made = queries.settled_until(session, scope)
        self.settled = {key: Made(until, newest, is_confirmed=False) for key, (until, newest) in made.items()}
        self.failing = {
            key: point.failing_us for key, point in self.points.items() if point.failing_us is not None
        }

    def _make_or_set_aside(self, session: Session, scope: Scope, make: Make, jobs: list[Job]) -> None:
        """Make amounts; where that fails find the points to blame, by halves, and go on without them."""
        try:
            with session.begin_nested():
                make(session, scope, jobs)
        except FAULTS as error:
            if len(jobs) > 1:
                half = len(jobs) // 2
                self._make_or_set_aside(session, scope, make, jobs[:half])
                self._make_or_set_aside(session, scope, make, jobs[half:])
                return
            job = jobs[0]
            since_us = min(job.first_us, self.failing.get(job.point.key, job.first_us))
            amounts.set_aside(session, scope, job.point.key, error, since_us)
            self.failing[job.point.key] = since_us
            return
        mended = {job.point.key for job in jobs} & self.failing.keys()
        for key in mended:
            amounts.take_up_again(session, scope, key)
            del self.failing[key]

    def _job(self, spans: Spans, i: int) -> Job | None:
        """Turn a span into the stretch to be made again, or None while its interval is still open."""
        point = self.points.get(int(spans.point_key[i]))
        if point is None:
            return None
        if point.key in self.virtual.terms:
            self.virtual.note(point.key, int(spans.first_us[i]), int(spans.last_us[i]) + 1)
            return None
        first, last = int(spans.first_us[i]), int(spans.last_us[i])
        first = min(first, self.failing.get(point.key, first))
        made = self.settled.get(point.key)
        length = point.length_us if point.kind is PointKind.REGISTER else rules.HOUR_US
        if point.kind is not PointKind.INTERVAL and made is not None and first > made.newest_us:
            if rules.floor_to(last, length) <= made.until_us and made.is_confirmed:
                return None
            first = min(made.until_us, made.newest_us)
        return Job(point, first, last, int(spans.count[i]))

    def _make_registers(self, session: Session, scope: Scope, jobs: list[Job], *, wide: int = NEAR) -> None:
        low, high, job, at_us, value = queries.readings_around(session, scope, arrays_of(jobs), wide=wide)
        work, odd, usable, found = Work(), [], {}, []
        edge = np.searchsorted(job, np.arange(len(jobs) + 1))
        with_gaps = gaps.jobs_with_gaps(jobs, job, at_us)
        for i, one in enumerate(jobs):
            part = slice(edge[i], edge[i + 1])
            at, register = countable(one.point, at_us[part], value[part])
            if wide == NEAR and rules.is_odd(register):
                odd.append(one)
                continue
            usable[i] = at, register
            if i in with_gaps:
                found.append(gaps.found(i, one.point, usable[i], (int(low[i]), int(high[i]))))
        shapes = gaps.shapes(session, scope, found) if found else {}
        gaps.forget_filled(session, scope, [
            (jobs[i].point.key, int(low[i]), int(high[i])) for i in usable if self._is_late(jobs[i])
        ], found)  # fmt: skip
        for i, (at, register) in usable.items():
            point, stretch = jobs[i].point, (int(low[i]), int(high[i]))
            meter = RegisterMeter(point.length_us, point.quanta, point.dial, point.events)
            made = rules.register_amounts(at, register, meter, *stretch, shapes.get(i, ()))
            if (
                wide != NEAR and Rule.BREAK in made.rule
            ):  # a step back is odd, so it is always looked at twice
                validation.note_break(session, scope, point, at, register)
            self._note_register(work, point, made, stretch, (at, register))
        self._write(session, scope, work)
        for start in range(0, len(odd), MOST_ODD):
            self._make_registers(session, scope, odd[start : start + MOST_ODD], wide=rules.FARTHEST)

    def _note_register(
        self,
        work: Work,
        point: CountedPoint,
        found: Amounts,
        stretch: tuple[int, int],
        shown: tuple[Ints, Floats],
    ) -> None:
        """Note what was made of a register in a stretch, what of it there is nothing left for, and where it ends."""
        low, high = stretch
        at, register = shown
        before = self.settled.get(point.key)
        is_authority = before is not None and high >= before.until_us
        work.made.append((point, found))
        if not len(found):
            if before is not None:
                work.empty.append((point, low, high))
            if is_authority and before is not None:
                work.ends.append(
                    End(point.key, Made(low, before.newest_us, is_confirmed=False), is_authority=True)
                )
            return
        first, end = int(found.start_us[0]), int(found.start_us[-1]) + point.length_us
        if before is not None and low < first:
            work.empty.append((point, low, first))
        if before is not None and end < min(high, before.until_us):
            work.empty.append((point, end, high))
        is_confirmed = int((at >= end).sum()) >= 2
        standing = float(np.interp(end, at, register))
        made = Made(end, int(at[-1]), is_confirmed)
        work.ends.append(End(point.key, made, standing, is_authority=is_authority))

    def _make_intervals(self, session: Session, scope: Scope, jobs: list[Job]) -> None:
        job, at_us, value = queries.readings_within(session, scope, arrays_of(jobs, after=1))
        work, unread, until = Work(), list[tuple[CountedPoint, int, int]](), dict[int, int | None]()
        edge = np.searchsorted(job, np.arange(len(jobs) + 1))
        for i, one in enumerate(jobs):
            part, point = slice(edge[i], edge[i + 1]), one.point
            at, taken = countable(point, at_us[part], value[part])
            if (taken < 0).any():
                validation.note_negative(session, scope, point, at, taken)
            found = rules.interval_amounts(
                at, taken, quanta=point.quanta, length_us=point.length_us, offset_us=local_offsets(at, point)
            )
            work.made.append((point, found))
            before = self.settled.get(point.key)
            until.setdefault(point.key, None if before is None else before.until_us)
            unread += gaps.unread(point, found.start_us, until[point.key])
            if before is not None and one.first_us < before.until_us:
                work.empty.append((point, one.first_us, one.last_us + 1))
            if len(found):
                end = int(found.start_us[-1]) + point.length_us
                until[point.key] = max(end, until[point.key] or end)
                work.ends.append(End(point.key, Made(end, end, is_confirmed=True)))
        gaps.note_unread(session, scope, unread)
        self._write(session, scope, work)

    def _make_statistics(self, session: Session, scope: Scope, jobs: list[Job]) -> None:
        hours = []
        for one in jobs:
            made = self.settled.get(one.point.key)
            is_late = made is not None and one.last_us < made.until_us
            stop = rules.floor_to(one.last_us, rules.HOUR_US) + (rules.HOUR_US if is_late else 0)
            start = rules.floor_to(one.first_us, rules.HOUR_US)
            if stop > start:
                hours.append(Job(one.point, start, stop - 1, one.count))
        if not hours:
            return
        job, at_us, value = queries.readings_within(session, scope, arrays_of(hours, after=1))
        found = rules.hour_statistics(job, at_us, value)
        keys = np.array([one.point.key for one in hours], dtype=np.int64)
        count = np.bincount(found.owner, minlength=len(hours))
        length = np.array([one.last_us + 1 - one.first_us for one in hours], dtype=np.int64) // rules.HOUR_US
        holey = [
            one
            for one, is_holey in zip(hours, count < length, strict=True)
            if is_holey and self._is_late(one)
        ]
        if holey:
            amounts.withdraw_statistics(
                session, scope, arrays_of(holey, after=1), keys[found.owner], found.start_us
            )
        keys = keys[found.owner]
        order = each_once(keys, found.start_us)
        names = HourStatistics.__dataclass_fields__
        once = HourStatistics(**{name: getattr(found, name)[order] for name in names})
        amounts.write_statistics(session, scope, point_key=keys[order], hours=once)
        stops = [End(one.point.key, Made(one.last_us + 1, one.last_us, is_confirmed=True)) for one in hours]
        self._settle(session, scope, stops)

    def _is_late(self, job: Job) -> bool:
        """Tell whether something may have been made of a stretch before."""
        made = self.settled.get(job.point.key)
        return made is not None and job.first_us < made.until_us

    def _write(self, session: Session, scope: Scope, work: Work) -> None:
        """Write what was made; what was made before and cannot be any more is withdrawn."""
        made = [*work.made, *withdrawn(session, scope, work.empty)]
        made = [(point, found) for point, found in made if len(found)]
        if made:
            counts = [len(found) for _, found in made]
            zones: dict[str, list[int]] = {}
            for point, found in made:
                zones.setdefault(point.zone, []).append(point.key)
                self.virtual.note(
                    point.key, int(found.start_us[0]), int(found.start_us[-1]) + point.length_us
                )
            rows = unique_rows(made, counts)
            amounts.write_intervals(
                session, scope, **rows, zones={zone: np.unique(keys) for zone, keys in zones.items()}
            )
        self._settle(session, scope, work.ends)

    def _settle(self, session: Session, scope: Scope, ends: list[End]) -> None:
        """Remember the furthest end of each point; one that speaks for all of it may lie before the last."""
        furthest: dict[int, End] = {}
        for end in ends:
            before = furthest[end.key].made if end.key in furthest else self.settled.get(end.key)
            if before is None or end.is_authority or end.made.until_us >= before.until_us:
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
