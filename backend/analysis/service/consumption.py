"""What was used in one period against another, told apart so that every sum and every change comes out exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask, By
from backend.analysis.rules.comparing import Explained, Forest, Sum, explain, explain_split
from backend.analysis.rules.periods import Stretches
from backend.analysis.rules.weather import Weather
from backend.analysis.service.curves import curves
from backend.analysis.service.ground import BEFORE, NOW, Ground, Meter, stand_on
from backend.analysis.service.telling import Label, Teller
from backend.kernel.errors import NotFound
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier
from backend.network import queries as network

HOURLY_DAYS = 8
"""Up to so many days are drawn by the hour."""

DAILY_DAYS = 100


@dataclass(frozen=True)
class Group:
    """Amounts of one carrier and measure [base units]. labels: what the rows of `explained` are called.

    series: (local start, now, before) bucket by bucket; before: of the bucket that stands against it
    """

    carrier: Carrier
    dimension: str
    explained: Explained
    labels: Mapping[Hashable, Label]
    series: Sequence[tuple[datetime, int | None, int | None]]
    weather: Weather | None

    @property
    def unit(self) -> str:
        """Return the unit its amounts are told in."""
        return measures.SHOWN[self.dimension]


@dataclass(frozen=True)
class Consumption:
    """What was used. grain: of the series, 'hour', 'day' or 'month'; steps: from the site down to the place"""

    ask: Ask
    node: object
    zone: str
    stretches: Stretches
    grain: str
    groups: Sequence[Group]
    steps: Sequence[Label]
    meters: Mapping[int, Meter]


def consumption(session: Session, scope: Scope, *, ask: Ask) -> Consumption:
    """Return what an organisation (or a place in it, or what hangs behind a meter) used in a period against another.

    raises Forbidden, NotFound
    """
    ground = stand_on(session, scope, ask)
    tops = _tops(ground)
    forest = ground.forest(tops)
    keys = [key for top in forest.tops for key in forest.below(top)]
    pieces = ground.pieces(by_holder=ask.by is By.ORGANISATION)
    amounts = ground.sums(keys, pieces)
    kinds = sorted(
        {(one.carrier, one.dimension) for one in tops},
        key=lambda kind: (list(Carrier).index(kind[0]), kind[1]),
    )
    grain = "hour" if ask.days <= HOURLY_DAYS else "day" if ask.days <= DAILY_DAYS else "month"
    drawn = curves(ground, tops, grain)
    teller = Teller(ground, forest)
    groups = []
    for carrier, dimension in kinds:
        mine = [one.key for one in tops if (one.carrier, one.dimension) == (carrier, dimension)]
        told = _explained(ground, Forest(mine, forest.subs), pieces, amounts, teller)
        weather = drawn.weather(carrier, dimension) if told.total.is_compared else None
        groups.append(
            Group(carrier, dimension, told, teller.labels, drawn.series(carrier, dimension), weather)
        )
    return Consumption(
        ask, ground.node, ground.zone, ground.stretches, grain, groups, _steps(ground), ground.meters
    )


def _tops(ground: Ground) -> list[Meter]:
    """Return the meters whose sum is the total: of the organisation, below the place, or the one asked for."""
    ask = ground.ask
    if ask.meter is not None:
        if ask.meter not in ground.by_id:
            raise NotFound("there is no such meter here", field="meter", value=str(ask.meter))
        return [ground.by_id[ask.meter]]
    tops = ground.used(ask.carrier)
    if ask.under is None or tops:
        return tops
    here = [
        one
        for one in ground.meters.values()
        if one.direction.value == "in" and ask.carrier in (None, one.carrier)
    ]
    return [one for one in here if one.parent_id not in ground.by_id]


def _explained(
    ground: Ground, forest: Forest, pieces: Sequence[tuple[int, Period]], amounts: Mapping[tuple[int, int], Sum],
    teller: Teller,
) -> Explained:  # fmt: skip
    """Tell a carrier apart by what was asked; by organisation piece by piece, since who is supplied may change."""
    is_compared = bool(ground.stretches.before)
    if ground.ask.by is By.ORGANISATION:
        split = [_held(ground, forest, pieces, amounts, which, teller) for which in (NOW, BEFORE)]
        return explain_split(split[0], split[1] if is_compared else None, forest.tops)
    now, before = (summed(pieces, amounts, which) for which in (NOW, BEFORE))
    return explain(forest, now, before if is_compared else None, teller.row_of)


def summed(
    pieces: Sequence[tuple[int, Period]], amounts: Mapping[tuple[int, int], Sum], which: int
) -> dict[int, Sum]:
    """Return each meter's sum over the pieces of one period; its share is of all of them."""
    lasts = _lasts(pieces, which)
    parts: dict[int, list[Sum]] = defaultdict(list)
    for (number, key), one in amounts.items():
        if number in lasts:
            parts[key].append(Sum(one.amount, one.estimated, one.share * lasts[number]))
    return {key: _together(mine) for key, mine in parts.items()}


def _held(
    ground: Ground, forest: Forest, pieces: Sequence[tuple[int, Period]],
    amounts: Mapping[tuple[int, int], Sum], which: int, teller: Teller,
) -> dict[int, dict[Hashable, Sum]]:  # fmt: skip
    """Return what each top counted for each organisation below, over the pieces of one period."""
    lasts, tops = _lasts(pieces, which), set(forest.tops)
    parts: dict[int, dict[Hashable, list[Sum]]] = defaultdict(lambda: defaultdict(list))
    for (number, key), one in amounts.items():
        if number in lasts and key in tops:
            whom = teller.branch_of(ground.holder(ground.meters[key], pieces[number][1].start))
            parts[key][whom].append(Sum(one.amount, one.estimated, one.share * lasts[number]))
    return {key: {whom: _together(some) for whom, some in mine.items()} for key, mine in parts.items()}


def _lasts(pieces: Sequence[tuple[int, Period]], which: int) -> dict[int, float]:
    """Return which share of a period each of its pieces is."""
    lasts = {
        number: ((one.end or one.start) - one.start).total_seconds()
        for number, (of, one) in enumerate(pieces) if of == which
    }  # fmt: skip
    whole = sum(lasts.values()) or 1.0
    return {number: seconds / whole for number, seconds in lasts.items()}


def _together(parts: Sequence[Sum]) -> Sum:
    return Sum(
        sum(one.amount for one in parts), sum(one.estimated for one in parts), sum(one.share for one in parts)
    )


def _steps(ground: Ground) -> list[Label]:
    """Return the places above the one asked for and itself, from the site down."""
    if ground.ask.under is None:
        return []
    here = network.position(ground.session, ground.scope, ground.ask.under)
    above = sorted(  # itself among them
        network.ancestors(ground.session, ground.scope, here), key=lambda one: str(one.path).count(".")
    )
    return [Label(one.id, one.name, one.name_zh, one.id) for one in above]
