"""Why this technician, and why not another? Recomputed from the proposal, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backend.workorders.rules.dispatch.ground import Ground
from backend.workorders.rules.dispatch.plan import Insertion, Plan
from backend.workorders.rules.dispatch.settle import blockers, obstacle
from backend.workorders.rules.dispatch.values import Exclusion, Key, Problem, Proposal, Rest, Route


@dataclass(frozen=True)
class Alternative:
    """Another technician: the rules that keep them from the job, or what they would cost more.

    more_s: driving more than with the one proposed [s]; below zero when less
    """

    technician: Key
    excluded_by: tuple[Exclusion, ...] = ()
    more_s: int | None = None


@dataclass(frozen=True)
class Why:
    """Why a job is where it is.

    reason: `frozen` (accepted), `only` (no other may or can), `least` (nobody adds less driving), `kept` (as before:
    another would save too little to be disturbed for), `whole` (another alone would add less, the whole plan not)
    added_s: driving this job adds to the route [s]
    unserved: technician None; blockers say what kept how many technicians from it
    """

    job: Key
    technician: Key | None
    reason: Literal["frozen", "only", "least", "kept", "whole", "unserved"]
    start_s: int | None
    added_s: int
    alternatives: tuple[Alternative, ...]
    blockers: tuple[tuple[Exclusion, int], ...] = ()


class Explainer:
    """Answers for one proposal; the problem is put into numbers once."""

    def __init__(self, problem: Problem, proposal: Proposal) -> None:
        self._ground = Ground(problem)
        self._plan = plan_of(self._ground, proposal)
        self._starts = proposal.assignments()
        self._unserved = {one.job: one.because for one in proposal.unserved}

    def why(self, job: Key) -> Why:
        """Return why a job is with its technician, and what speaks against each other one."""
        number = self._ground.job_number[job]
        if number not in self._plan.of:
            because = self._unserved.get(job) or blockers(self._plan, number)
            return Why(job, None, "unserved", None, 0, self._alternatives(number, None, 0), because)
        technician = self._plan.of[number]
        with_it = self._ground.travel(technician, self._plan.routes[technician])
        was = self._plan.take_out(number)
        added_s = with_it - self._ground.travel(technician, self._plan.routes[technician])
        others = self._alternatives(number, technician, added_s)
        self._plan.put(number, was)
        who = self._ground.technicians[technician].id
        return Why(job, who, self._reason(number, who, others), self._starts[job].start_s, added_s, others)

    def why_not(self, job: Key, technician: Key) -> Alternative | None:
        """Return what speaks against one technician; None when it is they who go."""
        return next((one for one in self.why(job).alternatives if one.technician == technician), None)

    def _alternatives(self, job: int, chosen: int | None, added_s: int) -> tuple[Alternative, ...]:
        found = []
        for number, who in enumerate(self._ground.technicians):
            if number != chosen:
                reason = obstacle(self._plan, job, number)
                if isinstance(reason, Insertion):
                    found.append(Alternative(who.id, more_s=reason.added_s - added_s))
                else:
                    found.append(Alternative(who.id, excluded_by=reason))
        return tuple(sorted(found, key=lambda one: (one.more_s is None, one.more_s or 0)))

    def _reason(
        self, number: int, who: Key, others: tuple[Alternative, ...]
    ) -> Literal["frozen", "only", "least", "kept", "whole"]:
        job = self._ground.jobs[number]
        possible = [one.more_s for one in others if one.more_s is not None]
        if job.is_frozen:
            return "frozen"
        if not possible:
            return "only"
        if min(possible) >= 0:
            return "least"
        return "kept" if job.current is not None and job.current.technician == who else "whole"


def plan_of(ground: Ground, proposal: Proposal) -> Plan:
    """Return a proposal as a plan that can be tried further."""
    plan = Plan(ground)
    for route in proposal.routes:
        plan.set_route(ground.technician_number[route.technician], _items(ground, route))
    return plan


def _items(ground: Ground, route: Route) -> list[int]:
    items, breaks = [], 0
    for step in route.steps:
        if isinstance(step, Rest):
            items.append(~breaks)
            breaks += 1
        else:
            items.append(ground.job_number[step.job])
    return items
