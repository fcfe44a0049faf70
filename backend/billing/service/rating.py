"""What contracts owe for parts of billing periods: intervals read set-based, rated a group of customers at once.

Contracts of the same tariff document, dates and interval length make a group: the tariff is made ready once, and their
intervals lie in one array.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.billing.models import SupplyContract, TariffVersion
from backend.billing.queries import contracts as queries
from backend.billing.queries import intervals
from backend.billing.rules import shares
from backend.billing.rules.periods import Part
from backend.billing.rules.tariff import Daily, Facts, Plan, Rating, Series, Span, compile, daily, parse
from backend.kernel.errors import EnerfieldError
from backend.kernel.scope import Scope
from backend.kernel.units import quanta_per

MINUTE_US = 60_000_000
Ints = NDArray[np.int64]
Read = Callable[[Session, Scope, Plan, int, Sequence[int]], Mapping[int, Ints]]
"""Plan, length of an interval [min] and points' keys -> each point's amounts over the plan's grid [quanta]."""


@dataclass(frozen=True)
class Wanted:
    """A part of a period to be rated: for whom, by which document, with what earlier bills left."""

    contract: SupplyContract
    part: Part
    version: TariffVersion
    opening: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Rated:
    """What came of it: a rating, or the reason why there is none."""

    wanted: Wanted
    rating: Rating | None
    reason: str | None = None


class Held(NamedTuple):
    """A point a contract pays for."""

    point_id: UUID
    key: int
    register: str
    unit: str
    minutes: int
    share: int


class Group(NamedTuple):
    """What contracts rated at once have in common."""

    version_id: UUID
    span: Span
    minutes: int
    unit: str
    registers: tuple[str, ...]


class Rater:
    """Rates lots of contracts; keeps the tariffs it made ready.

    read: where intervals come from; by default those that are stored, as they are
    """

    def __init__(self, read: Read | None = None) -> None:
        self._plans: dict[tuple[UUID, Span, int], Plan] = {}
        self._read = read or _read

    def rate(self, session: Session, scope: Scope, wanted: Sequence[Wanted]) -> list[Rated]:
        """Rate each; one that cannot be rated says why, and the others are rated."""
        rated: list[Rated] = []
        for some in self._gathered(session, scope, wanted, rated):
            rated += self._rated(*some)
        return rated

    def daily(self, session: Session, scope: Scope, wanted: Sequence[Wanted]) -> list[tuple[Wanted, Daily]]:
        """Return what each used each day, by the intervals of now; those with gaps are left out."""
        found = []
        for plan, group, members, rows in self._gathered(session, scope, wanted, []):
            for one, row in zip(members, rows, strict=True):
                with suppress(EnerfieldError):
                    if row and (used := daily(plan, _series(plan, group, row))) is not None:
                        found.append((one, used))
        return found

    def _gathered(
        self, session: Session, scope: Scope, wanted: Sequence[Wanted], refused: list[Rated]
    ) -> Iterator[tuple[Plan, Group, list[Wanted], list[dict[str, Any]]]]:
        """Yield groups, each with its plan and its members' registers; what cannot be rated goes to `refused`."""
        points = _points(session, scope, wanted)
        shared = _sharers(session, scope, points)
        groups: dict[Group, list[Wanted]] = defaultdict(list)
        for one in wanted:
            try:
                groups[_group(one, points[one.contract.id])].append(one)
            except EnerfieldError as error:
                refused.append(Rated(one, None, error.message))
        for group, members in groups.items():
            try:
                plan = self._plan(members[0].version, group.span, group.minutes)
            except EnerfieldError as error:
                refused += [Rated(one, None, error.message) for one in members]
                continue
            keys = sorted({h.key for one in members for h in points[one.contract.id]})
            read = self._read(session, scope, plan, group.minutes, keys)
            whole, rows = [], []
            for one in members:
                held = points[one.contract.id]
                if lost := [h for h in held if len(read.get(h.key, ())) != len(plan.grid)]:
                    missing = len(plan.grid) - len(read.get(lost[0].key, ()))
                    refused.append(
                        Rated(one, None, f"{missing} intervals are missing of point {lost[0].point_id}")
                    )
                    continue
                whole.append(one)
                rows.append({
                    name: sum(_own(plan, h, one, read[h.key], shared) for h in held if h.register == name)
                    for name in group.registers
                })  # fmt: skip
            yield plan, group, whole, rows

    def _rated(
        self, plan: Plan, group: Group, members: list[Wanted], rows: list[dict[str, Any]]
    ) -> list[Rated]:
        if not members:
            return []
        facts = [_facts(one) for one in members]
        registers = {name: np.stack([row[name] for row in rows]) for name in group.registers}
        try:
            ratings = plan.rate_many(_series(plan, group, registers), facts)
            return [Rated(one, rating) for one, rating in zip(members, ratings, strict=True)]
        except EnerfieldError:
            return [
                self._alone(plan, group, one, {name: row[name] for name in group.registers}, given)
                for one, row, given in zip(members, rows, facts, strict=True)
            ]

    def _alone(self, plan: Plan, group: Group, one: Wanted, row: dict[str, Any], facts: Facts) -> Rated:
        """Rate one of a group whose rating was refused: only who is to blame is left out."""
        try:
            return Rated(one, plan.rate(_series(plan, group, row), facts))
        except EnerfieldError as error:
            return Rated(one, None, error.message)

    def _plan(self, version: TariffVersion, span: Span, minutes: int) -> Plan:
        key = (version.id, span, minutes)
        if key not in self._plans:
            if len(self._plans) > 64:
                self._plans.clear()
            self._plans[key] = compile(parse(version.document), span, minutes * MINUTE_US)
        return self._plans[key]


