"""Whether supply may be cut for debt, now: never where it endangers somebody. Pure.

Every reason against it is named; only where there is none may it be done. What is not known speaks against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from backend.billing.rules.tariff.calendar import Calendar, DayKind
from backend.kernel.errors import Refused


class Against(StrEnum):
    """Why supply is not cut."""

    PROTECTED = "protected"
    NOT_OWING = "not_owing"
    PLAN_KEPT = "plan_kept"
    NO_NOTICE = "no_notice"
    NIGHT = "night"
    REST_DAY = "rest_day"
    BEFORE_REST_DAY = "before_rest_day"
    COLD = "cold"
    HOT = "hot"


@dataclass(frozen=True)
class Policy:
    """What an operator holds itself to. from_, until: local hours in which it may be done, so that help is at hand.

    notice_days: whole days between the last notice and the cut; least: smaller debts are none [currency]
    coldest_c, hottest_c: nobody is cut when it will be colder or hotter than this within the next days [°C]
    """

    from_: time = time(8)
    until: time = time(15)
    notice_days: int = 7
    least: Decimal = Decimal(50)
    coldest_c: float = 5.0
    hottest_c: float = 35.0


@dataclass(frozen=True)
class Case:
    """A customer who might be cut. debt: overdue [currency]; a prepaid customer's is what the balance is below nothing.

    told_on: last notice that named the day; extremes_c: lowest and highest temperature forecast for the next 48 h [°C]
    """

    debt: Decimal
    is_protected: bool
    is_plan_kept: bool
    told_on: date | None
    extremes_c: tuple[float, float] | None


def against(case: Case, now: datetime, calendar: Calendar, policy: Policy | None = None) -> list[Against]:
    """Return every reason not to cut supply; none: it may be done. now: the site's local time."""
    policy = policy or Policy()
    return [
        *_of_customer(case, now.date(), policy),
        *_of_time(now, calendar, policy),
        *_of_weather(case, policy),
    ]


def _of_customer(case: Case, today: date, policy: Policy) -> list[Against]:
    told = case.told_on is not None and today >= case.told_on + timedelta(days=policy.notice_days)
    found = {
        Against.PROTECTED: case.is_protected, Against.NOT_OWING: case.debt < policy.least,
        Against.PLAN_KEPT: case.is_plan_kept, Against.NO_NOTICE: not told,
    }  # fmt: skip
    return [reason for reason, holds in found.items() if holds]


def _of_time(now: datetime, calendar: Calendar, policy: Policy) -> list[Against]:
    found = [] if policy.from_ <= now.time() < policy.until else [Against.NIGHT]
    if _rests(now.date(), calendar):
        found.append(Against.REST_DAY)
    elif _rests(now.date() + timedelta(days=1), calendar):
        found.append(Against.BEFORE_REST_DAY)
    return found


def _rests(on: date, calendar: Calendar) -> bool:
    """Tell whether nobody works on a day; one the calendar does not know is taken for such a day."""
    try:
        return calendar.kind(on) in (DayKind.WEEKEND, DayKind.HOLIDAY)
    except Refused:
        return True


def _of_weather(case: Case, policy: Policy) -> list[Against]:
    if case.extremes_c is None:
        return [Against.COLD, Against.HOT]
    low, high = case.extremes_c
    return [Against.COLD] * (not low >= policy.coldest_c) + [Against.HOT] * (not high <= policy.hottest_c)


MOST_EMERGENCY_CREDIT = Decimal(500)
"""An emergency credit is small [currency]: it bridges a weekend, it is no loan."""

HOURS_SEEN, MARGIN_C = 48, 3.0
"""What the site's own thermometer says of the next two days: the last two, and so much colder and warmer [K].

Tomorrow is mostly as today; the margin is about the usual error of that (root of the mean square of a day's change of
mean temperature in a temperate climate, 2 to 4 K). What a person says of the forecast can only make it stricter.
"""


def warns(before: Decimal, after: Decimal, low: Decimal | None, credit: Decimal | None = None) -> bool:
    """Tell whether a prepaid balance that moved is to be told of: once for each mark it falls below.

    low: where its customer wants to be told first; then nothing; then what the emergency credit allows
    """
    marks = [*([low] if low is not None else []), *([Decimal(0)] if low is not None or credit else [])]
    return any(after < mark <= before for mark in [*marks, *([-credit] if credit else [])])


def prepaid_debt(balance: Decimal, credit: Decimal | None) -> Decimal:
    """Return what a prepaid customer owes by a balance: nothing as far as the emergency credit goes, else all of it."""
    return Decimal(0) if balance >= -(credit or Decimal(0)) else -balance


def expected(
    said: tuple[float, float] | None, measured: tuple[float, float] | None
) -> tuple[float, float] | None:
    """Return the lowest and highest temperature to reckon with [°C]: the wider of what was said and measured."""
    if measured is None:
        return said
    low, high = measured[0] - MARGIN_C, measured[1] + MARGIN_C
    return (low, high) if said is None else (min(low, said[0]), max(high, said[1]))
