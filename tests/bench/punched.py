"""Punch known gaps into real meters, let every estimator fill them, and say how far off each is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backend.kernel.units import Carrier
from backend.metering import rules
from backend.metering.rules import Rule, vee
from backend.metering.rules.vee import estimates
from tests.bench.real_meters import HOUR_US, RealMeter

Floats = NDArray[np.float64]
GAP_HOURS = (1, 6, 24, 72, 168)
PAST_HOURS = 56 * 24
"""Eight weeks of past; after the gap one interval is known, as when the reading that ends it has just come."""
MOST_SIBLINGS = 8
FINE = 12
"""Of an hour's gap, with its register, only meters of less than an hour tell: they get so many times as many."""
LINE, WEEK, LADDER = "line", "last week", "ladder"
FINDERS = {
    LINE: estimates.interpolation, WEEK: estimates.same_hour_last_week, "day type": estimates.same_day_type,
    "edged": estimates.edged_profile, "weather": estimates.weather_adjusted, "siblings": estimates.sibling_profile,
}  # fmt: skip


@dataclass(frozen=True)
class Punched:
    """A gap in a real meter, what was there, and the meter's mean interval [quanta]."""

    carrier: Carrier
    hours: int
    gap: vee.Gap
    truth: Floats
    mean: float


@dataclass
class Errors:
    """Mean absolute errors of one carrier and gap length [share of the meter's mean interval].

    found: estimator -> error, and ladder's error over the same gaps; picks: what the ladder chose, how often
    """

    found: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    picks: dict[Rule, int] = field(default_factory=lambda: defaultdict(int))

    def of(self, name: str) -> float:
        """Mean error of an estimator; over the gaps it could fill, in proportion to the ladder's error there."""
        own, beside = np.mean(self.found[name], axis=0)
        return float(own / beside * np.mean(self.found[LADDER], axis=0)[0])

    def count(self, name: str) -> int:
        """Gaps an estimator could fill."""
        return len(self.found[name])


def punch(meters: list[RealMeter], per_meter: int, *, at_least: int, seed: int = 20) -> Iterator[Punched]:
    """Punch gaps of every length at random into stretches that were read; more where a carrier has few meters."""
    chance = np.random.default_rng(seed)
    sources: dict[str, list[RealMeter]] = defaultdict(list)
    for meter in meters:
        sources[meter.source].append(meter)
    carriers = Counter(meter.carrier for meter in meters)
    for meter in meters:
        alike = [one for one in sources[meter.source] if one.name != meter.name][:MOST_SIBLINGS]
        wanted = max(per_meter, at_least // carriers[meter.carrier])
        places = vee.places(meter.start_us, meter.zone, meter.length_us)
        for hours in GAP_HOURS:
            yield from _punch(meter, alike, places, hours, wanted, chance)


def _punch(
    meter: RealMeter, alike: list[RealMeter], places: vee.Places, hours: int, wanted: int, chance: np.random.Generator
) -> Iterator[Punched]:  # fmt: skip
    per_hour = HOUR_US // meter.length_us
    past, long = PAST_HOURS * per_hour, hours * per_hour
    unread = np.concatenate(([0], np.cumsum(np.isnan(meter.amount))))
    first = np.arange(past, len(meter.amount) - long - 1)
    first = first[
        (unread[first + long] == unread[first]) & (unread[first] - unread[first - past] < 0.3 * past)
    ]
    for at in chance.permutation(first)[: wanted * (FINE if hours == 1 < per_hour else 1)]:
        window = slice(int(at) - past, int(at) + long + 1)
        amount = meter.amount[window].copy()
        amount[past : past + long] = np.nan
        gap = vee.Gap(
            amount, past, past + long, vee.Places(*(one[window] for one in (places.day, places.slot, places.kind))),
            meter.length_us, None if meter.temperature is None else meter.temperature[window],
            _window(alike, meter, window),
        )  # fmt: skip
        yield Punched(
            meter.carrier, hours, gap, meter.amount[at : at + long], float(np.nanmean(meter.amount))
        )


def _window(alike: list[RealMeter], meter: RealMeter, window: slice) -> Floats | None:
    """Return what alike meters did in a window of this one, NaN where they were not read."""
    start = meter.start_us[window]
    rows = []
    for one in alike:
        row = np.full(len(start), np.nan)
        _, mine, its = np.intersect1d(start, one.start_us, assume_unique=True, return_indices=True)
        row[mine] = one.amount[its]
        rows.append(row)
    return np.array(rows) if rows else None


def errors(gaps: list[Punched], *, with_register: bool) -> dict[tuple[Carrier, int], Errors]:
    """Let every estimator fill every gap, with or without the register's move over it."""
    found: dict[tuple[Carrier, int], Errors] = defaultdict(Errors)
    for one in gaps:
        if with_register and len(one.gap) == 1:
            continue  # one interval is what the register moved
        total = int(one.truth.sum()) if with_register else None
        chosen = vee.estimate(one.gap, one.carrier, total=total)
        ladder = _error(chosen.amount, one)
        here = found[one.carrier, one.hours]
        here.picks[chosen.rule] += 1
        here.found[LADDER].append((ladder, ladder))
        for name, find in FINDERS.items():
            expected = find(one.gap)
            if expected is not None:
                filled = expected if total is None else rules.shares(total, np.maximum(expected, 0))
                here.found[name].append((_error(filled, one), ladder))
        if total is not None:
            here.found["flat"].append((_error(rules.shares(total, np.ones(len(one.gap))), one), ladder))
    return found


def _error(filled: NDArray[np.generic], one: Punched) -> float:
    return float(np.abs(filled - one.truth).mean() / one.mean)
