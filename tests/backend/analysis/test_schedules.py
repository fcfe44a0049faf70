"""A view goes out once for each period, as files somebody could have made by hand; what fails is tried again."""

from __future__ import annotations

import email
import email.policy
import io
from contextlib import contextmanager
from datetime import date

import pytest
from openpyxl import load_workbook

from backend.analysis.rules.asking import ViewName
from backend.analysis.service import schedules
from backend.analysis.service.schedules import NewSchedule
from backend.billing.rules.documents.schedule import Every, Form
from backend.billing.service import DeliveryStatus, Road
from backend.kernel import clock
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.settings import settings
from reports.analysis import VIEWS
from tests.measured import NOW, measure
from tests.reports.printed import pages_of
from tests.world import make_world

OCTOBER = date(2026, 10, 1)


@pytest.fixture(scope="module")
def world(environment, database):
    with clock.shifted(NOW - clock.now()):
        made = make_world(database)
        measure(made)
        yield made


@pytest.fixture(scope="module")
def worker(world):
    """The worker's own module: it reads its settings when it is first met."""
    from backend.worker import analysis

    return analysis


@pytest.fixture(scope="module")
def acting(world):
    @contextmanager
    def one(role="manager", region=None):
        scope = world.scope(region or world.east, role)
        with world.database.transaction(scope) as session:
            yield session, scope

    return one


@pytest.fixture
def agreed(world, acting):
    """Agree on a schedule; ended after the test, so that the next one's deliveries are its own."""
    made = []

    def one(view=ViewName.CONSUMPTION, **more):
        said = {"every": Every.MONTH, "starts_on": OCTOBER, "forms": [Form.XLSX], "road": Road.FOLDER} | more
        with acting() as (session, scope):
            found = schedules.create_schedule(
                session, scope, organisation_id=world.east.region.id, new=NewSchedule(view, **said)
            )
        made.append(found.id)
        return found

    yield one
    for schedule_id in made:
        with acting() as (session, scope):
            schedules.end_schedule(session, scope, schedule_id=schedule_id, on=date(2026, 9, 1))


def files_of(worker, one):
    from backend.worker.delivery import folder_of

    return {place.suffix[1:]: place for place in sorted(folder_of(one).iterdir())}


def deliveries(acting, one):
    with acting() as (session, scope):
        return schedules.deliveries(session, scope, schedule_id=one.id).items


def test_every_view_there_is_can_be_made():
    assert VIEWS.keys() == set(ViewName)


def test_consumption_goes_out_once_as_a_workbook_with_real_charts_and_as_pdf(agreed, acting, worker):
    one = agreed(forms=list(Form), filters={"by": "category", "compare": "before"})
    assert worker.deliver() == 1
    assert worker.deliver() == 0, "the period is done"
    (delivery,) = deliveries(acting, one)
    assert (delivery.status, delivery.first) == (DeliveryStatus.DONE, OCTOBER)
    found = files_of(worker, one)
    assert found["xlsx"].name == "consumption-2026-10-01-2026-10-31-en.xlsx"
    book = load_workbook(io.BytesIO(found["xlsx"].read_bytes()))
    cover, difference = book["Consumption"], book["What made the difference"]
    assert [len(chart.series) for chart in cover._charts] == [2, 2, 2]  # electricity, heat, gas: both periods
    rows = {
        row[1]: row for row in difference.iter_rows(min_row=2, values_only=True) if row[0] == "Electricity"
    }
    assert rows["Lighting and sockets"][3] == 4 * 744
    assert rows["Total"][3] == 14 * 744 == sum(rows[name][3] for name in rows if name != "Total")
    assert rows["Total"][6] == pytest.approx(sum(rows[name][6] for name in rows if name != "Total"))
    assert difference.print_title_rows == "$1:$1"
    assert difference.freeze_panes == "B2"
    assert difference["D2"].number_format == "#,##0.0##"
    assert difference.page_setup.orientation == "landscape"
    assert all(sheet.sheet_properties.pageSetUpPr.fitToPage for sheet in book)
    pages = pages_of(found["pdf"].read_bytes())
    assert "What made the difference" in pages[0]
    assert "meters have no data" in " ".join(pages)  # the water meter nobody reads
    head, *lines = found["csv"].read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("carrier,what,unit,now,share")
    assert any(line.startswith("Electricity,Lighting and sockets,kWh,2976") for line in lines)


