"""Pages answer their question for the roles they are for, and keep what is not theirs from the others."""

from __future__ import annotations

import csv
import io
import re

import pytest

from backend.alarms import service as alarms
from backend.kernel.ids import show
from portal.navigation import ENTRIES, FIRST

ROLES = [role.value for role in FIRST]


def text_of(answer):
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", answer.text, flags=re.S))


@pytest.mark.parametrize("role", ROLES)
def test_everybody_lands_on_their_own_first_page(browser, world, role):
    answer = browser(world.east, role).get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.request.path.strip("/") == {
        "dispatcher": "board", "operator": "plant", "manager": "overview", "administrator": "organisation",
        "technician": "today", "customer": "home",
    }[role]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_every_page_in_the_rail_opens_and_the_others_are_refused(app, browser, world, role):
    visitor = browser(world.east, role)
    with app.test_request_context():
        paths = {entry.page: app.url_map.bind("localhost").build(f"portal.{entry.page}") for entry in ENTRIES}
    for entry in ENTRIES:
        answer = visitor.get(paths[entry.page])
        is_theirs = role in {one.value for one in entry.roles}
        assert answer.status_code == (200 if is_theirs else 403), (entry.page, text_of(answer)[:300])
        assert (f'href="{paths[entry.page]}"' in visitor.get("/help").text) == is_theirs


@pytest.mark.parametrize("span", ["day", "week", "month", "year", "custom"])
@pytest.mark.parametrize("compare", ["before", "year", "none"])
def test_a_view_lives_in_its_address(browser, world, span, compare):
    answer = browser(world.east, "manager").get(
        f"/overview?span={span}&compare={compare}&carrier=electricity"
    )
    assert answer.status_code == 200
    assert "carrier=electricity" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "span=century",
        "on=yesterday",
        "carrier=magic",
        "at=nobody",
        "span=custom&on=1990-01-01&until=2020-01-01",
    ],
)
def test_a_senseless_address_is_refused_in_words(browser, world, query):
    assert browser(world.east, "manager").get(f"/overview?{query}").status_code == 422


def test_a_stranger_is_led_to_the_log_in_and_back(app, world):
    answer = app.test_client().get("/alarms?show=history")
    assert answer.status_code == 303
    assert "/login?next=" in answer.headers["Location"]


def test_the_log_in_never_leads_to_another_site(app, world):
    client = app.test_client()
    given = {"email": world.east.email("manager"), "password": "correct horse battery"}
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = client.post("/login", data=given | {"next": target})
        assert answer.headers["Location"] == "/", target
        client.get("/")
        client = app.test_client()


def test_a_wrong_password_is_said_beside_the_form(app, world):
    answer = app.test_client().post(
        "/login", data={"email": world.east.email("manager"), "password": "wrong"}
    )
    assert answer.status_code == 401
    assert "Address or password is wrong" in answer.text


def test_the_forgotten_password_page_does_not_tell_who_is_known(app, world):
    known = app.test_client().post("/forgotten", data={"email": world.east.email("manager")})
    unknown = app.test_client().post("/forgotten", data={"email": "nobody@nowhere.example"})
    assert text_of(known) == text_of(unknown)


def test_drilling_down_leads_from_the_region_to_a_point_and_back(browser, world):
    visitor, ids = browser(world.east, "manager"), world.east.ids
    site = visitor.get(f"/positions/{ids['site']}")
    assert f"/positions/{ids['supply']}" in site.text
    supply = visitor.get(f"/positions/{ids['supply']}")
    assert f"/points/{ids['supply_energy']}" in supply.text
    point = visitor.get(f"/points/{ids['supply_energy']}")
    assert f"/positions/{ids['site']}" in point.text
    assert "/overview?at=" in point.text


def test_a_point_of_another_region_is_not_there(browser, world):
    visitor, foreign = browser(world.east, "administrator"), world.west.ids
    for path in (
        f"/points/{foreign['supply_power']}", f"/points/{foreign['supply_power']}/curve.json",
        f"/points/{foreign['supply_power']}/readings.csv", f"/positions/{foreign['site']}",
        f"/alarms/{foreign['alarm']}", f"/alarms/rules/{foreign['rule']}", f"/connections/{foreign['connection']}",
        f"/people/{world.west.people['manager'].id}", f"/overview?at={world.west.region.id}",
        f"/points/{foreign['supply_power']}/rules/new",
    ):  # fmt: skip
        assert visitor.get(path).status_code == 404, path


def test_a_customer_sees_their_meter_and_not_the_plant(browser, world):
    visitor, ids = browser(world.east, "customer"), world.east.ids
    assert visitor.get(f"/points/{ids['supply_energy']}").status_code == 200
    assert visitor.get(f"/points/{ids['plant_power']}").status_code == 404
    assert "kWh" in text_of(visitor.get("/home"))


def test_the_curve_keeps_to_the_width_asked_for(browser, world):
    visitor, point = browser(world.east, "manager"), world.east.ids["supply_power"]
    wide = visitor.get(f"/points/{point}/curve.json?width=2000").json
    narrow = visitor.get(f"/points/{point}/curve.json?width=50").json
    assert len(narrow["series"][0]["points"]) < len(wide["series"][0]["points"])
    highest = max(value for _at, value in wide["series"][0]["points"] if value is not None)
    assert max(value for _at, value in narrow["series"][0]["points"] if value is not None) == highest


