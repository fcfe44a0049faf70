"""A problem put into numbers once, so that planners can try thousands of routes: jobs and technicians by index.

A route is a list of items: `j >= 0` is job j, `~k` (negative) is break k of its technician.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backend.workorders.rules.dispatch.eligibility import exclusions
from backend.workorders.rules.dispatch.values import Job, Problem, Rest, Route, Stop, Window

EVER = (Window(-(2**60), 2**60),)
"""At any time."""

Windows = Sequence[tuple[Window, ...]]
"""Job -> when work may begin. Planners narrow it to hold some jobs where they are."""


class Timed(NamedTuple):
    """When the items of a route begin and end [s], and when the technician is back."""

    arrive: list[int]
    start: list[int]
    leave: list[int]
    back_s: int


class Ground:
    """A problem in numbers.

    at: job -> place, home and end: technician -> place (end -1: none)
    seconds: technician -> place -> place -> driving [s]
    eligible: job -> technicians no rule keeps from it
    windows: job -> when work may begin; frozen jobs only at their start
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.jobs, self.technicians = problem.jobs, problem.technicians
        self.job_number = {job.id: number for number, job in enumerate(self.jobs)}
        self.technician_number = {one.id: number for number, one in enumerate(self.technicians)}
        place = problem.travel.index
        self.at = [place[job.place] for job in self.jobs]
        self.home = [place[one.start] for one in self.technicians]
        self.end = [-1 if one.end is None else place[one.end] for one in self.technicians]
        speeds = {one.speed_kmh: problem.travel.at_speed(one.speed_kmh).tolist() for one in self.technicians}
        self.seconds: list[list[list[int]]] = [speeds[one.speed_kmh] for one in self.technicians]
        self.work = [job.work_s for job in self.jobs]
        self.windows: list[tuple[Window, ...]] = [_windows(job) for job in self.jobs]
        self.eligible = [
            [
                number
                for number, one in enumerate(self.technicians)
                if not exclusions(job, one, day=problem.day, store=problem.store)
            ]
            for job in self.jobs
        ]

    def time(self, technician: int, items: Sequence[int], windows: Windows | None = None) -> Timed | None:
        """Return when everything on a route begins, each as early as may be; None when it cannot be kept.

        Waiting before a break is used for driving on: a break may interrupt a drive.
        """
        windows = self.windows if windows is None else windows
        one, seconds = self.technicians[technician], self.seconds[technician]
        now, place, driven = one.shift.earliest_s, self.home[technician], 0
        arrives, starts, leaves = [], [], []
        for item in items:
            if item < 0:
                pause = one.breaks[~item]
                arrive = start = max(now, pause.earliest_s)
                if start > pause.latest_s:
                    return None
                driven += start - now
                now = start + pause.length_s
            else:
                arrive = now + max(0, seconds[place][self.at[item]] - driven)
                begin = earliest(windows[item], arrive)
                if begin is None:
                    return None
                start, place, driven = begin, self.at[item], 0
                now = start + self.work[item]
            arrives.append(arrive)
            starts.append(start)
            leaves.append(now)
        if self.end[technician] >= 0:
            now += max(0, seconds[place][self.end[technician]] - driven)
        return Timed(arrives, starts, leaves, now) if now <= one.shift.latest_s else None

    def travel(self, technician: int, items: Sequence[int]) -> int:
        """Return all driving on a route [s]; a technician without a job stays at home."""
        places = [self.home[technician], *(self.at[item] for item in items if item >= 0)]
        if len(places) > 1 and self.end[technician] >= 0:
            places.append(self.end[technician])
        seconds = self.seconds[technician]
        return sum(seconds[a][b] for a, b in zip(places, places[1:], strict=False))

    def route(self, technician: int, items: Sequence[int], windows: Windows | None = None) -> Route:
        """Return a route as others read it; it must be one that can be kept."""
        timed = self.time(technician, items, windows)
        if timed is None:
            raise ValueError(f"the route of {self.technicians[technician].id} cannot be kept")
        seconds, place = self.seconds[technician], self.home[technician]
        steps: list[Stop | Rest] = []
        for item, arrive, start, leave in zip(items, timed.arrive, timed.start, timed.leave, strict=True):
            if item < 0:
                steps.append(Rest(start, leave))
            else:
                steps.append(Stop(self.jobs[item].id, arrive, start, leave, seconds[place][self.at[item]]))
                place = self.at[item]
        home_s = 0 if self.end[technician] < 0 else seconds[place][self.end[technician]]
        leaves_at = self.technicians[technician].shift.earliest_s
        if steps and isinstance(first := steps[0], Stop):  # nobody leaves early to wait at a door
            leaves_at = first.start_s - first.travel_s
            steps[0] = Stop(first.job, first.start_s, first.start_s, first.leave_s, first.travel_s)
        return Route(self.technicians[technician].id, leaves_at, tuple(steps), timed.back_s, home_s)


def earliest(windows: tuple[Window, ...], at_s: int) -> int | None:
    """Return when work can begin for somebody who arrives at `at_s`; None when every window has passed."""
    for window in windows:
        if at_s <= window.latest_s:
            return max(at_s, window.earliest_s)
    return None


def _windows(job: Job) -> tuple[Window, ...]:
    if job.is_frozen and job.current is not None:
        return (Window(job.current.start_s, job.current.start_s),)
    return tuple(sorted(job.windows)) or EVER
