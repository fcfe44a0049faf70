"""Phones log in, stay logged in, and log out."""

from __future__ import annotations

import pytest

from tests.world import PASSWORD


def test_a_phone_logs_in_and_learns_who_it_is(phone, world):
    me = phone(world.east, "dispatcher").get("/auth/me").json
    assert me["email"] == "dispatcher@east.example"
    assert [role["role"] for role in me["roles"]] == ["dispatcher"]
    assert len(me["id"]) == 26


def test_refreshing_gives_a_new_pair_and_a_thief_ends_the_log_in(phone, world):
    mine = phone(world.east, "technician")

    def refresh(token, device="test-phone"):
        given = {"refresh_token": token, "device_id": device}
        return mine.client.post("/api/v1/auth/refresh", json=given)

    first = mine.tokens["refresh_token"]
    second = refresh(first).json["refresh_token"]
    assert refresh(first).json["refresh_token"] == second
    third = refresh(second).json["refresh_token"]
    stolen = refresh(first)
    assert (stolen.status_code, stolen.json["code"]) == (401, "refresh_reused")
    assert refresh(third).status_code == 401
    assert mine.get("/auth/me").status_code == 401


def test_logging_out_ends_the_access_token_at_once(phone, world):
    mine = phone(world.east, "manager")
    assert mine.ask("POST", "/auth/logout").status_code == 204
    assert mine.get("/auth/me").status_code == 401


def test_a_lost_phone_is_logged_out_from_another(phone, world):
    lost, found = phone(world.east, "operator"), phone(world.east, "operator")
    devices = found.get("/auth/devices").json
    assert len(devices) >= 2
    for device in devices[1:]:
        assert found.ask("DELETE", f"/auth/devices/{device['id']}").status_code == 204
    assert found.get("/auth/me").status_code == 200
    assert lost.get("/auth/me").status_code == 401


def test_one_changes_ones_own_profile(phone, world):
    mine = phone(world.west, "manager")
    answer = mine.ask("PATCH", "/auth/me", json={"locale": "zh", "preferences": {"theme": "dark"}})
    assert (answer.json["locale"], answer.json["preferences"]["theme"]) == ("zh", "dark")
    again = mine.ask("PATCH", "/auth/me", json={"preferences": {"home": "map"}}).json
    assert again["preferences"] == {"theme": "dark", "home": "map"}


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"email": "manager@west.example", "password": "wrong wrong", "device_id": "x"}, 401),
        ({"email": "nobody@west.example", "password": PASSWORD, "device_id": "x"}, 401),
        ({"email": "manager@west.example", "password": PASSWORD}, 422),
        ({"email": "manager@west.example", "password": PASSWORD, "device_id": "x", "role": "admin"}, 422),
        ([], 422),
        ("text", 422),
    ],
)
def test_what_is_wrong_with_a_log_in_is_said_as_a_problem(app, world, given, status):
    answer = app.test_client().post("/api/v1/auth/login", json=given)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert len(answer.json["reference"]) == 26


def test_too_many_tries_are_told_when_to_come_back(app, world):
    given = {"email": "customer@west.example", "password": "wrong wrong", "device_id": "x"}
    answers = [app.test_client().post("/api/v1/auth/login", json=given) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_a_new_password_ends_every_log_in(app, phone, world):
    mine, other = phone(world.west, "dispatcher"), phone(world.west, "dispatcher")
    wrong = mine.ask("PUT", "/auth/password", json={"old": "wrong wrong", "new": "a very new one"})
    assert (wrong.status_code, wrong.json["field"]) == (422, "old")
    assert (
        mine.ask("PUT", "/auth/password", json={"old": PASSWORD, "new": "a very new one"}).status_code == 204
    )
    assert other.get("/auth/me").status_code == 401


def test_asking_for_a_reset_never_tells_whether_anybody_is_there(app, world):
    answers = [
        app.test_client().post("/api/v1/auth/forgotten-password", json={"email": email})
        for email in ("manager@east.example", "nobody@east.example")
    ]
    assert [(answer.status_code, answer.data) for answer in answers] == [(202, answers[0].data)] * 2
