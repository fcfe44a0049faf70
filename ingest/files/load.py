"""Bring files into the database: look at them first, then store what they hold, as history."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import numpy as np

from backend.kernel import clock, units
from backend.kernel.db import Database
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.metering import service as metering
from backend.metering.rules import ReadingBatch
from backend.metering.service import known
from ingest.files.green_button import read_green_button
from ingest.files.layout import Layout, built_in
from ingest.files.nem12 import read_nem12
from ingest.files.series import Report, Series
from ingest.files.tables import columns_of, read_table
from ingest.rules import AHEAD_SECONDS

STORE_ROWS = 100_000
TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".gz", ".v01", ".mdff")
Make = Callable[[Series], int]
Progress = Callable[[int], None]


@dataclass
class Tag:
    """What a file holds of one tag: count, first and last instant [µs], lowest and highest value [unit]."""

    sample: Series
    count: int = 0
    first_us: int = np.iinfo(np.int64).max
    last_us: int = np.iinfo(np.int64).min
    low: float = np.inf
    high: float = -np.inf

    def add(self, series: Series) -> None:
        """Add a part."""
        self.count += len(series)
        self.first_us = min(self.first_us, int(series.at_us.min()))
        self.last_us = max(self.last_us, int(series.at_us.max()))
        self.low = min(self.low, float(np.nanmin(series.value, initial=np.inf)))
        self.high = max(self.high, float(np.nanmax(series.value, initial=-np.inf)))


@dataclass
class Contents:
    """What a file holds, and what is wrong with it. format: how it was read."""

    path: Path
    format: str
    tags: dict[str, Tag] = field(default_factory=dict)
    report: Report = field(default_factory=Report)

    @property
    def readings(self) -> int:
        """How many readings can be used."""
        return sum(tag.count for tag in self.tags.values())


@dataclass
class Imported:
    """What became of a file's readings."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0


def format_of(path: Path, layout: Layout | None) -> tuple[str, Layout | None]:
    """Tell how a file is to be read; raises Refused where nothing here understands it."""
    if path.suffix.lower() == ".xml":
        return "green button", None
    if layout is not None:
        return layout.name, layout
    with path.open("rb") as file:
        beginning = file.read(80).lstrip(b"\xef\xbb\xbf").decode("latin-1")
    if beginning.startswith(("100,NEM", "200,", "300,")):
        return "nem12", None
    if path.suffix.lower() in TABLES and beginning:
        columns = columns_of(path)
        found = next((known for known in built_in() if known.fits(path.name, columns)), None)
        if found is not None:
            return found.name, found
    raise Refused(
        f"no known layout fits {path.name}", field="layout", value=path.name,
        remedy="describe its columns in a layout and name that",
    )  # fmt: skip


def read(path: Path, layout: Layout | None, report: Report) -> Iterator[Series]:
    """Yield a file's readings in parts of bounded size; what is said to be read in the future goes to the report."""
    latest_us = clock.now_us() + AHEAD_SECONDS * 1_000_000
    for series in _read(path, layout, report):
        has_been = series.at_us <= latest_us
        for place in np.flatnonzero(~has_been):
            at = np.datetime64(int(series.at_us[place]), "us")
            report.add(int(series.row[place]), series.tag, f"{at}Z", "a reading of the future")
        yield series if has_been.all() else series.only(has_been)


def _read(path: Path, layout: Layout | None, report: Report) -> Iterator[Series]:
    name, found = format_of(path, layout)
    if found is not None:
        yield from read_table(path, found, report)
    elif name == "nem12":
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            yield from read_nem12(lines, report)
    else:
        yield from read_green_button(path, report)


def examine(path: Path, layout: Layout | None = None, *, progress: Progress = lambda _: None) -> Contents:
    """Read a file through without storing anything: the dry run."""
    contents = Contents(path, format_of(path, layout)[0])
    for series in read(path, layout, contents.report):
        if len(series):
            contents.tags.setdefault(series.tag, Tag(series)).add(series)
        progress(len(series))
    return contents


def store(
    database: Database,
    scope: Scope,
    connection_id: UUID,
    path: Path,
    *,
    layout: Layout | None = None,
    make: Make | None = None,
    progress: Progress = lambda _: None,
    revises: bool = True,
    overrules: bool = False,
) -> Imported:
    """Store a file's readings as history, part by part, each part in its own transaction.

    Doing it again changes nothing, so that an import that was interrupted is simply started anew.
    make: makes the point of a tag that no channel of the connection reads; without it such tags are left out
    revises: another value for an instant that has one is its correction; otherwise the one that is there stays
    overrules: also a value that was there before and was corrected since; otherwise the correction stays
    """
    points = _points(database, scope, connection_id)
    imported = Imported()
    waiting: list[tuple[int, Series, float, float]] = []
    rows = 0
    for series in read(path, layout, Report()):
        if series.tag not in points and make is not None and len(series):
            points[series.tag] = (make(series), series.unit)
        if series.tag not in points:
            continue
        key, unit = points[series.tag]
        offset = units.convert(0.0, series.unit, unit) if unit != series.unit else 0.0
        factor = units.convert(1.0, series.unit, unit) - offset if unit != series.unit else 1.0
        waiting.append((key, series, factor, offset))
        rows += len(series)
        if rows >= STORE_ROWS:
            _store(
                database, scope, connection_id, path, waiting, imported, revises=revises, overrules=overrules
            )
            progress(rows)
            waiting, rows = [], 0
    if rows:
        _store(database, scope, connection_id, path, waiting, imported, revises=revises, overrules=overrules)
        progress(rows)
    return imported


def _points(database: Database, scope: Scope, connection_id: UUID) -> dict[str, tuple[int, str]]:
    """Return tag -> (point key, its unit) of a connection's channels."""
    with database.transaction(scope) as session:
        channels = metering.channels_of(session, scope, connection_id)
        return {str(c.address.get("tag")): (point.key, point.unit) for c, point in channels}


def _store(
    database: Database, scope: Scope, connection_id: UUID, path: Path,
    waiting: list[tuple[int, Series, float, float]], imported: Imported, *, revises: bool, overrules: bool,
) -> None:  # fmt: skip
    batch = ReadingBatch(
        np.concatenate([np.full(len(s), key, np.int64) for key, s, _, _ in waiting]),
        np.concatenate([s.at_us for _, s, _, _ in waiting]),
        np.concatenate([s.value * factor + offset for _, s, factor, offset in waiting]),
        np.concatenate([s.quality for _, s, _, _ in waiting]),
    )
    with database.transaction(scope) as session:
        if not revises:
            there = known.instants(session, scope, batch)
            imported.unchanged += int(there.sum())
            batch = ReadingBatch(
                batch.point_key[~there], batch.read_at_us[~there], batch.value[~there], batch.quality[~there]
            )
        stored = metering.store_readings(
            session, scope, batch, source="file", connection_id=connection_id, live=False, corrects=overrules,
            notes=json.dumps({"file": path.name}),
        )  # fmt: skip
    imported.new += stored.new
    imported.revised += stored.revised
    imported.unchanged += stored.unchanged
