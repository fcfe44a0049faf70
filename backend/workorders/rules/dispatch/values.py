"""The values dispatch is about. Times are whole seconds [s] after an origin the caller chose (midnight of the day)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from backend.workorders.rules.dispatch.travel import Matrix, Place

Key = Hashable
"""What jobs and technicians are called by: a UUID in the product, a word in tests."""

WEIGHT = {1: 100, 2: 30, 3: 12, 4: 8}
"""What serving a job of each priority is worth: planners serve the largest sum, then travel least."""


class Window(NamedTuple):
    """From when until when something may begin [s], both included."""

    earliest_s: int
    latest_s: int


class Pause(NamedTuple):
    """A break: may begin from `earliest_s` until `latest_s` and lasts `length_s` [s]. It may interrupt a drive."""

    earliest_s: int
    latest_s: int
    length_s: int


class Assignment(NamedTuple):
    """Who was to do a job and when work was to begin [s]."""

    technician: Key
    start_s: int


@dataclass(frozen=True)
class Job:
    """Work at one place.

    work_s: how long it takes there [s]
    priority: 1 act now … 4 when convenient
    windows: when work may begin; none means at any time of the day
    skills, certificates: what the technician needs; certificates must be valid on the day
    parts: part -> how many it takes
    current: the plan before, if there was one
    is_frozen: accepted by the technician or begun: technician and start stay as they are
    declined_by: technicians who declined it
    """

    id: Key
    place: Place
    work_s: int
    priority: int = 3
    windows: tuple[Window, ...] = ()
    skills: frozenset[str] = frozenset()
    certificates: frozenset[str] = frozenset()
    parts: Mapping[Key, int] = field(default_factory=dict)
    current: Assignment | None = None
    is_frozen: bool = False
    declined_by: frozenset[Key] = frozenset()

    def __post_init__(self) -> None:
        if self.priority not in WEIGHT:
            raise ValueError(f"priority {self.priority} is none of P1 to P4")
        if self.work_s < 0 or any(window.latest_s < window.earliest_s for window in self.windows):
            raise ValueError(
                f"job {self.id}: work cannot last less than no time, a window cannot end before it begins"
            )
        if any(amount < 1 for amount in self.parts.values()):
            raise ValueError(f"job {self.id}: of a part that is needed, at least one is needed")
        if self.is_frozen and self.current is None:
            raise ValueError(f"job {self.id} is frozen, so it says who does it and when")


@dataclass(frozen=True)
class Technician:
    """Somebody who can be sent, with a van.

    start, end: where the day begins and ends; without an end it ends at the last job
    shift: from leaving `start` until being at `end` [s]
    breaks: one after the other, in this order
    certificates: certificate -> last day on which it is valid
    parts: what the van holds
    """

    id: Key
    start: Place
    end: Place | None
    shift: Window
    breaks: tuple[Pause, ...] = ()
    skills: frozenset[str] = frozenset()
    certificates: Mapping[str, date] = field(default_factory=dict)
    parts: Mapping[Key, int] = field(default_factory=dict)
    speed_kmh: float = 40.0

    def __post_init__(self) -> None:
        if self.speed_kmh <= 0 or self.shift.latest_s < self.shift.earliest_s:
            raise ValueError(
                f"technician {self.id}: needs a speed above zero and a shift that ends after it begins"
            )


@dataclass(frozen=True)
class Problem:
    """A day to be planned.

    travel: seconds between all places of jobs and technicians
    store: parts that can still be reserved and put into any van before it leaves
    """

    day: date
    jobs: tuple[Job, ...]
    technicians: tuple[Technician, ...]
    travel: Matrix
    store: Mapping[Key, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for named in (self.jobs, self.technicians):
            if len({one.id for one in named}) != len(named):
                raise ValueError("two jobs or two technicians have the same id")
        known = {technician.id for technician in self.technicians}
        for job in self.jobs:
            if job.is_frozen and job.current is not None and job.current.technician not in known:
                raise ValueError(f"job {job.id} is frozen with a technician who is not there")


@dataclass(frozen=True)
class Stop:
    """A job on a route [s]: `travel_s` from the stop before, whose driving a break may interrupt."""

    job: Key
    arrive_s: int
    start_s: int
    leave_s: int
    travel_s: int


@dataclass(frozen=True)
class Rest:
    """A break on a route [s]."""

    start_s: int
    end_s: int


@dataclass(frozen=True)
class Route:
    """A technician's day: leaves the start, stops and breaks in order, back at the end [s]."""

    technician: Key
    leave_s: int
    steps: tuple[Stop | Rest, ...]
    back_s: int
    travel_home_s: int

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Return the jobs only."""
        return tuple(step for step in self.steps if isinstance(step, Stop))

    @property
    def travel_s(self) -> int:
        """Return all driving [s], the way home included."""
        return sum(stop.travel_s for stop in self.stops) + self.travel_home_s


@dataclass(frozen=True)
class Exclusion:
    """A rule that keeps a technician from a job: its name and what it is about (a skill, a date, a part).

    window: even on an empty day they come too late; full: their day has no room left; unplanned: nobody has asked
    """

    rule: Literal[
        "frozen", "declined", "skill", "certificate", "certificate_expired", "parts", "window", "full", "unplanned"
    ]  # fmt: skip
    about: str = ""


@dataclass(frozen=True)
class Unserved:
    """A job nobody does on this day, and what kept how many technicians from it."""

    job: Key
    because: tuple[tuple[Exclusion, int], ...]


@dataclass(frozen=True)
class Change:
    """What is other than in the plan before.

    kind: `new` (was not planned), `given` (another technician), `shifted` (another start), `postponed` (not today)
    """

    job: Key
    kind: Literal["new", "given", "shifted", "postponed"]
    before: Assignment | None
    after: Assignment | None


@dataclass(frozen=True)
class Cost:
    """What a plan comes to: jobs served, their worth (WEIGHT), driving [s]."""

    served: int
    worth: int
    travel_s: int


@dataclass(frozen=True)
class Proposal:
    """Who goes where on the day, and what that changes.

    planner: which planner made it; `note` says why it was not the one asked for
    """

    routes: tuple[Route, ...]
    unserved: tuple[Unserved, ...]
    changes: tuple[Change, ...]
    cost: Cost
    planner: str
    note: str = ""

    def route_of(self, technician: Key) -> Route | None:
        """Return a technician's route; None when they have none."""
        return next((route for route in self.routes if route.technician == technician), None)

    def assignments(self) -> dict[Key, Assignment]:
        """Return job -> who does it and when, of all jobs served."""
        return {
            stop.job: Assignment(route.technician, stop.start_s)
            for route in self.routes
            for stop in route.stops
        }


def places_of(jobs: Iterable[Job], technicians: Iterable[Technician]) -> list[Place]:
    """Return every place a plan touches, each once."""
    found = [job.place for job in jobs]
    for technician in technicians:
        found += [technician.start] if technician.end is None else [technician.start, technician.end]
    return list(dict.fromkeys(found))
