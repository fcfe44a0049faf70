"""What each kind of rule must be told. A wrong rule cannot be built: it is refused in words."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.alarms.rules import expression
from backend.kernel.errors import Refused

LEVELS = {"HH": 2, "H": 1, "L": -1, "LL": -2}
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
LONGEST_DELAY_S = 86_400.0
LONGEST_WINDOW_S = 86_400.0
MOST_POINTS = 10


@dataclass(frozen=True)
class Threshold:
    """A level of a rule: on at or beyond `limit`, off again past `limit` by the deadband.

    code: place on the scale, positive upwards, its size the severity; sign: +1 above, -1 below
    priority: of this level, where it differs from the rule's
    """

    name: str
    code: int
    sign: int
    limit: float
    priority: int | None = None


@dataclass(frozen=True)
class LimitParameters:
    """HH, H, L, LL [unit of the point]: any of the four; priorities: level -> priority, where it differs."""

    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True)
class RateParameters:
    """rising, falling [unit per `per`], both positive; window_s: over how long [s]."""

    thresholds: tuple[Threshold, ...]
    window_s: float
    per_s: float


@dataclass(frozen=True)
class SilenceParameters:
    """after_s: without a usable reading [s]."""

    after_s: float


@dataclass(frozen=True)
class StateParameters:
    """values that raise the alarm; with `negated` every other value does."""

    values: tuple[float, ...]
    negated: bool


@dataclass(frozen=True)
class ExpressionParameters:
    """when: the compiled condition; points: names -> point ids; stale_s: older inputs are unknown [s]."""

    when: expression.Expression
    points: Mapping[str, str]
    stale_s: float


@dataclass(frozen=True)
class NightParameters:
    """Lowest flow between two local hours at or over a limit, or over a factor of the usual lowest flow.

    start, end: local wall-clock times, may cross midnight; limit [unit of the point] or None
    factor: times the median of the last `nights` quiet nights, once there are `few` of them
    """

    start: time
    end: time
    limit: float | None
    factor: float | None
    nights: int = 14
    few: int = 5


Parameters = (
    LimitParameters
    | RateParameters
    | SilenceParameters
    | StateParameters
    | ExpressionParameters
    | NightParameters
)


def read(kind: str, given: Mapping[str, Any]) -> Parameters:
    """Read a rule's parameters; raises Refused naming the field that is wrong."""
    if kind not in _READERS:
        raise Refused(f"there is no rule kind '{kind}'", field="kind", value=kind, remedy=_one_of(_READERS))
    reader, known = _READERS[kind]
    for name in given:
        if name not in known:
            raise Refused(f"a {kind} rule has no '{name}'", field=f"parameters.{name}", remedy=_one_of(known))
    return reader(given)


def check_numbers(*, priority: int, deadband: float, on_delay_s: float, off_delay_s: float) -> None:
    """Refuse a priority outside 1..4, a negative deadband, and delays that are negative or beyond a day."""
    if priority not in (1, 2, 3, 4):
        raise Refused("a priority is 1 (act now) to 4 (note)", field="priority", value=priority)
    if not (math.isfinite(deadband) and deadband >= 0):
        raise Refused("a deadband is zero or more", field="deadband", value=deadband)
    for name, delay in (("on_delay_s", on_delay_s), ("off_delay_s", off_delay_s)):
        if not 0 <= delay <= LONGEST_DELAY_S:
            raise Refused("a delay is between 0 and 86400 s", field=name, value=delay)


def most_urgent(kind: str, given: Mapping[str, Any], priority: int) -> int:
    """Return the most urgent priority (the lowest number) that any level of a rule has; its own: `priority`."""
    read_ = read(kind, given)
    if not isinstance(read_, LimitParameters):
        return priority
    return min(priority if level.priority is None else level.priority for level in read_.thresholds)


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name; raises Refused when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refused(f"there is no time zone '{name}'", field="timezone", value=name) from None


def _limit(given: Mapping[str, Any]) -> LimitParameters:
    found = [(name, _number(given, name)) for name in LEVELS if given.get(name) is not None]
    if not found:
        raise Refused("a limit rule needs at least one limit", field="parameters", remedy=_one_of(LEVELS))
    for (upper, above), (lower, below) in zip(found, found[1:], strict=False):
        if above <= below:
            raise Refused(
                f"{upper} must lie above {lower}", field=f"parameters.{upper}", value=above,
                remedy="limits run LL < L < H < HH",
            )  # fmt: skip
    priorities = _priorities(given.get("priorities") or {}, [name for name, _ in found])
    return LimitParameters(
        tuple(
            Threshold(name, LEVELS[name], 1 if LEVELS[name] > 0 else -1, limit, priorities.get(name))
            for name, limit in found
        )
    )


