"""Pages of efficiency, intensity, benefit, benchmarks and drivers."""

from __future__ import annotations

import io
from datetime import date

import pytest

from backend.analysis.service import benchmark
from backend.kernel.ids import show
from backend.kernel.scope import Scope
from tests.apps import Browser, make_app
from tests.year import make_year


@pytest.fixture(scope="module")
def app(environment, database):
    made = make_app(database)
    yield made
    made.extensions["live"].close()


@pytest.fixture(scope="module")
def year(app, database):
    made = make_year(database)
    system = Scope.system(made.world.scope(made.east, "manager").organisations, "places")
    with database.transaction(system) as session:
        first, until = made.month(1)
        benchmark.make_places(session, system, first=first, until=until)
    return made


@pytest.fixture
def manager(app, year):
    return Browser(app, year.east.people["manager"])


def month(year, **more):
    return {"span": "month", "on": year.month(1)[0].isoformat(), **more}


def test_a_boiler_stands_with_its_efficiency_and_curve(manager, year):
    page = manager.get("/analysis/efficiency", query_string=month(year))
    assert page.status_code == 200
    assert "boiler" in page.text
    assert page.text.count("analysis-chart") == 2  # for a desk and for a phone
    assert "heads, production" in page.text


def test_a_fit_is_shown_with_how_good_it_is(manager, year):
    page = manager.get("/analysis/intensity", query_string=month(year, at=show(year.shops[0])))
    assert page.status_code == 200
    for words in ("CV(RMSE)", "NMBE", "It holds for these days", "working day", "What the fit leaves"):
        assert words in page.text
    assert page.text.count("<circle") > 300


def test_what_is_not_known_is_not_drawn_as_nothing(manager, year):
    page = manager.get(
        "/analysis/intensity",
        query_string={"span": "month", "on": year.month(3)[0].isoformat(), "at": show(year.shops[1])},
    )
    assert "Too little is known of the year before" in page.text
    assert "no baseline to save against" in page.text


def test_fitting_anew_keeps_what_comes_of_it(manager, year):
    answer = manager.post(
        "/analysis/intensity/fits", query_string={"at": show(year.shops[0])}, follow_redirects=True
    )
    assert "Fitted anew: 1 carriers." in answer.text


def test_coal_and_co2_stand_with_their_source(manager, year):
    page = manager.get("/analysis/benefit", query_string=month(year))
    assert page.status_code == 200
    assert "Ministry of Ecology and Environment" in page.text
    assert "the latest known" in page.text
    assert "no factor is known" in page.text


def test_who_keeps_no_accounts_is_told_so(app, year):
    page = Browser(app, year.east.people["operator"]).get("/analysis/benefit", query_string=month(year))
    assert "for those who keep the accounts" in page.text


def test_a_ranking_stands_in_order(manager, year):
    page = manager.get("/analysis/benchmark", query_string=month(year))
    assert page.status_code == 200
    assert "1 / 7" in page.text
    assert "of 6 others" in page.text


def test_a_customer_reads_its_own_place_and_no_name_of_another(app, year):
    browser = Browser(app, year.east.people["shopkeeper0"])
    page = browser.get("/analysis/benchmark")
    assert page.status_code == 200
    assert "Compared with 6 others of your trade" in page.text
    assert not any(f"Shop {number}" in page.text for number in range(1, 7))
    assert browser.get("/analysis/benefit").status_code == 403


def test_a_driver_is_typed_in_and_taken_back(manager, year):
    said = {
        "kind": "heads",
        "value": "42",
        "first_day": "2026-01-01",
        "product": "",
        "unit": "",
        "last_day": "",
    }
    at = {"at": show(year.shops[2])}
    assert (
        "written down"
        in manager.post("/analysis/drivers/new", query_string=at, data=said, follow_redirects=True).text
    )
    wrong = manager.post("/analysis/drivers/new", query_string=at, data=said | {"last_day": "2026-01-31"})
    assert wrong.status_code == 422
    assert "holds until it is said anew" in wrong.text


def test_a_file_is_looked_through_before_it_is_written(manager, year):
    at = {"at": show(year.shops[3])}

    def send(text):
        data = {"file": (io.BytesIO(text.encode()), "drivers.csv")}
        return manager.post(
            "/analysis/drivers/file", query_string=at, data=data, content_type="multipart/form-data"
        )

    faulty = send("kind,value,first_day\nheads,many,2026-01-01\n").text
    assert "1 faults; nothing was written" in faulty
    assert "many" in faulty
    good = send("kind,value,first_day\nheads,12,2026-01-01\n").text
    kept = good.split('name="kept" value="')[1].split('"')[0]
    written = manager.post(
        "/analysis/drivers/file", query_string=at, data={"kept": kept}, follow_redirects=True
    )
    assert "1 new, 0 changed" in written.text
    assert manager.get("/analysis/drivers/file").data[:2] == b"PK"


def test_measures_factors_and_quotas_are_written_down(manager, year):
    since = date(2026, 3, 1).isoformat()
    forms = {
        "measures": {"name": "Lamps", "begun_on": since, "carrier": "electricity", "outlay": "1000", "yearly": "250",
                     "currency": "CNY", "years": "8", "rate": "6"},
        "factors": {"carrier": "electricity", "kind": "co2", "value": "0.2", "from_on": "2020-01-01",
                    "source": "contract"},
        "quotas": {"trade": "shop", "carrier": "electricity", "basis": "area", "value": "240", "from_on": "2020-01-01",
                   "source": "GB/T 51161-2016"},
    }  # fmt: skip
    for kind, said in forms.items():
        assert manager.get(f"/analysis/{kind}/new").status_code == 200
        answer = manager.post(f"/analysis/{kind}/new", data=said)
        assert answer.status_code == 303, answer.text
    page = manager.get("/analysis/benefit", query_string=month(year)).text
    assert "4.0 years" in page
    assert "contract" in page
    assert "GB/T 51161-2016" in manager.get("/analysis/benchmark").text
    assert manager.post("/analysis/factors/new", data=forms["factors"] | {"value": "x"}).status_code == 422


@pytest.mark.parametrize("name", ["efficiency", "intensity", "benefit", "benchmark"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_view_is_had_as_a_file(manager, year, name, kind):
    answer = manager.get(f"/analysis/files/{name}.{kind}", query_string=month(year))
    assert answer.status_code == 200
    assert len(answer.data) > 60
