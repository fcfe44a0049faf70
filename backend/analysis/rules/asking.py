"""What a view of analysis is asked: whose energy, which local days, against which, of what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.kernel import ids
from backend.kernel.errors import Refused
from backend.kernel.units import Carrier

LONGEST_DAYS = 1100
YEARS = range(1990, 2101)
LONGEST_TEXT = 100


class Compare(StrEnum):
    """Against which days.

    BEFORE: the same stretch directly before; YEAR: the same days last year, by weekday and holiday;
    CUSTOM: days that are named; NONE: nothing
    """

    BEFORE = "before"
    YEAR = "year"
    CUSTOM = "custom"
    NONE = "none"


class By(StrEnum):
    """What amounts are told apart by."""

    CARRIER = "carrier"
    CATEGORY = "category"
    ORGANISATION = "organisation"
    POSITION = "position"
    METER = "meter"


class ViewName(StrEnum):
    """The views there are; each is made by a function registered in `reports.analysis`."""

    CONSUMPTION = "consumption"
    FLOWS = "flows"
    HABITS = "habits"
    EFFICIENCY = "efficiency"
    INTENSITY = "intensity"
    BENEFIT = "benefit"
    BENCHMARK = "benchmark"


@dataclass(frozen=True)
class Ask:
    """A question to a view. first, until: local days [first, until) of the organisation's zone.

    against_first, against_until: local days [ , ) of Compare.CUSTOM
    carrier: None for all; under: a position, with all below it; meter: its sub-meters against it
    more: what only one view understands, plain values
    """

    organisation_id: UUID
    first: date
    until: date
    compare: Compare = Compare.BEFORE
    against_first: date | None = None
    against_until: date | None = None
    carrier: Carrier | None = None
    by: By = By.CARRIER
    under: UUID | None = None
    meter: UUID | None = None
    more: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _demand_days(self.first, self.until, "until")
        if self.compare is Compare.CUSTOM:
            if self.against_first is None or self.against_until is None:
                raise Refused("the days to compare with are not named", field="against_first",
                              remedy="name the first and the last of them")  # fmt: skip
            _demand_days(self.against_first, self.against_until, "against_until")

    @property
    def days(self) -> int:
        """Return how many local days it is about."""
        return (self.until - self.first).days

    def kept(self) -> dict[str, Any]:
        """Return the filters as plain values, to be kept with a schedule; its days are those of each period."""
        said = {
            "compare": self.compare.value, "by": self.by.value, "carrier": self.carrier and self.carrier.value,
            "under": self.under and ids.show(self.under), "meter": self.meter and ids.show(self.meter),
            **dict(self.more),
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}

    def over(self, first: date, until: date) -> Ask:
        """Return the same question about other days."""
        return replace(self, first=first, until=until)


OWN = frozenset({"compare", "by", "carrier", "under", "meter"})


def ask_of(kept: Mapping[str, Any], *, organisation_id: UUID, first: date, until: date) -> Ask:
    """Return the question kept with a schedule, about one of its periods; raises Refused where it says nonsense."""
    return Ask(
        organisation_id, first, until, compare=_among(Compare, kept, "compare", Compare.BEFORE),
        carrier=_among(Carrier, kept, "carrier", None), by=_among(By, kept, "by", By.CARRIER),
        under=ids.parse(kept["under"]) if kept.get("under") else None,
        meter=ids.parse(kept["meter"]) if kept.get("meter") else None,
        more=tuple(sorted(_more(name, value) for name, value in kept.items() if name not in OWN)),
    )  # fmt: skip


def _more(name: Any, value: Any) -> tuple[str, str]:
    """Return what only one view understands; raises Refused where it is no short text."""
    said = str(name), str(value)
    if not all(one.isprintable() and len(one) <= LONGEST_TEXT for one in said):
        shown = ascii(said[0])[:40]
        raise Refused("a filter is a short text", field="filters", value=shown,
                      remedy=f"use up to {LONGEST_TEXT} letters")  # fmt: skip
    return said


def _among(kinds: type[Any], said: Mapping[str, Any], name: str, default: Any) -> Any:
    value = said.get(name)
    if value is None:
        return default
    if value not in {one.value for one in kinds}:
        raise Refused(f"'{value}' is not known", field=name, value=str(value)[:40],
                      remedy="use one of " + ", ".join(one.value for one in kinds))  # fmt: skip
    return kinds(value)


def _demand_days(first: date, until: date, field: str) -> None:
    if wrong := [on for on in (first, until) if on.year not in YEARS]:
        raise Refused(f"{wrong[0].year} is out of range", field=field, value=wrong[0].isoformat(),
                      remedy=f"use days of {YEARS[0]} to {YEARS[-1]}")  # fmt: skip
    if until <= first:
        raise Refused("a period has one day at least", field=field, value=(until - timedelta(days=1)).isoformat(),
                      remedy="end it on or after its first day")  # fmt: skip
    if (until - first).days > LONGEST_DAYS:
        raise Refused("this is longer than three years", field=field, value=until.isoformat(),
                      remedy="choose a shorter period")  # fmt: skip