def _priorities(given: Any, levels: list[str]) -> dict[str, int]:
    if not isinstance(given, Mapping) or not set(given) <= set(levels):
        raise Refused(
            "'priorities' gives levels of the rule their own", field="parameters.priorities", value=given
        )
    for priority in given.values():
        check_numbers(priority=priority, deadband=0, on_delay_s=0, off_delay_s=0)
    return dict(given)


def _rate(given: Mapping[str, Any]) -> RateParameters:
    per = given.get("per", "min")
    if per not in SECONDS:
        raise Refused(f"a rate is per s, min or h, not '{per}'", field="parameters.per", value=per)
    thresholds = []
    for name, sign in (("rising", 1), ("falling", -1)):
        if given.get(name) is not None:
            thresholds.append(Threshold(name, sign, sign, sign * _number(given, name, above=0)))
    if not thresholds:
        raise Refused("a rate rule needs 'rising' or 'falling'", field="parameters")
    window_s = _number(given, "window_s", above=0, most=LONGEST_WINDOW_S, default=60.0)
    return RateParameters(tuple(thresholds), window_s, SECONDS[per])


def _silence(given: Mapping[str, Any]) -> SilenceParameters:
    return SilenceParameters(_number(given, "after_s", above=0, most=31 * 86_400))


def _state(given: Mapping[str, Any]) -> StateParameters:
    names = [name for name in ("equals", "not_equals", "one_of") if name in given]
    if len(names) != 1:
        raise Refused("a state rule needs one of 'equals', 'not_equals', 'one_of'", field="parameters")
    name = names[0]
    listed = given[name] if name == "one_of" else [given[name]]
    if not isinstance(listed, list | tuple) or not 1 <= len(listed) <= 32:
        raise Refused("'one_of' is a list of 1 to 32 states", field="parameters.one_of", value=listed)
    values = tuple(_as_number(value, f"parameters.{name}") for value in listed)
    return StateParameters(values, negated=name == "not_equals")


def _expression(given: Mapping[str, Any]) -> ExpressionParameters:
    points = given.get("points")
    if not isinstance(points, Mapping) or not 1 <= len(points) <= MOST_POINTS:
        raise Refused(f"'points' binds 1 to {MOST_POINTS} names to points", field="parameters.points")
    when = expression.parse(str(given.get("when", "")), names=frozenset(points))
    stale_s = _number(given, "stale_s", above=0, most=LONGEST_WINDOW_S, default=900.0)
    return ExpressionParameters(when, {name: str(point) for name, point in points.items()}, stale_s)


def _night(given: Mapping[str, Any]) -> NightParameters:
    start, end = _clock_time(given, "from", "02:00"), _clock_time(given, "to", "04:00")
    minutes = ((end.hour - start.hour) * 60 + end.minute - start.minute) % 1440
    if not 30 <= minutes <= 720:
        raise Refused("the night lasts 30 minutes to 12 hours", field="parameters.to", value=end.isoformat())
    if (given.get("limit") is None) == (given.get("factor") is None):
        raise Refused("a night flow rule needs either 'limit' or 'factor'", field="parameters")
    limit = None if given.get("limit") is None else _number(given, "limit", above=0)
    factor = None if given.get("factor") is None else _number(given, "factor", above=1, most=100)
    return NightParameters(start, end, limit, factor)


def _number(
    given: Mapping[str, Any], name: str, *, above: float | None = None, most: float | None = None,
    default: float | None = None,
) -> float:  # fmt: skip
    if given.get(name) is None and default is not None:
        return default
    number = _as_number(given.get(name), f"parameters.{name}")
    if above is not None and number <= above:
        raise Refused(f"'{name}' must be more than {above:g}", field=f"parameters.{name}", value=number)
    if most is not None and number > most:
        raise Refused(f"'{name}' must be at most {most:g}", field=f"parameters.{name}", value=number)
    return number


def _as_number(value: Any, name: str) -> float:
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:  # NaN is not, either
        raise Refused(f"'{str(value)[:40]}' is not a number", field=name, value=str(value)[:40])
    return float(value)


def _clock_time(given: Mapping[str, Any], name: str, default: str) -> time:
    text = str(given.get(name, default))
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise Refused(
            f"'{text}' is not a time of day", field=f"parameters.{name}", remedy="use 02:00"
        ) from None


def _one_of(names: Any) -> str:
    return "use one of " + ", ".join(names)


_READERS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "limit": (_limit, ("HH", "H", "L", "LL", "priorities")),
    "rate": (_rate, ("rising", "falling", "per", "window_s")),
    "silence": (_silence, ("after_s",)),
    "state": (_state, ("equals", "not_equals", "one_of")),
    "expression": (_expression, ("when", "points", "stale_s")),
    "night_flow": (_night, ("from", "to", "limit", "factor")),
}
