"""What every view stands on: whose energy it is about, its zone, its meters as a forest, and their sums.

Views ask for the ground once, then for sums; so a view costs a few statements, however many meters there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from backend.analysis import queries
from backend.analysis.queries import Window
from backend.analysis.rules import measures
from backend.analysis.rules.asking import Ask
from backend.analysis.rules.comparing import Forest, Sum
from backend.analysis.rules.periods import Stretches, stretches
from backend.kernel import clock
from backend.kernel.calendars import CALENDARS, Calendar
from backend.kernel.periods import Period
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier
from backend.metering.models import Direction
from backend.metering.service.flows import cut
from backend.network import service as network
from backend.tenancy import service as tenancy

NOW, BEFORE = 0, 1
"""Which of the periods a sum belongs to."""


@dataclass(frozen=True)
class Meter:
    """A point that counts, with its place. path: of its position; is_owned: by an organisation asked about."""

    key: int
    id: UUID
    name: str
    name_zh: str | None
    parent_id: UUID | None
    carrier: Carrier
    unit: str
    direction: Direction
    category: str | None
    is_total: bool
    interval: timedelta
    organisation_id: UUID
    position_id: UUID
    path: str
    place: tuple[str, str | None]
    site: tuple[str, str | None]
    site_id: UUID
    zone: str
    calendar: str
    is_owned: bool

    @property
    def dimension(self) -> str:
        """Return what it measures: energy, volume, mass."""
        return measures.dimension_of(self.unit)


class Supplied(NamedTuple):
    """A customer is supplied at a place."""

    customer: UUID
    starts_at: datetime
    ends_at: datetime | None


@dataclass
class Ground:
    """Whose energy a view is about. organisations: the node and all below, as far as the asker looks into them."""

    session: Session
    scope: Scope
    ask: Ask
    node: Any
    nodes: Sequence[Any]
    zone: str
    calendar: Calendar
    meters: dict[int, Meter]
    stretches: Stretches

    @cached_property
    def by_id(self) -> dict[UUID, Meter]:
        """Meters by their points' ids."""
        return {one.id: one for one in self.meters.values()}

    @cached_property
    def agreements(self) -> Mapping[str, Sequence[Supplied]]:
        """Who is supplied where in any of the periods, by the path of the place, the latest first.

        Amounts are told apart by full hours: the hour in which somebody else begins is the next one's.
        """
        parts = [*self.stretches.now, *self.stretches.before]
        first, end = min(one.start for one in parts), max(one.end or one.start for one in parts)
        found: dict[str, list[Supplied]] = defaultdict(list)
        for path, customer, starts_at, ends_at in queries.agreements(self.session, self.scope, first, end):
            found[path].insert(
                0, Supplied(customer, _hour(starts_at), None if ends_at is None else _hour(ends_at))
            )
        return found

    def forest(self, tops: Iterable[Meter]) -> Forest:
        """Return meters with their sub-meters of the same measure; one that counts in totals itself is nobody's sub."""
        subs: dict[int, list[int]] = defaultdict(list)
        for one in self.meters.values():
            above = self.by_id.get(one.parent_id) if one.parent_id else None
            if (
                above
                and not one.is_total
                and (one.carrier, one.dimension) == (above.carrier, above.dimension)
            ):
                subs[above.key].append(one.key)
        return Forest([one.key for one in tops], subs)

    def used(self, carrier: Carrier | None = None) -> list[Meter]:
        """Return the meters that count what is used in totals."""
        return [
            one for one in self.meters.values()
            if one.is_total and one.direction is Direction.IN and carrier in (None, one.carrier)
        ]  # fmt: skip

    def holder(self, meter: Meter, at: datetime) -> UUID | None:
        """Return whom a meter counts for: who is supplied there at an instant, else its owner; None: nobody here."""
        labels = meter.path.split(".")
        for depth in range(len(labels), 0, -1):
            for one in self.agreements.get(".".join(labels[:depth]), ()):
                if one.starts_at <= at and (one.ends_at is None or at < one.ends_at):
                    return one.customer
        return meter.organisation_id if meter.is_owned else None

    def counts(self, meter: Meter, at: datetime) -> bool:
        """Tell whether a meter counts for somebody asked about at an instant."""
        return meter.is_owned or self.holder(meter, at) is not None

    def pieces(self, *, by_holder: bool) -> list[tuple[int, Period]]:
        """Return the stretches of both periods, cut where somebody else begins to be supplied, if that matters."""
        parts = [(NOW, one) for one in self.stretches.now] + [(BEFORE, one) for one in self.stretches.before]
        if not by_holder and all(one.is_owned for one in self.meters.values()):
            return parts
        known = [one for some in self.agreements.values() for one in some]
        changes = [at for one in known for at in (one.starts_at, one.ends_at) if at is not None]
        return [(which, piece) for which, part in parts for piece in _cut_at(part, sorted(set(changes)))]

    def windows(self, pieces: Sequence[tuple[int, Period]]) -> list[Window]:
        """Return the roll-ups to be summed for pieces, in each zone meters stand in."""
        zones = {one.zone for one in self.meters.values()}
        return [
            Window(number, zone, int(grain), part)
            for zone in sorted(zones)
            for number, (_, piece) in enumerate(pieces)
            for grain, part in cut(piece, zone)
        ]

    def sums(self, keys: Iterable[int], pieces: Sequence[tuple[int, Period]]) -> dict[tuple[int, int], Sum]:
        """Return what meters counted, by (piece, key) [base units]; what is not known is not there.

        share: of the piece covered by intervals. Pieces in which nobody here held the meter are left out.
        """
        zones = {key: self.meters[key].zone for key in keys}
        found = {}
        for piece, key, amount, estimated, count in queries.sums(
            self.session, self.scope, zones, self.windows(pieces)
        ):
            meter, period = self.meters[key], pieces[piece][1]
            if not self.counts(meter, period.start):
                continue
            per, lasts = measures.base_per_quantum(meter.unit), (period.end or period.start) - period.start
            found[piece, key] = Sum(amount * per, estimated * per, count * meter.interval / lasts)
        return found