def test_a_part_of_a_curve_needs_both_ends_in_order(browser, world):
    visitor, point = browser(world.east, "manager"), world.east.ids["supply_power"]
    assert visitor.get(f"/points/{point}/curve.json?start=0").status_code == 422
    assert visitor.get(f"/points/{point}/curve.json?start=9000&end=1000").status_code == 422


def test_the_file_of_readings_holds_every_reading_with_its_unit(browser, world):
    point = world.east.ids["supply_power"]
    answer = browser(world.east, "manager").get(f"/points/{point}/readings.csv?span=week")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert rows[0] == ["time_utc", "value_kW", "quality"]
    assert len(rows) > 50


@pytest.mark.parametrize("table", ["readings", "intervals", "sums"])
def test_a_point_shows_its_readings_intervals_and_sums(browser, world, table):
    answer = browser(world.east, "manager").get(f"/points/{world.east.ids['supply_energy']}?table={table}")
    assert answer.status_code == 200


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


def test_a_customer_cannot_acknowledge(browser, world):
    customer, alarm = browser(world.east, "customer"), world.east.ids["alarm"]
    customer.post(f"/alarms/{alarm}/acknowledge", data={"comment": "mine"})
    with world.database.transaction(world.east.scope) as session:
        comments = [one.comment for one in alarms.history(session, world.east.scope, alarm)]
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


def test_an_administrator_invites_gives_a_role_and_suspends(browser, world):
    administrator = browser(world.east, "administrator")
    form = {"name": "New Person", "email": "new@east.example", "role": "technician", "locale": "zh",
            "organisation": show(world.east.park.id)}  # fmt: skip
    assert "is invited" in text_of(administrator.post("/people", data=form, follow_redirects=True))
    listed = administrator.get("/people").text
    person = re.search(r'/people/([0-9a-f-]{36})">New Person', listed).group(1)
    grant = {"role": "dispatcher", "organisation": str(world.east.region.id)}
    assert administrator.post(f"/people/{person}/grant", data=grant).status_code == 303
    assert "Dispatcher" in text_of(administrator.get(f"/people/{person}"))
    administrator.post(f"/people/{person}/suspend")
    assert "suspended" in text_of(administrator.get(f"/people/{person}"))


def test_nobody_suspends_themselves(browser, world):
    me = world.east.people["administrator"].id
    page = text_of(browser(world.east, "administrator").post(f"/people/{me}/suspend", follow_redirects=True))
    assert "nobody changes their own rights" in page


def test_an_application_switched_off_leaves_the_rail(browser, world):
    administrator, node = browser(world.west, "administrator"), world.west.region.id
    form = {"application": "maintenance", "is_on": "0"}
    administrator.post(f"/organisation/{node}/applications", data=form)
    assert "/connections" not in administrator.get("/help").text
    administrator.post(f"/organisation/{node}/applications", data=form | {"is_on": "1"})
    assert "/connections" in administrator.get("/help").text


def test_dead_letters_show_their_content_and_are_dismissed(browser, world):
    administrator, letter = browser(world.east, "administrator"), world.east.ids["letter"]
    assert "unknown point" in text_of(administrator.get("/dead-letters"))
    done = administrator.post(f"/dead-letters/{letter}", data={"action": "dismiss"}, follow_redirects=True)
    assert "Every message was understood" in text_of(done)


def test_a_device_seen_on_the_wire_is_adopted_into_a_point(browser, world):
    administrator, ids = browser(world.west, "administrator"), world.west.ids
    assert "west/unknown" in text_of(administrator.get("/sightings"))
    form = {"name": "New meter", "position": str(ids["supply"]), "carrier": "electricity", "quantity": "active power",
            "unit": "kW", "kind": "instant"}  # fmt: skip
    done = administrator.post(f"/sightings/{ids['sighting']}/adopt", data=form, follow_redirects=True)
    assert "New meter" in text_of(done)


def test_the_search_finds_places_points_people_and_ids(browser, world):
    administrator, ids = browser(world.east, "administrator"), world.east.ids
    found = text_of(administrator.get("/search?q=supply"))
    assert "east supply" in found
    assert "supply_energy" in found
    assert "Manager" in text_of(administrator.get("/search?q=manager@east"))
    assert administrator.get(f"/search?q={show(ids['supply_energy'])}").status_code == 302
    assert (
        "west"
        not in text_of(administrator.get("/search?q=west")).replace('value="west"', "").split("Search")[-1]
    )


def test_language_and_look_are_remembered(browser, world):
    manager = browser(world.west, "manager")
    manager.post("/language", data={"locale": "zh", "next": "/overview"})
    manager.post("/look", data={"theme": "sunlight", "next": "/overview"})
    page = manager.get("/overview").text
    assert '<html lang="zh-CN" data-theme="sunlight">' in page
    assert "总览" in page
    manager.post("/language", data={"locale": "en"})


def test_every_page_carries_its_policy_and_nothing_inline(browser, world):
    visitor, ids = browser(world.east, "manager"), world.east.ids
    for path in ("/overview", "/map", "/board", f"/points/{ids['supply_power']}", "/help", "/profile"):
        answer = visitor.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)", answer.text), path
        assert not re.search(r'(?:src|href)="https?://', answer.text), path
