"""Which kind of day a date is: working day, weekend or public holiday; make-up working days are working days.

Tariffs ask by `Calendar.kind`; what looks back (days of the same kind) may also ask which years are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from backend.kernel.errors import Refused


class DayKind(StrEnum):
    """What a date is."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    """A weekend day worked in a holiday's stead: it is a working day as well."""


@dataclass(frozen=True)
class Calendar:
    """Public holidays and the weekend days worked in their stead.

    years: those the calendar knows; asking about another raises Refused rather than guessing
    """

    name: str
    years: range | None
    holidays: frozenset[date]
    make_up: frozenset[date] = frozenset()

    def kind(self, on: date) -> DayKind:
        """Return what kind of day `on` is."""
        if self.years is not None and on.year not in self.years:
            raise Refused(
                f"the holidays of {on.year} are not in the calendar '{self.name}'",
                field="calendar",
                value=on.isoformat(),
                remedy=f"it knows {self.years[0]} to {self.years[-1]}: add the year's official notice",
            )
        if on in self.holidays:
            return DayKind.HOLIDAY
        if on in self.make_up:
            return DayKind.MAKE_UP
        return DayKind.WORKDAY if on.weekday() < 5 else DayKind.WEEKEND


def _days(stretches: str, year: int) -> list[date]:
    """Read '1/28-2/4 4/4' as dates of a year."""
    found = []
    for stretch in stretches.split():
        ends = [date(year, *map(int, end.split("/"))) for end in stretch.split("-")]
        found += [ends[0] + timedelta(days=n) for n in range((ends[-1] - ends[0]).days + 1)]
    return found


_CHINA: Mapping[int, tuple[str, str]] = {
    # General Office of the State Council, notices on the arrangement of holidays: year -> (holidays, make-up days)
    # 国办发明电〔2022〕16号 (2022-12-08)
    2023: ("1/1-1/2 1/21-1/27 4/5 4/29-5/3 6/22-6/24 9/29-10/6", "1/28-1/29 4/23 5/6 6/25 10/7-10/8"),
    # 国办发明电〔2023〕7号 (2023-10-25)
    2024: (
        "1/1 2/10-2/17 4/4-4/6 5/1-5/5 6/10 9/15-9/17 10/1-10/7",
        "2/4 2/18 4/7 4/28 5/11 9/14 9/29 10/12",
    ),
    # 国办发明电〔2024〕12号 (2024-11-12)
    2025: ("1/1 1/28-2/4 4/4-4/6 5/1-5/5 5/31-6/2 10/1-10/8", "1/26 2/8 4/27 9/28 10/11"),
    # 国办发明电〔2025〕7号 (2025-11-04)
    2026: ("1/1-1/3 2/15-2/23 4/4-4/6 5/1-5/5 6/19-6/21 9/25-9/27 10/1-10/7", "1/4 2/14 2/28 5/9 9/20 10/10"),
}


def _china() -> Calendar:
    holidays = frozenset(day for year, (free, _) in _CHINA.items() for day in _days(free, year))
    make_up = frozenset(day for year, (_, worked) in _CHINA.items() for day in _days(worked, year))
    return Calendar("CN", range(min(_CHINA), max(_CHINA) + 1), holidays, make_up)


CALENDARS = {"CN": _china(), "none": Calendar("none", None, frozenset())}
"""Calendars a site or a tariff may name; a tariff may also list its own holidays."""
