"""Alarms and their rules on pages: seen, acknowledged, changed."""

from __future__ import annotations

import html
import re

from backend.alarms import service as alarms
from backend.kernel.ids import show
from tests.portal.test_pages import text_of


def test_where_nobody_has_acknowledged_yet_the_statistics_say_so(browser, world):
    page = text_of(browser(world.west, "manager").get("/alarms/statistics?span=month"))
    assert "seconds until acknowledged (median) none yet" in page


def test_an_alarm_is_acknowledged_with_a_comment_and_its_history_says_so(browser, world):
    dispatcher, alarm = browser(world.east, "dispatcher"), world.east.ids["alarm"]
    assert "too much" in text_of(dispatcher.get("/board"))
    done = dispatcher.post(
        f"/alarms/{alarm}/acknowledge", data={"comment": "Lei goes there", "next": "/board"}
    )
    assert done.status_code == 303
    assert done.headers["Location"] == "/board"
    page = text_of(dispatcher.get(f"/alarms/{alarm}"))
    assert "Lei goes there" in page
    assert "acknowledged" in page
    again = dispatcher.post(f"/alarms/{alarm}/acknowledge", data={"next": "/board"}, follow_redirects=True)
    assert again.status_code == 200


def test_an_alarm_where_a_customer_is_supplied_shows_on_every_page_down_to_the_customer(browser, world):
    manager, alarm = browser(world.east, "manager"), world.east.ids["alarm"]
    for node in (world.east.region, world.east.park, world.east.enterprise, world.east.customer):
        page = manager.get(f"/overview?at={show(node.id)}")
        assert "urgent alarm is open" in text_of(page), node.name
        assert f"/alarms/{alarm}" in page.text
        row = re.search(r"<th scope=\"row\">.*?1 alarm", page.text.split("w4")[-1], re.S)
        assert bool(row) == (node != world.east.customer), node.name  # nobody is below the customer
        spots = manager.get(f"/map.json?at={show(node.id)}").json["positions"]["features"]
        assert "attention" in {spot["properties"]["state"] for spot in spots}, node.name


def test_a_customer_cannot_acknowledge(browser, world):
    customer, alarm = browser(world.east, "customer"), world.east.ids["alarm"]
    customer.post(f"/alarms/{alarm}/acknowledge", data={"comment": "mine"})
    with world.database.transaction(world.east.scope) as session:
        comments = [one.comment for one in alarms.history(session, world.east.scope, alarm).items]
    assert "mine" not in comments


def test_a_rule_is_changed_on_its_page(browser, world):
    operator, rule = browser(world.east, "operator"), world.east.ids["rule"]
    page = operator.get(f"/alarms/rules/{rule}").text
    revision = re.search(r'name="revision" value="(\d+)"', page).group(1)
    form = {"name": "far too much", "priority": "1", "HH": "120", "H": "90", "deadband": "2", "on_delay_s": "0",
            "off_delay_s": "0", "is_enabled": "1", "revision": revision}  # fmt: skip
    assert operator.post(f"/alarms/rules/{rule}", data=form).status_code == 303
    assert "far too much" in text_of(operator.get(f"/alarms/rules/{rule}"))
    wrong = operator.post(f"/alarms/rules/{rule}", data=form | {"HH": "much"}, follow_redirects=True)
    assert "is not a number" in text_of(wrong)


def test_a_rule_that_is_refused_keeps_what_was_typed_and_says_what_is_wrong_beside_its_field(browser, world):
    operator, path = browser(world.east, "operator"), f"/points/{world.east.ids['plant_power']}/rules/new"
    form = {"name": "hot & high", "name_zh": "过热", "priority": "1", "HH": "80", "H": "90", "deadband": "2",
            "on_delay_s": "5", "advice": "walk there", "kind": "limit"}  # fmt: skip
    answer = operator.post(path, data=form)
    assert answer.status_code == 422
    said = re.search(r'id="HH-said">([^<]*)<', answer.text)[1]
    assert html.unescape(said) == "'80': HH must lie above H. Limits run LL < L < H < HH."
    for name in form.keys() - {"priority", "kind", "advice", "name"}:
        assert re.search(rf'name="{name}"[^>]* value="{form[name]}"', answer.text), name
    assert "hot &amp; high" in answer.text and ">walk there</textarea>" in answer.text
    assert re.search(r'<option value="1" selected>P1', answer.text)
    nothing = operator.post(path, data=form | {"HH": "", "H": "", "name": " "})
    assert "A rule needs a name." in text_of(nothing)
    operator.post("/language", data={"locale": "zh", "next": "/plant"})
    assert "HH 必须高于 H。" in operator.post(path, data=form).text
    operator.post("/language", data={"locale": "en", "next": "/plant"})
    assert operator.post(path, data=form | {"HH": "95"}).status_code == 303


def test_levels_of_a_rule_keep_their_own_priorities_when_its_form_is_saved(browser, world):
    east = world.east
    with world.database.transaction(east.scope) as session:
        rule = alarms.create_rule(
            session, east.scope, point_id=east.ids["plant_power"], kind="limit", name="two levels",
            parameters={"HH": 900, "H": 800, "priorities": {"HH": 1}}, priority=3,
        )  # fmt: skip
    form = {
        "name": "two levels",
        "priority": "3",
        "HH": "950",
        "H": "800",
        "is_enabled": "1",
        "revision": "1",
    }
    assert browser(east, "operator").post(f"/alarms/rules/{rule.id}", data=form).status_code == 303
    with world.database.transaction(east.scope) as session:
        kept = alarms.rule(session, east.scope, rule.id).rule.parameters
    assert kept == {"HH": 950, "H": 800, "priorities": {"HH": 1}}


def test_an_empty_list_of_alarms_says_what_it_would_hold(browser, world):
    visitor = browser(world.west, "manager")
    assert "No alarm has ended yet" in text_of(visitor.get("/alarms?show=history"))
    assert "No alarm is shelved" in text_of(visitor.get("/alarms?show=shelved"))
