"""Lists on pages: so many rows, then a link that leads on without a script; the map gathers what is too much."""

from __future__ import annotations

import re

import pytest

from backend.kernel.ids import show
from backend.network import service as network
from backend.network.service import NewPosition, PositionKind
from portal import navigation, places
from tests.portal.test_pages import text_of

HALLS = 60


@pytest.fixture(scope="module")
def halls(world):
    """Sixty places below the eastern site, in a row to the east of it."""
    with world.database.transaction(world.east.scope) as session:
        return [
            network.create_position(
                session, world.east.scope, parent_id=world.east.ids["site"],
                new=NewPosition(
                    PositionKind.UNIT, f"Hall {number:02}",
                    geometry={"type": "Point", "coordinates": [121.5 + number / 1000, 31.2]},
                ),
            ).id
            for number in range(HALLS)
        ]  # fmt: skip


def following(page, words):
    """Return the address a link of these words leads to."""
    found = re.search(rf'href="([^"]+)"[^>]*>{words}</a>', page.text)
    return found and found[1].replace("&amp;", "&")


def test_the_tree_is_read_a_level_at_a_time_and_page_by_page(browser, world, halls):
    manager = browser(world.east, "manager")
    first = manager.get(f"/positions/{world.east.ids['site']}")
    second = manager.get(following(first, "More places"))
    shown = [set(re.findall(r"Hall \d\d", text_of(page))) for page in (first, second)]
    assert len(shown[0] | shown[1]) == HALLS
    assert shown[0].isdisjoint(shown[1])
    assert following(second, "More places") is None


def test_places_beside_the_map_come_by_pages_and_are_found_by_name(browser, world, halls):
    manager = browser(world.east, "manager")
    first = manager.get("/map")
    assert "Hall 59" not in text_of(first)
    assert "Hall 59" in text_of(manager.get(following(first, "More places")))
    assert "Hall 59" in text_of(manager.get("/map?q=hall 59"))
    assert "No place has a name or code with these words" in text_of(manager.get("/map?q=nowhere"))


def test_what_is_too_much_to_draw_is_gathered_and_drawn_by_itself_from_close_by(
    browser, world, halls, monkeypatch
):
    monkeypatch.setattr(places, "DRAWN", 20)
    manager = browser(world.east, "manager")
    assert "too many to draw one by one" in text_of(manager.get("/map"))
    far = manager.get("/map.json").json
    heaps = [one["properties"] for one in far["positions"]["features"] if one["properties"]["kind"] == "heap"]
    alone = len(far["positions"]["features"]) - len(heaps)
    assert far["gathered"]
    assert sum(one["count"] for one in heaps) + alone == far["total"] >= HALLS
    close = manager.get("/map.json?west=121.4995&south=31.19&east=121.5045&north=31.21").json
    assert not close["gathered"]
    names = {one["properties"]["name"] for one in close["positions"]["features"]}
    assert {f"Hall {number:02}" for number in range(5)} <= names
    assert "Hall 30" not in names


def test_a_place_with_an_alarm_is_never_hidden_in_a_heap(browser, world, halls, monkeypatch):
    monkeypatch.setattr(places, "DRAWN", 1)
    far = browser(world.east, "manager").get("/map.json").json
    states = {one["properties"]["state"] for one in far["positions"]["features"] if "id" in one["properties"]}
    assert states <= {"act", "attention"}
    assert far["gathered"]


@pytest.mark.parametrize("box", ["west=1", "west=2&south=1&east=1&north=2", "west=x&south=1&east=3&north=2"])
def test_half_a_box_is_refused(browser, world, box):
    assert browser(world.east, "manager").get(f"/map.json?{box}").status_code == 422


def test_a_switcher_of_many_organisations_offers_the_way_and_the_level_below(browser, world, monkeypatch):
    monkeypatch.setattr(navigation, "OFFERED", 2)
    page = browser(world.east, "manager").get(f"/overview?at={show(world.east.park.id)}")
    switcher = re.search(r'<details class="menu switcher".*?</details>', page.text, re.S)[0]
    offered = re.findall(r'at=([0-9A-Z]{26})"', switcher)
    assert [show(world.east.region.id), show(world.east.park.id), show(world.east.enterprise.id)] == offered
    assert "There are more than fit here" in switcher


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("administrator", "/sites"), ("administrator", "/organisation"), ("operator", "/connections"),
        ("administrator", "/people"), ("dispatcher", "/workorders"), ("technician", "/today"), ("manager", "/hosting"),
    ],
)  # fmt: skip
def test_a_page_marker_that_is_none_is_refused_and_no_fault(browser, world, role, path):
    assert browser(world.east, role).get(f"{path}?after=nonsense").status_code == 422
