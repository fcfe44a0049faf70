"""Plants planned together: the page before there is anything, a round made, accounts, targets and their answers."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask_babel import force_locale

from backend.kernel import clock, ids
from backend.kernel.scope import Role
from backend.optimisation.rules.coordination import telling
from backend.optimisation.rules.coordination.rounds import coordinate
from backend.optimisation.rules.coordination.sharing import Rule
from backend.optimisation.service import rounds
from portal.optimisation import together_words as words
from tests.apps import Browser
from tests.backend.optimisation.coordination.scene import meshed, office, roof
from tests.coordination import join_up
from tests.world import make_person


@pytest.fixture(scope="module")
def joined(world):
    """The east's park and enterprise, joined by a cable; a round asked for and made, a target proposed."""
    east = world.east
    join_up(world, east)
    with world.database.transaction(east.scope) as session:
        made = rounds.make_round(session, east.scope, round_id=east.ids["coordination_round"])
        assert made.problem is None
        park, mill = (
            make_person(session, east.scope, f"{home.kind.value}.joint@east.example", home.id, Role.MANAGER)
            for home in (east.park, east.enterprise)
        )
    return SimpleNamespace(
        round=east.ids["coordination_round"], target=east.ids["coordination_target"], park=park, mill=mill,
        plant=east.ids["plant_model"], line=east.ids["line"], at=ids.show(east.region.id),
    )  # fmt: skip


def test_where_nothing_has_joined_the_page_says_what_it_needs(browser, world):
    page = browser(world.west, "manager").get("/together")
    assert page.status_code == 200
    assert "Nothing can be planned together yet" in page.text and "/together/members" in page.text


@pytest.mark.parametrize(("role", "status"), [("operator", 200), ("dispatcher", 403), ("customer", 403)])
def test_only_those_who_answer_for_plants_see_it(browser, world, role, status):
    assert browser(world.east, role).get("/together").status_code == status


def test_a_round_says_what_is_gained_who_gives_and_who_gets(browser, world, joined):
    manager = browser(world.east, "manager")
    listed = manager.get("/together").text
    assert f"/together/rounds/{joined.round}" in listed and "Gain of the newest round" in listed
    page = manager.get(f"/together/rounds/{joined.round}").text
    assert "Who gets what" in page and "east One" in page and "east Other" in page
    assert "east cable" in page and "a unit more costs" in page
    assert "No group of sites could gain more by itself; every group was planned" in page
    assert "What each group would gain by itself" in page


def test_a_round_is_asked_for_and_waits(browser, world, joined):
    manager = browser(world.east, "manager")
    path = f"/together/rounds/at/{world.east.region.id}"
    answer = manager.post(path, data={"rule": "equal"})
    assert answer.status_code == 303
    waiting = manager.get(answer.location).text
    assert "Being worked out" in waiting and "every 3s" in waiting
    manager.post(path, data={"rule": "dice"})
    assert "This choice is not offered" in manager.get("/together").text


def test_a_member_reads_its_own_share_and_no_round(app, joined):
    mill = Browser(app, joined.mill)
    page = mill.get("/together").text
    assert "What rounds meant to your plants" in page and "east Other would cost" in page
    assert "east One would cost" not in page
    assert mill.get(f"/together/rounds/{joined.round}").status_code == 404


def test_a_park_counters_or_refuses_within_its_limits(app, browser, world, joined):
    park, here = Browser(app, joined.park), f"/together/targets/{joined.target}"
    page = park.get(here).text
    assert (
        "The plan comes to anyway" in page
        and "Accept the target" in page
        and "Take the target back" not in page
    )
    tight = park.post(f"{here}/answer", data={"deed": "counter", "amount": "1", "wants": "5"})
    assert (
        tight.status_code == 422 and "Accept the target instead" in tight.text and 'value="1"' in tight.text
    )
    silent = park.post(f"{here}/answer", data={"deed": "refuse", "reason": "other"})
    assert silent.status_code == 422 and "is said in words" in silent.text
    assert park.post(f"{here}/answer", data={"deed": "refuse", "reason": "out_of_reach"}).status_code == 303
    page = park.get(here).text
    assert "target refused" in page and "It cannot be reached" in page and "Refuse the target" not in page


def test_the_region_asks_for_a_target_and_takes_it_back(browser, world, joined):
    manager = browser(world.east, "manager")
    form = manager.get("/together/targets/new").text
    assert "At most" in form and ids.show(joined.plant) in form
    local = (clock.now() + timedelta(hours=8)).replace(tzinfo=None)
    asked = {
        "plant_id": ids.show(joined.plant), "kind": "peak", "carrier": "electricity", "most": "55", "pays": "3",
        "begins_at": (local + timedelta(hours=1)).isoformat(timespec="minutes"),
        "ends_at": (local + timedelta(hours=2)).isoformat(timespec="minutes"),
        "answer_by": (local + timedelta(minutes=30)).isoformat(timespec="minutes"),
    }  # fmt: skip
    late = manager.post("/together/targets/new", data=asked | {"answer_by": "2020-01-01T00:00"})
    assert late.status_code == 422 and "leave time to answer" in late.text.lower()
    made = manager.post("/together/targets/new", data=asked)
    assert made.status_code == 303, made.text
    page = manager.get(made.location).text
    assert "Take the target back" in page
    path = made.location.partition("?")[0]
    assert manager.post(f"{path}/settlement", data={"deed": "withdraw"}).status_code == 303
    assert "taken back" in manager.get("/together").text


def test_plants_join_and_lines_are_told_of(browser, world, joined):
    manager = browser(world.east, "manager")
    page = manager.get("/together/members").text
    assert "east cable" in page and "What it agreed to" in page
    join = f"/together/members/{joined.plant}"
    assert manager.post(join, data={"bears": "-1"}).status_code == 422
    agreed = {"bears": "7.5", "refusals_a_month": "1", "counters_most": "2"}
    assert manager.post(join, data=agreed).status_code == 303
    assert 'value="7.50"' in manager.get(join).text
    plant = ids.show(joined.plant)
    line = {
        "name": "Loop",
        "carrier": "electricity",
        "one_id": plant,
        "other_id": plant,
        "most": "5",
        "share": "90",
    }
    wrong = manager.post("/together/lines/new", data=line)
    assert wrong.status_code == 422 and "A line has two ends" in wrong.text
    assert manager.post(f"/together/lines/{joined.line}/end").status_code == 303
    assert manager.post(f"{join}/leave").status_code == 303
    assert "Plants planned alone" in manager.get("/together/members").text


def test_every_sentence_of_a_round_has_its_words(app):
    found = coordinate(meshed({"A": roof(), "B": office(), "C": office()}), Rule.SHAPLEY)
    said = telling.told(found)
    assert said and not {one.template for one in said} - words.WORDS.keys()
    with app.test_request_context(), force_locale("zh"):
        for one in said:
            shown = words.sentence({"template": one.template, "values": one.values}, {})
            assert "would" not in shown and "%(" not in shown
