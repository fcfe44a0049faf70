"""Inputs and moments that would mislead a plan: silent meters, foreign bindings, other units, two workers."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import event

from backend.forecasting import service as forecasting
from backend.forecasting.service import weather
from backend.kernel import clock
from backend.kernel.errors import Conflict, Refused
from backend.kernel.ids import show
from backend.kernel.periods import Period
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Direction
from backend.optimisation import service
from backend.optimisation.service import PlanKind, PlanStatus, clockwork
from backend.optimisation.service.counted import counted
from tests.plants import document, tell


@pytest.fixture
def plant(acting, east):
    """The plant as it was described; what a test says of it otherwise is taken back."""
    yield east.ids["plant_model"]
    with acting() as (session, scope):
        service.store_plant(session, scope, site_id=east.ids["site"], document=document(east))


@pytest.fixture
def make(acting, plant):
    def one(kind=PlanKind.BY_HAND, **given):
        with acting() as (session, scope):
            return service.make_plan(session, scope, plant_id=plant, kind=kind, **given)

    return one


@pytest.fixture(scope="module")
def mute(acting, east):
    """A meter that never counted anything."""
    new = metering.NewPoint("mute", Carrier.ELECTRICITY, "energy", "kWh", PointKind.INTERVAL, Direction.OUT)
    with acting() as (session, scope):
        return metering.create_point(session, scope, position_id=east.ids["plant"], new=new).id


def findings(acting, east, document_, role="operator"):
    with acting(role) as (session, scope), pytest.raises(Refused) as refused:
        service.store_plant(session, scope, site_id=east.ids["site"], document=document_)
    return {one["field"]: one["message"] for one in refused.value.context["findings"]}


def test_a_meter_that_is_silent_does_not_make_the_months_peak_zero(acting, east, plant, mute, make):
    now = clock.now()
    with acting() as (session, scope):
        period = Period(now - timedelta(days=3), now)
        found = counted(session, scope, point_ids=[east.ids["p.bought"], mute], period=period)
        assert found.until is None and np.isnan(found.rates).all()
        both = [show(east.ids["p.bought"]), show(mute)]
        service.store_plant(
            session, scope, site_id=east.ids["site"], document=document(east, Grid={"meters": both})
        )
    made = make()
    if made.status is PlanStatus.FAILED:  # the month is older than two days
        assert "one of its meters has counted nothing since" in made.said
    else:
        said = next(one for one in made.inputs if one["name"] == "peak of Grid so far")
        assert said["quality"] == "assumed"


def test_a_plant_is_not_bound_to_forecasts_and_weather_of_others(acting, east, world):
    west = world.west
    with acting(region=west) as (session, scope):
        target = forecasting.add_target(
            session, scope, position_id=west.ids["plant"],
            new=forecasting.NewTarget("west load", {west.ids["supply_energy"]: 1}),
        )  # fmt: skip
        place = weather.add_place(
            session, scope, organisation_id=west.enterprise.id, new=weather.NewPlace("west sky", 52.0, 13.0)
        )
    whole = document(east)
    whole["demands"][0]["target"] = show(target.id)
    whole["outdoor"]["place"] = show(place.id)
    found = findings(acting, east, whole)
    assert found["demands[0].target"] == "there is no such forecast"
    assert found["outdoor.place"] == "there is no such weather place"


def test_cubic_metres_are_not_taken_for_kilowatt_hours(acting, east):
    found = findings(acting, east, document(east, Gas={"per_billed": 1}))
    assert found["units[3].meters[0]"] == "is counted in m3, and planned in kWh"


def test_a_plan_another_worker_made_is_not_noted_as_failed(acting, plant, make):
    at = clock.now()
    made = make(PlanKind.ROLLING, at=at)
    refusal = {"message": "twice", "field": None, "value": None, "remedy": None, "faults": []}
    with acting() as (session, scope):
        kept = service.note_failure(
            session, scope, plant_id=plant, kind=PlanKind.ROLLING, at=at, refusal=refusal
        )
        assert (kept.id, kept.status) == (made.id, PlanStatus.OPTIMAL)


def test_a_lease_outlasts_all_the_solving_of_a_plan(acting, east, plant):
    with acting() as (session, scope):
        service.store_plant(
            session, scope, site_id=east.ids["site"], document=document(east, whole={"seconds": 600})
        )
        assert clockwork.takes_at_most_s(session, scope, plant_id=plant) == 4 * 600


def test_a_second_plan_of_a_quarter_hour_knows_what_the_first_knew(acting, world, east, plant, make):
    """The newest plan has not begun yet: what it expects first says nothing of now, the one before it does."""
    tell(world, east, "warm", 18.0, ago=timedelta(minutes=30))
    before = make(at=clock.now() - timedelta(minutes=20))
    assert before.status is PlanStatus.OPTIMAL, before.said
    make()
    with acting() as (session, scope):
        service.store_plant(
            session,
            scope,
            site_id=east.ids["site"],
            document=document(east, whole={"state_oldest_min": "0.0001"}),
        )
    again = make()
    assert again.status is PlanStatus.OPTIMAL, again.said
    said = {one["name"]: one["remark"] for one in again.inputs}
    assert "as the plan before expected" in said["content of Battery"]


def test_a_plan_of_a_plant_that_is_described_otherwise_since_is_not_accepted(acting, east, make):
    made = make()
    with acting() as (session, scope):
        service.store_plant(
            session, scope, site_id=east.ids["site"], document=document(east, Engine={"is_out": True})
        )
    with acting("operator") as (session, scope), pytest.raises(Conflict, match="described otherwise"):
        service.accept_plan(session, scope, plan_id=made.id)


def test_a_schedule_ends_where_the_next_begins(acting, make):
    with acting("operator") as (session, scope):
        first = service.accept_plan(session, scope, plan_id=make().id)
        second = service.accept_plan(session, scope, plan_id=make().id)
        session.refresh(first)
        assert first.superseded_at == second.starts_at > second.accepted_at


def test_the_clock_asks_in_few_statements(acting, east, make):
    make(PlanKind.ROLLING, at=clock.now())
    seen = []
    with acting() as (session, scope):
        event.listen(session.connection(), "before_cursor_execute", lambda *said: seen.append(said[2]))
        clockwork.due(session, scope)
    assert len(seen) <= 4
    assert not any("given" in one.split("FROM")[0] for one in seen), "arrays are not read"
