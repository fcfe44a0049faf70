"""Which estimator fills a gap, and why: a stated order by carrier and length of the gap. Pure.

The orders follow from the accuracy table in the README (real meters, known gaps); a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.kernel.units import Carrier
from backend.metering.rules.amounts import Rule
from backend.metering.rules.shares import SplitError, shares
from backend.metering.rules.vee import estimates
from backend.metering.rules.vee.estimates import Gap

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
THERMAL = frozenset({Carrier.HEAT, Carrier.COOLING, Carrier.STEAM})
THERMAL_EDGE_HOURS = 48.0
"""Heat and cold change slowly: what an edge says lasts longer than it does for other carriers."""

ESTIMATORS: dict[Rule, Callable[[Gap], Floats | None]] = {
    Rule.INTERPOLATED: estimates.level,
    Rule.LINE: estimates.interpolation,
    Rule.DAY_TYPE: estimates.same_day_type,
    Rule.EDGED: estimates.edged_profile,
    Rule.WEATHER: estimates.weather_adjusted,
    Rule.SIBLINGS: estimates.sibling_profile,
}
_WORDS = {
    Rule.INTERPOLATED: "evenly over the gap",
    Rule.LINE: "a straight line between the intervals on either side",
    Rule.DAY_TYPE: "the same hours of days of the same kind",
    Rule.EDGED: "days of the same kind, tied to the intervals on either side",
    Rule.WEATHER: "its hours' dependence on the outdoor temperature",
    Rule.SIBLINGS: "what alike points did in these hours",
    Rule.ZERO: "nothing flowed",
    Rule.MANUAL: "said by a person",
}
_LACKS = {
    Rule.LINE: "no interval on either side",
    Rule.DAY_TYPE: "too few alike days",
    Rule.EDGED: "too few alike days",
    Rule.WEATHER: "no outdoor temperature, or too few days",
    Rule.SIBLINGS: "no alike point measured these hours",
}


@dataclass(frozen=True)
class Estimate:
    """What fills a gap. amount: quanta; rule: the estimator; reason: why this one, in words."""

    amount: Ints
    rule: Rule
    reason: str


@dataclass(frozen=True)
class Expectation:
    """What an estimator expects of a gap's intervals [quanta, float], before a register has its say."""

    amount: Floats
    rule: Rule
    reason: str


def order(carrier: Carrier, hours: float, *, with_register: bool = False) -> tuple[Rule, ...]:
    """Return the estimators to try for a gap of so many hours, the best first.

    The last one, without a register, is the line between the intervals on either side; with one, it is the
    register's own straight line over the gap (`Rule.INTERPOLATED`), which needs no past.
    """
    return _with_register(carrier, hours) if with_register else _without_register(carrier, hours)


def _with_register(carrier: Carrier, hours: float) -> tuple[Rule, ...]:
    if hours <= 1 or (carrier in (Carrier.HEAT, Carrier.STEAM) and hours <= 6):
        return (Rule.INTERPOLATED,)
    is_plain = carrier in (Carrier.WATER, Carrier.HEAT, Carrier.STEAM)
    return (Rule.DAY_TYPE if is_plain else Rule.EDGED, Rule.INTERPOLATED)


def _without_register(carrier: Carrier, hours: float) -> tuple[Rule, ...]:
    if carrier in THERMAL and hours <= 6:
        return (Rule.LINE,)
    if carrier is Carrier.WATER:
        return (Rule.LINE,) if hours < 3 else (Rule.DAY_TYPE, Rule.LINE)
    if carrier in (Carrier.GAS, Carrier.FUEL) and hours > 6:
        return (Rule.SIBLINGS, *([Rule.WEATHER] if hours > 24 else []), Rule.EDGED, Rule.LINE)
    return (Rule.EDGED, Rule.LINE)


def expect(gap: Gap, carrier: Carrier, *, with_register: bool = False) -> Expectation | None:
    """Return what the best estimator that has what it needs expects, and why it is this one; None if none has."""
    if is_shut(gap) and not with_register:
        return Expectation(np.zeros(len(gap)), Rule.ZERO, "nothing flowed: the point was shut")
    if carrier in THERMAL:
        gap = replace(gap, edge_hours=THERMAL_EDGE_HOURS)
    lacks: list[str] = []
    for rule in order(carrier, gap.hours, with_register=with_register):
        found = ESTIMATORS[rule](gap)
        if found is not None and np.isfinite(found).all():
            words = [
                _WORDS[rule],
                *(["nothing while it was shut"] if is_shut(gap, partly=True) else []),
                *lacks,
            ]
            return Expectation(_opened(gap, np.maximum(found, 0.0)), rule, "; ".join(words))
        lacks.append(f"not {_WORDS[rule]}: {_LACKS[rule]}")
    return None


def is_shut(gap: Gap, *, partly: bool = False) -> bool:
    """Tell whether the point was shut all through the gap; partly: in a part of it alone."""
    if gap.shut is None:
        return False
    return bool(gap.shut.any() and not gap.shut.all()) if partly else bool(gap.shut.all())


def _opened(gap: Gap, expected: Floats) -> Floats:
    """Expect nothing while the point was shut; where that leaves nothing at all, the same whenever it was open."""
    if not is_shut(gap, partly=True):
        return expected
    assert gap.shut is not None
    opened = np.where(gap.shut, 0.0, expected)
    return opened if opened.any() else np.where(gap.shut, 0.0, 1.0)


def estimate(gap: Gap, carrier: Carrier, *, total: int | None = None) -> Estimate:
    """Fill a gap. With a register's move the intervals sum to it exactly; a register is believed before any rule.

    total: what the register moved over the gap [quanta], None if unknown
    raises SplitError where nothing at all is known of the gap
    """
    if total == 0:
        return Estimate(np.zeros(len(gap), np.int64), Rule.ZERO, "the register did not move")
    found = expect(gap, carrier, with_register=total is not None)
    if found is None:
        raise SplitError("nothing is known of this gap: neither a register nor a past")
    if total is None:
        return Estimate(np.floor(found.amount + 0.5).astype(np.int64), found.rule, found.reason)
    return Estimate(
        shares(total, found.amount), found.rule, f"{found.reason}; scaled to what the register moved"
    )


def manual(amount: Ints, *, total: int | None, reason: str) -> Estimate:
    """Take what a person says, with their reason; where a register is known it must sum to what that moved.

    raises SplitError that says how far it is off
    """
    if (amount < 0).any():
        raise SplitError("an amount is never negative")
    said = int(amount.sum())
    if total is not None and said != total:
        raise SplitError(
            f"the intervals sum to {said}, the register moved {total}: {said - total:+d} too much"
        )
    return Estimate(amount, Rule.MANUAL, reason)
