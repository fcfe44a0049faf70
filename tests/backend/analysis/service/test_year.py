"""A year whose truth is known comes out of the services as it was put in."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from backend.analysis.rules.asking import Ask, ViewName
from backend.analysis.rules.drivers import DriverKind, NewDriver
from backend.analysis.rules.factors import Kind
from backend.analysis.rules.peers import Basis
from backend.analysis.service import benchmark, benefit, drivers, efficiency, intensity, keeping
from backend.analysis.service.keeping import NewMeasure, NewPurchase, NewQuota
from backend.billing.rules.documents.schedule import Form
from backend.billing.service import tariffs
from backend.kernel.errors import Conflict, Forbidden, Refused
from backend.kernel.scope import Scope
from backend.kernel.sheets import Row
from backend.kernel.units import Carrier
from backend.tenancy import service as tenancy
from reports import analysis
from tests.year import COOLING, SIZES, WORK


def test_a_boiler_is_as_efficient_as_it_was_made(year, session, manager):
    first, until = year.month(1)
    keeping.record_factor(
        session, manager, organisation_id=year.east.region.id, carrier=Carrier.GAS, kind=Kind.CALORIFIC,
        from_on=year.first, value=Decimal("9") * Decimal("3.6") / Decimal("29.3076"), source="supplier's sheet",
    )  # fmt: skip
    found = efficiency.efficiency_of(
        session, manager, organisation_id=year.east.region.id, first=first, until=until
    )
    (boiler,) = found.plants
    assert boiler.make == "boiler"
    assert boiler.ratio.value == pytest.approx(1.5 / (1 / 0.9 + 0.5 / 0.8), rel=1e-3)
    assert [(one.low, round(one.value, 3)) for one in boiler.bands if one.value] == [(0.5, 0.8), (0.9, 0.9)]
    assert boiler.full_kw == pytest.approx(1000)


def test_use_per_area_is_use_over_what_all_shops_have(year, session, manager):
    first, until = year.month(1)
    found = efficiency.efficiency_of(
        session, manager, organisation_id=year.east.region.id, first=first, until=until
    )
    per_area = next(
        one for one in found.specifics if (one.carrier, one.basis) == (Carrier.ELECTRICITY, "area")
    )
    assert per_area.size == pytest.approx(1000 * sum(SIZES))
    assert set(found.lacking) == {"heads", "product"}


def test_the_regression_finds_what_a_shop_depends_on(year, session, manager):
    first, until = year.month(1)
    found = intensity.intensity_of(
        session, manager, organisation_id=year.shops[0], carrier=Carrier.ELECTRICITY, first=first, until=until
    )
    fit = found.baseline.fit
    assert fit.cooling_c == pytest.approx(22, abs=1.5)
    assert fit.term("cooling").value == pytest.approx(COOLING, rel=0.15)
    assert fit.term("workday").value == pytest.approx(WORK, rel=0.1)
    assert found.baseline.fitted_at is None
    assert found.doubts == []
    assert abs(found.saved.share) < 0.02
    assert found.normalised == pytest.approx(found.used, rel=0.2)


def test_fits_are_kept_by_schedule_and_used_from_then_on(year, session, manager):
    made = intensity.refit(session, manager, organisation_id=year.shops[0])
    assert [one.carrier for one in made] == [Carrier.ELECTRICITY]
    again = intensity.refit(session, manager, organisation_id=year.shops[0])
    assert again[0].id == made[0].id
    today = year.until + timedelta(days=1)
    found = intensity.intensity_of(
        session, manager, organisation_id=year.shops[0], carrier=Carrier.ELECTRICITY, first=year.until, until=today
    )  # fmt: skip
    assert found.baseline.fitted_at is not None
    assert found.saved is None
    page = intensity.fits(session, manager, organisation_id=year.shops[0])
    assert len(page.items) == 1


def test_a_shop_is_not_fitted_by_what_others_used(year, session, manager):
    first, until = year.month(2)
    found = [
        intensity.intensity_of(
            session, manager, organisation_id=shop, carrier=Carrier.ELECTRICITY, first=first, until=until
        ).used
        for shop in (year.shops[0], year.shops[6])
    ]
    assert found[1] / found[0] == pytest.approx(SIZES[6] / SIZES[0], rel=1e-3)


def test_a_customer_may_not_look_into_intensity(year, session):
    shopkeeper = year.world.scope(year.east, "shopkeeper0")
    with pytest.raises(Forbidden):
        intensity.intensity_of(session, shopkeeper, organisation_id=year.shops[0], carrier=Carrier.ELECTRICITY,
                               first=year.first, until=year.until)  # fmt: skip


def test_gas_bought_at_a_tariff_is_a_cost_month_by_month(year, session, manager):
    enterprise = year.east.enterprise.id
    document = {
        "code": "bought-gas", "name": {"en": "Gas bought"}, "carrier": "gas", "currency": "CNY",
        "zone": "Asia/Shanghai",
        "versions": [{"from": year.first.isoformat(), "components": [
            {"kind": "energy", "code": "gas", "name": {"en": "Gas"}, "unit": "m3", "price": 3},
            {"kind": "share", "code": "vat", "name": {"en": "VAT"}, "of": ["gas"], "rate": 0.09},
        ]}],
    }  # fmt: skip
    version = tariffs.store_tariff(session, manager, organisation_id=enterprise, document=document)
    new = NewPurchase(year.ids["intake"], version.tariff_id, year.first)
    keeping.record_purchase(session, manager, organisation_id=enterprise, new=new)
    first, until = year.month(2)[0], year.month(1)[1]
    found = benefit.benefit_of(session, manager, organisation_id=enterprise, first=first, until=until)
    days = (until - first).days
    volume = 12 * (1000 / 0.9 + 500 / 0.8) / 9 * days
    assert len(found.spent) == 2
    assert sum(one.net for one in found.spent) == pytest.approx(Decimal(volume * 3), abs=Decimal(1))
    assert found.sums()["CNY"][1] == sum(one.net for one in found.spent)
    with pytest.raises(Conflict, match="another tariff"):
        keeping.record_purchase(session, manager, organisation_id=enterprise, new=new)


def test_standard_coal_and_co2_follow_the_year_and_say_what_they_lack(year, session, manager):
    first, until = year.month(1)
    found = benefit.benefit_of(
        session, manager, organisation_id=year.east.region.id, first=first, until=until
    )
    used = found.used[Carrier.ELECTRICITY]
    co2 = next(one for one in found.counted if (one.carrier, one.kind) == (Carrier.ELECTRICITY, Kind.CO2))
    assert co2.value == pytest.approx(used * 0.5306)
    assert co2.used.is_older
    kgce, lacking = found.total(Kind.EQUIVALENT)
    assert Carrier.ELECTRICITY in lacking
    assert kgce == pytest.approx(found.used[Carrier.GAS] * 1.2143)


def test_who_keeps_no_accounts_is_told_no_money(year, session):
    operator = year.world.scope(year.east, "operator")
    first, until = year.month(1)
    found = benefit.benefit_of(
        session, operator, organisation_id=year.east.region.id, first=first, until=until
    )
    assert (found.earned, found.spent) == (None, None)
    assert found.counted


def test_a_measure_is_kept_and_returns_what_it_should(year, session, manager):
    new = NewMeasure("LED lamps", year.first, Decimal(10_000), Decimal(2_500), 8, Decimal("0.06"))
    made = keeping.record_measure(session, manager, organisation_id=year.shops[0], new=new)
    ((_one, found),) = benefit.measures(session, manager, organisation_id=year.east.region.id)
    assert found.payback == pytest.approx(4)
    keeping.remove(session, manager, kind="measure", id_=made.id)
    assert benefit.measures(session, manager, organisation_id=year.east.region.id) == []


def test_places_are_made_once_and_hold_after_that(year, session, manager):
    first, until = year.month(1)
    quota = NewQuota("shop", Carrier.ELECTRICITY, Basis.AREA, year.first, 240.0, "GB/T 51161-2016")
    keeping.record_quota(session, manager, organisation_id=year.east.region.id, new=quota)
    system = Scope.system(manager.organisations, "places")
    assert benchmark.make_places(session, system, first=first, until=until) == len(SIZES)
    before = benchmark.own_places(session, manager, organisation_id=year.shops[0])
    drivers.record_driver(session, manager, organisation_id=year.shops[1],
                          new=NewDriver(DriverKind.AREA, 9, year.first))  # fmt: skip
    assert benchmark.make_places(session, system, first=first, until=until) == 0
    (place,) = benchmark.own_places(session, manager, organisation_id=year.shops[0])
    assert place == before[0]
    assert (place.width, place.others, place.quota_source) == ("trade", 6, "GB/T 51161-2016")
    assert place.quota == pytest.approx(240 * (until - first).days / 365, rel=0.01)
    assert len(f"{place.middle:g}".replace(".", "")) <= 3
    ranked = benchmark.ranking(
        session, manager, organisation_id=year.east.region.id, first=first, until=until
    )
    assert [one.rank.rank for one in sorted(ranked, key=lambda one: one.place.value)] == list(range(1, 8))


def test_too_few_others_are_told_nothing_but_the_own_value(year, session, manager):
    for shop in year.shops[:2]:
        found = drivers.drivers(session, manager, organisations=[shop]).items
        drivers.remove_driver(session, manager, driver_id=found[0].id)
    first, until = year.month(1)
    system = Scope.system(manager.organisations, "places")
    assert benchmark.make_places(session, system, first=first, until=until) == 5
    (place,) = benchmark.own_places(session, manager, organisation_id=year.shops[4])
    assert (place.width, place.middle, place.quarter) == (None, None, None)
    assert place.value > 0


def test_a_customer_sees_its_own_place_only(year, session):
    shopkeeper = year.world.scope(year.east, "shopkeeper0")
    assert benchmark.own_places(session, shopkeeper, organisation_id=year.shops[0]) == []
    with pytest.raises(Forbidden):
        benchmark.own_places(session, shopkeeper, organisation_id=year.shops[1])
    with pytest.raises(Forbidden):
        benchmark.ranking(
            session, shopkeeper, organisation_id=year.shops[0], first=year.first, until=year.until
        )


ROWS = [
    Row(2, {"organisation": "Shop 0", "kind": "heads", "value": 12, "first_day": "2026-01-01"}),
    Row(3, {"organisation": "Shop 1", "kind": "production", "product": "bread", "unit": "t", "value": 8.5,
            "first_day": "2026-01-01", "last_day": "2026-01-31"}),
    Row(4, {"position": "B1", "kind": "hours", "value": 300, "first_day": "2026-01-01", "last_day": "2026-01-31"}),
]  # fmt: skip


def test_a_file_is_looked_through_before_it_is_written(year, session, manager):
    about = {"organisation_id": year.east.enterprise.id, "rows": ROWS}
    dry = drivers.import_drivers(session, manager, **about)
    assert (dry.problems, dry.created, dry.is_written) == ([], 3, False)
    assert (
        drivers.drivers(session, manager, organisations=[year.shops[1]], kind=DriverKind.PRODUCTION).items
        == []
    )
    assert drivers.import_drivers(session, manager, **about, write=True).is_written
    again = drivers.import_drivers(session, manager, **about, write=True)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)


def test_a_file_with_a_fault_writes_nothing(year, session, manager):
    rows = [*ROWS, Row(5, {"organisation": "Shop 99", "kind": "area", "value": 9, "first_day": "2026-01-01"})]
    found = drivers.import_drivers(
        session, manager, organisation_id=year.east.enterprise.id, rows=rows, write=True
    )
    (problem,) = found.problems
    assert (problem.row, problem.column, problem.value) == (5, "organisation", "Shop 99")
    assert problem.remedy
    assert (
        drivers.drivers(session, manager, organisations=[year.shops[1]], kind=DriverKind.PRODUCTION).items
        == []
    )


def test_days_are_said_once(year, session, manager):
    about = {"organisation_id": year.shops[0]}
    new = NewDriver(DriverKind.HOURS, 200, year.first, year.first + timedelta(days=30))
    made = drivers.record_driver(session, manager, **about, new=new)
    with pytest.raises(Refused, match="said already"):
        later = NewDriver(DriverKind.HOURS, 9, year.first + timedelta(days=5), year.first + timedelta(days=9))
        drivers.record_driver(session, manager, **about, new=later)
    corrected = drivers.record_driver(
        session, manager, **about, new=NewDriver(DriverKind.HOURS, 190, year.first, new.ends_on)
    )
    assert (corrected.id, corrected.value) == (made.id, 190)
    system = Scope.system(manager.organisations, "reading the trail")
    trail = tenancy.audit_trail(session, system, year.shops[0], limit=5)
    assert [one.action for one in trail.items][:2] == ["driver.corrected", "driver.recorded"]


def test_a_customer_does_not_say_what_it_is_judged_by(year, session):
    shopkeeper = year.world.scope(year.east, "shopkeeper0")
    with pytest.raises(Forbidden):
        drivers.record_driver(session, shopkeeper, organisation_id=year.shops[0],
                              new=NewDriver(DriverKind.AREA, 9, year.first))  # fmt: skip


def test_another_region_sees_nothing_of_it(year):
    stranger = year.world.scope(year.world.west, "manager")
    with year.world.database.transaction(stranger) as session:
        assert drivers.drivers(session, stranger, organisations=year.shops).items == []


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("name", ["efficiency", "intensity", "benefit", "benchmark"])
def test_a_view_goes_out_as_pdf_workbook_and_csv(year, session, name, locale):
    system = Scope.system(year.world.scope(year.east, "manager").organisations, "views on schedule")
    first, until = year.month(1)
    benchmark.make_places(session, system, first=first, until=until)
    ask = Ask(
        year.shops[0] if name == "intensity" else year.east.region.id,
        first,
        until,
        carrier=Carrier.ELECTRICITY,
    )
    report = analysis.made(session, system, ViewName(name), ask, locale)
    assert analysis.file_of(report, Form.PDF)[0].startswith(b"%PDF")
    book = load_workbook(io.BytesIO(analysis.file_of(report, Form.XLSX)[0]))
    assert len(book.worksheets) == len(report.document.tables) + 1
    assert analysis.file_of(report, Form.CSV)[0]
    assert any(table.rows for table in report.document.tables)
