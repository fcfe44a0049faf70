"""A technician's working profile as dispatch reads it on one day: shift, breaks, certificates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from backend.workorders.rules.calendar import Calendar, merged
from backend.workorders.rules.dispatch.values import Pause, Window

ALWAYS = date.max
"""Last day of a certificate that does not end."""


Stretch = tuple[datetime, datetime]


def spans_on(on: date, zone: str, weekly: Mapping[str, Any], duty: Sequence[Stretch] = ()) -> list[Stretch]:
    """Return the stretches of a local day in which somebody works, in order; none on a day off.

    weekly: as a calendar's week, empty for always; duty: shifts of the duty roster, which count as well
    """
    begins = datetime.combine(on, time(0), ZoneInfo(zone)).astimezone(UTC)
    ends = datetime.combine(on, time(23, 59, 59, 999_999), ZoneInfo(zone)).astimezone(UTC)
    if not weekly:
        return [(begins, ends)]
    spans = list(Calendar.read(zone, weekly, ()).open_spans(begins, ends))
    spans += [(max(first, begins), min(last, ends)) for first, last in duty if first < ends and begins < last]
    return merged(spans)


def shift_on(
    on: date, zone: str, weekly: Mapping[str, Any], breaks: Sequence[Mapping[str, Any]], origin: datetime,
    duty: Sequence[Stretch] = (),
) -> tuple[Window, tuple[Pause, ...]] | None:  # fmt: skip
    """Return shift and breaks on a local day, in seconds after `origin`; None on a day off.

    weekly: as a calendar's week; breaks: [{earliest, latest, minutes}], local times. A gap between two stretches of a
    day is a break, too. duty: shifts of the duty roster
    """
    spans = spans_on(on, zone, weekly, duty)
    if not spans:
        return None
    stretches = [(_after(origin, first), _after(origin, last)) for first, last in spans]
    shift = Window(stretches[0][0], stretches[-1][1])
    gaps = [
        Pause(before[1], before[1], after[0] - before[1])
        for before, after in zip(stretches, stretches[1:], strict=False)
        if after[0] > before[1]
    ]
    said = [
        Pause(
            _at(origin, on, zone, one["earliest"]),
            _at(origin, on, zone, one["latest"]),
            int(one["minutes"]) * 60,
        )
        for one in breaks
    ]
    inside = [
        one for one in (*gaps, *said) if shift.earliest_s <= one.earliest_s and one.latest_s < shift.latest_s
    ]
    return shift, tuple(sorted(inside))


def certificates_of(said: Iterable[Mapping[str, Any]]) -> dict[str, date]:
    """Return certificate -> last day, of a profile's [{name, valid_until}]."""
    return {
        str(one["name"]): date.fromisoformat(str(one["valid_until"])) if one.get("valid_until") else ALWAYS
        for one in said
    }


def _after(origin: datetime, instant: datetime) -> int:
    return int((instant - origin).total_seconds())


def _at(origin: datetime, on: date, zone: str, said: str) -> int:
    return _after(origin, datetime.combine(on, time.fromisoformat(said), ZoneInfo(zone)).astimezone(UTC))