def stand_on(session: Session, scope: Scope, ask: Ask) -> Ground:
    """Return the ground of a view; raises Forbidden to whom the organisation is not open, NotFound where it is none."""
    scope.demand(ask.organisation_id, *queries.ANALYSTS)
    nodes = tenancy.subtree(session, scope, ask.organisation_id)
    organisations = frozenset(one.id for one in nodes) & queries.analysed(scope)
    confined = Scope.system(organisations, f"analysis of {ask.organisation_id}")
    meters = {row.key: _meter(row, organisations) for row in queries.meters(session, confined)}
    zone = _zone(session, scope, ask, meters)
    calendar = CALENDARS.get(next((one.calendar for one in meters.values() if one.zone == zone), "none"))
    if ask.under is not None:
        path = network.position(session, confined, ask.under).path
        meters = {key: one for key, one in meters.items() if f"{one.path}.".startswith(f"{path}.")}
    found = stretches(ask, zone, calendar or CALENDARS["none"], clock.now())
    return Ground(session, confined, ask, nodes[0], nodes, zone, calendar or CALENDARS["none"], meters, found)


def _meter(row: Any, organisations: frozenset[UUID]) -> Meter:
    return Meter(
        row.key, row.id, row.name, row.name_zh, row.parent_id, row.carrier, row.unit, row.direction, row.category,
        row.is_total, timedelta(minutes=row.interval_minutes), row.organisation_id, row.position_id, str(row.path),
        (row.place, row.place_zh), (row.site, row.site_zh), row.site_id, row.timezone, row.calendar,
        row.organisation_id in organisations,
    )  # fmt: skip


def _zone(session: Session, scope: Scope, ask: Ask, meters: dict[int, Meter]) -> str:
    """Return the zone that bounds the days: the organisation's as everywhere, which some meter should stand in."""
    said = network.zone_of(session, scope, ask.organisation_id)
    zones = [one.zone for one in meters.values()]
    if said is None or (zones and said not in zones):
        return max(zones, key=zones.count, default="UTC")
    return said


def alike(tops: Iterable[Meter], same: Callable[[Meter], object]) -> tuple[dict[int, int], dict[int, Meter]]:
    """Return meter -> number of those that are the same in something, and one of each; others' meters by themselves."""
    numbers: dict[object, int] = {}
    parts, kinds = {}, {}
    for one in tops:
        parts[one.key] = numbers.setdefault(same(one) if one.is_owned else one.key, len(numbers))
        kinds[parts[one.key]] = one
    return parts, kinds


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _cut_at(period: Period, borders: Sequence[datetime]) -> list[Period]:
    assert period.end is not None, "what is asked for ends"
    cuts = [period.start, *(at for at in borders if period.start < at < period.end), period.end]
    return [Period(first, end) for first, end in zip(cuts, cuts[1:], strict=False)]
