"""Drivers: what use depends on, as people say it, row by row. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from backend.kernel import sheets
from backend.kernel.sheets import Parsed, Problem, Row

SHEET = "Drivers"
COLUMNS = ("organisation", "position", "kind", "product", "value", "unit", "first_day", "last_day")


class DriverKind(StrEnum):
    """What use may depend on."""

    PRODUCTION = "production"
    HOURS = "hours"
    AREA = "area"
    HEADS = "heads"
    TEMPERATURE = "temperature"


class Source(StrEnum):
    """How it came in."""

    PAGE = "page"
    FILE = "file"
    API = "api"


LEVELS = frozenset({DriverKind.AREA, DriverKind.HEADS})
"""Hold from a day on until the next; the others are for their days."""
UNITS = {DriverKind.HOURS: "h", DriverKind.AREA: "m2", DriverKind.HEADS: "pcs", DriverKind.TEMPERATURE: "°C"}
BOUNDS = {
    DriverKind.PRODUCTION: (0.0, 1e12), DriverKind.HOURS: (0.0, 24 * 366.0), DriverKind.AREA: (0.1, 1e9),
    DriverKind.HEADS: (1.0, 1e8), DriverKind.TEMPERATURE: (-60.0, 60.0),
}  # fmt: skip
MOST_DAYS = 366

HINTS = {
    "organisation": "write its name as in the tree, or its id", "kind": "write one of " + ", ".join(DriverKind),
    "position": "write a code, an id, or leave it empty for the whole organisation",
    "value": "write a number, such as 1250.5", "first_day": "write it like 2026-11-01",
    "last_day": "write it like 2026-11-30; leave it empty for area and heads",
}  # fmt: skip


@dataclass(frozen=True)
class NewDriver:
    """What is said of a driver; see models.Driver. ends_on: first day it is not said of."""

    kind: DriverKind
    value: float
    starts_on: date
    ends_on: date | None = None
    product: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Fault:
    """Something that cannot be. field, value: where, and what stood there; remedy: what to do about it."""

    field: str
    message: str
    value: str
    remedy: str


def faults(new: NewDriver) -> list[Fault]:
    """Return what is wrong with a driver, field by field."""
    found = []
    low, high = BOUNDS[new.kind]
    if not low <= new.value <= high:
        found.append(Fault("value", f"{new.kind.value} lies between {low:g} and {high:g}", f"{new.value:g}",
                           "write the amount in the unit said"))  # fmt: skip
    if new.kind in LEVELS:
        if new.ends_on is not None:
            found.append(Fault("last_day", f"{new.kind.value} holds until it is said anew", str(new.ends_on),
                               "leave it empty"))  # fmt: skip
    elif new.ends_on is None:
        found.append(Fault("last_day", f"{new.kind.value} is said for some days", "", HINTS["last_day"]))
    elif not 0 < (new.ends_on - new.starts_on).days <= MOST_DAYS:
        last = new.ends_on - timedelta(days=1)
        found.append(Fault("last_day", f"the last day comes 0 to {MOST_DAYS - 1} days after the first", str(last),
                           "mend one of the two"))  # fmt: skip
    elif new.kind is DriverKind.HOURS and new.value > 24 * (new.ends_on - new.starts_on).days:
        found.append(Fault("value", "these are more hours than the days have", f"{new.value:g}", "mend it"))
    return [*found, *_faults_of_product(new)]


def _faults_of_product(new: NewDriver) -> list[Fault]:
    if new.kind is DriverKind.PRODUCTION:
        lacking = [name for name, said in (("product", new.product), ("unit", new.unit)) if not said.strip()]
        return [Fault(name, "production says of what, and in which unit", "", "write 'steel' and 't', say")
                for name in lacking]  # fmt: skip
    if new.product:
        return [Fault("product", f"{new.kind.value} is of no product", new.product, "leave it empty")]
    if new.unit not in ("", UNITS[new.kind]):
        return [
            Fault(
                "unit",
                f"{new.kind.value} is said in {UNITS[new.kind]}",
                new.unit,
                "convert it, or leave it empty",
            )
        ]
    return []


def unit_of(new: NewDriver) -> str:
    """Return the unit a driver is kept in."""
    return new.unit.strip() if new.kind is DriverKind.PRODUCTION else UNITS[new.kind]


def parse(rows: Sequence[Row]) -> tuple[list[tuple[Parsed, NewDriver]], list[Problem]]:
    """Return the rows that can be read, and all that is wrong with the others."""
    problems: list[Problem] = []
    readers: Mapping[str, sheets.Reader] = {
        "organisation": sheets.text(200), "position": sheets.text(200), "kind": sheets.one_of(list(DriverKind)),
        "product": sheets.text(80), "value": sheets.number(-1e12, 1e12), "unit": sheets.text(20),
        "first_day": sheets.day, "last_day": sheets.day,
    }  # fmt: skip
    read = sheets.parse(SHEET, rows, readers, problems, HINTS)
    wrong = {problem.row for problem in problems}
    found = []
    for parsed in read:
        lacking = [name for name in ("kind", "value", "first_day") if parsed.values[name] is None]
        if parsed.number in wrong or lacking:
            problems += [
                Problem(SHEET, parsed.number, name, "is missing", None, HINTS[name])
                for name in lacking if parsed.number not in wrong
            ]  # fmt: skip
            continue
        new = _new(parsed.values)
        some = faults(new)
        problems += [
            Problem(SHEET, parsed.number, one.field, one.message, one.value or None, one.remedy)
            for one in some
        ]
        if not some:
            found.append((parsed, new))
    return found, problems


def _new(values: Mapping[str, Any]) -> NewDriver:
    last = values["last_day"]
    return NewDriver(
        DriverKind(values["kind"]), float(values["value"]), values["first_day"],
        None if last is None else last + timedelta(days=1), values["product"] or "", values["unit"] or "",
    )  # fmt: skip


def daily(rows: Sequence[tuple[date, date, float]], *, is_mean: bool) -> dict[date, float]:
    """Return day -> value of rows (first, until, value): amounts split evenly over their days, means as they are."""
    found: dict[date, float] = {}
    for first, until, value in rows:
        days = (until - first).days
        each = value if is_mean else value / days
        for number in range(days):
            day = first + timedelta(days=number)
            found[day] = each if is_mean else found.get(day, 0.0) + each
    return found


def total(rows: Sequence[tuple[date, date, float]], first: date, until: date) -> float | None:
    """Return what amounts come to in [first, until), by days; None where any of its days is not said."""
    by_day = daily(rows, is_mean=False)
    days = [first + timedelta(days=number) for number in range((until - first).days)]
    if not days or any(day not in by_day for day in days):
        return None
    return sum(by_day[day] for day in days)
