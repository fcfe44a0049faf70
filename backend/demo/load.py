"""Load the demo region into an empty database, through the services that people and meters use.

A process works out the past, one thread stores it, one makes amounts of what is stored: they overlap.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from backend.demo import (
    alarming,
    billing,
    comparing,
    fieldwork,
    foretelling,
    founding,
    history,
    labelling,
    measuring,
    planning,
    stocking,
)
from backend.demo.calendar import TIMEZONE
from backend.demo.founding import Ground
from backend.demo.history import Batch
from backend.demo.producing import Past, past
from backend.demo.region import Region, points, region
from backend.infra.files import FolderFiles
from backend.kernel import periods
from backend.kernel.db import Database
from backend.kernel.errors import Conflict
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.models import Point
from backend.tenancy import service as tenancy
from backend.wiring import connect

Advance = Callable[[float], None]
Progress = Callable[..., AbstractContextManager[Advance]]
"""`progress(what, total=…, unit=…)` yields a function that is told each step's size."""

_WAITING = 3
"""Batches that wait for the database: bounds memory."""


@dataclass(frozen=True)
class Loaded:
    """What was loaded, and how long it took [s]."""

    points: int
    readings: int
    seconds: float


def load(database: Database, home: Path, *, now: datetime, progress: Progress) -> Loaded:
    """Load everything up to `now`; raises Conflict where the database is not empty.

    home: folder that keeps the survey of the ground and the devices' ports
    """
    started = time.monotonic()
    connect()
    with past(points(), now, home) as worked_out:
        if tenancy.system_scopes(database, "look whether the database is empty"):
            raise Conflict("the database is not empty", remedy="load the demo region into a fresh one")
        with progress("founding the demo region", total=3) as advance:
            founded = _found(database, home, now, worked_out, advance)
        with (
            progress("loading readings", total=history.count(points(), now), unit="readings") as advance,
            ThreadPoolExecutor(1) as beside,
        ):
            furnished = beside.submit(_furnish, database, home, founded)
            keys = np.array([founded.made[p.key].key for p in founded.region.points], dtype=np.int64)
            readings = _History(database, founded.ground.scope, keys).store(worked_out.batches(), advance)
            furnished.result()
        today = periods.local_date(now, TIMEZONE)
        with progress("billing", total=billing.MONTHS, unit="months") as advance:
            billing.bill(database, founded.ground, founded.made, now=now, advance=advance)
        with database.transaction(founded.ground.scope) as session:
            comparing.say(session, founded.ground, founded.made, today)
            comparing.rank(session, founded.ground, today)
    return Loaded(len(points()), readings, time.monotonic() - started)


@dataclass(frozen=True)
class _Founded:
    """What readings need before they come: the region as described, what was made of it, and its points."""

    region: Region
    ground: Ground
    made: dict[str, Point]


def _found(database: Database, home: Path, now: datetime, worked_out: Past, advance: Advance) -> _Founded:
    """Create organisations, people, places, devices and points."""
    described = region(home)
    advance(1)
    since = datetime.fromtimestamp(history.starts(now)[0] / 1e6, UTC)
    with database.transaction(Scope.public()) as session:
        ground = founding.found(session, described, now=now)
        advance(1)
        made = measuring.measure(session, described, ground, home)
        measuring.note_exchanges(session, ground, made, worked_out.exchanged(), since=since)
        advance(1)
    return _Founded(described, ground, made)


def _furnish(database: Database, home: Path, founded: _Founded) -> None:
    """Add what readings need not wait for: labels, stock and documents, alarm rules; beside their loading."""
    ground = founded.ground
    with database.transaction(ground.scope) as session:
        labelling.stick(session, founded.region, ground)
        stocking.stock(session, ground, FolderFiles(home / "files"))
        fieldwork.serve(session, ground)
        foretelling.foresee(session, ground, founded.made, home)
        alarming.watch(session, ground.scope, founded.region.alarm_rules, founded.made)
        planning.describe(session, ground, founded.made)


class _History:
    """Stores batches and makes amounts of them, in two threads."""

    def __init__(self, database: Database, scope: Scope, keys: np.ndarray) -> None:
        self._database = database
        self._scope = scope
        self._keys = keys
        self._waiting: queue.Queue[Batch | None] = queue.Queue(_WAITING)
        self._stored = threading.Event()
        self._failed: BaseException | None = None

    def store(self, batches: Iterator[Batch], advance: Advance) -> int:
        """Store every batch and finish the amounts; return how many readings there were."""
        workers = [
            threading.Thread(target=self._guard, args=(work, advance), daemon=True)
            for work in (self._store, self._follow)
        ]
        for worker in workers:
            worker.start()
        total = 0
        for batch in batches:
            self._hand_over(batch)
            total += len(batch)
        self._hand_over(None)
        for worker in workers:
            worker.join()
        if self._failed is not None:
            raise self._failed
        return total

    def _hand_over(self, batch: Batch | None) -> None:
        """Queue a batch for the storing thread, unless a thread has failed meanwhile."""
        while self._failed is None:
            try:
                return self._waiting.put(batch, timeout=1.0)
            except queue.Full:
                continue
        raise self._failed

    def _guard(self, work: Callable, advance: Advance) -> None:
        """Keep what goes wrong in a thread for the one that waits."""
        try:
            work(advance)
        except BaseException as error:
            self._failed = error

    def _store(self, advance: Advance) -> None:
        while (batch := self._waiting.get()) is not None:
            good = np.full(len(batch), metering.Quality.GOOD, dtype=np.int16)
            readings = metering.ReadingBatch(self._keys[batch.row], batch.at_us, batch.value, good)
            with self._database.transaction(self._scope) as session:
                metering.store_readings(session, self._scope, readings, source="demo", live=False)
            advance(len(batch))
        self._stored.set()

    def _follow(self, _advance: Advance) -> None:
        follower = metering.RollUpFollower()
        while self._failed is None:
            was_stored = self._stored.is_set()
            with self._database.transaction(self._scope) as session:
                taken = follower.step(session, self._scope)
            if not taken and was_stored:
                return
            if not taken:
                self._stored.wait(0.2)
