"""What plans are worth on held history: hours planned one after another from forecasts, settled by what really came.

`script/bench plans [campus|buildings …]`. Each window is run
- by fixed priorities that know nothing of the next hour (`rule_based`),
- by a plan made anew every hour for 36 hours from forecasts, and with recourse over a few scenarios,
- by the same plan with the true values in place of forecasts, which shows what the short horizon costs,
- by one plan of the whole window that knows everything (perfect foresight), whose lowest possible cost is the limit.

An hour is settled with what was decided before it: which machines are on, what stores take and give. The rest follows
the real load; where that is impossible, decisions are let go and counted. All end with stores as full as they began.

Forecasts: quantiles by LightGBM, one model a series and level, trained on what lies before the window: the hour, the
day of the week, the same hour of the last known day and of the week before, the last values, how far ahead; no weather.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import lightgbm
import numpy as np

from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.plan import Plan, Status
from backend.optimisation.rules.planning import Task, plan
from backend.optimisation.rules.plant import Plant
from backend.optimisation.rules.rolling import hint, stand
from backend.optimisation.rules.rule_based import follow
from backend.optimisation.rules.scenarios.drawing import Dependence, Forecast
from backend.optimisation.rules.scenarios.recourse import hedge
from backend.optimisation.rules.scenarios.uncertain import Uncertain, foreseen
from backend.optimisation.rules.sheet import Key
from backend.optimisation.rules.solver import Limits
from backend.optimisation.rules.units.storage import Storage
from tests.bench.common import say
from tests.bench.plans_worlds import World, buildings, campus

AHEAD, LEVELS = 36, (0.1, 0.5, 0.9)
ROLLING, WHOLE = Limits(gap=1e-3, seconds=30), Limits(gap=1e-3, seconds=300)
SCENARIOS, MEMORY_H = 4, 6.0
ORDER = ("cool", "cooling", "heat", "elec", "electricity", "gas")
Foresee = Callable[[int, int], Mapping[Key, Forecast]]


@dataclass(eq=False)
class Course:
    """What came of deciding hour by hour: cost, hours in which decisions had to be let go or something was short."""

    cost: float = 0.0
    let_go: int = 0
    short: int = 0
    seconds: float = 0.0


class Foreseer:
    """Quantiles of every series of a world, learnt from what lies before an hour."""

    def __init__(self, world: World, until: int) -> None:
        self.world = world
        self.models = {key: self._learn(np.asarray(values), until) for key, values in world.series.items()}

    def _learn(self, values: Floats, until: int) -> list[lightgbm.Booster]:
        chance = np.random.default_rng(1)
        known = int(np.flatnonzero(~np.isnan(values))[0]) + 192
        origins = chance.integers(max(known, until - 24 * 150), until - AHEAD, 8000)
        ahead = chance.integers(0, AHEAD, origins.size)
        table = _features(values, origins, ahead)
        wanted = values[origins + ahead]
        given = {
            "objective": "quantile",
            "num_leaves": 31,
            "learning_rate": 0.08,
            "verbose": -1,
            "num_threads": 1,
        }
        return [
            lightgbm.train(given | {"alpha": level}, lightgbm.Dataset(table, wanted), num_boost_round=120)
            for level in LEVELS
        ]

    def __call__(self, first: int, steps: int) -> dict[Key, Forecast]:
        """Return forecasts issued at the start of an hour, which know nothing of it."""
        ahead = np.arange(steps)
        found = {}
        for key, models in self.models.items():
            table = _features(np.asarray(self.world.series[key]), np.full(steps, first), ahead)
            values = np.sort(np.stack([np.asarray(model.predict(table)) for model in models]), axis=0)
            found[key] = Forecast(LEVELS, np.maximum(values, 0.0))
        return found


def _features(values: Floats, origins: np.ndarray, ahead: np.ndarray) -> Floats:
    """Return what is known at an origin of an hour ahead of it; nothing from the origin on is looked at."""
    at = origins + ahead
    day = at - 24 * (ahead // 24 + 1)
    last, before = values[origins - 1], values[origins - 25]
    recent = np.stack([values[origins - back] for back in range(1, 25)]).mean(axis=0)
    return np.column_stack((at % 24, at // 24 % 7, values[day], values[at - 168], last, last - before, recent,
                            values[origins - 2], ahead))  # fmt: skip


def sure(world: World) -> Foresee:
    """Return a forecaster that is always right."""
    return lambda first, steps: {
        key: Forecast(LEVELS, np.repeat(values[None], len(LEVELS), axis=0))
        for key, values in world.true(first, steps).items()
    }


def rolled(world: World, window: tuple[int, int], foresee: Foresee, *, scenarios: int = 1) -> Course:
    """Decide every hour of a window from forecasts, settle it with the truth, go on from where that leaves all."""
    first, hours = window
    plant, course, before = world.plant, Course(), None
    for hour in range(first, first + hours):
        steps = min(AHEAD, first + hours - hour)
        began = time.process_time()
        forecasts = foresee(hour, steps)
        median = {key: one.values[LEVELS.index(0.5)] for key, one in forecasts.items()}
        task = world.task(plant, hour, median, ROLLING)
        if before is not None:
            task = replace(task, hint=hint(before, task.horizon))
        decided, before = _decide(task, forecasts, scenarios if steps > 1 else 1, hour)
        course.seconds = max(course.seconds, time.process_time() - began)
        settled = _settle(world, plant, hour, decided, course)
        plant = stand(plant, settled, 1)
    return course


def _decide(
    task: Task, forecasts: Mapping[Key, Forecast], scenarios: int, seed: int
) -> tuple[dict[Key, Floats], Plan]:
    """Return what is decided for the first hour, and the (first) plan it is from."""
    if scenarios == 1:
        found = plan(task)
        plans, shares = (found,), (1.0,)
    else:
        of = foreseen(forecasts, task.horizon, scenarios, dependence=Dependence(MEMORY_H), seed=seed)
        hedged = hedge(Uncertain(task, of))
        plans, shares = hedged.plans, hedged.probabilities
    decided = {key: np.round(values[:1]) for key, values in plans[0].quantities.items() if key[1] == "on"}
    for unit in task.plant.units:
        if isinstance(unit, Storage):
            net = sum(
                share
                * (one.quantities[(unit.name, "charge")][:1] - one.quantities[(unit.name, "discharge")][:1])
                for one, share in zip(plans, shares, strict=True)
            )
            decided[(unit.name, "charge")] = np.maximum(net, 0.0)
            decided[(unit.name, "discharge")] = np.maximum(-np.asarray(net), 0.0)
    return decided, plans[0]


def _settle(world: World, plant: Plant, hour: int, decided: Mapping[Key, Floats], course: Course) -> Plan:
    """Return how the hour went, first with all that was decided, else with less and less of it.

    Then stores do at most what was decided, then machines may be switched, then stores may do what they can.
    """
    task = world.task(plant, hour, world.true(hour, 1), ROLLING)
    free = _open_ended(task.plant)
    machines = {key: values for key, values in decided.items() if key[1] == "on"}
    tries = ((free, decided), (_at_most(free, decided), machines), (_at_most(free, decided), {}), (free, {}))
    for limited, held in tries:
        found = plan(replace(task, plant=limited, held=held))
        if found.status != Status.RELAXED:
            break
    course.let_go += held is not decided
    course.short += found.status == Status.RELAXED
    course.cost += found.cost
    return found


def _open_ended(plant: Plant) -> Plant:
    units = [replace(unit, final_least=0.0) if isinstance(unit, Storage) else unit for unit in plant.units]
    return replace(plant, units=tuple(units))


def _at_most(plant: Plant, decided: Mapping[Key, Floats]) -> Plant:
    units = [
        replace(
            unit, charge_most=decided[(unit.name, "charge")], discharge_most=decided[(unit.name, "discharge")]
        )
        if isinstance(unit, Storage)
        else unit
        for unit in plant.units
    ]
    return replace(plant, units=tuple(units))


def bench(make: Callable[[], World]) -> None:
    """Run every window of a world in every way, and say what each cost."""
    world = make()
    for name, (first, hours) in world.windows.items():
        _window(world, f"{world.name}, {name}, {hours // 24} days", (first, hours))


def _window(world: World, case: str, window: tuple[int, int]) -> None:
    whole = world.task(world.plant, window[0], world.true(*window), WHOLE)
    known = plan(whole)
    rules = follow(whole, [name for name in ORDER if name in world.plant.carriers])
    foreseer = Foreseer(world, window[0])
    ways = {
        "forecasts": (foreseer, 1),
        "true values": (sure(world), 1),
        f"{SCENARIOS} scenarios": (foreseer, SCENARIOS),
    }
    say("plans", f"{case}: fixed priorities", rules.cost, "CNY", limit=known.bound,
        missing={carrier: round(float(short.sum()), 1) for carrier, short in rules.missing.items()})  # fmt: skip
    say("plans", f"{case}: perfect foresight", known.cost, "CNY", limit=known.bound, gap=round(known.gap, 5))
    for way, (foresee, count) in ways.items():
        course = rolled(world, window, foresee, scenarios=count)
        could = rules.cost - known.bound
        say("plans", f"{case}: rolling plan, {way}", course.cost, "CNY", limit=known.bound, goal=round(rules.cost, 2),
            met=bool(course.cost < rules.cost and not course.short), saves=round(1 - course.cost / rules.cost, 4),
            of_what_can_be_saved=round((rules.cost - course.cost) / could, 3), let_go_h=course.let_go,
            short_h=course.short, slowest_step_s=round(course.seconds, 2), errors=_errors(world, window, foresee),
        )  # fmt: skip


def _errors(world: World, window: tuple[int, int], foresee: Foresee) -> dict[str, float]:
    """Return the mean error of medians issued at midnight for the day, as a share of the mean, by series."""
    missed: dict[Key, list[Floats]] = {key: [] for key in world.series}
    for hour in range(window[0], window[0] + window[1] - 23, 24):
        for key, one in foresee(hour, 24).items():
            missed[key].append(np.abs(one.values[1] - world.series[key][hour : hour + 24]))
    return {
        key[1]: round(float(np.mean(missed[key]) / max(np.mean(world.true(*window)[key]), 1e-9)), 3)
        for key in world.series
    }


CASES = {"campus": campus, "buildings": buildings}

if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        bench(CASES[case])
