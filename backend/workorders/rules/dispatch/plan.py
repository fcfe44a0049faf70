"""A plan in the making: routes of items, what they take out of vans and store, and where a job still fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

from backend.workorders.rules.dispatch.eligibility import exclusions
from backend.workorders.rules.dispatch.ground import Ground, Windows, earliest


class Insertion(NamedTuple):
    """Where a job fits: driving it adds [s], technician, position in the route's items."""

    added_s: int
    technician: int
    position: int


class FrozenDoesNotFit(ValueError):
    """Accepted work cannot be kept as it is: somebody is late. `standing.as_it_stands` says what is possible."""


class Plan:
    """Routes being made. Breaks are items too; who has no job still has breaks."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.routes: list[list[int]] = [[~k for k in range(len(one.breaks))] for one in ground.technicians]
        self.of: dict[int, int] = {}
        self._used: list[Counter[Hashable]] = [Counter() for _ in ground.technicians]
        self._reserved: Counter[Hashable] = Counter()

    def set_route(self, technician: int, items: Sequence[int]) -> None:
        """Give a technician this route in place of the one before."""
        before, after = set(self.routes[technician]), set(items)
        for item in before - after:
            if item >= 0:
                self._forget(item)
        self.routes[technician] = list(items)
        for item in after - before:
            if item >= 0:
                self._note(item, technician)

    def put(self, job: int, where: Insertion) -> None:
        """Insert a job."""
        self.routes[where.technician].insert(where.position, job)
        self._note(job, where.technician)

    def take_out(self, job: int) -> Insertion:
        """Take a job out; returns where it was, so that it can be put back."""
        technician = self.of[job]
        position = self.routes[technician].index(job)
        del self.routes[technician][position]
        self._forget(job)
        return Insertion(0, technician, position)

    def has_parts(self, technician: int, job: int) -> bool:
        """Tell whether the van, and what can still be reserved from the store, hold what a job takes."""
        van, used = self.ground.technicians[technician].parts, self._used[technician]
        for part, amount in self.ground.jobs[job].parts.items():
            held = van.get(part, 0)
            more = max(0, used[part] + amount - held) - max(0, used[part] - held)
            if more > self.ground.problem.store.get(part, 0) - self._reserved[part]:
                return False
        return True

    def cheapest(self, job: int, technician: int, windows: Windows | None = None) -> Insertion | None:
        """Return where a job adds least driving to a technician's route; None when it fits nowhere."""
        if not self.has_parts(technician, job):
            return None
        items = self.routes[technician]
        for added_s, position in sorted(self.openings(job, technician, windows)):
            if self.ground.time(technician, [*items[:position], job, *items[position:]], windows):
                return Insertion(added_s, technician, position)
        return None

    def openings(
        self, job: int, technician: int, windows: Windows | None = None
    ) -> Iterator[tuple[int, int]]:
        """Give (added driving [s], position) of every position not ruled out at a glance."""
        ground, items = self.ground, self.routes[technician]
        windows = ground.windows if windows is None else windows
        seconds, here = ground.seconds[technician], ground.at[job]
        timed = ground.time(technician, items, windows)
        place, free = ground.home[technician], ground.technicians[technician].shift.earliest_s
        for position in range(len(items) + 1):
            start = earliest(windows[job], free + seconds[place][here])
            if start is None:
                return
            after = next((item for item in items[position:] if item >= 0), None)
            end = ground.end[technician] if after is None else ground.at[after]
            done = start + ground.work[job]
            if after is None or done + seconds[here][end] <= max(
                window.latest_s for window in windows[after]
            ):
                onward = (
                    0
                    if end < 0
                    else seconds[here][end] - (0 if self._is_idle(items) else seconds[place][end])
                )
                yield seconds[place][here] + onward, position
            if position < len(items) and items[position] >= 0:
                place = ground.at[items[position]]
                free = timed.leave[position] if timed else free

    def lay(self, technician: int, jobs: Sequence[int], windows: Windows | None = None) -> list[int] | None:
        """Return jobs in this order with the breaks put where the day ends earliest; None when none fits."""
        breaks = range(len(self.ground.technicians[technician].breaks))
        best: tuple[int, list[int]] | None = None
        if self.ground.time(technician, jobs, windows) is None:
            return None  # breaks only make it later
        for places in combinations_with_replacement(range(len(jobs) + 1), len(breaks)):
            items = list(jobs)
            for number in reversed(breaks):
                items.insert(places[number], ~number)
            timed = self.ground.time(technician, items, windows)
            if timed is not None and (best is None or timed.back_s < best[0]):
                best = timed.back_s, items
        return best and best[1]

    def keep_frozen(self) -> None:
        """Put all frozen work where it was; raises FrozenDoesNotFit."""
        for technician, jobs in self._frozen().items():
            items = self.lay(technician, jobs)
            if (
                items is None
                or not self._has_all_parts(technician, jobs)
                or not self._may_all(technician, jobs)
            ):
                names = ", ".join(str(self.ground.jobs[job].id) for job in jobs)
                raise FrozenDoesNotFit(
                    f"accepted work of {self.ground.technicians[technician].id} does not fit the day: {names}"
                )
            self.set_route(technician, items)

    def _may_all(self, technician: int, jobs: Iterable[int]) -> bool:
        """Tell whether a technician still may do all of these: a certificate may have ended since."""
        problem, who = self.ground.problem, self.ground.technicians[technician]
        return not any(
            exclusions(self.ground.jobs[job], who, day=problem.day, store=problem.store) for job in jobs
        )

    def unserved(self) -> list[int]:
        """Return jobs nobody does, the most urgent first."""
        jobs = self.ground.jobs
        return sorted((j for j in range(len(jobs)) if j not in self.of), key=lambda j: (jobs[j].priority, j))

    def copy(self) -> Plan:
        """Return a plan that can be changed on its own."""
        other = Plan(self.ground)
        for technician, items in enumerate(self.routes):
            other.set_route(technician, items)
        return other

    def _frozen(self) -> dict[int, list[int]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for number, job in enumerate(self.ground.jobs):
            if job.is_frozen and job.current is not None:
                technician = self.ground.technician_number[job.current.technician]
                found.setdefault(technician, []).append((job.current.start_s, number))
        return {technician: [number for _, number in sorted(jobs)] for technician, jobs in found.items()}

    def _has_all_parts(self, technician: int, jobs: Iterable[int]) -> bool:
        trial = self.copy()
        trial.set_route(technician, [])
        for job in jobs:
            if not trial.has_parts(technician, job):
                return False
            trial._note(job, technician)
        return True

    def _is_idle(self, items: Sequence[int]) -> bool:
        return not any(item >= 0 for item in items)

    def _note(self, job: int, technician: int) -> None:
        self.of[job] = technician
        self._count(job, technician, 1)

    def _forget(self, job: int) -> None:
        self._count(job, self.of.pop(job), -1)

    def _count(self, job: int, technician: int, sign: int) -> None:
        van, used = self.ground.technicians[technician].parts, self._used[technician]
        for part, amount in self.ground.jobs[job].parts.items():
            held = van.get(part, 0)
            before = max(0, used[part] - held)
            used[part] += sign * amount
            self._reserved[part] += max(0, used[part] - held) - before
