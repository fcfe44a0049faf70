"""Forms of commissioning: who may, what is wrong said beside the field, and nothing half done kept."""

from __future__ import annotations

import re

import pytest

from backend.kernel.ids import show
from backend.kernel.scope import Scope
from portal import wires
from tests.portal.test_pages import text_of

KEEPERS = {"administrator", "operator"}


@pytest.mark.parametrize(
    "role", ["administrator", "operator", "manager", "dispatcher", "technician", "customer"]
)
def test_only_those_who_keep_the_plant_may_connect_and_describe_it(browser, world, role):
    visitor, ids = browser(world.east, role), world.east.ids
    paths = [
        "/connections/new", f"/connections/{ids['connection']}/edit", f"/connections/{ids['connection']}/channels/new",
        f"/channels/{ids['channel']}/edit", f"/positions/{ids['supply']}/edit",
        f"/positions/{ids['supply']}/points/new", f"/positions/{ids['supply']}/positions/new",
        f"/points/{ids['supply_power']}/edit", "/sites/new",
    ]  # fmt: skip
    for path in paths:
        answer = visitor.get(path)
        assert (answer.status_code == 200) == (role in KEEPERS), (
            path,
            answer.status_code,
            text_of(answer)[:200],
        )


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", "No device stands at 169.254.169.254. Link-local"), ("zh", "169.254.169.254 处不可能有设备")],
)
def test_what_is_wrong_is_said_beside_its_field_in_the_readers_language(browser, world, locale, words):
    visitor = browser(world.east, "administrator")
    visitor.post("/language", data={"locale": locale, "next": "/"})
    answer = visitor.post(
        "/connections/new",
        data={"protocol": "modbus", "organisation": show(world.east.enterprise.id), "name": "typed", "port": "502",
              "host": "169.254.169.254"},
    )  # fmt: skip
    visitor.post("/language", data={"locale": "en", "next": "/"})
    assert answer.status_code == 422
    assert re.search(r'<input id="host"[^>]*aria-invalid="true"', answer.text)
    assert words in answer.text
    assert 'value="typed"' in answer.text


def test_a_key_is_shown_once_and_never_kept_by_the_browser(browser, world):
    visitor, path = browser(world.east, "administrator"), f"/connections/{world.east.ids['connection']}"
    answer = visitor.post(f"{path}/new_key")
    key = re.search(r"enf_[\w-]{20,}", answer.text)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert key not in visitor.get(path).text
    visitor.post(f"{path}/revoke_key")
    assert "No key: nobody can push here." in visitor.get(path).text


def test_a_connection_on_which_something_hangs_is_kept_with_a_reason(browser, world):
    visitor, path = browser(world.east, "administrator"), f"/connections/{world.east.ids['connection']}"
    answer = visitor.post(f"{path}/remove", follow_redirects=True)
    assert "points are read over" in text_of(answer)
    assert "Remove its channels first, or switch it off" in text_of(answer)


def test_a_trial_is_asked_for_by_administrators_only(browser, world, database):
    from backend.metering import service as metering

    scope = world.east.scope
    with database.transaction(scope) as session:
        made = metering.create_connection(
            session, scope, organisation_id=world.east.enterprise.id,
            new=metering.NewConnection("bus", metering.Protocol.MODBUS, {"host": "10.0.0.9"}),
        )  # fmt: skip
    path = f"/connections/{made.id}"
    assert browser(world.east, "operator").post(f"{path}/try_now").status_code == 403
    answer = browser(world.east, "administrator").post(
        f"{path}/try_now", data={"unit": "3"}, follow_redirects=True
    )
    assert "A worker is trying it" in text_of(answer)
    assert browser(world.west, "administrator").post(f"{path}/try_now").status_code == 404
    with database.transaction(Scope.system(scope.organisations, "test")) as session:
        assert metering.last_trial(session, scope, made.id).unit == 3


