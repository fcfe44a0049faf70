"""Pages and calls of the quality checks: what was drawn is shown, judged, and its share set."""

from __future__ import annotations

import pytest

from backend.kernel.ids import show
from tests.apps import Phone
from tests.work import put_to_work


@pytest.fixture(scope="module")
def drawn(world):
    """The check of an order of the east that was drawn, by its id as shown."""
    put_to_work(world, world.east)
    return show(world.east.ids["check"])


def test_a_dispatcher_finds_what_was_drawn_and_says_how_good_it_is(browser, world, drawn):
    visitor = browser(world.east, "dispatcher")
    page = visitor.get("/workorders/quality").text
    assert f"/workorders/{world.east.ids['order']}#quality" in page and "Per cent of" not in page
    assert "Something is wanting" in visitor.get(f"/workorders/{world.east.ids['order']}").text
    address = f"/workorders/{world.east.ids['order']}/checks/{world.east.ids['check']}"
    without_words = visitor.post(address, data={"good": "no"}, follow_redirects=True).text
    assert "Say what is wanting" in without_words or "say what is wanting" in without_words
    assert visitor.post(address, data={"good": "no", "findings": "the seal is not shown"}).status_code == 303
    page = visitor.get("/workorders/quality?show=all").text
    assert "the seal is not shown" in page and "wanting" in page
    assert "Nothing to be looked at" in visitor.get("/workorders/quality").text


def test_a_manager_sets_the_share(browser, world, drawn):
    visitor = browser(world.east, "manager")
    assert visitor.post("/workorders/quality/share", data={"share": "25"}).status_code == 303
    assert "25 % are drawn" in visitor.get("/workorders/quality").text
    refused = visitor.post("/workorders/quality/share", data={"share": "250"}, follow_redirects=True).text
    assert "between 0 and 100" in refused


def test_a_customer_sees_nothing_of_it(browser, world, drawn):
    visitor = browser(world.east, "customer")
    assert visitor.get("/workorders/quality").status_code == 403
    assert "Quality check" not in visitor.get("/workorders").text


def test_the_api_lists_judges_and_sets(app, world, drawn):
    phone = Phone(app, world.east.people["manager"].email)
    everything = phone.get("/quality-checks", every="true").json["items"]
    assert drawn in {one["id"] for one in everything}
    assert drawn not in {one["id"] for one in phone.get("/quality-checks").json["items"]}
    again = phone.ask("PUT", f"/quality-checks/{drawn}/outcome", json={"is_good": True})
    assert again.status_code == 409
    share = f"/organisations/{show(world.east.region.id)}/quality-share"
    assert phone.ask("PUT", share, json={"share": 0.05}).json == {"share": 0.05}
    assert phone.get(share).json == {"share": 0.05}
    assert (
        Phone(app, world.west.people["manager"].email).get("/quality-checks", every="true").json["items"]
        == []
    )