@pytest.mark.parametrize("view", [ViewName.FLOWS, ViewName.HABITS])
def test_flows_and_habits_go_out_too_in_chinese(agreed, acting, worker, view):
    one = agreed(view, forms=[Form.XLSX, Form.PDF], locale="zh")
    assert worker.deliver() == 1
    found = files_of(worker, one)
    title = {ViewName.FLOWS: "能流分析", ViewName.HABITS: "用能规律"}[view]
    book = load_workbook(io.BytesIO(found["xlsx"].read_bytes()))
    assert book.worksheets[0].title == title
    assert book.worksheets[0]._images, "what has no chart of its kind stands as a picture"
    assert title in pages_of(found["pdf"].read_bytes())[0]
    if view is ViewName.HABITS:
        map_ = next(sheet for sheet in book if sheet.title.startswith("逐日逐时"))
        assert map_.conditional_formatting, "the hours are shaded"
        assert map_["B2"].value == 14


def test_by_mail_the_files_are_enclosed(agreed, acting, worker):
    agreed(road=Road.MAIL, recipients=["energy@park.example"], forms=[Form.XLSX, Form.PDF])
    assert worker.deliver() == 1
    letters = [
        email.message_from_bytes(place.read_bytes(), policy=email.policy.default)
        for place in (settings().home / "mail").rglob("*.eml")
    ]
    letter = next(one for one in letters if one["to"] == "energy@park.example")
    assert letter["subject"].startswith("Consumption · East bay · 2026-10-01")
    assert {one.get_filename().rsplit(".", 1)[1] for one in letter.iter_attachments()} == {"xlsx", "pdf"}


def test_what_fails_is_seen_and_tried_again(agreed, acting, worker, monkeypatch):
    one = agreed()

    def broken(*_said):
        raise Refused("there is no paper")

    with monkeypatch.context() as patch:
        patch.setattr(worker.analysis, "made", broken)
        assert worker.deliver() == 0
    (delivery,) = deliveries(acting, one)
    assert (delivery.status, delivery.error, delivery.tries) == (
        DeliveryStatus.FAILED,
        "there is no paper",
        1,
    )
    assert worker.deliver() == 0, "not yet"
    with acting() as (session, scope):
        schedules.retry(session, scope, delivery_id=delivery.id)
    assert worker.deliver() == 1
    with acting() as (session, scope), pytest.raises(Conflict):
        schedules.retry(session, scope, delivery_id=delivery.id)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("forms", {"forms": []}), ("recipients", {"road": Road.MAIL}), ("recipients", {"recipients": ["a@b.cc"]}),
        ("ends_on", {"ends_on": date(2026, 9, 1)}), ("starts_on", {"starts_on": date(2026, 10, 31)}),
        ("compare", {"filters": {"compare": "custom"}}), ("by", {"filters": {"by": "colour"}}),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_with_the_field(agreed, field, more):
    with pytest.raises((Refused, TypeError)) as refused:
        agreed(**more)
    assert getattr(refused.value, "field", field) in (field, "against_first")


def test_schedules_are_for_those_who_analyse_and_their_own(agreed, acting, world):
    one = agreed()
    with acting("customer") as (session, scope):
        assert schedules.schedules(session, scope).items == []
    with acting("customer") as (session, scope), pytest.raises(Forbidden):
        new = NewSchedule(ViewName.FLOWS, Every.MONTH, OCTOBER, [Form.PDF], Road.FOLDER)
        schedules.create_schedule(session, scope, organisation_id=world.east.customer.id, new=new)
    with acting("manager", world.west) as (session, scope), pytest.raises(NotFound):
        schedules.schedule(session, scope, schedule_id=one.id)
