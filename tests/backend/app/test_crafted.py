"""What no honest client sends: crafted addresses and bodies, guessed passwords, letters without end."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from backend.kernel import ids, paging
from backend.kernel.scope import Scope
from tests.apps import Browser, Phone


@pytest.mark.parametrize(
    "path",
    ["/people", "/changes", "/positions", "/points", "/alarms", "/alarms?order=newest", "/dead-letters"],
)
@pytest.mark.parametrize(
    "key", [(7,), ("a", "b"), (1, 2, 3), ("a", "b", "c"), (["a"], "b"), (1e999, 2**70, 3)]
)
def test_a_crafted_page_marker_is_refused_not_a_fault(app, world, path, key):
    phone = Phone(app, world.east.email("administrator"))
    node, order = f"/organisations/{ids.show(world.east.region.id)}", {}
    if path in {"/people", "/changes"}:
        path = node + path
    if "?" in path:
        path, order = "/alarms", {"order": "newest"}
    answer = phone.get(path, cursor=paging.encode(*key), **order)
    assert (answer.status_code, answer.json["code"]) == (422, "refused")
    browser = Browser(app, world.east.people["administrator"])
    for page in ("/alarms", "/alarms/rules", "/dead-letters", "/people"):
        assert browser.get(page, query_string={"after": paging.encode(*key)}).status_code == 422, page


@pytest.mark.parametrize("target", ["//[", "http://[", "/\\evil.example", "//evil.example", "javascript:x"])
def test_a_crafted_way_back_leads_home(app, world, target):
    browser = Browser(app, world.east.people["manager"])
    answer = browser.get("/login", query_string={"next": target})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("depth", [1_000, 50_000])
def test_json_nested_too_deeply_is_refused_not_a_fault(app, world, depth):
    deep = "[" * depth + "]" * depth
    phone = Phone(app, world.east.email("administrator"))
    answer = phone.ask("PATCH", "/auth/me", data=deep, content_type="application/json")
    assert answer.status_code == 422
    nested = '{"preferences": {"x": ' + deep + "}}"
    assert phone.ask("PATCH", "/auth/me", data=nested, content_type="application/json").status_code == 422
    browser = Browser(app, world.east.people["operator"])
    address = f"/points/{world.east.ids['supply_power']}/rules/new"
    said = {"kind": "expression", "name": "deep", "parameters": deep}
    answer = browser.post(address, data=said)
    assert answer.status_code in {303, 422}, ids.show(world.east.ids["supply_power"])


def test_preferences_are_kept_within_bounds(app, world):
    phone = Phone(app, world.east.email("manager"))
    for number in range(3):
        given = {"preferences": {f"part{number}": "x" * 6_000}}
        answer = phone.ask("PATCH", "/auth/me", json=given)
        assert answer.status_code == (200 if number < 2 else 422)
    assert phone.ask("PATCH", "/auth/me", json={"preferences": {"part1": "y"}}).status_code == 200


def test_a_failed_log_in_by_phone_is_kept_in_the_trail(app, world, owner_database):
    def refused() -> int:
        with owner_database.transaction(Scope.public()) as session:
            return session.scalar(text("SELECT count(*) FROM audit_event WHERE action = 'log_in.refused'"))

    before = refused()
    given = {"email": world.east.email("customer"), "password": "wrong wrong", "device_id": "x"}
    assert app.test_client().post("/api/v1/auth/login", json=given).status_code == 401
    assert app.test_client().post("/login", data=given).status_code == 401
    assert refused() == before + 2


def test_letters_are_not_to_be_had_without_end(app, world):
    email = {"email": "technician@west.example"}
    answers = [app.test_client().post("/api/v1/auth/forgotten-password", json=email) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [202] * 6 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert app.test_client().post("/forgotten", data=email).status_code == 429


def test_the_secret_in_a_letters_link_is_not_logged(app, world, capsys):
    app.test_client().get("/reset/a-secret-from-a-letter")
    written = capsys.readouterr()
    assert "/reset/<token>" in written.out + written.err
    assert "a-secret-from-a-letter" not in written.out + written.err


def test_spoofed_addresses_do_not_escape_the_throttle(app, world):
    answers = [
        app.test_client().post(
            "/api/v1/auth/login",
            json={"email": "operator@west.example", "password": "wrong wrong", "device_id": "x"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )
        for number in range(6)
    ]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
