"""Where figures could mislead: factors that change, meters that fall silent or count within others, who is told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from backend.analysis.rules.asking import ViewName
from backend.analysis.rules.benefit import share
from backend.analysis.rules.factors import Kind
from backend.analysis.service import benchmark, benefit, efficiency, intensity, keeping, schedules
from backend.analysis.service.keeping import NewPurchase
from backend.analysis.service.schedules import NewSchedule
from backend.billing.models import Road
from backend.billing.rules.documents.schedule import Every, Form
from backend.billing.service import earnings, tariffs
from backend.kernel import clock, periods
from backend.kernel.errors import Conflict, Forbidden
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from tests.year import GAS_KWH_M3, ZONE


def own_factor(session, scope, organisation_id, value, from_on, **more):
    said = {"carrier": Carrier.ELECTRICITY, "kind": Kind.CO2, "source": "green power contract"} | more
    keeping.record_factor(
        session, scope, organisation_id=organisation_id, value=Decimal(value), from_on=from_on, **said
    )


def of(found, kind, carrier=Carrier.ELECTRICITY):
    return [one for one in found.counted if (one.carrier, one.kind) == (carrier, kind)]


def test_an_own_factor_counts_from_its_day_on_and_not_before(year, session, manager):
    first, until = year.month(1)
    middle = first + timedelta(days=10)
    own_factor(session, manager, year.east.region.id, "0.1", middle)
    about = {"organisation_id": year.east.region.id, "first": first, "until": until}
    before, after = of(benefit.benefit_of(session, manager, **about), Kind.CO2)
    whole = before.amount + after.amount
    assert (before.used.factor.is_own, after.used.factor.is_own) == (False, True)
    assert before.amount == pytest.approx(whole * 10 / (until - first).days, rel=0.2)
    assert after.value == pytest.approx(after.amount * 0.1)


def test_what_is_said_above_counts_until_somebody_nearer_says_it(year, session, manager):
    first, until = year.month(1)
    own_factor(session, manager, year.east.region.id, "0.4", first - timedelta(days=400))
    own_factor(session, manager, year.east.enterprise.id, "0.3", first + timedelta(days=10))
    own_factor(session, manager, year.east.region.id, "0.2", first + timedelta(days=20))
    found = benefit.benefit_of(
        session, manager, organisation_id=year.east.enterprise.id, first=first, until=until
    )
    assert [one.used.factor.value for one in of(found, Kind.CO2)] == [Decimal("0.4"), Decimal("0.3")]


def test_gas_is_worth_what_it_is_on_each_day(year, session, manager):
    first, until = year.month(1)
    per = Decimal(GAS_KWH_M3) * Decimal("3.6") / Decimal("29.3076")
    gas = {"carrier": Carrier.GAS, "kind": Kind.CALORIFIC}
    own_factor(session, manager, year.east.region.id, per, first, **gas)
    own_factor(session, manager, year.east.region.id, per * 2, first + timedelta(days=15), **gas)
    found = efficiency.efficiency_of(
        session, manager, organisation_id=year.east.region.id, first=first, until=until
    )
    days = (until - first).days
    (boiler,) = found.plants
    assert boiler.ratio.value == pytest.approx(1.5 / (1 / 0.9 + 0.5 / 0.8) * days / (2 * days - 15), rel=1e-3)


def test_a_sub_meter_and_the_water_of_a_heat_meter_are_no_input_and_no_output(year, session, manager):
    first, until = year.month(1)
    about = {"organisation_id": year.east.region.id, "first": first, "until": until}
    (before,) = efficiency.efficiency_of(session, manager, **about).plants
    for name, carrier, unit, way in (
        ("burner", Carrier.GAS, "m3", "in"),
        ("flow", Carrier.HEAT, "m3", "out"),
    ):
        new = metering.NewPoint(
            name, carrier, "volume", unit, PointKind.INTERVAL, metering.Direction(way), interval_minutes=60,
            parent_id=year.ids["boiler.gas"] if name == "burner" else None, is_total=name == "flow",
        )  # fmt: skip
        metering.create_point(session, year.east.scope, position_id=year.ids["boiler"], new=new)
    (after,) = efficiency.efficiency_of(session, manager, **about).plants
    assert (after.ratio, len(after.inputs), len(after.outputs)) == (before.ratio, 1, 1)
    assert benefit.benefit_of(session, manager, **about).used  # the water of a heat meter is no heat


def test_days_without_a_temperature_do_not_make_the_weather_mild():
    heating, cooling = benchmark._degree_days([8.0] * 28, 30)
    assert (heating, cooling) == (pytest.approx(300), 0)
    assert benchmark._degree_days([8.0] * 20, 30) == (None, None)


def test_accounts_do_not_go_out_to_who_does_not_keep_them(year, session, manager):
    new = NewSchedule(ViewName.BENEFIT, Every.MONTH, date(2026, 1, 1), [Form.CSV], Road.FOLDER)
    operator = year.world.scope(year.east, "operator")
    with pytest.raises(Forbidden):
        schedules.create_schedule(session, operator, organisation_id=year.east.region.id, new=new)
    assert schedules.create_schedule(session, manager, organisation_id=year.east.region.id, new=new).id


def test_what_a_meter_counts_is_bought_by_one_organisation_at_a_time(year, session, manager):
    document = {
        "code": "gas", "name": {"en": "Gas"}, "carrier": "gas", "currency": "CNY", "zone": ZONE,
        "versions": [{"from": year.first.isoformat(), "components": [
            {"kind": "energy", "code": "gas", "name": {"en": "Gas"}, "unit": "m3", "price": 3}]}],
    }  # fmt: skip
    version = tariffs.store_tariff(
        session, manager, organisation_id=year.east.enterprise.id, document=document
    )
    new = NewPurchase(year.ids["intake"], version.tariff_id, year.first)
    keeping.record_purchase(session, manager, organisation_id=year.east.enterprise.id, new=new)
    later = NewPurchase(year.ids["intake"], version.tariff_id, year.first + timedelta(days=40))
    with pytest.raises(Conflict, match="another tariff"):
        keeping.record_purchase(session, manager, organisation_id=year.east.region.id, new=later)


def test_a_bill_so_far_is_income_without_its_taxes_and_nothing_before_its_first_day():
    parts = [
        {"amount": "100.00", "is_tax": False},
        {"amount": "13.00", "is_tax": True},
        {"amount": None, "is_tax": True},
    ]
    assert earnings.taxes(parts) == Decimal(13)
    day = date(2026, 11, 1)
    assert share(day, day, day, day + timedelta(days=30)).part(Decimal(5)) == 0


def _second_meter(year, since, until):
    """Give the first shop another meter, which counts 20 kWh an hour of local days [since, until); kept for good."""
    scope = year.east.scope
    with year.world.database.transaction(scope) as session:
        place = metering.point(session, scope, year.ids["shop1.0"]).position_id
        new = metering.NewPoint("second", Carrier.ELECTRICITY, "energy", "kWh", PointKind.INTERVAL,
                                interval_minutes=60, is_total=True)  # fmt: skip
        key = metering.create_point(session, scope, position_id=place, new=new).key
        start_us, hours = clock.to_us(periods.day(since, ZONE).start), (until - since).days * 24
        batch = metering.ReadingBatch(
            np.full(hours, key), start_us + np.arange(hours, dtype=np.int64) * 3_600_000_000, np.full(hours, 20.0),
            np.zeros(hours, np.int16),
        )  # fmt: skip
        metering.store_readings(session, scope, batch, source="test", live=False)
    with year.world.database.transaction(scope) as session:
        while metering.RollUpFollower().step(session, scope):
            pass


def test_a_meter_that_fell_silent_saves_nothing_and_ranks_nobody(year, manager):
    """A shop's second meter counted in the baseline and says nothing in the month looked at."""
    first, until = year.month(1)
    _second_meter(year, year.month(11)[0], first)
    about = {"organisation_id": year.shops[0], "first": first, "until": until}
    with year.world.database.transaction(manager) as session:
        found = intensity.intensity_of(session, manager, carrier=Carrier.ELECTRICITY, **about)
        assert found.baseline is not None
        assert found.saved is None and not found.seen.days
        system = Scope.system(manager.organisations, "places")
        benchmark.make_places(session, system, first=first, until=until)
        assert benchmark.own_places(session, manager, organisation_id=year.shops[0]) == []
        assert benchmark.own_places(session, manager, organisation_id=year.shops[1])
