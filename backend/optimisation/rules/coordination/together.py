"""All sites in one plan, each alone, and what lies between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules.coordination.region import Line, Region, write_lines
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.plan import Plan, Status
from backend.optimisation.rules.planning import none_found, plan, read
from backend.optimisation.rules.sheet import Key, Sheet
from backend.optimisation.rules.solver import Solution
from backend.optimisation.rules.stacking import Stack, solved


@dataclass(frozen=True, eq=False)
class Joint:
    """Sites planned together.

    plans: by site; what a line brings or takes away stands among its flows, by the line's name; each says the gap
        that all together have
    sent: by line, from its one end to the other, below zero the other way [unit per hour, where it is sent]
    fees: what the use of lines costs; cost: of all plans and fees; bound: the lowest possible [currency]
    """

    plans: Mapping[str, Plan]
    sent: Mapping[str, Floats]
    fees: float
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """(cost - bound) / cost."""
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), 1e-9)


def alone(region: Region) -> dict[str, Plan]:
    """Return each site's plan without the others.

    Raises Refused where a site cannot meet its own demand: what that would cost it nobody can say, nor what
    being together gains.
    """
    plans = {name: plan(task) for name, task in region.tasks.items()}
    for name, found in plans.items():
        if found.status == Status.RELAXED:
            raise Refused(
                f"{name} has no plan of its own to compare with: {found.said()}",
                field=f"tasks[{name}]",
                value=name,
                remedy="give it a supply for what is missing, at the price it would pay for it",
            )
    return plans


def together(region: Region, before: Mapping[str, Plan] | None = None) -> Joint:
    """Return the plan of all sites that costs least in all.

    before: their plans alone, from which the search begins, so that it ends no dearer
    Raises NoPlan where the time was too short for any.
    """
    names = list(region.tasks)
    sheets = {name: task.sheet() for name, task in region.tasks.items()}
    lines, ties = write_lines(region, sheets)
    stack = Stack(
        [*sheets.values(), lines], [1.0] * (len(names) + 1), ties=ties, hint=_hint(names, before or {})
    )
    limits = region.tasks[names[0]].limits
    whole, parts = solved(stack, limits)
    if whole.values is None:
        raise none_found(whole.ended, limits.seconds)
    sent = _sent(region, lines, parts[-1])
    plans = {
        name: _with_lines(read(task, sheet, part), name, region.lines, sent)
        for (name, task), sheet, part in zip(region.tasks.items(), sheets.values(), parts, strict=False)
    }
    cost = sum(one.cost for one in parts)
    return Joint(plans, sent, parts[-1].cost, cost, cost - max(whole.cost - whole.bound, 0.0))


def _hint(names: list[str], before: Mapping[str, Plan]) -> dict[tuple[int, Key], Floats]:
    return {
        (nth, key): np.round(values)
        for nth, name in enumerate(names)
        if name in before
        for key, values in before[name].quantities.items()
        if key[1] == "on"
    }


def _sent(region: Region, lines: Sheet, part: Solution) -> dict[str, Floats]:
    assert part.values is not None
    values = part.values
    return {
        line.name: values[lines.places[(line.name, "forth")]] - values[lines.places[(line.name, "back")]]
        for line in region.lines
    }


def _with_lines(found: Plan, site: str, lines: tuple[Line, ...], sent: Mapping[str, Floats]) -> Plan:
    more: dict[Key, Floats] = {}
    for line in lines:
        if site in line.ends:
            out = sent[line.name] if site == line.one else -sent[line.name]
            more[(line.name, line.carrier)] = np.where(out > 0, -out, -line.share * out)
    return replace(found, flows={**found.flows, **more})


def apart(region: Region, plans: Mapping[str, Plan]) -> Joint:
    """Return sites that keep their own plans: nothing is sent."""
    sent = {line.name: np.zeros(region.horizon.steps) for line in region.lines}
    kept = {name: _with_lines(found, name, region.lines, sent) for name, found in plans.items()}
    cost, bound = (sum(getattr(one, which) for one in plans.values()) for which in ("cost", "bound"))
    return Joint(kept, sent, 0.0, cost, bound)


def gain(region: Region, plans: Mapping[str, Plan]) -> float:
    """Return what some sites save by being planned together [currency], never below zero: they may stay apart.

    plans: each site's own. Sites that no line joins are planned apart, since nothing can pass between them.
    """
    saved = 0.0
    for group in region.groups():
        if len(group) > 1:
            joint = together(region.part(group), {name: plans[name] for name in group})
            saved += max(sum(plans[name].cost for name in group) - joint.cost, 0.0)
    return saved
