"""Plans of a measured plant: made, warm, by the clock; and every bad input told by name, never guessed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import text

from backend.billing.service import contracts, tariffs
from backend.billing.service.contracts import NewSupplyContract
from backend.forecasting import service as forecasting
from backend.kernel import clock, periods
from backend.kernel.errors import Forbidden, NotFound, Refused
from backend.kernel.ids import new_id, show
from backend.optimisation import service
from backend.optimisation.service import PlanKind, PlanStatus, clockwork
from tests.plants import CHEAP, DEAR, PEAK_KW, PER_KW, _tell, document


@pytest.fixture
def plant(acting, east):
    """The plant as it was described; what a test says of it otherwise is taken back."""
    plant_id = east.ids["plant_model"]
    yield plant_id
    with acting() as (session, scope):
        service.store_plant(session, scope, site_id=east.ids["site"], document=document(east))
    for name, value in (("level", 55.0), ("engine", 1.0), ("warm", 18.0)):
        tell_now(acting, east, name, value)


def tell_now(acting, east, name, value, ago=timedelta(0)):
    with acting() as (session, _scope):
        _tell(session, east, name, value, ago)


@pytest.fixture
def describe(acting, east, plant):
    """`describe(Battery={"capacity_kwh": 10})`: the plant with other figures from now on."""

    def one(**changed):
        with acting() as (session, scope):
            return service.store_plant(
                session, scope, site_id=east.ids["site"], document=document(east, **changed)
            )

    return one


@pytest.fixture
def make(acting, plant):
    def one(kind=PlanKind.BY_HAND, **given):
        with acting() as (session, scope):
            return service.make_plan(session, scope, plant_id=plant, kind=kind, **given)

    return one


def reasons(made):
    return " | ".join(f"{one['field']}: {one['message']}" for one in made.problem["faults"] or [made.problem])


def remark(made, name):
    return next(one for one in made.inputs if one["name"] == name)


def test_a_plan_says_what_it_costs_saves_and_rests_on(acting, make, plant):
    made = make()
    assert made.status is PlanStatus.OPTIMAL and made.gap <= 0.002
    assert made.cost <= made.idle_cost <= made.rules_cost * 1.02
    assert made.tariffs[0]["code"] == "east-grid" and made.tariffs[0]["revision"] == 1
    assert {one["quality"] for one in made.inputs} == {"measured", "agreed", "fallback", "assumed"}
    assert "middle of the same hours" in remark(made, "Load")["remark"]
    assert remark(made, "content of Battery")["remark"] == "55%"
    with acting() as (session, scope):
        one = service.open_plan(session, scope, plan_id=made.id)
    busy = {unit for (unit, _of), values in one.plan.flows.items() if np.abs(values).max() > 1}
    assert {"Engine", "Boiler", "Battery"} & busy <= {action["unit"] for action in made.actions}
    assert {"Engine", "Boiler"} & busy, "heat comes from somewhere"
    assert set(np.round(one.given.prices["Grid"], 6)) <= {round(1.1 * CHEAP, 6), round(1.1 * DEAR, 6)}
    for carrier in ("electricity", "heat"):
        given = sum(values for (_unit, of), values in one.plan.flows.items() if of == carrier)
        short = one.demand[carrier] - given
        assert np.all(short <= 1e-2), carrier


def test_the_months_peak_is_what_the_meter_counted(acting, make, plant, east):
    made = make()
    with acting() as (session, scope):
        (charge,) = service.open_plan(session, scope, plan_id=made.id).given.charges["Grid"][:1]
    month = periods.local_date(clock.now(), "Asia/Shanghai").day
    peak_in_month = month > 1 or clock.now().hour >= 2  # the peak lies ten hours back
    assert charge.price == pytest.approx(1.1 * PER_KW)
    if peak_in_month:
        assert charge.so_far == pytest.approx(PEAK_KW, rel=0.01) or charge.so_far == pytest.approx(
            400, rel=0.01
        )


def test_the_clock_makes_a_plan_once_and_begins_the_next_from_it(acting, make, plant):
    now = clock.now()
    first = make(PlanKind.ROLLING, at=now)
    assert make(PlanKind.ROLLING, at=now).id == first.id
    later = make(PlanKind.ROLLING, at=now + timedelta(minutes=15))
    assert later.id != first.id and later.starts_at == first.starts_at + timedelta(minutes=15)
    ahead = make(PlanKind.DAY_AHEAD, at=now)
    tomorrow = periods.day(periods.local_date(now, "Asia/Shanghai") + timedelta(days=1), "Asia/Shanghai")
    assert ahead.ends_at == tomorrow.end


def test_the_clock_asks_only_for_what_is_wanted(acting, make, plant):
    now = clock.now() + timedelta(hours=1)
    with acting() as (session, scope):
        assert (plant, PlanKind.ROLLING) in clockwork.due(session, scope, at=now)
    make(PlanKind.ROLLING, at=now)
    with acting("operator") as (session, scope):
        assert (plant, PlanKind.ROLLING) not in clockwork.due(session, scope, at=now)
        service.switch_plant(session, scope, plant_id=plant, is_active=False)
        assert clockwork.due(session, scope, at=now + timedelta(hours=2)) == []
        service.switch_plant(session, scope, plant_id=plant, is_active=True)


def nobody_prices(acting, east, describe):
    describe(Grid={"tariff": "unheard-of"})


def no_price_yet(acting, east, describe):
    energy = {"kind": "energy", "code": "energy", "name": {"en": "E"}, "unit": "kWh", "price": 1}
    with acting() as (session, scope):
        tariffs.store_tariff(
            session, scope, organisation_id=east.enterprise.id,
            document={"code": "late", "name": {"en": "Late"}, "carrier": "electricity", "currency": "CNY",
                      "zone": "Asia/Shanghai", "versions": [{"from": "2099-01-01", "components": [energy]}]},
        )  # fmt: skip
    describe(Grid={"tariff": "late"})


def no_number(acting, east, describe):
    energy = {"kind": "energy", "code": "energy", "name": {"en": "E"}, "unit": "kWh", "price": "agreed"}
    with acting() as (session, scope):
        version = tariffs.store_tariff(
            session, scope, organisation_id=east.enterprise.id,
            document={"code": "agreed", "name": {"en": "A"}, "carrier": "electricity", "currency": "CNY",
                      "zone": "Asia/Shanghai", "versions": [{"from": "2020-01-01", "components": [energy]}]},
        )  # fmt: skip
        contracts.create_contract(
            session, scope, organisation_id=east.enterprise.id,
            new=NewSupplyContract(
                east.customer.id, "NAN", version.tariff_id, clock.now().date(), [], facts={"agreed": Decimal("NaN")}
            ),
        )  # fmt: skip
    describe(Grid={"tariff": None, "contract": "NAN"})


def no_forecast(acting, east, describe):
    with acting() as (session, scope):
        target = forecasting.add_target(
            session,
            scope,
            position_id=east.ids["plant"],
            new=forecasting.NewTarget("new", {east.ids["p.load"]: 1}),
        )
    demand = {"carrier": "electricity", "name": "Load", "target": show(target.id)}
    heat = {"carrier": "heat", "name": "Heating", "base": 200}
    describe(whole={"demands": [demand, heat]})


def silent_meter(acting, east, describe):
    demand = {"carrier": "electricity", "name": "Load", "meters": show(east.ids["supply_energy"])}
    describe(whole={"demands": [demand]})


def old_level(acting, east, describe):
    describe(
        Battery={"level": show(east.ids["plant_power"]), "name": "Other"}, whole={"state_oldest_min": 0.001}
    )


def no_level(acting, east, describe):
    describe(Battery={"level": None, "name": "Another"})


def too_full(acting, east, describe):
    tell_now(acting, east, "level", 130.0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (nobody_prices, "price of Grid: there is no such tariff"),
        (no_price_yet, "price of Grid: tariff 'late' has no prices for"),
        (no_number, "is no number"),
        (no_forecast, "Load: no forecast was issued"),
        (silent_meter, "Load: "),
        (old_level, "content of Other: it was read"),
        (no_level, "content of Another: no point tells it, and no plan before tells what is in it"),
        (too_full, "lies outside 30 to 570"),
    ],
)
def test_a_bad_input_gives_a_failed_plan_that_says_so(acting, east, describe, make, spoil, said):
    spoil(acting, east, describe)
    made = make()
    assert made.status is PlanStatus.FAILED and made.result is None
    assert said in reasons(made)
    assert made.said and made.problem["remedy"]


def test_stale_weather_and_a_lost_sensor_are_told_apart(acting, east, make, plant):
    """The store falls back on the plan before, which is said; weather that is hours old is refused."""
    make()
    with clock.shifted(timedelta(hours=5)):
        made = make()
        assert made.status is PlanStatus.FAILED
        assert "outdoor temperature" in made.said and "is old" in made.said
        tell_now(acting, east, "warm", 12.0)
        again = make()
    assert again.status is PlanStatus.OPTIMAL
    assert "as the plan before expected" in remark(again, "content of Battery")["remark"]
    assert remark(again, "content of Battery")["quality"] == "fallback"
    assert "as the plan before expected" in remark(again, "state of Engine")["remark"]


def test_a_state_nobody_tells_may_be_either_and_the_plan_says_so(acting, east, describe, make):
    describe(Engine={"state": None, "name": "Turbine"})
    made = make()
    assert made.status is PlanStatus.OPTIMAL
    assert remark(made, "state of Turbine")["remark"] == "no point tells it: it may be on or off"
    assert remark(made, "state of Turbine")["quality"] == "assumed"


def test_demand_beyond_all_capacity_gives_the_smallest_relaxation_in_words(describe, make):
    describe(Boiler={"heat_kw": 10}, Engine={"is_out": True})
    made = make()
    assert made.status is PlanStatus.RELAXED
    assert made.shortfalls[0]["what"] == "demand" and "heat demand" in made.said
    assert "exceeds capacity by" in made.shortfalls[0]["words"]


def test_several_faults_are_told_at_once(acting, east, describe, make):
    describe(Grid={"tariff": "unheard-of"}, Battery={"level": None, "name": "Third"})
    made = make()
    assert {one["field"] for one in made.problem["faults"]} == {"price of Grid", "content of Third"}


def told(database, name):
    with database.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT body FROM outbox WHERE name = :name ORDER BY id"), {"name": name}
        )
        return [row[0] for row in rows]


def test_a_failure_is_told_once_until_another_reason_stands_there(owner_database, east, describe, make):
    from backend import wiring

    wiring.connect()
    before, at = len(told(owner_database, "optimisation.plan_failed")), clock.now() + timedelta(hours=3)
    describe(Grid={"tariff": "unheard-of"})
    for minutes in (0, 15):
        make(PlanKind.ROLLING, at=at + timedelta(minutes=minutes))
    assert len(told(owner_database, "optimisation.plan_failed")) == before + 1
    describe(Battery={"level": None, "name": "Fourth"})
    make(PlanKind.ROLLING, at=at + timedelta(minutes=30))
    news = told(owner_database, "optimisation.plan_failed")
    assert len(news) == before + 2
    assert news[-1]["site"] == "east site" and "content of Fourth" in news[-1]["message"]


def test_only_those_who_run_the_plant_make_and_see_plans(acting, world, plant):
    with acting("operator") as (session, scope):
        made = service.make_plan(session, scope, plant_id=plant)
    assert made.made_by == scope.actor_id
    with acting("dispatcher") as (session, scope):
        assert service.plan(session, scope, plan_id=made.id).id == made.id
        with pytest.raises(Forbidden):
            service.make_plan(session, scope, plant_id=plant)
    for role, region in (("technician", None), ("customer", None), ("manager", world.west)):
        with acting(role, region) as (session, scope), pytest.raises(NotFound):
            service.plan(session, scope, plan_id=made.id)


def test_row_level_security_keeps_plans_apart(acting, world, make):
    make()
    with acting("manager", world.west) as (session, _scope):
        for table in ("plant_model", "plant_model_version", "operation_plan"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0


def test_what_is_wrong_with_a_plants_text_is_told_at_once(acting, east):
    wrong = document(east, Engine={"state": show(east.ids["p.level"])}, Sun={"meters": show(new_id())})
    with acting("operator") as (session, scope), pytest.raises(Refused) as refused:
        service.store_plant(session, scope, site_id=east.ids["site"], document=wrong)
    found = {one["field"]: one["message"] for one in refused.value.context["findings"]}
    assert found["units[0].meters[0]"] == "there is no such point"
    assert "is a point of kind instant, not state" in found["units[4].state"]
