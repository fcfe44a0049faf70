"""A tariff: dated versions of schedules and components, read from a document and written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.billing.rules.tariff.calendar import CALENDARS, Calendar
from backend.billing.rules.tariff.components import KINDS, Component
from backend.billing.rules.tariff.document import (
    CODE,
    DATE,
    ROUNDING,
    TEXT,
    Findings,
    Form,
    Wrong,
    enum,
    many,
    one_of,
    read_record,
    record,
    said,
    table,
    write_record,
    wrong,
)
from backend.billing.rules.tariff.schedule import NAMES, Names, Schedule
from backend.billing.rules.tariff.segment import LENGTHS
from backend.kernel.errors import Refused
from backend.kernel.money import CURRENCIES, Rounding
from backend.kernel.units import Carrier


def _component(value: Any, path: str, findings: Findings) -> Component:
    if not isinstance(value, Mapping):
        raise wrong(findings, path, value, "a component is a mapping")
    kind = one_of(KINDS).read(value.get("kind"), f"{path}.kind", findings)
    component: Component = read_record(KINDS[kind], value, path, findings, skip="kind")
    return component


def _write_component(component: Component) -> dict[str, Any]:
    return {"kind": kind_of(component), **write_record(component)}


def kind_of(component: Component) -> str:
    """Return the word for a component's kind."""
    return next(word for word, kind in KINDS.items() if kind is type(component))


def _calendar(value: Any, path: str, findings: Findings) -> str | tuple[date, ...]:
    if isinstance(value, str):
        return one_of(CALENDARS).read(value, path, findings)
    return many(DATE).read(value, path, findings)


def _write_calendar(value: str | tuple[date, ...]) -> str | list[str]:
    return value if isinstance(value, str) else [on.isoformat() for on in value]


def _zone(value: Any, path: str, findings: Findings) -> str:
    try:
        return ZoneInfo(value).key
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        raise wrong(findings, path, value, f"unknown time zone '{value}'", "write Asia/Shanghai") from None


RESERVED = ("rounding", *LENGTHS)
"""Words that mean something else than a component."""


@dataclass(frozen=True)
class Roundings:
    """Where amounts are rounded. Where a component or the total is, lines are fitted to sum to it."""

    line: Rounding | None = said(ROUNDING, None)
    component: Rounding | None = said(ROUNDING, None)
    total: Rounding | None = said(ROUNDING, None)


@dataclass(frozen=True)
class Version:
    """What a tariff said from a date on: [from, until), or to the next version.

    calendar: a known calendar of public holidays, or the holidays themselves
    """

    from_: date = said(DATE)
    components: tuple[Component, ...] = said(many(Form(_component, _write_component)))
    until: date | None = said(DATE, None)
    calendar: str | tuple[date, ...] = said(Form(_calendar, _write_calendar), "none")
    schedules: Mapping[str, Schedule] | None = said(table(record(Schedule), CODE), None)
    rounding: Roundings = said(record(Roundings), Roundings())

    def holidays(self) -> Calendar:
        """Return its calendar of public holidays."""
        if isinstance(self.calendar, str):
            return CALENDARS[self.calendar]
        years = sorted({on.year for on in self.calendar})
        return Calendar("of the tariff", range(years[0], years[-1] + 1), frozenset(self.calendar))


@dataclass(frozen=True)
class Tariff:
    """What somebody is charged for a carrier, and since when."""

    code: str = said(TEXT)
    name: Names = said(NAMES)
    carrier: Carrier = said(enum(Carrier))
    currency: str = said(one_of(CURRENCIES))
    zone: str = said(Form(_zone))
    versions: tuple[Version, ...] = said(many(record(Version)))
    source: str = said(TEXT, "")

    def needs(self) -> set[str]:
        """Return the names of the facts it asks of a contract, in any version."""
        return {
            name
            for version in self.versions
            for each in version.components
            for name in each.names()
            if name not in {*LENGTHS, *(other.code for other in version.components)}
        }

    def version_on(self, on: date) -> Version:
        """Return the version valid on a date; raises Refused where there is none."""
        for version in reversed(self.versions):
            if version.from_ <= on:
                if version.until is not None and version.until <= on:
                    break
                return version
        raise Refused(f"tariff '{self.code}' has no prices for {on}", field="versions", value=on.isoformat())


def parse(document: Mapping[str, Any]) -> Tariff:
    """Read a tariff from a document (what its YAML or JSON holds).

    Raises Refused with the first finding as field, value and remedy, and all of them in context['findings'].
    """
    findings = Findings()
    try:
        tariff: Tariff = read_record(Tariff, document, "", findings)
    except Wrong:
        findings.refuse()
        raise AssertionError("what cannot be read has a finding") from None
    _check_versions(tariff, findings)
    for number, version in enumerate(tariff.versions):
        _check_version(version, f"versions[{number}]", findings)
    findings.refuse()
    return tariff


def dump(tariff: Tariff) -> dict[str, Any]:
    """Return the document of a tariff: parse(dump(tariff)) == tariff."""
    return write_record(tariff)


def _check_versions(tariff: Tariff, findings: Findings) -> None:
    for number, version in enumerate(tariff.versions):
        if version.until is not None and version.until <= version.from_:
            findings.add(
                f"versions[{number}].until", version.until.isoformat(), "a version ends after it begins"
            )
    for number, (before, after) in enumerate(pairwise(tariff.versions), start=1):
        ends = before.until or before.from_ + timedelta(days=1)
        if after.from_ < ends:
            findings.add(
                f"versions[{number}].from",
                after.from_.isoformat(),
                f"the version from {after.from_} overlaps the one from {before.from_}",
                "order versions by date, and let each begin when the one before has ended",
            )


def _check_version(version: Version, path: str, findings: Findings) -> None:
    for code, schedule in (version.schedules or {}).items():
        for gap in schedule.gaps(version.holidays()):
            findings.add(
                f"{path}.schedules.{code}.rules",
                gap,
                f"no price period holds {gap}",
                "add a last rule without conditions",
            )
    earlier: list[str] = []
    for number, component in enumerate(version.components):
        where = f"{path}.components[{number}]"
        if component.code in RESERVED:
            findings.add(f"{where}.code", component.code, f"no component may be called '{component.code}'")
        if component.code in [each.code for each in version.components[:number]]:
            findings.add(f"{where}.code", component.code, f"a second component is called '{component.code}'")
        later = {each.code for each in version.components[number:]}
        for name in sorted(component.names() & later):
            findings.add(where, name, f"'{name}' is a component that does not come before")
        for field, value, message, remedy in component.objections(version.schedules or {}, earlier):
            findings.add(f"{where}.{field}", value, message, remedy)
        earlier += [component.code, *component.accounts]