def test_a_supply_is_agreed_and_ended_and_a_place_moved(browser, world):
    visitor, ids = browser(world.east, "administrator"), world.east.ids
    answer = visitor.post(
        f"/positions/{ids['plant']}/supply/new",
        data={
            "customer": show(world.east.customer.id),
            "starts_at": "2026-01-01T00:00",
            "ends_at": "2025-01-01T00:00",
        },
    )
    assert answer.status_code == 422
    assert "It would end before it begins" in text_of(answer)
    answer = visitor.post(
        f"/positions/{ids['plant']}/supply/new",
        data={"customer": show(world.east.customer.id), "starts_at": "2026-01-01T00:00"}, follow_redirects=True,
    )  # fmt: skip
    assert "is supplied here" in text_of(answer)
    sites = visitor.get("/sites")
    ends = re.findall(r'action="(/supply/[0-9a-f-]+/end)"', sites.text)
    assert len(ends) == 2
    for path in ends:
        visitor.post(path, data={"ends_at": "2026-06-01T00:00"})
    moved = {"name": "east plant", "kind": "plant", "longitude": "121.6", "latitude": "31.3"}
    answer = visitor.post(f"/positions/{ids['plant']}/edit", data=moved, follow_redirects=True)
    assert "Saved." in text_of(answer)
    assert 'value="121.600000"' in visitor.get(f"/positions/{ids['plant']}/edit").text
    half = visitor.post(f"/positions/{ids['plant']}/edit", data=moved | {"latitude": ""})
    assert "A place has two coordinates" in text_of(half)


def test_a_device_is_entered_where_it_stands(browser, world):
    visitor, place = browser(world.east, "operator"), f"/positions/{world.east.ids['supply']}"
    empty = visitor.post(
        f"{place}/devices/new", data={"manufacturer": "", "model": "SDM630", "serial_number": "1"}
    )
    assert (empty.status_code, "This is missing" in text_of(empty)) == (422, True)
    said = {"manufacturer": "Eastron", "model": "SDM630", "serial_number": "E-1", "family": "eastron_sdm630"}
    visitor.post(f"{place}/devices/new", data=said)
    assert "Eastron SDM630" in text_of(visitor.get(place))


def test_what_was_seen_is_read_into_a_point_there_is(browser, world, database):
    from backend.metering import service as metering

    scope = world.east.scope
    with database.transaction(scope) as session:
        here = {"connection_id": world.east.ids["connection"], "organisation_id": world.east.enterprise.id}
        metering.add_sightings(
            session, scope, **here, seen=[("plant.power", {"channel": {"tag": "plant.power"}})]
        )
        seen = next(
            one for one, _c in metering.list_sightings(session, scope).items if one.address == "plant.power"
        )
    visitor = browser(world.east, "administrator")
    answer = visitor.post(
        f"/sightings/{seen.id}/adopt",
        data={"point": show(world.east.ids["plant_power"])},
        follow_redirects=True,
    )
    assert "Adopted" in text_of(answer)
    assert "tag plant.power" in text_of(answer)


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("administrator", "Try it now, then"),
        ("operator", "Next say what is read over it; an administrator can"),
    ],
)
def test_who_adds_a_connection_is_told_what_they_can_do_next(browser, world, role, told):
    data = {"protocol": "modbus", "organisation": show(world.east.enterprise.id), "name": f"by {role}",
            "host": "10.0.0.8", "port": "502", "poll_seconds": "10", "silence_seconds": "60"}  # fmt: skip
    page = browser(world.east, role).post("/connections/new", data=data, follow_redirects=True)
    assert told in text_of(page)
    assert ("Try it now" in page.text) == (role == "administrator")


def test_where_a_channel_is_read_is_said_in_words(app, world):
    with app.test_request_context():
        said = wires.place_on_wire({"unit": 1, "family": "schneider_pm5000", "measure": "active_power_l1"})
        other = wires.place_on_wire({"unit": 2, "register": 40, "function": 3})
    assert said.startswith("unit id 1 · Schneider Electric PM5000") and said.endswith("active power L1")
    assert other == "unit id 2 · register 40 · function 3"


def test_a_rule_begins_with_the_choice_of_a_point(browser, world):
    operator, point = browser(world.east, "operator"), world.east.ids["plant_power"]
    assert "/alarms/rules/new" in operator.get("/alarms/rules").text
    assert "/alarms/rules/new" not in browser(world.east, "dispatcher").get("/alarms/rules").text
    assert operator.get("/alarms/rules/new").status_code == 200
    chosen = operator.post("/alarms/rules/new", data={"point": show(point), "kind": "silence"})
    assert chosen.headers["Location"].startswith(f"/points/{point}/rules/new?kind=silence")
    assert "Nothing is chosen" in operator.post("/alarms/rules/new", data={"kind": "limit"}).text
