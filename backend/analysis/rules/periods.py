"""Which days stand against which: the stretch before, the same days last year by weekday and holiday. Pure.

A period is a list of half-open stretches of UTC instants, since the days like these last year need not touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.analysis.rules.asking import Ask, Compare
from backend.kernel import periods
from backend.kernel.calendars import Calendar, DayKind
from backend.kernel.periods import Period

WEEKS = timedelta(weeks=52)
FURTHEST = timedelta(days=24)
"""A day like another is looked for so far around the same weekday a year before: New Year by the moon moves 20 days."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Stretches:
    """What is compared. now, before: stretches in order; pairs: (day, its like last year) where days are paired.

    whole_now, whole_before: local days asked for, whether they are over or not
    unlike: days that had no like and stand against the same weekday 52 weeks before
    is_running: the period is not over; only full hours count, and as many of the one before
    """

    now: tuple[Period, ...]
    before: tuple[Period, ...]
    whole_now: tuple[date, date]
    whole_before: tuple[date, date] | None = None
    pairs: tuple[tuple[date, date], ...] = ()
    unlike: int = 0
    is_running: bool = False

    @property
    def hours(self) -> tuple[float, float]:
        """Return how long both are [h]; days of 23 and 25 hours make them differ."""
        return _hours(self.now), _hours(self.before)


def stretches(ask: Ask, zone: str, calendar: Calendar, now: datetime) -> Stretches:
    """Return what a question compares. now: the present instant; hours that are not over are left out."""
    until = now.replace(minute=0, second=0, microsecond=0)
    start, end = (periods.day(on, zone).start for on in (ask.first, ask.until))
    period = Period(start, max(min(end, until), start))
    is_running = end > until
    said = (ask.first, ask.until)
    if ask.compare is Compare.NONE:
        return Stretches((period,), (), said, is_running=is_running)
    if ask.compare is Compare.YEAR:
        pairs, unlike = alike_days(ask.first, ask.until, calendar)
        before = _merged(_of_pairs(pairs, zone, period))
        whole = (min(one for _, one in pairs), max(one for _, one in pairs) + timedelta(days=1))
        return Stretches((period,), before, said, whole, tuple(pairs), unlike, is_running)
    whole = stretch_before(*said)
    if ask.compare is Compare.CUSTOM and ask.against_first and ask.against_until:
        whole = (ask.against_first, ask.against_until)
    first, last = (periods.day(on, zone).start for on in whole)
    passed = period.end - period.start if period.end else timedelta(0)
    ends = min(first + passed, last) if is_running else last
    return Stretches((period,), (Period(first, ends),), said, whole, is_running=is_running)


