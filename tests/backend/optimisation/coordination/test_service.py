"""Plants below a region are planned together, each sees its own part, and answers what it is asked for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from backend.kernel import clock
from backend.kernel.audit import AuditEvent
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.scope import Role, Scope
from backend.network import service as network
from backend.network.models import PositionKind
from backend.optimisation import events, service
from backend.optimisation.models import RoundStatus
from backend.optimisation.rules.coordination.asking import Reason, State
from backend.optimisation.rules.coordination.sharing import Rule
from backend.optimisation.rules.horizon import Horizon
from backend.optimisation.rules.targets import Kind
from backend.optimisation.service import bound, joining, rounds, targets
from backend.optimisation.service.joining import Agreed, NewLine
from backend.optimisation.service.targets import NewTarget
from backend.tenancy import service as tenancy
from backend.wiring import operation
from tests.backend.optimisation.coordination.scene import document
from tests.world import make_person, make_world


@dataclass
class Ground:
    """A region whose park and enterprise each have a plant, and whoever is at home there."""

    world: Any
    plants: dict[str, UUID]
    people: dict[str, Any]

    @contextmanager
    def acting(self, who: str):
        """`with ground.acting("park") as (session, scope)`: one transaction of a manager there, or of the system."""
        with self.world.database.transaction(Scope.public()) as session:
            scope = None if who == "system" else tenancy.scope_of(session, self.people[who])
        scope = scope or self.world.east.scope
        with self.world.database.transaction(scope) as session:
            yield session, scope


@pytest.fixture(scope="module")
def ground(database) -> Ground:
    world = make_world(database)
    east, plants, people = world.east, {}, {"region": world.east.people["manager"]}
    given = {"park": document("Park", 1.0, 60), "enterprise": document("Mill", 0.8, 20, spare=100)}
    with database.transaction(east.scope) as session:
        for who, text in given.items():
            home = getattr(east, who).id
            people[who] = make_person(session, east.scope, f"{who}.manager@east.example", home, Role.MANAGER)
            site = network.create_site(
                session, east.scope, organisation_id=home, new=network.NewPosition(PositionKind.SITE, text["name"]),
                timezone="Asia/Shanghai", currency="CNY",
            )  # fmt: skip
            service.store_plant(session, east.scope, site_id=site.id, document=text)
            plants[who] = service.plant_of_site(session, east.scope, site_id=site.id).id
    people["west"] = world.west.people["manager"]
    return Ground(world, plants, people)


@pytest.fixture(scope="module")
def joined(ground) -> Ground:
    """Both have joined, and a cable lies between them."""
    with ground.acting("region") as (session, scope):
        for plant_id in ground.plants.values():
            joining.join(session, scope, plant_id=plant_id, agreed=Agreed(Decimal(5), 1, 2))
        new = NewLine(
            "Cable", "electricity", ground.plants["enterprise"], ground.plants["park"], 40.0, 40.0, 0.9
        )
        joining.add_line(session, scope, organisation_id=ground.world.east.region.id, new=new)
    return ground


@pytest.fixture(scope="module")
def made(joined) -> UUID:
    """A round, asked for by the region and made by whoever hears of it."""
    with joined.acting("region") as (session, scope):
        asked = rounds.ask_round(session, scope, organisation_id=joined.world.east.region.id)
        assert asked.status is RoundStatus.ASKED
        round_id = asked.id
    with joined.acting("system") as (session, scope):
        told = events.event(events.ROUND_ASKED, joined.world.east.region.id, {"round_id": str(round_id)})
        operation.make_round(session, scope, told)
        assert rounds.round_(session, scope, round_id=round_id).problem is None
    return round_id


def test_a_round_says_what_being_together_gains(joined, made):
    """The engine's power costs 0.25; 36 of 40 kW arrive and save 1.0 each: (36·1.0 - 40·0.25)·4 h."""
    with joined.acting("region") as (session, scope):
        found = rounds.round_(session, scope, round_id=made)
        assert (found.status, found.rule) == (RoundStatus.MADE, Rule.SHAPLEY)
        assert found.gain == Decimal("104.00")
        assert found.alone == Decimal("260.00") and found.cost == Decimal("156.00")
        assert found.lines[0]["sent"][0] == pytest.approx(40)
        assert found.said[0]["template"] % found.said[0]["values"] == (
            "Together the sites pay 156.00 instead of 260.00 CNY: 104.00 less"
            " (at most 0.00 % above the best possible plan)"
        )
        shares = {one.site: one for one in rounds.shares(session, scope, round_id=made)}
        assert {site: one.share for site, one in shares.items()} == {"Mill": 52, "Park": 52}
        assert shares["Park"].pays == Decimal("92.00") and shares["Mill"].pays == Decimal("-92.00")


