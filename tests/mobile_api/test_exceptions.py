"""Exceptions over the API: listed by those whose they are, settled by those who may."""

from __future__ import annotations

import pytest

from backend.kernel.ids import show
from tests.gaps import follow, make_gap


@pytest.fixture
def gap(world):
    exception, point = make_gap(world, world.east)
    return show(exception), show(point)


def test_an_exception_is_listed_in_words_and_accepted_once(phone, world, gap):
    exception, point = gap
    dispatcher = phone(world.east, "dispatcher")
    (row,) = dispatcher.ask("GET", f"/exceptions?point={point}&check=missing&severity=look").json["items"]
    assert (row["id"], row["check"], row["state"], row["measured"]) == (exception, "missing", "open", 6.0)
    assert row["words"] == "6 intervals in a row were not read; up to 1 pass"
    done = dispatcher.ask(
        "PUT", f"/exceptions/{exception}/acceptance", json={"reason": "the house was empty"}
    )
    assert (done.status_code, done.json["state"]) == (200, "accepted")
    assert done.json["settled_by"] == show(world.east.people["dispatcher"].id)
    again = dispatcher.ask("PUT", f"/exceptions/{exception}/acceptance", json={})
    assert again.status_code == 409
    assert dispatcher.ask("GET", f"/exceptions?point={point}").json["items"] == []
    settled = dispatcher.ask("GET", f"/exceptions?point={point}&state=accepted").json["items"]
    assert [one["reason"] for one in settled] == ["the house was empty"]


def test_an_edit_makes_versions_and_must_sum_to_the_register(phone, world, gap):
    exception, _ = gap
    manager = phone(world.east, "manager")
    told = manager.ask("GET", f"/exceptions/{exception}/versions").json
    assert "days of the same kind" in told["reasons"][0]
    now = {}
    for row in told["versions"]:
        now.setdefault(row["start"], row["amount"])
    said = [{"start": start, "amount": amount} for start, amount in now.items()]
    total = sum(now.values())
    moved = [{**one, "amount": total if i == 0 else 0.0} for i, one in enumerate(said)]
    wrong = manager.ask(
        "PUT", f"/exceptions/{exception}/edit",
        json={"intervals": [{**one, "amount": 99.0} for one in said], "reason": "a guess"},
    )  # fmt: skip
    assert wrong.status_code == 422
    assert "the register moved" in wrong.json["title"]
    done = manager.ask(
        "PUT", f"/exceptions/{exception}/edit", json={"intervals": moved, "reason": "read off the log"}
    )
    assert (done.status_code, done.json["state"]) == (200, "edited")
    versions = manager.ask("GET", f"/exceptions/{exception}/versions").json["versions"]
    assert versions[0]["method"] == "edited"
    assert versions[0]["author_id"] == show(world.east.people["manager"].id)


def test_a_new_run_is_asked_for_and_made(phone, world, gap):
    exception, point = gap
    done = phone(world.east, "dispatcher").ask("PUT", f"/exceptions/{exception}/rerun", json={})
    assert (done.status_code, done.json["state"]) == (200, "rerun")
    follow(world, world.east)
    assert phone(world.east, "dispatcher").ask("GET", f"/exceptions?point={point}").json["items"] == []


@pytest.mark.parametrize(("region", "role", "status"), [
    ("east", "technician", 403), ("east", "customer", 404), ("west", "dispatcher", 404),
])  # fmt: skip
def test_exceptions_are_settled_by_those_they_are_for(phone, world, gap, region, role, status):
    asker = phone(getattr(world, region), role)
    for deed, said in (("acceptance", {}), ("rerun", {})):
        assert asker.ask("PUT", f"/exceptions/{gap[0]}/{deed}", json=said).status_code == status


def test_limits_are_set_by_those_who_run_the_plant_and_hold_below(phone, world):
    place = f"/organisations/{show(world.east.enterprise.id)}/vee-settings"
    manager = phone(world.east, "manager")
    before = manager.ask("GET", place).json
    assert (before["spike"], before["uses_holidays"]) == (2.8, True)
    after = manager.ask("PUT", place, json={"spike": 4.5, "uses_weather": False}).json
    assert after == before | {"spike": 4.5, "uses_weather": False}
    assert manager.ask("PUT", place, json={"spike": 0.5}).status_code == 422
    assert phone(world.east, "dispatcher").ask("PUT", place, json={"spike": 5}).status_code == 403
    assert phone(world.east, "customer").ask("GET", place).status_code in (403, 404)
    assert phone(world.west, "manager").ask("GET", place).status_code in (403, 404)
    assert manager.ask("PUT", place, json=before).status_code == 200


def test_a_point_is_said_to_be_shut_with_a_reason_and_until_when(phone, world):
    place = f"/points/{show(world.east.ids['supply_energy'])}/shut-periods"
    said = {"starts_at": "2026-03-01T00:00:00Z", "reason": "valve sealed"}
    manager = phone(world.east, "manager")
    assert manager.ask("PUT", place, json=said).json["ends_at"] is None
    ended = manager.ask("PUT", place, json=said | {"ends_at": "2026-04-01T00:00:00Z"})
    assert ended.status_code == 200
    (one,) = manager.ask("GET", place).json
    assert one["ends_at"].startswith("2026-04-01T00:00:00")
    assert manager.ask("PUT", place, json=said | {"ends_at": "2026-02-01T00:00:00Z"}).status_code == 422
    assert phone(world.east, "customer").ask("PUT", place, json=said).status_code == 403
    assert phone(world.east, "customer").ask("GET", place).json == [], "only the owner knows"
