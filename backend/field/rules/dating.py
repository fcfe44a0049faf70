"""When an operation happened, told by clocks that may be wrong.

A phone has two clocks. The one on its wall may be set by anybody, to any year, in the middle of a shift. The
monotonic one counts since the app was started (its boot), cannot be set, and never runs ahead; but it may stand still
while the phone sleeps, so between two instants of one boot at least so much time went by as it counted. That bounds
an operation from both sides:

    not before   when this boot last heard of our clock + what was counted since
                 the operation before, if of the same boot + what was counted since
    not after    when it reached us - what was counted from the operation to the sending, if sent by the same boot

Where wall and ticks went on alike from the operation to its sending, nobody set the one and nothing stopped the other:
the time is as long before the receipt as it was before the sending. Else the wall's time, corrected by its offset, is
taken where it keeps to the bounds: it alone knows of sleep. Where it does not, it was set meanwhile, and the counted
bound next to it is the time. So for a phone that did not sleep, and heard of us in this boot, times are exact whatever
its wall says.

Worked example. Heard of us at 08:00:00 when the monotonic clock said 60 s; the tap came at 1,860 s, half an hour
later by that count; sent by the same boot at 5,460 s and here at 09:30:00. Not before 08:30:00 and not after 09:30:00
- 3,600 s = 08:30:00. The wall says tomorrow 08:30, or yesterday: it was 08:30:00.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

ODD_CLOCK = timedelta(hours=24)
"""A clock further away than this, or one that ran backwards, is flagged; the phone's own count then orders."""
SLACK = timedelta(minutes=2)
"""So far a wall may be ahead of the receipt before it counts as set; the phone shows a banner from here, too."""
STEADY = timedelta(seconds=2)
"""So little may wall and ticks differ in what they counted for the wall to have been left alone."""
LONG_AGO = timedelta(days=3_650)


@dataclass(frozen=True)
class Ticks:
    """A monotonic clock's count since a boot. boot_id: names the boot; ms: counted since [ms]"""

    boot_id: str
    ms: float

    def until(self, later: Ticks) -> timedelta | None:
        """Return what was counted from here to a later count of the same boot; None between boots."""
        if self.boot_id != later.boot_id or later.ms < self.ms:
            return None
        return timedelta(milliseconds=later.ms - self.ms)


@dataclass(frozen=True)
class Mark:
    """An instant by our clock, and what a phone's monotonic clock counted then. within: how far off it may be"""

    at: datetime
    ticks: Ticks | None
    within: timedelta = timedelta(0)


@dataclass(frozen=True)
class Receipt:
    """When operations are here, and what the phone's ticks and its wall said as it sent them."""

    at: datetime
    ticks: Ticks | None = None
    wall: datetime | None = None


@dataclass(frozen=True)
class Said:
    """What a phone says of when: by its wall, the offset from us it believes in, its ticks, when it last heard us."""

    raw_at: datetime
    offset: timedelta
    ticks: Ticks | None = None
    heard: Mark | None = None


@dataclass(frozen=True)
class Dated:
    """When an operation happened, as far as it can be known: corrected, clamped, with its uncertainty [s]."""

    at: datetime
    uncertainty_s: float
    is_odd: bool


def date(said: Said, *, received: Receipt, previous: Mark | None) -> Dated:
    """Return when an operation happened: not before the one its phone counted before it, not after the receipt."""
    wall = said.raw_at + said.offset
    first = received.at - LONG_AGO if previous is None else min(previous.at, received.at)
    least = [at for mark in (previous, said.heard) if (at := _counted_on(mark, said.ticks)) is not None]
    most = _counted_back(received, said.ticks)
    floor, ceiling = max([first, *least]), received.at if most is None else min(most, received.at)
    best, steady = wall, _untouched(said, received, most)
    if steady is not None:
        best = steady
    elif wall > received.at + SLACK and most is None and least:
        best = floor  # set ahead, and nothing but the count since we last spoke to go by
    at = max(first, min(max(best, floor), ceiling))
    strayed = abs(at - wall)
    doubt = abs(at - steady) if steady is not None else min(strayed, max(ceiling - floor, timedelta(0)))
    within = said.heard.within if said.heard is not None else timedelta(0)
    went_back = previous is not None and wall < previous.at
    is_odd = went_back or abs(said.offset) > ODD_CLOCK or strayed > ODD_CLOCK
    return Dated(at, max(doubt, within).total_seconds(), is_odd)


def _counted_on(mark: Mark | None, ticks: Ticks | None) -> datetime | None:
    """Return the earliest an operation can have been, by what was counted since a mark of the same boot."""
    if mark is None or mark.ticks is None or ticks is None:
        return None
    counted = mark.ticks.until(ticks)
    return None if counted is None else mark.at + counted


def _counted_back(received: Receipt, ticks: Ticks | None) -> datetime | None:
    """Return the latest it can have been, by what was counted until it was sent."""
    if received.ticks is None or ticks is None:
        return None
    counted = ticks.until(received.ticks)
    return None if counted is None else received.at - counted


def _untouched(said: Said, received: Receipt, most: datetime | None) -> datetime | None:
    """Return when an operation was, where wall and ticks went on alike from it to the sending; else None."""
    if most is None or received.wall is None:
        return None
    ago = received.wall - said.raw_at
    return received.at - ago if abs(ago - (received.at - most)) <= STEADY else None