def test_a_park_sees_its_own_share_alone_and_can_work_it_out_again(joined, made):
    with joined.acting("enterprise") as (session, scope):
        page = rounds.shares_of_plant(session, scope, plant_id=joined.plants["enterprise"])
        own = page.items[0]
        assert own.round_id == made and [one.site for one in page.items] == ["Mill"]
        assert rounds.work_out_again(own.game).shares == pytest.approx({"Mill": 52, "Park": 52})
        assert [one.site for one in rounds.shares(session, scope, round_id=made)] == ["Mill"]
        said = [line["template"] % line["values"] for line in own.said]
        assert any(one.startswith("Mill gets 52.00 CNY") for one in said)
        assert not any(one.startswith("Park ") for one in said)
        with pytest.raises(NotFound):
            rounds.round_(session, scope, round_id=made)


def test_a_round_is_made_once(joined, made):
    with joined.acting("system") as (session, scope):
        before = rounds.round_(session, scope, round_id=made).made_at
        assert rounds.make_round(session, scope, round_id=made).made_at == before
        assert len(rounds.shares(session, scope, round_id=made)) == 2


def test_what_cannot_be_planned_is_kept_with_its_reason(joined):
    with joined.acting("region") as (session, scope):
        mill = service.plant_of_site(
            session,
            scope,
            site_id=service.described(session, scope, plant_id=joined.plants["park"]).plant.site_id,
        )
        service.store_plant(session, scope, site_id=mill.site_id, document=document("Park", 1.0, 900))
        asked = rounds.ask_round(
            session, scope, organisation_id=joined.world.east.region.id, rule=Rule.EQUAL
        ).id
    with joined.acting("system") as (session, scope):
        found = rounds.make_round(session, scope, round_id=asked)
        assert found.status is RoundStatus.FAILED
        assert found.problem["message"].startswith(
            "Park has no plan of its own to compare with: No plan meets"
        )
        assert "at the price it would pay" in found.problem["remedy"]
        service.store_plant(session, scope, site_id=mill.site_id, document=document("Park", 1.0, 60))


@pytest.mark.parametrize("who", ["west", "park"])
def test_only_a_regions_managers_ask_for_rounds_and_keep_lines(joined, who):
    with joined.acting(who) as (session, scope), pytest.raises((Forbidden, NotFound)):
        rounds.ask_round(session, scope, organisation_id=joined.world.east.region.id)


def test_a_neighbouring_region_sees_nothing_of_it(joined, made):
    with joined.acting("west") as (session, scope):
        for look in (
            lambda: rounds.round_(session, scope, round_id=made),
            lambda: rounds.shares_of_plant(session, scope, plant_id=joined.plants["park"]),
            lambda: joining.lines(session, scope, organisation_id=joined.world.east.region.id),
        ):
            with pytest.raises(NotFound):
                look()
        assert rounds.shares(session, scope, round_id=made) == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"other_id": "enterprise"}, "two ends"),
        ({"carrier": "heat"}, "has no heat"),
        ({"share": 0.0}, "share is no figure"),
        ({"most": float("nan")}, "most is no figure"),
        ({"name": " "}, "1 to 200 characters"),
    ],
)
def test_a_line_that_does_not_fit_is_refused(joined, changed, message):
    whole = {"name": "Pipe", "carrier": "electricity", "one_id": joined.plants["enterprise"],
             "other_id": joined.plants["park"], "most": 1.0, "most_back": 1.0}  # fmt: skip
    told = {
        key: joined.plants.get(value, value) if key.endswith("_id") else value
        for key, value in changed.items()
    }
    with joined.acting("region") as (session, scope), pytest.raises(Refused, match=message):
        joining.add_line(
            session, scope, organisation_id=joined.world.east.region.id, new=NewLine(**(whole | told))
        )


def asked(ground: Ground, most: float = 50.0, pays: str = "0") -> UUID:
    """Return a target for the park's peak over two hours of tomorrow's... next hours."""
    begins = clock.now() + timedelta(hours=1)
    new = NewTarget(
        Kind.PEAK, most, begins, begins + timedelta(hours=2), begins, "electricity", Decimal(pays)
    )
    with ground.acting("region") as (session, scope):
        return targets.propose(
            session,
            scope,
            organisation_id=ground.world.east.region.id,
            plant_id=ground.plants["park"],
            new=new,
        ).id


def test_a_target_says_what_it_means_to_the_plant(joined):
    with joined.acting("park") as (session, scope):
        found = targets.target(session, scope, target_id=asked(joined))
        assert (found.state, found.unit, found.natural, found.least) == (State.PROPOSED, "kW", 60, 60)
        assert found.cost is None  # a constant load without a store cannot lower its peak


