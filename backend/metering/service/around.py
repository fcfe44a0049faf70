"""What is known around gaps: the point's own past, alike points, the weather, and when it was shut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.kernel import clock
from backend.kernel.calendars import CALENDARS, DayKind
from backend.kernel.scope import Scope
from backend.kernel.units import PointKind
from backend.metering import queries, rules
from backend.metering.models import Gap
from backend.metering.queries import CountedPoint
from backend.metering.queries import around as looked
from backend.metering.rules import HOUR_US, Rule, vee
from backend.metering.service.settings import Settings, settings_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
DAY_US = 24 * HOUR_US
PAST_US = 42 * DAY_US
"""How far back alike days are looked for."""
MOST_ALIKE = 8
TRUSTED_US = 31 * DAY_US
"""How old the last word of a valve may be."""


def contexts(
    session: Session, scope: Scope, points: dict[int, CountedPoint], gaps: Sequence[Gap]
) -> list[vee.Gap | None]:
    """Return what is known around each gap; None for those that are too long to know what happened."""
    if not gaps:
        return []
    said = settings_of(session, scope, [points[gap.point_key].owner[1] for gap in gaps])
    of_gap = [said[points[gap.point_key].owner[1]] for gap in gaps]
    first = np.array([_first_start(gap, points[gap.point_key]) for gap in gaps], dtype=np.int64)
    last = np.array([clock.to_us(gap.last_at) for gap in gaps], dtype=np.int64)
    key = np.array([gap.point_key for gap in gaps], dtype=np.int64)
    known = _amounts(session, scope, key, first, last)
    found: list[vee.Gap | None] = []
    for i, gap in enumerate(gaps):
        is_long = int(last[i]) - int(first[i]) > of_gap[i].longest_gap_days * DAY_US
        stretch = int(first[i]), int(last[i])
        found.append(None if is_long else context(points[gap.point_key], stretch, *known[i], of_gap[i]))
    wanted = [i for i, one in enumerate(found) if one is not None]
    _add_alike(session, scope, points, gaps, found, [i for i in wanted if of_gap[i].uses_siblings])
    _add_weather(session, scope, points, gaps, found, [i for i in wanted if of_gap[i].uses_weather])
    _add_shut(session, scope, gaps, found, {i: of_gap[i] for i in wanted})
    return found


def context(
    point: CountedPoint, stretch: tuple[int, int], start: Ints, amount: Ints, how: Settings
) -> vee.Gap:
    """Lay what was measured on a regular grid: the past, the gap, one interval after it."""
    length, (first, last) = point.length_us, stretch
    count = -(-(last - first) // length)
    grid = np.arange(first - PAST_US // length * length, first + (count + 1) * length, length, dtype=np.int64)
    at = int((first - grid[0]) // length)
    laid = _laid(grid, start, amount, length)
    laid[at : at + count] = np.nan
    holidays, worked = _free_days(point.calendar, grid) if how.uses_holidays else (frozenset(), frozenset())
    where = vee.places(grid, point.zone, length, holidays, worked)
    return vee.Gap(laid, at, at + count, where, length)


def grid_of(gap: vee.Gap, first_us: int) -> Ints:
    """Return the start of every interval of a context [µs]. first_us: of the first in the gap."""
    return first_us + (np.arange(len(gap.amount), dtype=np.int64) - gap.first) * gap.length_us


def _first_start(gap: Gap, point: CountedPoint) -> int:
    return rules.floor_to(clock.to_us(gap.first_at), point.length_us)


def _laid(grid: Ints, start: Ints, amount: Ints | Floats, length: int) -> Floats:
    laid = np.full(len(grid), np.nan)
    place = (start - grid[0]) // length
    inside = (place >= 0) & (place < len(grid)) & ((start - grid[0]) % length == 0)
    laid[place[inside]] = amount[inside]
    return laid


def _amounts(session: Session, scope: Scope, key: Ints, first: Ints, last: Ints) -> list[tuple[Ints, Ints]]:
    """Return start and amount of what is known from the past on to an hour after each stretch."""
    job, start, amount = queries.measured_before(session, scope, key, first - PAST_US, last + HOUR_US)
    order = np.lexsort((start, job))
    job, start, amount = job[order], start[order], amount[order]
    edge = np.searchsorted(job, np.arange(len(key) + 1))
    return [(start[a:b], amount[a:b]) for a, b in zip(edge, edge[1:], strict=False)]


def _free_days(calendar: str, grid: Ints) -> tuple[frozenset[int], frozenset[int]]:
    """Return the holidays and the weekend days worked, as numbers of days; none of years the calendar does not know."""
    known = CALENDARS.get(calendar)
    if known is None or not len(grid):
        return frozenset(), frozenset()
    days = range(int(grid[0]) // DAY_US - 1, int(grid[-1]) // DAY_US + 2)
    kinds = {day: _kind(calendar, day) for day in days}
    return (
        frozenset(day for day, kind in kinds.items() if kind is DayKind.HOLIDAY),
        frozenset(day for day, kind in kinds.items() if kind is DayKind.MAKE_UP),
    )


@cache
def _kind(calendar: str, day: int) -> DayKind | None:
    on, known = date(1970, 1, 1) + timedelta(days=day), CALENDARS[calendar]
    return known.kind(on) if known.years is None or on.year in known.years else None


def _asks_for(rule: Rule, gap: vee.Gap, point: CountedPoint) -> bool:
    """Tell whether an estimator has a place in the order of a gap: what it needs is read for nobody else."""
    return rule in vee.order(point.carrier, gap.hours, with_register=point.kind is PointKind.REGISTER)


def _add_alike(
    session: Session, scope: Scope, points: dict[int, CountedPoint], gaps: Sequence[Gap],
    found: list[vee.Gap | None], wanted: Sequence[int],
) -> None:  # fmt: skip
    """Give contexts the amounts of alike points, where the ladder asks for them."""
    mine = [i for i in wanted if _asks_for(Rule.SIBLINGS, _there(found[i]), points[gaps[i].point_key])]
    if not mine:
        return
    pairs = defaultdict(list)
    for key, alike in looked.alike_points(session, scope, [gaps[i].point_key for i in mine], MOST_ALIKE):
        pairs[key].append(alike)
    for i in mine:
        one, alike = _there(found[i]), np.array(pairs[gaps[i].point_key], dtype=np.int64)
        if not len(alike):
            continue
        first = _first_start(gaps[i], points[gaps[i].point_key])
        stretch = (
            np.full(len(alike), at, dtype=np.int64) for at in (first, first + len(one) * one.length_us)
        )
        known, grid = _amounts(session, scope, alike, *stretch), grid_of(one, first)
        found[i] = replace(
            one, siblings=np.array([_laid(grid, start, amount, one.length_us) for start, amount in known])
        )


def _add_weather(
    session: Session, scope: Scope, points: dict[int, CountedPoint], gaps: Sequence[Gap],
    found: list[vee.Gap | None], wanted: Sequence[int],
) -> None:  # fmt: skip
    """Give contexts the outdoor temperature, where the ladder asks for it."""
    mine = [i for i in wanted if _asks_for(Rule.WEATHER, _there(found[i]), points[gaps[i].point_key])]
    outdoors = looked.outdoors(session, scope, [gaps[i].point_key for i in mine]) if mine else {}
    for i in mine:
        if gaps[i].point_key not in outdoors:
            continue
        one = _there(found[i])
        grid = grid_of(one, _first_start(gaps[i], points[gaps[i].point_key]))
        _, start, mean = looked.temperatures(
            session, scope, [outdoors[gaps[i].point_key]], int(grid[0]) // HOUR_US * HOUR_US,
            int(grid[-1]) + one.length_us,
        )  # fmt: skip
        if len(start):
            by_hour = dict(zip(start.tolist(), mean.tolist(), strict=True))
            hour = grid // HOUR_US * HOUR_US
            found[i] = replace(one, temperature=np.array([by_hour.get(at, np.nan) for at in hour.tolist()]))


def _add_shut(
    session: Session, scope: Scope, gaps: Sequence[Gap], found: list[vee.Gap | None], wanted: dict[int, Settings]
) -> None:  # fmt: skip
    """Say in which intervals of the gaps a point was shut: as people said, by its valve, for want of a contract."""
    if not wanted:
        return
    keys = [gaps[i].point_key for i in wanted]
    first = min(clock.to_us(gaps[i].first_at) for i in wanted)
    until = max(clock.to_us(gaps[i].last_at) for i in wanted) + DAY_US
    shut: dict[int, list[vee.Stretch]] = defaultdict(list)
    for key, starts_at, ends_at in looked.shut_periods(session, scope, keys):
        shut[key].append((clock.to_us(starts_at), clock.to_us(ends_at) if ends_at else until))
    for key, stretches in _valves(session, scope, keys, first - TRUSTED_US, until).items():
        shut[key] += stretches
    unsupplied = [gaps[i].point_key for i, how in wanted.items() if how.is_shut_without_supply]
    for key, stretches in _unsupplied(session, scope, unsupplied, until).items():
        shut[key] += stretches
    for i in wanted:
        one = _there(found[i])
        if shut.get(gaps[i].point_key):
            start = clock.to_us(gaps[i].first_at) // one.length_us * one.length_us
            inside = start + np.arange(len(one), dtype=np.int64) * one.length_us
            found[i] = replace(one, shut=vee.shut_in(inside, one.length_us, shut[gaps[i].point_key]))


def _valves(
    session: Session, scope: Scope, keys: Sequence[int], first_us: int, until_us: int
) -> dict[int, list[vee.Stretch]]:
    pairs = looked.valves(session, scope, keys)
    if not pairs:
        return {}
    key, at_us, value = looked.states(session, scope, [valve for _, valve in pairs], first_us, until_us)
    found: dict[int, list[vee.Stretch]] = defaultdict(list)
    for point, valve in pairs:
        mine = key == valve
        found[point] += vee.closed_periods(at_us[mine], value[mine], until_us)
    return found


def _unsupplied(
    session: Session, scope: Scope, keys: Sequence[int], until_us: int
) -> dict[int, list[vee.Stretch]]:
    """Return when places that had a contract had none: from the end of one to the start of the next."""
    ends: dict[int, int] = {}
    found: dict[int, list[vee.Stretch]] = defaultdict(list)
    for key, starts_at, ends_at in looked.supplied(session, scope, keys) if keys else ():
        if key in ends and ends[key] < clock.to_us(starts_at):
            found[key].append((ends[key], clock.to_us(starts_at)))
        ends[key] = max(ends.get(key, 0), clock.to_us(ends_at) if ends_at else until_us)
    for key, end in ends.items():
        if end < until_us:
            found[key].append((end, until_us))
    return found


def _there(one: vee.Gap | None) -> vee.Gap:
    assert one is not None, "only gaps that can be estimated are looked around"
    return one