def stretch_before(first: date, until: date) -> tuple[date, date]:
    """Return the stretch directly before: as many months where whole months are asked for, else as many days."""
    months = (until.year - first.year) * 12 + until.month - first.month
    if first.day == until.day == 1 and months > 0:
        place = first.year * 12 + first.month - 1 - months
        return date(place // 12, place % 12 + 1, 1), first
    return first - (until - first), first


def alike_days(first: date, until: date, calendar: Calendar) -> tuple[list[tuple[date, date]], int]:
    """Return each day with its like a year before, each used once, and how many have no like.

    The first day of a holiday stands against the first of the nearest holiday a year before, and so on. A working day
    or a weekend day has the same weekday of the same kind, the nearest to that 52 weeks before. A day worked in a
    holiday's stead has another such, or any working day. Days that find none take the nearest such weekday left, or
    the last day before that is left.
    """
    days = [first + timedelta(days=number) for number in range((until - first).days)]
    found: dict[date, date] = {}
    taken: set[date] = set()

    def take(
        wanted: Sequence[date], fits: Sequence[DayKind], *, same_weekday: bool, exactly: bool = False
    ) -> None:
        for on in wanted:
            if on in found:
                continue
            for like in _around(on - WEEKS, exactly=exactly):
                is_alike = kind_of(like, calendar) in fits and (
                    not same_weekday or like.weekday() == on.weekday()
                )
                if is_alike and like not in taken:
                    found[on] = like
                    taken.add(like)
                    break

    kinds = {on: kind_of(on, calendar) for on in days}
    for on, like in _alike_holidays([on for on in days if kinds[on] is DayKind.HOLIDAY], calendar):
        found[on] = like
        taken.add(like)
    for exactly in (True, False):
        for kind in (DayKind.WORKDAY, DayKind.WEEKEND):
            take([on for on in days if kinds[on] is kind], (kind,), same_weekday=True, exactly=exactly)
    made_up = [on for on in days if kinds[on] is DayKind.MAKE_UP]
    take(made_up, (DayKind.MAKE_UP,), same_weekday=False)
    take(made_up, (DayKind.WORKDAY,), same_weekday=False)
    unlike = [on for on in days if on not in found]
    take(unlike, tuple(DayKind), same_weekday=True)
    for on in (on for on in unlike if on not in found):
        found[on] = next(like for like in _before(on - WEEKS) if like not in taken)
        taken.add(found[on])
    return [(on, found[on]) for on in days], len(unlike)


def _alike_holidays(days: Sequence[date], calendar: Calendar) -> Iterator[tuple[date, date]]:
    """Yield holidays with their like, by the days' places in their holidays; the nearest holidays first."""
    begun = {on: _begin(on, calendar) for on in days}
    near = {
        begin: [like for like in _around(begin - WEEKS, exactly=False)
                if kind_of(like, calendar) is DayKind.HOLIDAY and _begin(like, calendar) == like]
        for begin in set(begun.values())
    }  # fmt: skip
    taken: set[date] = set()
    for begin in sorted(
        near, key=lambda one: (abs(near[one][0] - (one - WEEKS)) if near[one] else FURTHEST, one)
    ):
        for on in (on for on in days if begun[on] == begin and near[begin]):
            like = near[begin][0] + (on - begin)
            is_alike = kind_of(like, calendar) is DayKind.HOLIDAY and _begin(like, calendar) == near[begin][0]
            if is_alike and like not in taken:
                taken.add(like)
                yield on, like


def _begin(on: date, calendar: Calendar) -> date:
    """Return the first day of the holiday a day lies in."""
    while kind_of(on - timedelta(days=1), calendar) is DayKind.HOLIDAY:
        on -= timedelta(days=1)
    return on


def kind_of(on: date, calendar: Calendar) -> DayKind:
    """Return what kind of day it is; in years a calendar does not know there are working days and weekends only."""
    if calendar.years is not None and on.year not in calendar.years:
        return DayKind.WORKDAY if on.weekday() < 5 else DayKind.WEEKEND
    return calendar.kind(on)


def _around(on: date, *, exactly: bool) -> Iterator[date]:
    """Yield days nearest first: itself, the day before, the day after, …"""
    yield on
    if not exactly:
        for number in range(1, FURTHEST.days + 1):
            yield on - timedelta(days=number)
            yield on + timedelta(days=number)


def _before(on: date) -> Iterator[date]:
    while True:
        yield on
        on -= timedelta(days=1)


def _of_pairs(pairs: Sequence[tuple[date, date]], zone: str, period: Period) -> Iterator[Period]:
    """Yield the like of each day, as much of it as has passed of the day."""
    assert period.end is not None, "what is asked for ends"
    for on, like in pairs:
        day, other = periods.day(on, zone), periods.day(like, zone)
        assert day.end is not None and other.end is not None, "days end"
        if day.end <= period.end:
            yield other
        elif day.start < period.end:
            yield Period(other.start, min(other.start + (period.end - day.start), other.end))


def _merged(parts: Iterator[Period]) -> tuple[Period, ...]:
    found: list[Period] = []
    for part in sorted(parts):
        if found and found[-1].end == part.start:
            found[-1] = Period(found[-1].start, part.end)
        else:
            found.append(part)
    return tuple(found)


def _hours(parts: Sequence[Period]) -> float:
    return sum(((one.end or one.start) - one.start) / HOUR for one in parts)