def test_a_park_refuses_what_it_cannot_reach_and_it_leaves_a_trace(joined):
    target_id = asked(joined)
    with joined.acting("park") as (session, scope):
        found = targets.refuse(session, scope, target_id=target_id, reason=Reason.OUT_OF_REACH)
        assert (found.state, found.answered_by) == (State.REFUSED, joined.people["park"].id)
        trail = (
            session.query(AuditEvent.action)
            .filter(AuditEvent.entity_id == str(target_id))
            .order_by(AuditEvent.id)
        )
        assert trail.all() == [("target.proposed",), ("target.refused",)]


def test_refusals_for_a_reason_of_ones_own_run_out(joined):
    first, second = asked(joined, 80.0), asked(joined, 80.0)
    with joined.acting("park") as (session, scope):
        targets.refuse(session, scope, target_id=first, reason=Reason.OTHER, remark="open day")
        with pytest.raises(Refused, match="none of the agreed refusals is left"):
            targets.refuse(session, scope, target_id=second, reason=Reason.OTHER, remark="open day")


def test_an_accepted_peak_binds_the_plans_that_follow(joined):
    target_id = asked(joined, 70.0)
    with joined.acting("park") as (session, scope):
        targets.accept(session, scope, target_id=target_id)
        planned = Horizon.regular(clock.now(), 16, 15)
        about = service.described(session, scope, plant_id=joined.plants["park"])
        kept = bound.bounds(session, scope, about=about, planned=planned, made_at=clock.now())
        assert [(one.target.most, one.budget) for one in kept] == [(70.0, None)]
        plan = service.make_plan(session, scope, plant_id=joined.plants["park"])
        assert plan.problem is None
        assert [one["kept"]["most"] for one in plan.targets] == [70.0]
        with pytest.raises(Conflict, match="this target is accepted"):
            targets.accept(session, scope, target_id=target_id)


def test_of_two_who_answer_at_once_one_waits_for_the_other(joined):
    target_id = asked(joined)
    with joined.acting("park") as (session, scope):
        targets.accept(session, scope, target_id=target_id)
        with joined.acting("region") as (other, region):
            other.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                targets.withdraw(other, region, target_id=target_id)
            other.rollback()
    with (
        joined.acting("region") as (session, scope),
        pytest.raises(Conflict, match="this target is accepted"),
    ):
        targets.withdraw(session, scope, target_id=target_id)


def test_a_counter_is_out_of_reach_here_and_the_region_withdraws(joined):
    target_id = asked(joined)
    with joined.acting("park") as (session, scope), pytest.raises(Refused, match="below the 60"):
        targets.counter(session, scope, target_id=target_id, amount=55.0, wants=Decimal(1))
    with joined.acting("park") as (session, scope), pytest.raises(Forbidden):
        targets.withdraw(session, scope, target_id=target_id)
    with joined.acting("region") as (session, scope):
        assert targets.withdraw(session, scope, target_id=target_id).state is State.WITHDRAWN


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"answer_by": -1.0}, "answer is due"),
        ({"ends_at": 0.5}, "ends after it begins"),
        ({"carrier": ""}, "CO2 counts all carriers"),
        ({"carrier": "steam"}, "nothing here buys steam"),
        ({"pays": Decimal(-1)}, "from 0 up"),
    ],
)
def test_a_target_that_cannot_be_measured_is_refused(joined, changed, message):
    now = clock.now()
    at = lambda hours: now + timedelta(hours=hours)  # noqa: E731  # five instants read best in a line each
    whole: dict[str, Any] = {"kind": Kind.PEAK, "most": 50.0, "begins_at": at(1), "ends_at": at(3), "answer_by": at(1),
                             "carrier": "electricity"}  # fmt: skip
    told = {
        key: at(value) if isinstance(whole.get(key), datetime) else value for key, value in changed.items()
    }
    with joined.acting("region") as (session, scope), pytest.raises(Refused, match=message):
        targets.propose(session, scope, organisation_id=joined.world.east.region.id, plant_id=joined.plants["park"],
                        new=NewTarget(**(whole | told)))  # fmt: skip


def test_a_plant_that_leaves_is_asked_for_nothing_and_planned_alone(joined):
    region = joined.world.east.region.id
    with joined.acting("region") as (session, scope):
        joining.leave(session, scope, plant_id=joined.plants["park"])
        assert [plant.id for _, plant, _ in joining.members(session, scope, organisation_id=region)] == [
            joined.plants["enterprise"]
        ]
        with pytest.raises(Refused, match="1 plants are joined here"):
            rounds.ask_round(session, scope, organisation_id=region)
        with pytest.raises(Conflict):
            joining.leave(session, scope, plant_id=joined.plants["park"])
    with pytest.raises(Refused, match="not joined here"):
        asked(joined)
    with joined.acting("region") as (session, scope):
        joining.join(session, scope, plant_id=joined.plants["park"], agreed=Agreed())
