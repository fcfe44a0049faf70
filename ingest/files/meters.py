"""Lists of meters and what their files are like, as Open Energy Dashboard exports them. Pure but for reading.

A CSV with a header: `name`, and where they differ from the usual `timezone`, `cumulative`, `reset`, `reset start`,
`reset end`, `gap` [s], `duplicates`, `timesort` (increasing or decreasing) and `end only`. Other columns are passed
over; an empty cell says nothing.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from backend.kernel.errors import Conflict, NotFound, Refused
from ingest.files.periods import Habits


def _truth(said: str) -> bool:
    return {"true": True, "yes": True, "false": False, "no": False}[said.lower()]


def _clock(said: str) -> time:
    return time.fromisoformat(said.zfill(5) if said.count(":") == 1 else said)


def _order(said: str) -> bool:
    return {"decreasing": True, "increasing": False}[said.lower()]


def _zone(said: str) -> str:
    return ZoneInfo(said).key


COLUMNS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "cumulative": ("is_cumulative", _truth),
    "reset": ("may_reset", _truth),
    "reset start": ("reset_from", _clock),
    "reset end": ("reset_to", _clock),
    "gap": ("gap_seconds", float),
    "duplicates": ("copies", int),
    "timesort": ("newest_first", _order),
    "end only": ("ends_only", _truth),
    "timezone": ("zone", _zone),
}
"""Column of the list -> field of Habits (and the zone), and how its cells are read."""


@dataclass
class MeterList:
    """Meters by name, with what is said of each."""

    meters: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> MeterList:
        """Read a list; raises Refused, Conflict or NotFound naming what is wrong."""
        made = cls()
        made.add(rows_of(path))
        return made

    def add(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Take in new meters, one after another; raises Conflict at one that is there already."""
        for row in rows:
            name, said = _meter(row)
            if name in self.meters:
                raise Conflict(
                    f"the meter '{name}' is in the list already", field="name", value=name,
                    remedy="give each meter one row",
                )  # fmt: skip
            self.meters[name] = said

    def change(self, rows: Iterable[Mapping[str, str]], *, name: str | None = None) -> None:
        """Change meters that are there; with `name` the one row changes that meter, and may give it another name.

        raises NotFound where a meter is not there, Refused where one name stands for several rows
        """
        given = list(rows)
        if name is not None and len(given) != 1:
            raise Refused("one name cannot stand for several rows", field="name", value=name)
        for row in given:
            own, said = _meter(row)
            before = name or own
            if before not in self.meters:
                raise NotFound(f"there is no meter '{before}' to change", field="name", value=before)
            self.meters[own] = {**self.meters.pop(before), **said}

    def habits_of(self, name: str, **said: Any) -> Habits:
        """Return what a meter's files are like; what is said of one file goes before what the list says."""
        if name not in self.meters:
            raise NotFound(f"the list has no meter '{name}'", field="meter", value=name)
        known = {key: value for key, value in self.meters[name].items() if key != "zone"}
        return Habits(**{**known, **said})

    def zone_of(self, name: str) -> str | None:
        """Return a meter's time zone; None where the list does not say it."""
        zone: str | None = self.meters.get(name, {}).get("zone")
        return zone


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return a list's rows by the names of its header."""
    opener: Callable[..., IO[str]] = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig") as lines:
        return [row for row in csv.DictReader(lines) if any(row.values())]


def _meter(row: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    name = (row.get("name") or "").strip()
    if not name:
        raise Refused("a meter has no name", field="name")
    said = {}
    for column, (field_name, read) in COLUMNS.items():
        cell = (row.get(column) or "").strip()
        if cell:
            try:
                said[field_name] = read(cell)
            except (ValueError, KeyError) as error:
                raise Refused(f"meter '{name}': {cell!r} cannot be read", field=column, value=cell) from error
    return name, said
