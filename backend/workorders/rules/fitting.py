"""Whether a technician can make a visit: skills, certificates, shift, overlap, the customer's window. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.workorders.rules.calendar import Calendar, merged

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True)
class Profile:
    """What a technician is.

    certificates: [{name, valid_until (ISO date) or None}]; shift: as a calendar's week
    duty: shifts of the duty roster around the visit, which count as working time
    """

    skills: Sequence[str]
    certificates: Sequence[Mapping[str, Any]]
    zone: str
    shift: Mapping[str, Any]
    duty: Sequence[Stretch] = ()


def able(profile: Profile, on: date) -> frozenset[str]:
    """Return what a technician may do on a local day: skills, and certificates that are still valid."""
    valid = {
        str(one["name"])
        for one in profile.certificates
        if not one.get("valid_until") or date.fromisoformat(str(one["valid_until"])) >= on
    }
    return frozenset(profile.skills) | valid


def unfit(
    profile: Profile, start: datetime, end: datetime, *, skills: Sequence[str] = (), taken: Sequence[Stretch] = (),
    window: tuple[datetime | None, datetime | None] = (None, None), is_urgent: bool = False,
) -> list[str]:  # fmt: skip
    """Return why a visit in [start, end) does not fit, in words; an emergency may break into a shift and a window."""
    on = start.astimezone(ZoneInfo(profile.zone)).date()
    found = [f"lacks {skill}" for skill in skills if skill not in able(profile, on)]
    if any(first < end and start < last for first, last in taken):
        found.append("has another visit then")
    if not is_urgent and profile.shift:
        spans = list(Calendar.read(profile.zone, profile.shift, ()).open_spans(start, end))
        spans += [(max(a, start), min(b, end)) for a, b in profile.duty if a < end and start < b]
        worked = sum((last - first for first, last in merged(spans)), timedelta())
        if worked < end - start - timedelta(seconds=1):
            found.append("is not on shift then")
    opens, closes = window
    if not is_urgent and ((opens is not None and start < opens) or (closes is not None and end > closes)):
        found.append("is outside the agreed window")
    return found
