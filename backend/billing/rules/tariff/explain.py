"""What a tariff says, for people: which intervals a line rests on, and how a schedule divides the days of the year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from backend.billing.rules.tariff.calendar import DayKind
from backend.billing.rules.tariff.components import Component
from backend.billing.rules.tariff.grid import Grid, Span, grid
from backend.billing.rules.tariff.schedule import MINUTES, Schedule
from backend.billing.rules.tariff.segment import Segment
from backend.billing.rules.tariff.tariff import Tariff, Version

MID_MONTH = 15
"""Schedules are shown by months as they are in the middle of them; seasons usually change at their ends."""

LEAP = 2024
"""A year that has every day."""


@dataclass(frozen=True)
class Stretch:
    """Local minutes [start, end) of a day in one price period."""

    start: int
    end: int
    period: str


@dataclass(frozen=True)
class DayPlan:
    """How a schedule divides a day: the months (1 … 12) and kinds of day that are alike, and its stretches."""

    months: tuple[int, ...]
    kinds: tuple[str, ...]
    stretches: tuple[Stretch, ...]


def component_of(version: Version, code: str) -> Component | None:
    """Return a version's component of a code; None for what no component made, such as a rounding."""
    return next((one for one in version.components if one.code == code), None)


def rests_on(
    tariff: Tariff, span: Span, length_us: int, code: str, period: str | None
) -> tuple[Grid, NDArray[np.bool_]]:
    """Return the intervals of a line's dates, and which of them the line rests on.

    span: the line's local dates, within one version; code, period: its component and price period
    """
    version = tariff.version_on(span.start)
    whole, component = grid(span, tariff.zone, length_us), component_of(version, code)
    if component is None:
        return whole, np.zeros(len(whole), dtype=bool)
    segment = Segment(span, version.from_, whole, version.schedules or {}, version.holidays())
    pieces = segment.pieces(component.part(segment), getattr(component, "by", None) if period else None)
    return whole, pieces.label == (pieces.codes.index(period) if period in pieces.codes else 0)


def day_plans(version: Version, code: str) -> list[DayPlan]:
    """Return how a schedule of a version divides the year's days, what is alike together, in order of months."""
    schedule = (version.schedules or {})[code]
    kinds = _kinds(version)
    months_of: dict[tuple[str, tuple[Stretch, ...]], list[int]] = {}
    for month, kind in product(range(1, 13), kinds):
        months_of.setdefault((kind, _stretches(schedule, month, kind)), []).append(month)
    alike: dict[tuple[tuple[int, ...], tuple[Stretch, ...]], list[str]] = {}
    for (kind, stretches), months in months_of.items():
        alike.setdefault((tuple(months), stretches), []).append(kind)
    plans = [DayPlan(months, tuple(same), stretches) for (months, stretches), same in alike.items()]
    return sorted(plans, key=lambda plan: (plan.months[0], kinds.index(plan.kinds[0])))


def _kinds(version: Version) -> tuple[str, ...]:
    has_holidays = bool(version.holidays().holidays)
    known: Iterable[DayKind] = (DayKind.WORKDAY, DayKind.WEEKEND, DayKind.HOLIDAY)
    return tuple(str(kind) for kind in known if has_holidays or kind is not DayKind.HOLIDAY)


def _stretches(schedule: Schedule, month: int, kind: str) -> tuple[Stretch, ...]:
    (minutes,) = schedule.days([(_day(month, kind), kind)])
    edges = [0, *(np.flatnonzero(np.diff(minutes)) + 1).tolist(), MINUTES]
    return tuple(Stretch(start, end, schedule.codes[int(minutes[start])]) for start, end in pairwise(edges))


def _day(month: int, kind: str) -> date:
    """Return a day of a kind about the middle of a month."""
    on, wants_weekend = date(LEAP, month, MID_MONTH), kind == DayKind.WEEKEND
    while (on.weekday() >= 5) != wants_weekend:
        on += timedelta(days=1)
    return on
