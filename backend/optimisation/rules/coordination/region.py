"""Sites and the lines between them: power, heat, cooling that one may give to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backend.kernel.errors import Refused
from backend.optimisation.rules import checking
from backend.optimisation.rules.horizon import Horizon, Values
from backend.optimisation.rules.planning import Task
from backend.optimisation.rules.sheet import Opposites, Sheet
from backend.optimisation.rules.stacking import Tie


@dataclass(frozen=True, eq=False)
class Line:
    """A connection between two sites for one carrier: a cable, a pipe.

    one, other: sites, both of which have the carrier
    most, most_back: what may be sent from one to the other, and back, at the sender's end [unit per hour]
    share: what arrives of what is sent; fee: to whoever owns it [currency per unit sent]
    """

    name: str
    carrier: str
    one: str
    other: str
    most: Values
    most_back: Values
    share: float = 1.0
    fee: float = 0.0

    @property
    def ends(self) -> frozenset[str]:
        """The two sites."""
        return frozenset((self.one, self.other))


@dataclass(frozen=True, eq=False)
class Region:
    """What is planned together: each site's own task, all over one horizon and in one currency, and the lines."""

    tasks: Mapping[str, Task]
    lines: tuple[Line, ...]

    @property
    def horizon(self) -> Horizon:
        """The steps all are planned for."""
        return next(iter(self.tasks.values())).horizon

    @property
    def currency(self) -> str:
        """What all costs are in."""
        return next(iter(self.tasks.values())).plant.currency

    def part(self, sites: frozenset[str]) -> Region:
        """Return some of the sites with the lines among them."""
        tasks = {name: task for name, task in self.tasks.items() if name in sites}
        return Region(tasks, tuple(line for line in self.lines if line.ends <= sites))

    def groups(self) -> list[frozenset[str]]:
        """Return the sites that lines join, each group apart from the others."""
        left, found = set(self.tasks), []
        while left:
            group = {min(left)}
            while reached := {name for line in self.lines if line.ends & group for name in line.ends} - group:
                group |= reached
            left -= group
            found.append(frozenset(group))
        return found

    def check(self) -> None:
        """Raise Refused for sites and lines that do not fit, BadInput for a site that cannot be planned."""
        if not self.tasks:
            raise Refused(
                "a region has at least one site", field="tasks", remedy="name the sites to plan for"
            )
        for name, task in self.tasks.items():
            checking.check(task.plant, task.horizon, task.inputs, task.made_at)
            if task.horizon.start != self.horizon.start or not np.array_equal(
                task.horizon.hours, self.horizon.hours
            ):
                raise _unfit(
                    f"tasks[{name}].horizon", name, "has other steps than the others", "plan all for the same"
                )
            if task.plant.currency != self.currency:
                raise _unfit(
                    f"tasks[{name}].currency", task.plant.currency, "is another currency", "plan in one"
                )
        for name, times in Counter(line.name for line in self.lines).items():
            if times > 1:
                raise _unfit("lines", name, f"is the name of {times} lines", "give each its own")
        for line in self.lines:
            self._check(line)

    def _check(self, line: Line) -> None:
        for site in (line.one, line.other):
            if site not in self.tasks:
                raise _unfit(
                    f"lines[{line.name}]", site, "is no site here", "use one of " + ", ".join(self.tasks)
                )
            if line.carrier not in self.tasks[site].plant.carriers:
                raise _unfit(
                    f"lines[{line.name}].carrier", line.carrier, f"is unknown to {site}", "name its own"
                )
        if line.one == line.other:
            raise _unfit(f"lines[{line.name}]", line.one, "is both its ends", "name two sites")
        for what in ("most", "most_back"):
            values = np.asarray(getattr(line, what), float)
            if (
                values.shape not in ((), (self.horizon.steps,))
                or not (np.isfinite(values) & (values >= 0)).all()
            ):
                raise _unfit(
                    f"lines[{line.name}].{what}", "", "is no limit", "give a number from 0 up, or one a step"
                )
        if not (0 < line.share <= 1 and np.isfinite(line.fee) and line.fee >= 0):
            raise _unfit(
                f"lines[{line.name}].share",
                line.share,
                "is no share, or the fee below zero",
                "give 0 to 1, fees from 0",
            )


def _unfit(field: str, value: object, message: str, remedy: str) -> Refused:
    return Refused(f"{value} {message}".strip(), field=field, value=str(value), remedy=remedy)


def write_lines(region: Region, sheets: Mapping[str, Sheet]) -> tuple[Sheet, tuple[Tie, ...]]:
    """Return the lines' own sheet, and its entries in the sites' balances; it is the last of the stack.

    Of each line: forth and back, of which only one is above zero; a balance loses what is sent and gains `share` of it.
    """
    own, ties, number = Sheet(region.horizon), [], {name: nth for nth, name in enumerate(sheets)}
    for line in region.lines:
        most, back_most = region.horizon.fill(line.most), region.horizon.fill(line.most_back)
        cost = line.fee * region.horizon.hours
        forth = own.columns((line.name, "forth"), 0, most, cost)
        back = own.columns((line.name, "back"), 0, back_most, cost)
        lossless = line.share == 1 and line.fee == 0
        own.opposites.append(Opposites((line.name, "direction"), forth, back, most, back_most, lossless))
        for columns, sender, taker in ((forth, line.one, line.other), (back, line.other, line.one)):
            for site, factor in ((sender, -1.0), (taker, line.share)):
                rows = sheets[site].balances[line.carrier]
                ties.append(Tie(len(sheets), columns, number[site], rows, factor))
    return own, tuple(ties)