def _points(session: Session, scope: Scope, wanted: Sequence[Wanted]) -> dict[UUID, list[Held]]:
    found: dict[UUID, list[Held]] = {one.contract.id: [] for one in wanted}
    for own, point in queries.points_of(session, scope, list(found)):
        found[own.contract_id].append(
            Held(point.id, point.key, own.register, point.unit, point.interval_minutes, own.share)
        )
    return found


def _sharers(
    session: Session, scope: Scope, points: Mapping[UUID, list[Held]]
) -> dict[tuple[UUID, str], list[Any]]:
    """Return (point, register) -> all who share it, for the points that are shared."""
    wanted = {held.point_id for some in points.values() for held in some if held.share < shares.WHOLE}
    found: dict[tuple[UUID, str], list[Any]] = defaultdict(list)
    for row in queries.sharers(session, scope, wanted) if wanted else ():
        found[row.point_id, row.register].append(row)
    return found


def _group(one: Wanted, held: Sequence[Held]) -> Group:
    minutes = {h.minutes for h in held} or {60}
    units = {h.unit for h in held} or {"kWh"}
    if len(minutes) > 1 or len(units) > 1:
        raise EnerfieldError("the points of the contract are not measured alike")
    registers = tuple(sorted({h.register for h in held}))
    return Group(one.version.id, one.part.span, minutes.pop(), units.pop(), registers)


def _read(session: Session, scope: Scope, plan: Plan, minutes: int, keys: Sequence[int]) -> dict[int, Ints]:
    grid = plan.grid
    end_us = grid.start_us + len(grid) * grid.length_us
    return intervals.amounts(session, scope, keys, start_us=grid.start_us, end_us=end_us, minutes=minutes)


def _own(
    plan: Plan, held: Held, one: Wanted, amounts: Ints, shared: Mapping[tuple[UUID, str], list[Any]]
) -> Ints:
    """Return what of a point's amounts is the contract's, (intervals,) [quanta]."""
    if held.share == shares.WHOLE:
        return amounts
    span, own = one.part.span, np.zeros_like(amounts)
    rows = shared[held.point_id, held.register]
    for piece in span.cut([on for row in rows for on in (row.starts_on, row.ends_on) if on is not None]):
        active = [row for row in rows if _runs(row, piece.start)]
        mine = next(place for place, row in enumerate(active) if row.contract_id == one.contract.id)
        days = plan.grid.day
        is_in = (days >= (piece.start - span.start).days) & (days < (piece.end - span.start).days)
        own[is_in] = shares.split(amounts[is_in], [row.share for row in active])[mine]
    return own


def _runs(row: Any, on: date) -> bool:
    return row.starts_on <= on and (row.ends_on is None or on < row.ends_on)


def _facts(one: Wanted) -> Facts:
    values = {name: Decimal(value) for name, value in one.contract.facts.items()}
    return Facts(values, one.part.months, one.opening)


def _series(plan: Plan, group: Group, registers: Mapping[str, Ints]) -> Series:
    return Series(plan.grid.start_us, plan.grid.length_us, registers, group.unit, quanta_per(group.unit))
