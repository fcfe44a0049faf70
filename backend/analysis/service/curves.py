"""Amounts bucket by bucket of two periods that stand against each other, and the weather over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from backend.analysis import queries
from backend.analysis.queries import Window
from backend.analysis.rules import measures
from backend.analysis.rules import weather as climate
from backend.analysis.rules.weather import Weather
from backend.analysis.service.ground import BEFORE, NOW, Ground, Meter, alike
from backend.kernel import clock, periods
from backend.kernel.periods import Period
from backend.kernel.units import Carrier
from backend.metering.service.flows import cut
from backend.metering.service.sums import Grain

Kind = tuple[Carrier, str]
Bucket = tuple[datetime, int | None, int | None]


@dataclass
class Curves:
    """Amounts of a view by bucket [base units]: (which period, start) -> amount, of each carrier and measure."""

    ground: Ground
    grain: str
    amounts: dict[Kind, dict[tuple[int, datetime], int]] = field(default_factory=dict)
    warmth: dict[date, float] | None = None
    _places: dict[tuple[int, datetime], datetime | None] = field(default_factory=dict)
    _parts_of_days: set[tuple[int, date]] = field(default_factory=set)

    def add(self, which: int, meter: Meter, by: Grain, at: datetime, amount: int) -> None:
        """Count in what a meter counted in a bucket; a day is the one its own zone calls so."""
        zone = self.ground.zone
        if by is Grain.DAY and meter.zone != zone:
            at = periods.day(periods.local_date(at, meter.zone), zone).start
        elif by is Grain.HOUR:
            self._parts_of_days.add((which, self._local(at)))
        self.amounts.setdefault((meter.carrier, meter.dimension), defaultdict(int))[which, at] += amount

    def series(self, carrier: Carrier, dimension: str) -> list[Bucket]:
        """Return (start, now, before) in order: local months, days, or hours; before: what stands against it."""
        found: dict[datetime, list[int | None]] = {start: [None, None] for start in self._starts_once}
        for (which, at), amount in self.amounts.get((carrier, dimension), {}).items():
            start = self._place(which, at)
            if start is not None and start in found:
                found[start][which] = (found[start][which] or 0) + amount
        return [(start, now, before) for start, (now, before) in sorted(found.items())]

    def weather(self, carrier: Carrier, dimension: str) -> Weather | None:
        """Return the weather's part in a change, by whole days; None where that cannot be told."""
        if self.warmth is None or self.grain == "hour":
            return None
        days: list[dict[date, float]] = [defaultdict(float), defaultdict(float)]
        for (which, at), amount in self.amounts.get((carrier, dimension), {}).items():
            if (which, on := self._local(at)) not in self._parts_of_days:
                days[which][on] += amount
        before = sorted(days[BEFORE])
        now = [on for on in sorted(days[NOW]) if on in self.warmth]
        return climate.weather(
            np.array([days[BEFORE][on] for on in before], np.float64),
            np.array([self.warmth.get(on, np.nan) for on in before], np.float64),
            np.array([self.warmth[on] for on in now], np.float64),
        )

    def _place(self, which: int, at: datetime) -> datetime | None:
        """Return the bucket an amount stands in, or against; None for a day that stands against none."""
        if (which, at) not in self._places:
            moved = at if which == NOW else self._moved(at)
            self._places[which, at] = None if moved is None else self._bucket(moved)
        return self._places[which, at]

    @cached_property
    def _starts_once(self) -> list[datetime]:
        return self._starts()

    @cached_property
    def _day_of(self) -> dict[date, date]:
        """Days of the other period, each with the one it stands against."""
        return {like: day for day, like in self.ground.stretches.pairs}

    def _starts(self) -> list[datetime]:
        first, until = self.ground.stretches.whole_now
        start, end = (periods.day(on, self.ground.zone).start for on in (first, until))
        if self.grain == "hour":
            return [start + timedelta(hours=number) for number in range((end - start) // timedelta(hours=1))]
        days = (first + timedelta(days=number) for number in range((until - first).days))
        kept = {on.replace(day=1) if self.grain == "month" else on for on in days}
        return [periods.day(max(on, first), self.ground.zone).start for on in sorted(kept)]

    def _bucket(self, at: datetime) -> datetime:
        """Return the start of the local month, day or hour an instant lies in."""
        if self.grain == "hour":
            return at
        on = self._local(at)
        on = on.replace(day=1) if self.grain == "month" else on
        return periods.day(max(on, self.ground.stretches.whole_now[0]), self.ground.zone).start

    def _local(self, at: datetime) -> date:
        return periods.local_date(at, self.ground.zone)

    def _moved(self, at: datetime) -> datetime | None:
        """Return where in the period asked for an instant of the other one stands: at the same time of day."""
        zone = ZoneInfo(self.ground.zone)
        then = at.astimezone(zone)
        on = self._pairs(then.date())
        return None if on is None else datetime.combine(on, then.timetz()).astimezone(UTC)

    def _pairs(self, on: date) -> date | None:
        found = self.ground.stretches
        if found.pairs:
            return self._day_of.get(on, on)
        assert found.whole_before is not None, "there is a period to compare with"
        if found.whole_before[0].day == found.whole_now[0].day == 1 and found.whole_now[1].day == 1:
            months = (found.whole_now[0].year - found.whole_before[0].year) * 12
            months += found.whole_now[0].month - found.whole_before[0].month
            place = on.year * 12 + on.month - 1 + months
            first = date(place // 12, place % 12 + 1, 1)
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            if on.day > last.day and self.grain != "month":
                return None  # a month that is longer has days that stand against none
            return first.replace(day=min(on.day, last.day))
        return on + (found.whole_now[0] - found.whole_before[0])


def curves(ground: Ground, tops: Sequence[Meter], grain: str) -> Curves:
    """Read amounts of meters by the hour or the day (months are made of days), and daily temperatures."""
    found = Curves(ground, grain)
    pieces = [
        (which, one)
        for which, one in ground.pieces(by_holder=False)
        if one.end is not None and one.end > one.start
    ]
    parts, kinds = alike(tops, lambda one: (one.carrier, one.unit, one.zone))
    zones = {one.key: one.zone for one in tops}
    windows = [
        Window(number, zone, int(by), part)
        for zone in sorted(set(zones.values())) for number, (_, piece) in enumerate(pieces)
        for by, part in _cut(piece, zone, grain)
    ]  # fmt: skip
    columns = queries.buckets(ground.session, ground.scope, parts, zones, windows)
    for number, part, by, at_us, amount in zip(*(column.tolist() for column in columns[:5]), strict=True):
        meter, (which, piece) = kinds[part], pieces[number]
        if not ground.counts(meter, piece.start):
            continue
        found.add(
            which, meter, Grain(by), clock.from_us(at_us), amount * measures.base_per_quantum(meter.unit)
        )
    if ground.stretches.before and grain != "hour":
        found.warmth = warmth(ground)
    return found


def _cut(piece: Period, zone: str, grain: str) -> list[tuple[Grain, Period]]:
    """Cut a piece into the roll-ups it is drawn by: hours, or whole local days with the hours beside them."""
    if grain == "hour":
        return [(Grain.HOUR, piece)]
    return [(Grain.HOUR if by is Grain.HOUR else Grain.DAY, part) for by, part in cut(piece, zone)]


def warmth(ground: Ground) -> dict[date, float] | None:
    """Return the mean outdoor temperature of each local day of both periods [°C]; None where nobody measures it."""
    key = queries.outdoors(ground.session, ground.scope)
    if key is None:
        return None
    stretches = [*ground.stretches.now, *ground.stretches.before]
    start_us, mean = queries.warmth(ground.session, ground.scope, key, ground.zone, stretches)
    return {
        periods.local_date(clock.from_us(at), ground.zone): value
        for at, value in zip(start_us.tolist(), mean.tolist(), strict=True)
    }
