"""What targets measured: intervals laid on their steps, as known now, or as known when a forecast was made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.forecasting.models import ForecastTarget, ForecastTerm
from backend.forecasting.models.packing import NONE
from backend.forecasting.queries import amounts, targets
from backend.forecasting.rules import Kind, Past, PvArray, Source
from backend.kernel import clock
from backend.kernel.errors import Conflict
from backend.kernel.scope import Scope
from backend.kernel.units import UNITS, convert, quanta_per
from backend.metering.models import Point

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shorts = NDArray[np.int16]


@dataclass(frozen=True)
class Series:
    """A target with what is needed to read it: its terms in order of the points' keys, zone, holidays."""

    target: ForecastTarget
    terms: Sequence[tuple[ForecastTerm, Point]]
    zone: str
    calendar: str

    @property
    def step(self) -> timedelta:
        """Length of a step."""
        return timedelta(minutes=self.target.step_minutes)

    @property
    def kind(self) -> Kind:
        """What is foreseen, as the rules see it; peak powers become amounts of a step [unit]."""
        one = self.target
        pv = None
        if one.source is Source.PV and one.plant:
            said = dict(one.plant)
            peak_kw = said.pop("peak_kw", None)
            pv = PvArray(**said, peak=None if peak_kw is None else amount_of(peak_kw, one))
        return Kind(one.source, one.carrier.value, one.floor, one.ceiling, pv)

    def past(self, start: datetime, values: Floats) -> Past:
        """Return values from `start` on as the rules take them."""
        country = None if self.calendar == "none" else self.calendar
        return Past(start, self.target.step_minutes, values, self.zone, country)


class Known(NamedTuple):
    """Amounts of a target, step by step [unit], NaN where a term is unknown; and the versions they were read from."""

    values: Floats
    versions: Shorts


def amount_of(peak_kw: float, one: ForecastTarget) -> float:
    """Return what a power makes in one step of a target of energy [its unit]."""
    if UNITS[one.unit].dimension != "energy":
        return peak_kw
    return convert(peak_kw, "kWh", one.unit) * one.step_minutes / 60


def floor_to(at: datetime, step: timedelta) -> datetime:
    """Return the start of the step (whole in UTC) that an instant lies in."""
    return at - (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) % step


def series_of(session: Session, scope: Scope, found: Sequence[ForecastTarget]) -> list[Series]:
    """Return targets with their terms and places."""
    parts = targets.terms(session, scope, [one.id for one in found])
    places: dict[UUID, tuple[str, str]] = {}
    for one in found:
        if one.position_id not in places:
            places[one.position_id] = targets.place_of(session, scope, one)
    return [Series(one, parts[one.id], *places[one.position_id]) for one in found]


def known_now(
    session: Session, scope: Scope, wanted: Sequence[Series], *, start: datetime, end: datetime
) -> dict[UUID, Known]:
    """Return what targets measured in [start, end), whole steps, as it is known now: one query a length of interval."""
    of_length: dict[int, set[int]] = defaultdict(set)
    for one in wanted:
        for _, point in one.terms:
            of_length[point.interval_minutes].add(point.key)
    rows: dict[int, tuple[Ints, Ints, Shorts]] = {}
    for minutes, keys in of_length.items():
        found = amounts.known_now(session, scope, sorted(keys), minutes=minutes, start=start, end=end)
        rows |= _by_key(*found)
    return {one.target.id: _laid(one, rows, start, end, None) for one in wanted}


def known_then(
    session: Session, scope: Scope, one: Series, *, start: datetime, end: datetime, versions: Shorts
) -> Known:
    """Return what a target measured in [start, end) by the versions that were read then.

    raises Conflict where one of them is not kept any more
    """
    rows: dict[int, tuple[Ints, Ints, Shorts]] = {}
    for minutes in {point.interval_minutes for _, point in one.terms}:
        keys = [point.key for _, point in one.terms if point.interval_minutes == minutes]
        rows |= _by_key(*amounts.ever_known(session, scope, keys, minutes=minutes, start=start, end=end))
    found = _laid(one, rows, start, end, versions)
    if not np.array_equal(found.versions, versions):
        raise Conflict("what this forecast was made from is not kept any more", field="forecast_id")
    return found


def _by_key(key: Ints, start_us: Ints, amount: Ints, version: Shorts) -> dict[int, tuple[Ints, Ints, Shorts]]:
    order = np.argsort(key, kind="stable")
    key, start_us, amount, version = key[order], start_us[order], amount[order], version[order]
    known, first = np.unique(key, return_index=True)
    ends = [*first[1:], len(key)]
    return {
        int(one): (start_us[a:b], amount[a:b], version[a:b])
        for one, a, b in zip(known, first, ends, strict=True)
    }


def _laid(
    one: Series, rows: Mapping[int, tuple[Ints, Ints, Shorts]], start: datetime, end: datetime,
    wanted: Shorts | None,
) -> Known:  # fmt: skip
    """Lay the terms on the steps and add them up; wanted: take these versions, else whatever there is."""
    steps = int((end - start) / one.step)
    total, taken, at = np.zeros(steps), [], 0
    for term, point in one.terms:
        parts = one.target.step_minutes // point.interval_minutes
        count = steps * parts
        mine = None if wanted is None else wanted[at : at + count]
        at += count
        amount, version = _term(rows.get(point.key), point, clock.to_us(start), count, mine)
        per_unit = term.sign * convert(1 / quanta_per(point.unit), point.unit, one.target.unit)
        total += amount.reshape(steps, parts).sum(axis=1) * per_unit
        taken.append(version)
    return Known(total if taken else np.full(steps, np.nan), np.concatenate(taken or [np.empty(0, np.int16)]))


def _term(
    rows: tuple[Ints, Ints, Shorts] | None, point: Point, start_us: int, count: int, wanted: Shorts | None
) -> tuple[Floats, Shorts]:
    """Return a point's amounts [quanta] on its own intervals, NaN where there is none, and their versions."""
    amount, version = np.full(count, np.nan), np.full(count, NONE, np.int16)
    if rows is not None:
        length = point.interval_minutes * 60_000_000
        slot, off = np.divmod(rows[0] - start_us, length)
        take = (off == 0) & (slot >= 0) & (slot < count)
        if wanted is not None:
            take &= wanted[np.clip(slot, 0, count - 1)] == rows[2]
        amount[slot[take]], version[slot[take]] = rows[1][take], rows[2][take]
    return amount, version
