"""How machines stand before a plan, and hours that are alike though clocks were changed: by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backend.kernel.errors import Refused
from backend.optimisation.rules import comparing, hours, planning
from backend.optimisation.rules import model as rules
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.model.flexible import ChargingModel, Stay
from backend.optimisation.rules.model.given import Given
from backend.optimisation.rules.standing import held_h, planned_h
from backend.optimisation.rules.units.commitment import Commitment
from backend.optimisation.rules.units.converter import Converter
from tests.backend.optimisation.scene import NOON, gas, grid, task

HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("read", "hours_held"),
    [
        ([(1, False), (5, True)], 1.0),  # read only when it changes: off at one, on at five, now it is six
        ([(1, True), (5, True)], 6.0),
        ([(1, False), (5, True), (5.5, False)], 0.0),  # the last reading says otherwise: just now, then
        ([], 6.0),
    ],
)
def test_a_machine_runs_since_it_was_first_read_to(read, hours_held):
    at, on = (
        np.array([int(hour * HOUR_US) for hour, _ in read], np.int64),
        np.array([is_on for _, is_on in read], bool),
    )
    assert held_h(at, on, is_on=True, now_us=6 * HOUR_US, asked_h=6.0) == hours_held


def rolled(steps, *, was_on=None, since_h=0.0):
    """Plan a quarter hour ahead of the one before, nothing but that one telling how the engine stands."""
    engine = Converter(
        "engine", {"gas": 2.5}, {"electricity": 1.0}, 100, commitment=Commitment(
            0.5, start_cost=1, min_up_h=1, min_down_h=1, was_on=was_on, since_h=since_h),
    )  # fmt: skip
    price = np.where(np.arange(steps) < 2, 5.0, 0.1)
    return planning.plan(
        task(grid(price), gas(), engine, demand={"electricity": [100.0] * steps}, steps=steps, minutes=15)
    )


def test_a_minimum_time_comes_to_its_end_though_only_plans_tell_of_it():
    """A machine without a state point is held by the plans before it for an hour, and no more."""
    found, stood, held = rolled(8), {}, []
    for _ in range(5):
        found = replace(found, stood=stood)
        is_on, since_h = planned_h(found, "engine", 0.25)
        stood = {"engine": (is_on, since_h)}
        held.append(since_h)
        found = rolled(8, was_on=is_on, since_h=since_h)
    assert held == [0.25, 0.5, 0.75, 1.0, 1.25]
    assert planned_h(found, "nobody", 0.25) is None
    assert planned_h(found, "engine", 2.0) is None  # the plan is over


def test_a_plan_says_since_when_it_has_a_machine_run():
    found = rolled(8)
    on = found.quantities[("engine", "on")] > 0.5
    stops = int(np.flatnonzero(~on)[0])
    assert planned_h(found, "engine", stops * 0.25 + 0.3) == (False, pytest.approx(0.3))


def test_a_plan_stands_though_what_it_is_compared_with_cannot_be_planned(monkeypatch):
    made = task(grid(), demand={"electricity": [1.0] * 4})
    found = planning.plan(made)

    def cut_short(_task):
        raise planning.NoPlan("no plan was found within 1 s: time limit")

    monkeypatch.setattr(comparing, "plan", cut_short)
    assert comparing.compare(made, found).idle_cost is None


def test_the_same_hours_are_those_of_the_clock():
    """Berlin, from summer to winter time on 25 October 2026: eight o'clock a week before lies an hour nearer in UTC."""
    planned = Horizon.regular(datetime(2026, 10, 26, 7, tzinfo=UTC), 4, 15, ZoneInfo("Europe/Berlin"))
    since = planned.start - timedelta(days=8)
    places = hours.alike(planned, timedelta(days=7), since)
    then = [since + int(place) * hours.QUARTER for place in places]
    assert [at.astimezone(planned.zone).time() for at in then] == [time(8, 15 * nth) for nth in range(4)]
    across = Horizon.regular(datetime(2026, 10, 24, 23, tzinfo=UTC), 12, 15, ZoneInfo("Europe/Berlin"))
    places = hours.alike(across, timedelta(days=7), since - timedelta(days=2))
    assert (
        np.diff(places).tolist() == [1] * 7 + [-3] + [1] * 3
    )  # an hour that happens twice is like the same one


def stay(vehicle, arrives, leaves):
    return Stay(vehicle, time.fromisoformat(arrives), time.fromisoformat(leaves), 10.0, 11.0)


def test_a_vehicle_comes_twice_a_day_but_is_there_once():
    twice = ChargingModel(name="Cars", stays=(stay("A", "08:00", "12:00"), stay("A", "13:00", "07:00")))
    given = Given(Horizon.regular(NOON, 24, 60), NOON)
    built = twice.build(given, rules.Changes())
    assert not list(built.faults(given.horizon))
    with pytest.raises(Refused, match="A is there twice at a time"):
        ChargingModel(name="Cars", stays=(stay("A", "08:00", "12:00"), stay("A", "22:00", "09:00")))
