"""Pages answer their question for the roles they are for, and keep what is not theirs from the others."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from backend.kernel import clock
from backend.kernel.ids import show
from backend.kernel.periods import Period
from backend.kernel.scope import Role
from backend.metering import service as metering
from backend.metering.service.amounts import set_aside, take_up_again
from backend.tenancy import service as tenancy
from backend.tenancy.service import Application
from portal import tables
from portal.navigation import ENTRIES, FIRST
from portal.plots import Series

ROLES = [role.value for role in FIRST]


def text_of(answer):
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", answer.text, flags=re.S))


@pytest.mark.parametrize("role", ROLES)
def test_everybody_lands_on_their_own_first_page(browser, world, role):
    answer = browser(world.east, role).get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.request.path.strip("/") == {
        "dispatcher": "board", "operator": "plan", "manager": "overview", "administrator": "organisation",
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


def test_a_point_that_was_set_aside_says_why(browser, world):
    east, key = world.east, world.east.point_keys["supply_energy"]
    with world.database.transaction(east.scope) as session:
        set_aside(session, east.scope, key, ArithmeticError("more than there is"), clock.now_us())
    visitor, path = browser(east, "manager"), f"/points/{east.ids['supply_energy']}"
    assert "more than there is" in visitor.get(path).text
    with world.database.transaction(east.scope) as session:
        take_up_again(session, east.scope, key)
    assert "more than there is" not in visitor.get(path).text


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
    now = clock.now().timestamp() * 1000
    part = f"start={now - 10_800_000:.0f}&end={now:.0f}"  # shortly after midnight the day itself has little to show
    wide = visitor.get(f"/points/{point}/curve.json?width=2000&{part}").json
    narrow = visitor.get(f"/points/{point}/curve.json?width=50&{part}").json
    assert len(narrow["series"][0]["points"]) < len(wide["series"][0]["points"])
    highest = max(value for _at, value in wide["series"][0]["points"] if value is not None)
    assert max(value for _at, value in narrow["series"][0]["points"] if value is not None) == highest


def test_the_curve_of_a_page_is_also_a_table_and_a_file(browser, world):
    visitor = browser(world.east, "manager")
    page = visitor.get("/overview?span=week&carrier=electricity")
    assert "/balance.csv?" in page.text
    assert "as table" in text_of(page)
    answer = visitor.get("/balance.csv?span=week&carrier=electricity")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert rows[0][0] == "time_utc"
    assert all(name.endswith("_kWh") for name in rows[0][1:])
    assert any(cell for row in rows[1:] for cell in row[1:])


def test_a_table_of_amounts_leaves_open_what_is_not_known():
    at = datetime(2026, 3, 1, tzinfo=UTC)
    use = Series("Use", "heat", [(at, 5.0), (at + timedelta(days=1), None)])
    before = Series(
        "before", "heat", [(at - timedelta(days=7), 0.0)], is_before=True, moved=timedelta(days=7)
    )
    assert [row["cells"] for row in tables.table([use, before], "kWh", "UTC", "day")["rows"]] == [
        [5.0, 0.0],
        [None, None],
    ]
    assert tables.file([use, before], "kWh").splitlines() == [
        "time_utc,demand_kWh,demand_before_kWh", "2026-03-01T00:00:00Z,5.0,0.0", "2026-03-02T00:00:00Z,,",
    ]  # fmt: skip


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


def test_the_file_of_a_year_is_read_month_by_month(browser, world, monkeypatch):
    point, spans, honest = world.east.ids["supply_power"], [], metering.readings

    def watching(session, scope, *, point_id, period):
        spans.append(period.end - period.start)
        return honest(session, scope, point_id=point_id, period=period)

    monkeypatch.setattr(metering, "readings", watching)
    visitor = browser(world.east, "manager")
    year = visitor.get(f"/points/{point}/readings.csv?span=year").text
    assert len(spans) >= 12
    assert max(spans) <= timedelta(days=31)
    with world.database.transaction(world.east.scope) as session:
        period = Period(clock.now() - timedelta(days=400), clock.now() + timedelta(days=1))
        _at_us, value, _quality = honest(session, world.east.scope, point_id=point, period=period)
    rows = list(csv.reader(io.StringIO(year)))[1:]
    assert [float(row[1]) for row in rows] == value.tolist()[-len(rows) :]
    assert len({row[0] for row in rows}) == len(rows) > 50


def test_search_finds_a_person_among_many_and_nothing_where_monitoring_is_off(browser, world):
    with world.database.transaction(world.west.scope) as session:
        for number in range(210):
            person = tenancy.add_person(session, email=f"p{number}@west.example", name=f"Aa {number:03}")
            tenancy.grant(
                session, world.west.scope, person=person, organisation_id=world.west.park.id,
                role=Role.TECHNICIAN,
            )  # fmt: skip
    visitor = browser(world.west, "administrator")
    assert "Aa 209" in visitor.get("/search?q=p209@west").text
    found = visitor.get("/search?q=supply_power")
    assert f"/points/{world.west.ids['supply_power']}" in found.text
    with world.database.transaction(world.west.scope) as session:
        tenancy.switch_application(
            session, world.west.scope, world.west.region.id, application=Application.MONITORING, is_on=False
        )
    try:
        found = visitor.get("/search?q=supply_power")
        assert f"/points/{world.west.ids['supply_power']}" not in found.text
        known = visitor.get(f"/search?q={show(world.west.ids['supply_power'])}")
        assert known.status_code == 200  # leads nowhere
    finally:
        with world.database.transaction(world.west.scope) as session:
            tenancy.switch_application(
                session,
                world.west.scope,
                world.west.region.id,
                application=Application.MONITORING,
                is_on=None,
            )


@pytest.mark.parametrize("table", ["readings", "intervals", "sums"])
def test_a_point_shows_its_readings_intervals_and_sums(browser, world, table):
    answer = browser(world.east, "manager").get(f"/points/{world.east.ids['supply_energy']}?table={table}")
    assert answer.status_code == 200


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


def test_an_invitation_starts_with_nothing_chosen_and_keeps_what_was_typed(browser, world):
    administrator = browser(world.east, "administrator")
    page = administrator.get("/people").text
    for name in ("role", "organisation"):
        chosen = re.search(rf'<select id="{name}".*?</select>', page, re.S)[0]
        assert re.findall(r'value="([^"]*)" selected', chosen) == [""], name
    refused = administrator.post("/people", data={"name": "Half Typed", "email": "half@east.example"})
    assert refused.status_code == 422
    assert "Nothing is chosen. Choose one of the list." in text_of(refused)
    assert 'value="Half Typed"' in refused.text and 'value="half@east.example"' in refused.text


def test_nobody_suspends_themselves(browser, world):
    me = world.east.people["administrator"].id
    page = text_of(browser(world.east, "administrator").post(f"/people/{me}/suspend", follow_redirects=True))
    assert "Nobody changes their own rights." in page


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


def test_the_curve_of_a_place_has_its_table_and_its_file(browser, world):
    visitor = browser(world.east, "manager")
    page = visitor.get(f"/positions/{world.east.ids['supply']}?span=week")
    words = text_of(page)
    assert "as table" in words and "CSV" in words
    file = re.search(r'href="([^"]+readings\.csv[^"]*)"', page.text)[1].replace("&amp;", "&")
    assert visitor.get(file).mimetype == "text/csv"


def test_the_map_explains_the_marks_it_has_and_no_other(browser, world):
    legend = re.search(
        r'<footer class="row">.*?</footer>', browser(world.east, "manager").get("/map").text, re.S
    )[0]
    marks = set(re.findall(r'class="status (\w+)"', legend))
    assert marks == {"good", "attention", "act"}
