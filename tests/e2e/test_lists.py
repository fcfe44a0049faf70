"""Long lists and full maps in a real browser: the next page joins the list, a closer look shows each place."""

from __future__ import annotations

import pytest

from backend.network import service as network
from backend.network.service import NewPosition, PositionKind
from portal import places
from tests.e2e.chromium import violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

HALLS = 60


@pytest.fixture(scope="module", autouse=True)
def halls(world):
    with world.database.transaction(world.east.scope) as session:
        for number in range(HALLS):
            at = {"type": "Point", "coordinates": [121.5 + number / 1000, 31.2]}
            new = NewPosition(PositionKind.UNIT, f"Hall {number:02}", geometry=at)
            network.create_position(session, world.east.scope, parent_id=world.east.ids["site"], new=new)


def test_the_next_page_joins_the_list_and_the_keyboard_stays_at_it(enter, world):
    page = enter("manager")
    page.goto(f"/positions/{world.east.ids['site']}")
    rows, more = page.locator("#below > li"), page.locator("#below-next")
    before = rows.count()
    assert before == 50
    page.evaluate("window.isSamePage = true")
    more.focus()
    page.keyboard.press("Enter")
    rows.nth(before).wait_for()
    assert page.get_by_role("link", name="Hall 59").is_visible()
    assert rows.count() > HALLS - 1
    assert more.count() == 0
    assert page.evaluate("window.isSamePage")
    assert violations(page) == []


def test_a_full_map_shows_numbers_first_and_each_place_from_close_by(enter, monkeypatch):
    monkeypatch.setattr(places, "DRAWN", 20)
    page = enter("manager")
    page.goto("/map")
    assert page.locator("[data-gathered]").is_visible()
    page.locator("figure.map.is-live").wait_for(timeout=30_000)
    with page.expect_response(lambda answer: "map.json" in answer.url and "west=" in answer.url) as asked:
        page.evaluate(
            "() => document.querySelector('figure.map').enerfieldMap.jumpTo({ center: [121.502, 31.2], zoom: 17 })"
        )
    names = [one["properties"]["name"] for one in asked.value.json()["positions"]["features"]]
    assert "Hall 02" in names
    page.locator("[data-gathered]").wait_for(state="hidden")


def test_one_of_many_is_found_by_typing_and_chosen_by_keys(enter, world):
    page = enter("dispatcher")
    page.goto("/workorders/new")
    where = page.get_by_role("combobox", name="Where")
    where.focus()
    page.get_by_role("listbox", name="Where").wait_for()
    assert where.get_attribute("aria-expanded") == "true"
    with page.expect_response(lambda answer: "/choices?of=place" in answer.url and "hall%2042" in answer.url):
        where.type("hall 42")
    page.get_by_text("1 found").last.wait_for()
    page.keyboard.press("ArrowDown")
    assert (
        page.locator(f"#{where.get_attribute('aria-activedescendant')}")
        .inner_text()
        .startswith("east site · Hall 42")
    )
    assert violations(page) == []
    page.keyboard.press("Enter")
    assert where.input_value() == "east site · Hall 42"
    assert page.get_by_role("listbox", name="Where").is_hidden()
    page.get_by_label("In a few words").fill("Dripping tap")
    page.get_by_role("button", name="Send the report").click()
    page.get_by_role("heading", name="Dripping tap").wait_for()
    assert page.get_by_text("Hall 42").first.is_visible()


def test_several_of_many_are_chosen_by_tapping_and_taken_off_again(enter, world):
    page = enter("manager", width=390)
    page.goto("/patrols/new")
    stops = page.get_by_role("combobox", name="Places")
    for name in ("Hall 21", "Hall 07"):
        stops.fill(name)
        page.get_by_role("option", name=name).click()
    chosen = page.locator(".field .checks", has=page.get_by_label("Hall 07")).get_by_role("checkbox")
    assert [chosen.nth(at).evaluate("(one) => one.parentElement.innerText.trim()") for at in range(2)] == [
        "east site · Hall 21",
        "east site · Hall 07",
    ]
    assert stops.input_value() == ""
    page.get_by_label("Hall 21").uncheck()
    assert page.locator("input[name=stops]:checked").count() == 1
    assert violations(page) == []


def test_names_on_the_map_grow_with_the_wall(enter):
    sizes = []
    for width in (390, 1920, 3840):
        page = enter("manager", width=width, height=1080)
        page.goto("/map")
        page.locator("figure.map").dispatch_event("enerfield:open")
        page.locator("figure.map.is-live").wait_for(timeout=60_000)
        sizes.append(
            page.evaluate(
                "document.querySelector('figure.map').enerfieldMap.getLayoutProperty('position-name', 'text-size')"
            )
        )
    phone, wall, huge = sizes
    assert phone == 12
    assert phone < wall < huge
