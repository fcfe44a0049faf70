"""Virtual meters: said by an operator, made by the follower right after what they consist of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.kernel import audit, clock
from backend.kernel.errors import Refused
from backend.kernel.scope import Role, Scope
from backend.kernel.units import PointKind
from backend.metering import queries
from backend.metering.models import Point, VirtualTerm
from backend.metering.queries import CountedPoint
from backend.metering.rules import Amounts, Method, Rule
from backend.metering.rules.virtual import CycleError, Term, combined, in_order
from backend.metering.service.store import have_made_again

Ints = NDArray[np.int64]
MOST_TERMS = 200
MADE_BACK = timedelta(days=31)
"""How far back a virtual meter is made when it is said, unless asked otherwise."""


@dataclass(frozen=True)
class Part:
    """What is said of one part: the source, whether it is taken off, and which share of it counts."""

    source_id: UUID
    sign: int = 1
    share_from: float = 0.0
    share_to: float = 1.0

    def __post_init__(self) -> None:
        if self.sign not in (-1, 1):
            raise Refused("a part is added or taken off", field="sign", value=self.sign, remedy="use 1 or -1")
        if not 0 <= self.share_from < self.share_to <= 1:
            raise Refused(
                "a share goes from one part of 1 to a later one", field="share_to", value=self.share_to,
                remedy="use for example 0 to 0.3 for the first of two, 0.3 to 1 for the other",
            )  # fmt: skip


@dataclass
class Virtual:
    """Virtual meters as the follower knows them, and what has changed under them since they were made last."""

    terms: Mapping[int, Sequence[Term]] = field(default_factory=dict)
    layers: list[list[int]] = field(default_factory=list)
    changed: dict[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, scope: Scope) -> Virtual:
        """Read them."""
        terms: dict[int, list[Term]] = {}
        for key, *said in queries.virtual_terms(session, scope):
            terms.setdefault(key, []).append(Term(*said))
        return cls(terms, in_order(terms))

    def note(self, key: int, first_us: int, last_us: int) -> None:
        """Note that intervals of a point in [first, last) were written."""
        if self.terms:
            low, high = self.changed.get(key, (first_us, last_us))
            self.changed[key] = min(low, first_us), max(high, last_us)

    def stretch(self, key: int) -> tuple[int, int] | None:
        """Return the stretch of a virtual meter that is to be made; None where nothing changed under it."""
        under = [key, *(term.source for term in self.terms[key])]
        found = [self.changed[one] for one in under if one in self.changed]
        return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def make(
    session: Session, scope: Scope, virtual: Virtual, layer: Sequence[int], points: Mapping[int, CountedPoint]
) -> list[tuple[CountedPoint, Amounts, tuple[int, int]]]:
    """Make virtual meters of one layer, where anything under them changed: intervals, and the stretch they cover."""
    jobs = [
        (key, stretch) for key in layer if key in points and (stretch := virtual.stretch(key)) is not None
    ]
    if not jobs:
        return []
    rows = [
        (i, n, term.source, *stretch)
        for i, (key, stretch) in enumerate(jobs)
        for n, term in enumerate(virtual.terms[key])
    ]
    job, place, source, first, last = np.array(rows, dtype=np.int64).T
    owner, start, amount, method = queries.amounts_in(session, scope, source, first, last)
    made = []
    for i, (key, stretch) in enumerate(jobs):
        mine = job[owner] == i
        at, total, _ = combined(start[mine], amount[mine], place[owner[mine]], virtual.terms[key])
        guessed = np.isin(at, start[mine][method[mine] != Method.MEASURED])
        of = np.where(guessed, Method.ESTIMATED, Method.MEASURED).astype(np.int16)
        rule = np.full(len(at), Rule.VIRTUAL, np.int16)
        made.append((points[key], Amounts(at, total, of, rule), stretch))
    return made


def parts_of(session: Session, scope: Scope, *, point_id: UUID) -> list[VirtualTerm]:
    """Return what a virtual meter consists of; empty for a real one."""
    point = queries.point(session, scope, point_id)
    return list(queries.parts_of(session, scope, point))


def define_virtual(
    session: Session, scope: Scope, *, point_id: UUID, parts: Sequence[Part], since: datetime | None = None
) -> list[VirtualTerm]:
    """Say what a virtual meter consists of; its intervals are made from `since` on, within seconds.

    raises Refused where a part measures something else, or the meter would depend on itself
    """
    point = queries.point(session, scope, point_id)
    scope.demand(point.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR)
    if point.kind is not PointKind.INTERVAL:
        raise Refused("a virtual meter is an interval point", field="point_id", value=point.kind.value)
    if not 1 <= len(parts) <= MOST_TERMS or len({part.source_id for part in parts}) != len(parts):
        raise Refused("each source is said once", field="parts", value=len(parts))
    sources = [_source(session, scope, point, part) for part in parts]
    _demand_no_circle(session, scope, point, sources)
    for old in queries.parts_of(session, scope, point):
        session.delete(old)
    session.flush()
    terms = [
        VirtualTerm(
            organisation_id=point.organisation_id, point_id=point.id, source_id=part.source_id, sign=part.sign,
            share_from=part.share_from, share_to=part.share_to,
        )
        for part in parts
    ]  # fmt: skip
    session.add_all(terms)
    session.flush()
    now = clock.now()
    have_made_again(session, scope, point.key, min(since or now - MADE_BACK, now), until=now)
    audit.record(
        session, scope, action="point.virtual_defined", entity="point", entity_id=point.id,
        organisation_id=point.organisation_id,
        after={"parts": [{"source": str(one.source_id), "sign": one.sign, "share": [one.share_from, one.share_to]}
                         for one in parts]},
    )  # fmt: skip
    return terms


def _source(session: Session, scope: Scope, point: Point, part: Part) -> Point:
    source = queries.point(session, scope, part.source_id)
    scope.demand(source.organisation_id, Role.ADMINISTRATOR, Role.OPERATOR)
    same = ("carrier", "quantity", "unit", "interval_minutes")
    other = next((name for name in same if getattr(source, name) != getattr(point, name)), None)
    if other is None and source.kind not in (PointKind.REGISTER, PointKind.INTERVAL):
        other = "kind"
    if other is not None:
        raise Refused(
            f"'{source.name}' counts something else", field=other, value=str(getattr(source, other)),
            remedy="choose points of the same carrier, quantity, unit and interval",
        )  # fmt: skip
    return source


def _demand_no_circle(session: Session, scope: Scope, point: Point, sources: Sequence[Point]) -> None:
    terms: dict[int, list[Term]] = {}
    for key, *said in queries.virtual_terms(session, scope):
        if key != point.key:
            terms.setdefault(key, []).append(Term(*said))
    terms[point.key] = [Term(source.key) for source in sources]
    try:
        in_order(terms)
    except CycleError as error:
        names = queries.point_names(session, scope, error.path)
        raise Refused(
            f"'{point.name}' would depend on itself: {' → '.join(names[key] for key in error.path)}", field="parts",
            remedy="leave out one of these",
        ) from error  # fmt: skip
