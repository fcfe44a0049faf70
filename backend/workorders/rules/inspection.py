"""When planned work comes back: by calendar, by counter, by condition. Pure.

Parameters by trigger: calendar {"every": 3, "unit": "month", "anchor": "2026-01-15"}; counter {"point_id", "every":
500.0} in the point's unit; condition {"point_id", "above": 80.0} or {"below"}: once each time a value leaves its place.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from backend.kernel.errors import Refused

TRIGGERS = ("calendar", "counter", "condition")
UNITS = ("day", "week", "month", "year")


def demand(trigger: str, parameters: Mapping[str, Any]) -> None:
    """Raise Refused where a trigger cannot be followed, naming the parameter."""
    if trigger not in TRIGGERS:
        raise Refused(
            "this is no trigger", field="trigger", value=trigger, remedy=f"one of {', '.join(TRIGGERS)}"
        )
    if trigger == "calendar":
        if parameters.get("unit") not in UNITS:
            raise Refused("every how many what", field="unit", value=str(parameters.get("unit")),
                          remedy=f"one of {', '.join(UNITS)}")  # fmt: skip
        _above_zero(parameters, "every", whole=True)
        _date(parameters.get("anchor"))
    elif trigger == "counter":
        _above_zero(parameters, "every")
        _named(parameters)
    else:
        _named(parameters)
        if (parameters.get("above") is None) == (parameters.get("below") is None):
            raise Refused("a condition is above or below a value", field="above")


def next_on(parameters: Mapping[str, Any], after: date) -> date:
    """Return the first day of a calendar plan later than `after`: counted from its anchor, so that it never drifts."""
    anchor, every, unit = _date(parameters["anchor"]), int(parameters["every"]), parameters["unit"]
    if unit in ("day", "week"):
        step = timedelta(days=every * (7 if unit == "week" else 1))
        gone = max(0, (after - anchor) // step + 1) if after >= anchor else 0
        return anchor + gone * step
    months = every * (12 if unit == "year" else 1)
    gone = max(0, ((after.year - anchor.year) * 12 + after.month - anchor.month) // months - 1)
    while (found := _months_later(anchor, gone * months)) <= after:
        gone += 1
    return found


def count_on(
    parameters: Mapping[str, Any], *, now: float | None, counted_from: float | None
) -> tuple[bool, float | None]:
    """Tell whether a counter has gone far enough, and from where it counts on if not [unit of the point].

    The first value ever seen begins the count; a value below it is another register, or the same one past its end.
    """
    if now is None:
        return False, counted_from
    if counted_from is None or now < counted_from:
        return False, now
    return now - counted_from >= float(parameters["every"]), counted_from


def watch(
    parameters: Mapping[str, Any], *, now: float | None, called_at: float | None
) -> tuple[bool, float | None]:
    """Tell whether a condition calls for its inspection, and what it remembers: the value that called until it is back.

    So that a value that stays outside calls once, not again as soon as the inspection is over.
    """
    if now is None:
        return False, called_at
    if not is_met(parameters, now):
        return False, None
    return called_at is None, called_at


def is_met(parameters: Mapping[str, Any], value: float | None) -> bool:
    """Tell whether a value meets a condition [unit of the point]; nothing measured meets none."""
    if value is None:
        return False
    if parameters.get("above") is not None:
        return value > float(parameters["above"])
    return value < float(parameters["below"])


def _months_later(anchor: date, months: int) -> date:
    """Return the same day so many months later; the last of the month where it is shorter."""
    whole = anchor.month - 1 + months
    year, month = anchor.year + whole // 12, whole % 12 + 1
    return date(year, month, min(anchor.day, calendar.monthrange(year, month)[1]))


def _above_zero(parameters: Mapping[str, Any], name: str, *, whole: bool = False) -> None:
    value = parameters.get(name)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value <= 0
        or (whole and value != int(value))
    ):
        raise Refused(f"'{name}' is a number above zero", field=name, value=str(value)[:40])


def _named(parameters: Mapping[str, Any]) -> None:
    if not parameters.get("point_id"):
        raise Refused("say which point is watched", field="point_id")


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise Refused("this is no date", field="anchor", value=str(value)[:40], remedy="2026-01-15") from None
