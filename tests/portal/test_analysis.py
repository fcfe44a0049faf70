"""Pages of analysis: who opens them, what they say, and what can be taken along."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from backend.kernel import clock
from backend.kernel.ids import show
from tests.apps import Browser, make_app
from tests.measured import NOW, measure
from tests.world import make_world

OCTOBER = "on=2026-10-01"


@pytest.fixture(scope="module")
def app(environment, database):
    made = make_app(database)
    yield made
    made.extensions["live"].close()


@pytest.fixture(scope="module")
def world(app, database):
    with clock.shifted(NOW - clock.now()):
        made = make_world(database)
        measure(made)
        yield made


@pytest.fixture(scope="module")
def manager(app, world):
    browser = Browser(app, world.east.people["manager"])
    browser.client.set_cookie("language", "en")
    return browser


def page(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[-500:]
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("role", ["manager", "dispatcher", "operator"])
def test_those_who_analyse_find_the_pages_in_their_rail(app, world, role):
    text = page(Browser(app, world.east.people[role]), f"/analysis/consumption?{OCTOBER}")
    for name in ("consumption", "flows", "habits", "schedules"):
        assert f'href="/analysis/{name}' in text


@pytest.mark.parametrize(
    "path", ["consumption", "flows", "habits", "schedules", "files/flows.pdf", "pictures/flows.png"]
)
@pytest.mark.parametrize("role", ["customer", "technician"])
def test_others_do_not(app, world, role, path):
    assert Browser(app, world.east.people[role]).get(f"/analysis/{path}").status_code == 403


def test_consumption_says_what_made_the_difference_and_leads_further_down(manager, world):
    text = page(manager, f"/analysis/consumption?{OCTOBER}&by=position&under={show(world.east.ids['site'])}")
    assert f"under={show(world.east.ids['mill'])}" in text
    assert "10.4</b> <i>MWh" in text  # 14 kWh an hour, 744 hours
    assert "no data" in text  # the water meter nobody reads
    assert text.count("<svg xmlns") == 2 * 3  # a chart of each carrier, for a desk and a phone


def test_the_address_keeps_everything(manager, world):
    text = page(
        manager,
        f"/analysis/consumption?{OCTOBER}&by=category&carrier=electricity&vs=2026-09-01&vs_until=2026-09-03",
    )
    earlier = next(
        part for part in text.split('"') if "on=2026-09-01" in part and part.startswith("/analysis")
    )
    for kept in ("by=category", "carrier=electricity", "vs=2026-09-01", "vs_until=2026-09-03", "span=month"):
        assert kept in earlier
    assert "compare=year" in text


@pytest.mark.parametrize("view", ["consumption", "flows", "habits"])
def test_a_view_is_taken_along(manager, view):
    book = manager.get(f"/analysis/files/{view}.xlsx?{OCTOBER}")
    assert load_workbook(io.BytesIO(book.data)).worksheets
    assert manager.get(f"/analysis/files/{view}.csv?{OCTOBER}").data.startswith(b"\xef\xbb\xbf")
    assert manager.get(f"/analysis/files/{view}.pdf?{OCTOBER}").data.startswith(b"%PDF")
    assert manager.get(f"/analysis/pictures/{view}.png?{OCTOBER}").data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("path", "status"),
    [("consumption?by=colour", 422), ("consumption?vs=soon", 422), ("files/gold.pdf", 404), ("files/flows.doc", 422),
     ("pictures/flows.png?chart=99", 404), ("consumption?meter=nothing", 422)],
)  # fmt: skip
def test_nonsense_is_refused(manager, path, status):
    assert manager.get(f"/analysis/{path}").status_code == status


def test_an_empty_period_says_so(manager):
    for view in ("flows", "habits"):
        text = page(manager, f"/analysis/{view}?on=2026-02-01")
        assert 'class="empty"' in text
        assert "<svg xmlns" not in text


def test_a_view_is_put_on_schedule_as_it_is_looked_at_and_ended(manager):
    form = page(manager, "/analysis/schedules/new?view=flows&by=organisation&compare=year")
    assert '<option value="flows" selected' in form
    said = {"view": "flows", "every": "month", "compare": "year", "by": "organisation", "carrier": "",
            "starts_on": "2026-10-01", "forms": ["pdf"],
            "locale": "zh", "road": "folder", "recipients": ""}  # fmt: skip
    assert manager.post("/analysis/schedules/new", data=said | {"forms": []}).status_code in (200, 422)
    assert manager.post("/analysis/schedules/new", data=said).status_code == 303
    text = page(manager, "/analysis/schedules")
    place = next(
        part for part in text.split('"') if part.startswith("/analysis/schedules/") and part.endswith("/end")
    )
    assert manager.post(place).status_code == 303
