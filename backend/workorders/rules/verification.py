"""Whether telemetry proves a repair: a pure judgement over stored samples, replayable at any time.

The question is pinned when the watch begins; the answer depends on it and on what was measured, nothing else. Verified:
the alarms it watches are back to normal and every watched point gave `samples` good, fresh samples in a row inside its
band. Failed: at the end of the window one does not, or a watched alarm was raised again: also one that was still on
when it came back into service meanwhile. Inconclusive: there was too little to see, or nothing that could be wrong.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

GOOD = frozenset({0, 1})
"""Qualities that count: good and uncertain (metering's numbers)."""

MARGIN = 0.1
"""A band learned from the past is widened by this share of its span, on both sides."""


class Verdict(StrEnum):
    """What a watch found."""

    VERIFIED = "verified"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Watched:
    """A point under watch: its band [unit]; None: that side is open; why: where the band comes from"""

    key: str
    name: str
    unit: str
    low: float | None = None
    high: float | None = None
    why: str = "plausible range"

    @property
    def can_fail(self) -> bool:
        """Whether any value would be outside: a point that is open on both sides proves nothing but that it speaks."""
        return self.low is not None or self.high is not None


@dataclass(frozen=True)
class Question:
    """What is asked. window: how long is watched; samples: how many in a row; oldest: beyond it a sample is stale"""

    points: Sequence[Watched]
    window: timedelta
    samples: int = 5
    oldest: timedelta = timedelta(minutes=15)


@dataclass(frozen=True)
class Sample:
    """A reading: its instant, value [unit of the point], None where the source sent none, and quality."""

    at: datetime
    value: float | None
    quality: int = 0


@dataclass(frozen=True)
class AlarmSpan:
    """When a watched alarm was on; returned_at None: still."""

    name: str
    raised_at: datetime
    returned_at: datetime | None = None

    def is_on(self, at: datetime) -> bool:
        """Tell whether it was on at an instant."""
        return self.raised_at <= at and (self.returned_at is None or self.returned_at > at)


@dataclass(frozen=True)
class Happened:
    """A line of an alarm's history, in the words of alarms; comment: of one that ended suppression, which."""

    alarm: Hashable
    name: str
    kind: str
    at: datetime
    comment: str | None = None


def spans(history: Sequence[Happened]) -> list[AlarmSpan]:
    """Return when alarms were on, by their history; each alarm's lines in the order in which they were written.

    One that is on when it returns to service is raised anew then: nobody heard it before.
    """
    found: list[AlarmSpan] = []
    on: dict[Hashable, AlarmSpan] = {}
    for line in history:
        was = on.get(line.alarm)
        ends = was is not None and line.kind in ("returned", "withdrawn")
        anew = was is not None and line.kind == "unsuppressed" and line.comment == "out_of_service"
        if was is not None and (ends or anew):
            found.append(replace(on.pop(line.alarm), returned_at=max(line.at, was.raised_at)))
        if anew or (was is None and line.kind in ("raised", "raised_again")):
            on[line.alarm] = AlarmSpan(line.name, line.at)
    return sorted([*found, *on.values()], key=lambda span: span.raised_at)


@dataclass(frozen=True)
class Answer:
    """verdict None: not decided yet; because: in numbers, by point; first_good_at: of the row that decided"""

    verdict: Verdict | None
    because: Mapping[str, Any] = field(default_factory=dict)
    first_good_at: datetime | None = None


def judge(
    question: Question, samples: Mapping[str, Sequence[Sample]], alarms: Sequence[AlarmSpan], *,
    started_at: datetime, now: datetime,
) -> Answer:  # fmt: skip
    """Return what a watch says at `now`.

    samples: by the key of their point, oldest first; those before the start or after `now` are left out
    """
    end = min(now, started_at + question.window)
    again = [one for one in alarms if started_at < one.raised_at <= end]
    if again:
        return Answer(Verdict.FAILED, {"alarm": again[0].name, "raised_at": again[0].raised_at.isoformat()})
    runs = {p.key: _run(p, question, samples.get(p.key, ()), started_at, end) for p in question.points}
    on = [one.name for one in alarms if one.is_on(end)]
    because = {"points": {p.name: runs[p.key].words(p) for p in question.points}, "alarms_on": on}
    if not on and runs and all(len(run.row) >= question.samples for run in runs.values()):
        first = max(run.row[-question.samples].at for run in runs.values())
        returned = [one.returned_at for one in alarms if one.returned_at is not None]
        return Answer(Verdict.VERIFIED, because, max([first, *returned]))
    if now < started_at + question.window:
        return Answer(None, because)
    is_wrong = bool(on) or any(run.is_outside for run in runs.values())
    return Answer(Verdict.FAILED if is_wrong else Verdict.INCONCLUSIVE, because)


@dataclass(frozen=True)
class _Run:
    """The last row of good, fresh samples inside the band; seen: usable ones in all; last: the newest usable one."""

    row: Sequence[Sample]
    seen: int
    last: Sample | None
    is_outside: bool

    def words(self, point: Watched) -> dict[str, Any]:
        """Return what is told of a point."""
        return {
            "in_a_row": len(self.row), "seen": self.seen, "last": self.last.value if self.last else None,
            "at": self.last.at.isoformat() if self.last else None, "low": point.low, "high": point.high,
            "unit": point.unit, "band": point.why,
        }  # fmt: skip


def _run(
    point: Watched, question: Question, samples: Sequence[Sample], start: datetime, end: datetime
) -> _Run:
    usable = [
        one for one in samples if start <= one.at <= end and one.value is not None and one.quality in GOOD
    ]
    row: list[Sample] = []
    for one in usable:
        if row and one.at - row[-1].at > question.oldest:
            row = []
        row = [*row, one] if _inside(point, one.value) else []
    last = usable[-1] if usable else None
    is_stale = last is None or end - last.at > question.oldest
    outside = last is not None and not is_stale and not _inside(point, last.value)
    return _Run([] if is_stale else row, len(usable), last, outside)


def _inside(point: Watched, value: float | None) -> bool:
    return (
        value is not None
        and (point.low is None or value >= point.low)
        and (point.high is None or value <= point.high)
    )


SPEAKING = frozenset({"silence", "meter_fault"})
"""Faults of which it is proof that a point speaks again, whatever it says."""


def counted(points: Iterable[Watched], fault_class: str | None) -> Iterator[Watched]:
    """Yield the points whose samples can prove a repair of this class; none: only a person can say."""
    return (one for one in points if one.can_fail or fault_class in SPEAKING)


def learned(lows: Sequence[float], highs: Sequence[float]) -> tuple[float, float] | None:
    """Return a band learned from hourly extremes [unit]: 5th to 95th percentile, widened; None of too few."""
    if len(lows) < 24:
        return None
    low, high = sorted(lows)[len(lows) // 20], sorted(highs)[-(len(highs) // 20) - 1]
    margin = MARGIN * (high - low)
    return low - margin, high + margin


def within_limits(
    band: tuple[float | None, float | None], limits: Mapping[str, float]
) -> tuple[float | None, float | None]:
    """Return a band cut to an alarm's limits L and H: what raised the alarm may not count as proof."""
    low, high = band
    for name in ("LL", "L"):
        if name in limits:
            low = limits[name] if low is None else max(low, limits[name])
    for name in ("HH", "H"):
        if name in limits:
            high = limits[name] if high is None else min(high, limits[name])
    return low, high
