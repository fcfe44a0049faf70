"""A region asks, a park answers: what is kept to costs what it costs, and nobody answers outside the limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from backend.kernel.errors import Conflict, Refused
from backend.optimisation.rules.coordination import asking
from backend.optimisation.rules.coordination.asking import Ask, Mandate, Reason, Standing, State
from backend.optimisation.rules.planning import plan
from backend.optimisation.rules.targets import Kind, Target
from backend.optimisation.rules.units.exchange import Supply
from backend.optimisation.rules.units.storage import Storage
from tests.backend.optimisation.scene import NOON, gas, grid, park, task

DEADLINE = NOON + timedelta(hours=2)
END = NOON + timedelta(hours=4)


def target(kind: Kind = Kind.PEAK, most: float = 12.0, carrier: str = "electricity") -> Target:
    """Return a target for the four hours after noon."""
    return Target(kind, most, NOON, END, carrier)


def workshop():
    """A load of 20 kW in one hour of four, 5 else; a battery that holds 10 kWh; dear green power beside the grid."""
    battery = Storage("battery", "electricity", 10, 10, 10, content=0)
    units = (grid(1.0, most=100, co2_kg=0.5), battery)
    return task(*units, demand={"electricity": [5, 5, 20, 5]})


@pytest.mark.parametrize(
    ("given", "natural", "least", "cost"),
    [
        (target(most=12.0), 20.0, 10.0, 0.0),
        (target(most=9.0), 20.0, 10.0, None),
        (target(Kind.ENERGY, 30.0), 35.0, 35.0, None),
        (target(Kind.ENERGY, 35.0), 35.0, 35.0, 0.0),
        (target(Kind.CO2, 17.5, ""), 17.5, 17.5, 0.0),
    ],
)
def test_a_park_learns_what_a_target_means_to_it(given, natural, least, cost):
    """10 kWh stored in two hours bring 20 kW down to 10."""
    found = asking.standing(workshop(), given)
    assert found.least == pytest.approx(least)
    assert found.natural == pytest.approx(natural, abs=10 if given.kind == Kind.PEAK else 1e-6)
    assert found.cost is None if cost is None else found.cost == pytest.approx(cost, abs=1e-6)


def test_keeping_to_a_target_costs_the_dearer_way():
    units = (grid(1.0, most=100, co2_kg=0.5), Supply("green", "electricity", 1.6))
    given = task(*units, demand={"electricity": [10, 10, 10, 10]})
    found = asking.standing(given, target(Kind.CO2, 15.0, ""))
    assert found.natural == pytest.approx(20)
    assert found.least == pytest.approx(0, abs=1e-6)
    assert found.cost == pytest.approx(10 * 0.6)


def test_only_the_targets_own_hours_count():
    narrow = replace(target(most=3.0), begins_at=NOON + timedelta(hours=1), ends_at=NOON + timedelta(hours=2))
    assert asking.standing(workshop(), narrow).natural == pytest.approx(5, abs=10)
    kept = plan(replace(workshop(), targets=(narrow,)))
    assert kept.quantities[("grid", "rate")][1] <= 3 + 1e-6


def test_what_is_used_up_already_counts():
    half = replace(target(Kind.ENERGY, 40.0), so_far=10.0)
    assert asking.least(workshop(), half) == pytest.approx(45)
    assert asking.standing(workshop(), half).cost is None


def test_a_target_that_cannot_be_kept_is_told_in_words():
    found = plan(replace(workshop(), targets=(target(most=9.0),)))
    assert (
        found.said()
        == "No plan meets everything: the target for the peak of electricity bought is exceeded by 1.0 kW"
    )


def test_a_park_of_every_unit_keeps_to_its_targets():
    given = park(2)
    free = plan(given)
    whole = Target(Kind.ENERGY, 0.0, NOON, NOON + timedelta(hours=24), "electricity")
    tighter = replace(whole, most=0.95 * whole.reached(free, given.plant))
    kept = plan(replace(given, targets=(tighter,)))
    assert tighter.reached(kept, given.plant) <= tighter.most * (1 + 1e-6)
    assert kept.cost >= free.bound - 1e-6
    carbon = Target(Kind.CO2, 0.0, NOON, NOON + timedelta(hours=24))
    assert carbon.reached(free, given.plant) == pytest.approx(free.co2_kg)


def test_a_joint_plan_gives_targets_that_it_keeps():
    given = workshop()
    found = plan(replace(given, targets=(target(most=11.0),)))
    asked = asking.from_plan(found, given, target(), room=0.1)
    assert asked.most <= 11 * 1.1 + 1e-6
    assert asking.standing(given, asked).cost is not None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (target(most=np.nan), "a number from 0 up"),
        (target(carrier="steam"), "nothing here buys steam"),
        (replace(target(), begins_at=END, ends_at=END + timedelta(hours=1)), "outside the hours"),
    ],
)
def test_a_target_nothing_could_be_measured_by_is_refused(given, message):
    with pytest.raises(Refused, match=message):
        plan(replace(workshop(), targets=(given,)))


FACTS = Standing(natural=20.0, least=10.0, cost=30.0)
ASK = Ask(target(most=12.0), 25.0, DEADLINE)
RULES = {"facts": FACTS, "mandate": Mandate(bears=2.0), "at": NOON}


def test_a_park_accepts():
    assert asking.accept(ASK, NOON).state == State.ACCEPTED


def test_a_counter_that_the_region_takes_becomes_the_target():
    found = asking.agree(asking.counter(ASK, 15.0, 10.0, **RULES))
    assert (found.state, found.target.most, found.pays) == (State.ACCEPTED, 15.0, 10.0)


def test_the_region_may_meet_a_counter_halfway_and_the_park_answers_again():
    found = asking.revise(asking.counter(ASK, 15.0, 10.0, **RULES), 13.0, 26.0, DEADLINE)
    assert (found.state, found.target.most, found.pays, found.counters) == (State.PROPOSED, 13.0, 26.0, 1)
    assert asking.accept(found, NOON).state == State.ACCEPTED


@pytest.mark.parametrize(
    ("amount", "wants", "message"),
    [
        (12.0, 0.0, "is not above what is asked"),
        (11.0, 0.0, "is not above what is asked"),
        (20.0, 0.0, "asks nothing"),
        (15.0, -1.0, "a price is a number"),
        (float("nan"), 0.0, "is not above"),
    ],
)
def test_what_is_no_counter_is_refused(amount, wants, message):
    with pytest.raises(Refused, match=message):
        asking.counter(ASK, amount, wants, **RULES)


def test_a_counter_out_of_reach_is_refused():
    with pytest.raises(Refused, match=r"below the 18\.0 that can be reached"):
        asking.counter(ASK, 15.0, 0.0, **(RULES | {"facts": replace(FACTS, least=18.0)}))


def test_countering_has_an_end():
    with pytest.raises(Refused, match="countered 2 times"):
        asking.counter(replace(ASK, counters=2), 15.0, 0.0, **RULES)


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        (Reason.OUT_OF_REACH, {"least": 13.0}),
        (Reason.OUT_OF_REACH, {"cost": None}),
        (Reason.TOO_DEAR, {}),  # it costs 30, is paid 25 and bears 2
        (Reason.TOO_DEAR, {"cost": None}),
        (Reason.OTHER, {}),
    ],
)
def test_a_park_refuses_within_its_limits(reason, changed):
    found = asking.refuse(
        ASK, reason, "the chiller is under repair", **(RULES | {"facts": replace(FACTS, **changed)})
    )
    assert (found.state, found.reason, found.remark) == (State.REFUSED, reason, "the chiller is under repair")


@pytest.mark.parametrize(
    ("reason", "remark", "changed", "message"),
    [
        (Reason.OUT_OF_REACH, "", {}, r"can be reached: down to 10\.0"),
        (
            Reason.TOO_DEAR,
            "",
            {"facts": replace(FACTS, cost=27.0)},
            r"it costs 27\.00, of which 25\.00 is paid",
        ),
        (Reason.OTHER, " ", {}, "said in words"),
        (Reason.OTHER, "no", {"mandate": Mandate(refusals_left=0)}, "none of the agreed refusals is left"),
    ],
)
def test_a_park_does_not_refuse_outside_its_limits(reason, remark, changed, message):
    with pytest.raises(Refused, match=message):
        asking.refuse(ASK, reason, remark, **(RULES | changed))


def test_the_region_does_not_ask_for_more_after_a_counter():
    countered = asking.counter(ASK, 15.0, 10.0, **RULES)
    with pytest.raises(Refused, match="asks for more"):
        asking.revise(countered, 11.0, 25.0, DEADLINE)
    with pytest.raises(Refused, match="less than was offered"):
        asking.revise(countered, 13.0, 5.0, DEADLINE)


def test_nobody_answers_after_the_deadline_and_what_is_not_answered_lapses():
    with pytest.raises(Conflict, match="time to answer was over"):
        asking.accept(ASK, DEADLINE)
    assert asking.lapse(ASK, NOON).state == State.PROPOSED
    assert asking.lapse(ASK, DEADLINE).state == State.LAPSED
    assert asking.lapse(replace(ASK, state=State.ACCEPTED), DEADLINE).state == State.ACCEPTED


ACTS = {
    "accept": lambda ask: asking.accept(ask, NOON),
    "counter": lambda ask: asking.counter(ask, 15.0, 1.0, **RULES),
    "refuse": lambda ask: asking.refuse(ask, Reason.TOO_DEAR, "", **RULES),
    "agree": asking.agree,
    "revise": lambda ask: asking.revise(ask, 13.0, 30.0, DEADLINE),
    "withdraw": asking.withdraw,
}
ALLOWED = {
    State.PROPOSED: {"accept", "counter", "refuse", "withdraw"},
    State.COUNTERED: {"agree", "revise", "withdraw"},
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("act", list(ACTS))
def test_every_state_allows_what_the_picture_shows_and_nothing_else(state, act):
    ask = replace(ASK, state=state, counter=15.0, wants=1.0)
    if act in ALLOWED.get(state, set()):
        assert ACTS[act](ask).state != state
    else:
        with pytest.raises(Conflict, match=f"this target is {state}"):
            ACTS[act](ask)


def test_gas_counts_as_electricity_does():
    given = task(gas(0.3), demand={"gas": [4, 4, 4, 4]})
    found = asking.standing(given, target(Kind.ENERGY, 20.0, "gas"))
    assert (found.natural, found.least, found.cost) == pytest.approx((16, 16, 0))
