"""Charts the server draws: axes, lines and bars as plain values for the plot macro, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from backend.kernel.periods import Period
from portal import drawing, language, words

Sample = tuple[datetime, float | None]


@dataclass(frozen=True)
class Frame:
    """Where a chart is drawn [px]; crowded: about how many marks fit below it."""

    width: float
    height: float
    left: float
    right: float
    top: float
    crowded: int

    @property
    def bottom(self) -> float:
        """Return the row of the axis."""
        return self.height - 24


def wide(height: float) -> Frame:
    """Return the frame for a desk."""
    return Frame(860, height, 46, 846, 22, 9)


A_FEW_DAYS = 3.1
"""A chart of so many days has hours below it, and the day at midnight."""
NARROW = Frame(380, 236, 40, 372, 20, 5)
"""The frame for a phone: the same chart, so that its words can be read there too."""


@dataclass
class Series:
    """One line or row of bars: (instant, value) pairs in order; None breaks it.

    kind: 'line', 'bar' (an amount from its instant on) or 'step'; moved: how far it is shifted to lie
    over another period; running: the bar that is not over yet
    upper: of a band, its upper edge at the same instants; the samples are the lower one
    """

    name: str
    carrier: str
    samples: Sequence[Sample]
    kind: str = "line"
    is_before: bool = False
    moved: timedelta = field(default=timedelta(0))
    running: datetime | None = None
    upper: Sequence[float | None] | None = None

    def values(self) -> list[float]:
        """Return the values that are known."""
        return drawing.known([*(value for _at, value in self.samples), *(self.upper or ())])


def plot(
    series: list[Series], unit: str, period: Period, zone: str, *, height: float = 290.0, zero: bool = False
) -> dict[str, Any] | None:
    """Return the parts of a chart for desk and phone, or None where there is nothing to draw."""
    known = [value for one in series for value in one.values()]
    if not known:
        return None
    shown, factor = words.ladder(unit, max(abs(value) for value in known))
    is_amount = zero or any(one.kind == "bar" for one in series) or _near_zero(known)
    scaled = [value / factor for value in known]

    def drawn(frame: Frame) -> dict[str, Any]:
        by = drawing.scale(scaled, top=frame.top, bottom=frame.bottom, zero=is_amount, ticks=5)
        across = _Across(period, frame)
        return {
            "width": int(frame.width), "height": int(frame.height), "left": frame.left, "right": frame.right,
            "top": frame.top, "bottom": frame.bottom, "unit": words.shown_unit(shown),
            "rules": [{"y": by.y(tick), "value": tick, "text": _tick(tick, by.ticks)} for tick in by.ticks],
            "marks": marks(period, zone, frame, _half_a_bar(series)),
            "series": [_drawn(one, by, across, factor, series) for one in series],
        }  # fmt: skip

    return drawn(wide(height)) | {"narrow": drawn(NARROW)}


def as_json(
    series: list[Series],
    unit: str,
    period: Period,
    zone: str,
    *,
    grain: str = "",
    zoom: bool = False,
    zero: bool = False,
) -> dict[str, Any]:
    """Return the same chart for the script that takes over: values unscaled, instants in milliseconds."""
    return {
        "unit": unit, "zone": zone, "grain": grain, "can_zoom": zoom,
        "words": {"none": _("no data"), "running": _("still running")},
        "from_zero": zero
        or any(one.kind == "bar" for one in series) or all(_near_zero(one.values()) for one in series),
        "start": _ms(period.start), "end": _ms(period.end),
        "series": [
            {
                "name": one.name, "carrier": one.carrier, "kind": one.kind, "is_before": one.is_before,
                "running": _ms(one.running) if one.running else None,
                "points": [
                    [_ms(at + one.moved), None if value is None or math.isnan(value) else round(value, 6)]
                    for at, value in one.samples
                ],
                "upper": None if one.upper is None else [_rounded(value) for value in one.upper],
            }
            for one in series
        ],
    }  # fmt: skip


def with_gaps(samples: Sequence[Sample]) -> list[Sample]:
    """Break a line where readings stayed away for long: several times their usual distance, 15 min at least."""
    if len(samples) < 3:
        return list(samples)
    steps = sorted(after[0] - before[0] for before, after in zip(samples, samples[1:], strict=False))
    longest = max(steps[len(steps) // 2] * 4, timedelta(minutes=15))
    broken: list[Sample] = [samples[0]]
    for before, after in zip(samples, samples[1:], strict=False):
        if after[0] - before[0] > longest:
            broken.append((before[0] + longest / 4, None))
        broken.append(after)
    return broken


def marks(period: Period, zone: str, frame: Frame, shift: timedelta = timedelta(0)) -> list[dict[str, Any]]:
    """Return the marks below the axis: hours of a day, days of a month, months of a year.

    shift: how far right of their instant they stand, so that they name the bar above them
    """
    across, found = _Across(period, frame), []
    days = (period.end - period.start) / timedelta(days=1)
    at = period.start.astimezone(ZoneInfo(zone))
    while at <= period.end:
        found.append({"x": across.x(at + shift), "text": _mark(at, days)})
        at = _next_mark(at, days, frame.crowded)
    return [mark for mark in found if frame.left - 1 <= mark["x"] <= frame.right + 1]


def _half_a_bar(series: list[Series]) -> timedelta:
    bars = next((one.samples for one in series if one.kind == "bar" and len(one.samples) > 1), None)
    if bars is None:
        return timedelta(0)
    steps = sorted(after[0] - before[0] for before, after in zip(bars, bars[1:], strict=False))
    return steps[len(steps) // 2] / 2


def _next_mark(at: datetime, days: float, crowded: int) -> datetime:
    """Return where the next mark stands, in local wall-clock steps."""
    if days <= A_FEW_DAYS:
        step = timedelta(hours=(3, 6, 12)[max(math.ceil(days - 0.1), 1) - 1] * (1 if crowded > 6 else 2))
    elif days <= 100:
        step = timedelta(days=max(round(days / crowded), 1))
    else:
        months = max(round(days / 30 / (12 if crowded > 6 else 4)), 1)
        index = at.year * 12 + at.month - 1 + months
        return at.replace(year=index // 12, month=index % 12 + 1, day=1, hour=0, minute=0)
    return (at.replace(tzinfo=None) + step).replace(tzinfo=at.tzinfo)


class _Across:
    """Maps instants to pixel columns."""

    def __init__(self, period: Period, frame: Frame) -> None:
        self.frame = frame
        self.start, self.length = period.start, (period.end - period.start) / timedelta(seconds=1)

    def x(self, at: datetime) -> float:
        share = (at - self.start) / timedelta(seconds=1) / self.length
        return self.frame.left + share * (self.frame.right - self.frame.left)

    def holds(self, x: float) -> bool:
        return self.frame.left - 1 <= x <= self.frame.right + 1


def _drawn(
    one: Series, by: drawing.Scale, across: _Across, factor: float, series: list[Series]
) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "carrier": one.carrier,
        "is_before": one.is_before,
        "line": "",
        "band": "",
        "bars": [],
        "gaps": (),
        "label": None,
    }
    points = [
        (across.x(at + one.moved), None if value is None or math.isnan(value) else by.y(value / factor))
        for at, value in one.samples
    ]
    if one.kind == "bar":
        drawn["bars"] = _bars(one, points, by, across, series)
        return drawn
    if one.upper is not None:
        drawn["band"] = _band(
            points, [None if v is None or math.isnan(v) else by.y(v / factor) for v in one.upper], across
        )
        return drawn
    runs = _runs([(x, y) for x, y in points if across.holds(x)])
    drawn["line"] = "".join("M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in run) for run in runs)
    if not one.is_before and len([other for other in series if not other.is_before]) == 1:
        ground = by.y(min(max(0.0, by.low), by.high))  # zero where it is on the axis
        drawn["band"] = "".join(
            f"M{run[0][0]:.1f},{ground:.1f}L"
            + " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            + f"L{run[-1][0]:.1f},{ground:.1f}Z"
            for run in runs
        )
    return drawn


def _band(lower: list[tuple[float, float | None]], upper: list[float | None], across: _Across) -> str:
    """Return the outline of the area between two edges, run by run."""
    edges = [
        (x, low, None if low is None else high)
        for (x, low), high in zip(lower, upper, strict=True)
        if across.holds(x)
    ]
    below = _runs([(x, low if high is not None else None) for x, low, high in edges])
    above = _runs([(x, high) for x, _low, high in edges])
    return "".join(
        "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in [*low, *reversed(high)]) + "Z"
        for low, high in zip(below, above, strict=True)
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 6)


def _bars(
    one: Series,
    points: list[tuple[float, float | None]],
    by: drawing.Scale,
    across: _Across,
    series: list[Series],
) -> list[dict[str, Any]]:
    rows = [other for other in series if other.kind == "bar"]
    place = next(number for number, other in enumerate(rows) if other is one)
    pitch = _pitch(points, across.frame)
    width = max(pitch * 0.78 / len(rows), 1.0)
    found = []
    for (x, y), (at, value) in zip(points, one.samples, strict=True):
        if y is None or value is None or not across.holds(x + 1.5):
            continue
        left = x + pitch * 0.11 + width * place
        found.append(
            {"x": left, "width": max(width - 0.6, 0.8), "y": min(y, by.y(0)), "height": max(abs(by.y(0) - y), 0.5),
             "gap": False, "is_running": at == one.running, "title": _("still running") if at == one.running else ""}
        )  # fmt: skip
    return found


def _pitch(points: list[tuple[float, float | None]], frame: Frame) -> float:
    steps = sorted(after[0] - before[0] for before, after in zip(points, points[1:], strict=False))
    return steps[len(steps) // 2] if steps else (frame.right - frame.left) / 12


def _runs(points: list[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    return [run if len(run) > 1 else [run[0], (run[0][0] + 1.2, run[0][1])] for run in runs if run]


def _near_zero(values: list[float]) -> bool:
    """Tell whether zero belongs on the axis: values that come near it, or swing wide."""
    known = drawing.known(values)
    return not known or min(known) <= 0 or min(known) < 0.45 * max(known)


def _tick(value: float, ticks: tuple[float, ...]) -> str:
    step = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else 1
    places = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    if places and round(step * 10**places) != round(step * 10**places, 6):
        places += 1
    return f"{value:,.{places}f}"


def _mark(at: datetime, days: float) -> str:
    is_zh = language.current() == "zh"
    if days <= 1.1 or (days <= A_FEW_DAYS and at.hour):
        return f"{at:%H:%M}"
    if days <= 9:
        return f"周{words.WEEKDAYS_ZH[at.weekday()]}" if is_zh else f"{at:%a}"
    if days <= 100:
        return f"{at.month}/{at.day}" if is_zh else f"{at.day} {at:%b}"
    return f"{at.month}月" if is_zh else f"{at:%b}"


def _ms(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1000)
