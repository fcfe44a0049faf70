"""The demo region is worked in: policies, a technician, who is on duty, hosted customers whose month writes itself."""

from datetime import UTC, datetime

import pytest

from backend.assets import service as assets
from backend.demo import fieldwork, founding, stocking
from backend.demo.people import REGION
from backend.demo.region import region
from backend.infra.files import FolderFiles
from backend.kernel import clock
from backend.kernel.scope import Scope
from backend.wiring import connect
from backend.workorders import service as work
from backend.workorders.queries import policies
from backend.workorders.service import hosting


@pytest.fixture(scope="module")
def ground(environment, database, tmp_path_factory):
    connect()
    home = tmp_path_factory.mktemp("home")
    with database.transaction(Scope.public()) as session:
        made = founding.found(session, region(home), now=datetime(2024, 1, 4, 5, 7, tzinfo=UTC))
    with database.transaction(made.scope) as session:
        stocking.stock(session, made, FolderFiles(home / "files"))
        fieldwork.serve(session, made)
    return made


@pytest.fixture
def session(database, ground):
    with database.transaction(ground.scope) as session:
        yield session


def test_verification_watches_for_seconds_so_that_a_demonstration_sees_it(session, ground):
    found = policies.verification_policies(session, ground.scope, ground.organisations[REGION])
    assert {(one.window_s, one.samples) for one in found} == {(20.0, 3)}


def test_somebody_is_on_duty_at_every_hour_of_the_week(session, ground):
    where = ground.organisations[REGION]
    start, end = hosting.week_of(clock.now().date(), "Asia/Shanghai")
    spans = [
        (one.starts_at, one.ends_at)
        for one in hosting.shifts(session, ground.scope, organisation_id=where, start=start, end=end)
    ]
    hours = int((end - start).total_seconds() // 3600)
    uncovered = [
        hour for hour in range(8, hours)  # the night before Monday belongs to the week before
        if not any(first <= start + (end - start) * hour / hours < last for first, last in spans)
    ]  # fmt: skip
    assert uncovered == []


def test_two_technicians_have_a_van_and_inspections_are_planned(session, ground):
    assert {one.name for one in work.inspection_plans(session, ground.scope).items} == {
        "Boiler: monthly look",
        "Hotel: meters",
    }
    for driver, van in (("technician", "Van 1"), ("mechanic", "Van 2")):
        vans = assets.list_stores(session, ground.scope, person_id=ground.people[driver]).items
        assert [store.name for store, *_ in vans] == [van]


def test_three_technicians_share_the_trades_and_the_day(session, ground):
    crew = {one.person_id: one for one in policies.technicians(session, ground.scope)}
    assert set(crew) == {ground.people[key] for key in ("technician", "mechanic", "evening")}
    assert "electricity" not in crew[ground.people["mechanic"]].skills
    assert crew[ground.people["evening"]].shift["6"] == [["16:00", "24:00"]]


def test_last_months_reports_lie_in_the_customers_files_once(session, ground):
    from backend.worker.fieldwork import file_report  # workers read their settings when they are imported

    due = hosting.due_reports(session, ground.scope)
    assert len(due) == len(fieldwork.HOSTED)
    contract_id, month = due[0]
    kept = file_report(session, ground.scope, contract_id=contract_id, month=month)
    assert (
        file_report(session, ground.scope, contract_id=contract_id, month=month).document_ids
        == kept.document_ids
    )
    customer = hosting.contract(session, ground.scope, contract_id=contract_id).customer_id
    found = assets.documents_of(session, ground.scope, assets.About(customer_id=customer)).items
    names = {one.file_name for one in found if one.kind is assets.DocumentKind.REPORT}
    assert names == {
        f"{month:%Y-%m}-{locale}.{ending}" for locale in ("zh", "en") for ending in ("pdf", "xlsx")
    }
    assert all(one.is_shared for one in found if one.kind is assets.DocumentKind.REPORT)
