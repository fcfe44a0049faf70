"""The steps a plan is made for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from backend.kernel.errors import Refused

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Values = float | Floats
"""A number that holds at all steps, or an array with one for each [steps]."""


@dataclass(frozen=True, eq=False)
class Horizon:
    """Steps that follow one another, each with its own length.

    start: the first step's start (UTC)
    hours: length of each step [h], shape (steps,)
    zone: in which the plan speaks of hours
    """

    start: datetime
    hours: Floats
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        hours = np.asarray(self.hours, dtype=float)
        object.__setattr__(self, "hours", hours)
        if hours.ndim != 1 or not hours.size:
            raise Refused(
                "a horizon has at least one step", field="horizon.hours", remedy="say how long to plan for"
            )
        wrong = ~(np.isfinite(hours) & (hours > 0))
        if wrong.any():
            at = int(wrong.argmax())
            raise Refused(
                f"step {at} is {hours[at]:g} h long",
                field=f"horizon.hours[{at}]",
                value=float(hours[at]),
                remedy="put the steps in order of time, each longer than nothing",
            )
        if self.start.tzinfo is None:
            raise Refused(
                "a horizon starts at an instant, with its zone",
                field="horizon.start",
                value=str(self.start),
                remedy="give the start in UTC",
            )

    @classmethod
    def of(cls, starts: list[datetime], end: datetime, zone: tzinfo = UTC) -> Horizon:
        """Make a horizon from its steps' starts and the last one's end."""
        edges = [*starts, end]
        hours = [
            (after - before) / timedelta(hours=1) for before, after in zip(edges, edges[1:], strict=False)
        ]
        return cls(starts[0] if starts else end, np.array(hours), zone)

    @classmethod
    def regular(cls, start: datetime, steps: int, minutes: float, zone: tzinfo = UTC) -> Horizon:
        """Make a horizon of equal steps."""
        return cls(start, np.full(steps, minutes / 60), zone)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return int(self.hours.size)

    @property
    def starts_h(self) -> Floats:
        """Start of each step since the first one's [h]."""
        return np.asarray(np.cumsum(self.hours) - self.hours)

    @property
    def ends_h(self) -> Floats:
        """End of each step since the first one's start [h]."""
        return np.asarray(np.cumsum(self.hours))

    def fill(self, values: Values) -> Floats:
        """Return one value for each step [steps]."""
        return np.broadcast_to(np.asarray(values, dtype=float), (self.steps,))

    def at(self, step: int) -> datetime:
        """Return when a step starts; `steps` is the end of the last one. In the horizon's zone."""
        passed = float(self.hours[:step].sum())
        return (self.start + timedelta(hours=passed)).astimezone(self.zone)

    def words(self, first: int, last: int) -> str:
        """Return steps first to last (included) as '14:00–15:00', with the date where it is not the first day's."""
        begin, end, today = self.at(first), self.at(last + 1), self.at(0).date()
        day = "" if begin.date() == today else f"{begin:%Y-%m-%d} "
        other = "" if end.date() == begin.date() or f"{end:%H:%M}" == "00:00" else f"{end:%Y-%m-%d} "
        return f"{day}{begin:%H:%M}–{other}{end:%H:%M}"


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Return the first and last step of each stretch in which `flags` holds."""
    edge = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(first), int(after) - 1) for first, after in edge.reshape(-1, 2)]
