"""When it is used: hours of days as a map, the load duration curve, base and peak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.analysis import queries
from backend.analysis.queries import Window
from backend.analysis.rules import heatmap, measures
from backend.analysis.rules.asking import Ask, Compare
from backend.analysis.rules.heatmap import Hours, Load, Map
from backend.analysis.rules.periods import Stretches
from backend.analysis.service.ground import Ground, Meter, alike, stand_on
from backend.kernel import clock
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope
from backend.kernel.units import UNITS, Carrier
from backend.metering.service.sums import Grain


@dataclass(frozen=True)
class Habits:
    """Hours of one carrier. unit: of an hour's amount, told as power where it is energy (kWh in an hour: kW)

    map, load: see `rules.heatmap`; days: amount and share of its hours of each day; estimated: 0..1; share: of the
    hours asked for that are there; meters, silent: that count, and those of them of which nothing is known
    known: carriers that may be asked for
    """

    ask: Ask
    node: object
    zone: str
    stretches: Stretches
    carrier: Carrier | None
    unit: str
    map: Map
    load: Load | None
    days: tuple[heatmap.Floats, heatmap.Floats]
    estimated: float
    share: float
    meters: int
    silent: int
    known: Sequence[Carrier]


def habits(session: Session, scope: Scope, *, ask: Ask) -> Habits:
    """Return when an organisation, a place or a meter uses one carrier: the one asked for, else the first there is.

    raises Forbidden, NotFound
    """
    ground = stand_on(session, scope, replace(ask, compare=Compare.NONE))
    used = ground.used(None)
    known = sorted({one.carrier for one in used}, key=list(Carrier).index)
    carrier = ask.carrier or (known[0] if known else None)
    tops = [one for one in used if one.carrier is carrier]
    if ask.meter is not None:
        if ask.meter not in ground.by_id:
            raise NotFound("there is no such meter here", field="meter", value=str(ask.meter))
        tops = [ground.by_id[ask.meter]]
        carrier = tops[0].carrier
    dimension = tops[0].dimension if tops else measures.ENERGY
    tops = [one for one in tops if one.dimension == dimension]
    hours, estimated = _hours(ground, tops, dimension)
    first, until = ground.stretches.whole_now
    days = heatmap.by_day(hours, first, until, ground.zone)
    end = ground.stretches.now[0].end or clock.now()
    load = heatmap.load(hours, first, until, ground.zone, before=end)
    pieces = ground.pieces(by_holder=False)
    heard = {key for _, key in ground.sums([one.key for one in tops], pieces)}
    asked_for = max((end - ground.stretches.now[0].start).total_seconds() / 3600, 1.0)
    return Habits(
        ask, ground.node, ground.zone, ground.stretches, carrier, measures.SHOWN[dimension],
        heatmap.of_days(hours, first, until, ground.zone), load, days, estimated,
        min(float(hours.share.sum()) / asked_for, 1.0), len(tops),
        len(tops) - len(heard), known,
    )  # fmt: skip


def _hours(ground: Ground, tops: Sequence[Meter], dimension: str) -> tuple[Hours, float]:
    """Return the hours of meters together [unit], and which part of them was estimated, 0..1.

    Alike meters are summed by the database. What nine hours of ten have is waited for in each.
    """
    parts, kinds = alike(tops, lambda one: (one.unit, one.interval, one.zone))
    windows = [
        Window(0, zone, int(Grain.HOUR), ground.stretches.now[0]) for zone in sorted({one.zone for one in tops})
    ]  # fmt: skip
    zones = {one.key: one.zone for one in tops}
    _, part, _grain, start_us, amount, estimated, count = queries.buckets(
        ground.session, ground.scope, parts, zones, windows
    )
    starts, place = np.unique(start_us, return_inverse=True)
    total, guessed, covered = (np.zeros(len(starts)) for _ in range(3))
    expected = 0.0
    for number, meter in kinds.items():
        mine = np.flatnonzero(part == number)
        mine = mine[_seen(ground, meter, start_us[mine])]
        if len(mine):
            factor = measures.base_per_quantum(meter.unit) / UNITS[measures.SHOWN[dimension]].factor
            hours = count[mine] * (meter.interval / timedelta(hours=1))
            np.add.at(total, place[mine], amount[mine] * factor)
            np.add.at(guessed, place[mine], estimated[mine] * factor)
            np.add.at(covered, place[mine], hours)
            expected += float(np.percentile(hours, 90))
    share = np.minimum(covered / expected, 1.0) if expected else covered
    whole = float(total.sum())
    return Hours(starts, total, share), float(guessed.sum()) / whole if whole else 0.0


def _seen(ground: Ground, meter: Meter, start_us: heatmap.Ints) -> NDArray[np.bool_]:
    """Tell of each hour whether a meter counts for somebody here."""
    if meter.is_owned:
        return np.ones(len(start_us), np.bool_)
    return np.array([ground.counts(meter, clock.from_us(at)) for at in start_us.tolist()], np.bool_)
