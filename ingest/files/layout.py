"""How a table is laid out: a table of words in TOML or JSON, checked by name. Pure but for reading the built-in ones.

name       what it is called
columns    columns by which a file of this layout is recognised
delimiter, decimal, header (false: columns are named c1, c2, …), encoding
time       column of the instant; `time_format`: `iso` (default), `unix_s`, `unix_ms` or like %d.%m.%Y %H:%M
zone       of clock readings without offset; label: `start` (default) or `end` of intervals
meter      column that names the meter, where one file holds several
values     column -> what it measures: unit, kind, minutes, carrier, quantity; `*` for all others
prefix     put before the tags
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from fnmatch import fnmatch
from functools import cache
from importlib.resources import files
from typing import Any

from backend.kernel import units
from backend.kernel.errors import Refused
from ingest.fields import Field, check_table
from ingest.files.meters import MeterList
from ingest.files.periods import Habits

_FIELDS = {
    "name": Field(str, "table"),
    "columns": Field(list, []),
    "files": Field(list, ["*"]),
    "delimiter": Field(str, ","),
    "decimal": Field(str, ".", among=(".", ",")),
    "encoding": Field(str, "utf-8-sig"),
    "header": Field(bool, True),
    "time": Field(str),
    "time_format": Field(str, "iso"),
    "zone": Field(str, None),
    "label": Field(str, "start", among=("start", "end")),
    "meter": Field(str, None),
    "values": Field(dict),
    "prefix": Field(str, ""),
    "end": Field(str, None),
    "habits": Field(dict, {}),
}
_HABITS = {
    "is_cumulative": Field(bool, False),
    "may_reset": Field(bool, False),
    "reset_from": Field(time, time.min),
    "reset_to": Field(time, time.max),
    "copies": Field(int, 1, low=1),
    "newest_first": Field(bool, False),
    "ends_only": Field(bool, False),
    "gap_seconds": Field(float, 0.0, low=0.0),
}
_VALUE = {
    "unit": Field(str),
    "kind": Field(str, "interval", among=("interval", "register", "instant", "state")),
    "minutes": Field(int, 60, among=(5, 15, 30, 60)),
    "carrier": Field(str, "electricity"),
    "quantity": Field(str, "energy"),
    "tag": Field(str, None),
}


@dataclass(frozen=True)
class Measure:
    """What one column measures (see the module's text); tag: its name, the column's own where None."""

    unit: str
    kind: str
    minutes: int
    carrier: str
    quantity: str
    tag: str | None


@dataclass(frozen=True)
class Layout:
    """A layout, checked."""

    name: str
    columns: tuple[str, ...]
    files: tuple[str, ...]
    delimiter: str
    decimal: str
    encoding: str
    header: bool
    time: str
    time_format: str
    zone: str | None
    label: str
    meter: str | None
    prefix: str
    end: str | None
    habits: Habits | None
    values: Mapping[str, Measure] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Layout:
        """Build a layout from data; raises Refused naming what is wrong."""
        given = check_table("layout", table, _FIELDS)
        measures = {}
        for column, what in given.pop("values").items():
            checked = check_table(f"values.{column}", what, _VALUE)
            units.unit(checked["unit"])
            units.Carrier(checked["carrier"])
            measures[column] = Measure(**checked)
        habits = check_table("habits", given.pop("habits"), _HABITS)
        has_periods = given["end"] is not None or habits["ends_only"]
        if not measures:
            raise Refused(
                "the layout names no values", field="values", remedy='values."*" stands for all columns'
            )
        lists = {name: tuple(given[name]) for name in ("columns", "files")}
        return cls(**{**given, **lists}, habits=Habits(**habits) if has_periods else None, values=measures)

    def measure_of(self, column: str) -> Measure | None:
        """Return what a column measures; None where it is no value."""
        if column in (self.time, self.meter, self.end):
            return None
        return self.values.get(column) or self.values.get("*")

    def of_meter(self, meters: MeterList, name: str) -> Layout:
        """Return the layout for one meter's files: its habits and zone are those its list says."""
        if self.habits is None:
            raise Refused(
                f"the layout '{self.name}' has no periods of its own, so a list of meters says nothing of it",
                field="meters", remedy="use a layout with `end` or `habits`",
            )  # fmt: skip
        return replace(self, habits=meters.habits_of(name), zone=meters.zone_of(name) or self.zone)

    def fits(self, name: str, columns: list[str]) -> bool:
        """Tell whether a file of this name with these columns is of this layout."""
        is_named = any(fnmatch(name.lower(), pattern.lower()) for pattern in self.files)
        return is_named and bool(self.columns) and set(self.columns) <= set(columns)


@cache
def built_in() -> tuple[Layout, ...]:
    """Return the layouts that come with the product, the most particular first."""
    folder = files("ingest.files") / "layouts"
    found = [
        Layout.of(tomllib.loads(entry.read_text(encoding="utf-8")))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda layout: (-len(layout.columns), layout.name)))
