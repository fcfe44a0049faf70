"""Phones resolve scans, bind, move and retire tags, note scans, and keep an index."""

from __future__ import annotations

import pytest

from backend.assets.service import tags as service
from backend.kernel import ids


def code(world):
    return service.payload_of(world.east.ids["tag"])


def test_a_scan_resolves_to_what_the_tag_hangs_at(phone, world):
    mine = phone(world.east, "technician")
    answer = mine.ask("POST", "/tags/resolve", json={"text": code(world)})
    assert answer.status_code == 200
    assert answer.json["position_id"] == ids.show(world.east.ids["plant"])
    assert (answer.json["name"], answer.json["state"], answer.json["payload"]) == (
        "east plant",
        "bound",
        code(world),
    )
    short = mine.ask("POST", "/tags/resolve", json={"text": answer.json["short_code"]})
    assert short.json["id"] == answer.json["id"]


@pytest.mark.parametrize(
    ("text", "status", "problem"),
    [("0" * 35, 422, "tag_forged"), ("SN-0000", 404, "not_found"), ("", 422, None)],
)
def test_what_a_scan_cannot_mean_is_said(phone, world, text, status, problem):
    answer = phone(world.east, "technician").ask("POST", "/tags/resolve", json={"text": text})
    assert answer.status_code == status
    assert problem is None or answer.json["code"] == problem


def test_a_taken_tag_is_a_conflict_that_names_the_other_asset_and_moves_with_a_reason(phone, world):
    mine, tag = phone(world.east, "technician"), ids.show(world.east.ids["tag"])
    supply = {"position_id": ids.show(world.east.ids["supply"])}
    answer = mine.ask("PUT", f"/tags/{tag}/binding", json=supply)
    assert (answer.status_code, answer.json["code"]) == (409, "tag_taken")
    assert answer.json["other"] == "east plant"
    place = {"longitude": 121.5, "latitude": 31.2, "accuracy_m": 8}
    moved = mine.ask(
        "PUT",
        f"/tags/{tag}/binding",
        json={**supply, "reason": "stuck to the wrong one", "place": place, "photo_sha256": "ab" * 32},
    )
    assert moved.json["position_id"] == supply["position_id"]
    newest = mine.get(f"/tags/{tag}/history").json["items"][0]
    assert (newest["kind"], newest["reason"], newest["longitude"]) == (
        "rebound",
        "stuck to the wrong one",
        121.5,
    )
    back = {"position_id": ids.show(world.east.ids["plant"]), "reason": "no, it was right"}
    assert mine.ask("PUT", f"/tags/{tag}/binding", json=back).status_code == 200


def test_a_makers_transponder_is_entered_bound_seen_and_retired(phone, world):
    mine = phone(world.east, "technician")
    new = {
        "id": ids.show(ids.new_id()), "organisation_id": ids.show(world.east.enterprise.id), "kind": "rfid",
        "aliases": [{"scheme": "gs1", "value": "3414257BF400000000BC6038"}],
    }  # fmt: skip
    made = mine.ask("POST", "/tags", json=new)
    assert (made.status_code, made.json["id"]) == (201, new["id"])
    path = f"/tags/{new['id']}"
    bound = mine.ask("PUT", f"{path}/binding", json={"scanned": code(world)})
    assert bound.json["name"] == "east plant"
    assert mine.get(f"{path}/aliases").json["items"] == [{"scheme": "gs1", "value": "(8004)061414112345400"}]
    seen = {"id": ids.show(ids.new_id()), "source": "rfid", "place": {"longitude": 121.5, "latitude": 31.2}}
    for _ in range(2):
        assert mine.ask("POST", f"{path}/sightings", json=seen).status_code == 201
    assert len(mine.get(f"{path}/sightings").json["items"]) == 1
    assert mine.ask("PUT", f"{path}/retirement", json={"reason": "torn off"}).json["state"] == "retired"


def test_the_index_is_compact_and_goes_on_where_it_stood(phone, world):
    mine = phone(world.east, "technician")
    first = mine.get("/tags/index")
    entry = [ids.show(world.east.ids["tag"]), "p", ids.show(world.east.ids["plant"])]
    assert entry in first.json["items"]
    assert len(entry[0]) + len(entry[2]) == 52
    after = mine.get("/tags/index", cursor=first.json["cursor"]).json
    while not after["is_current"]:
        after = mine.get("/tags/index", cursor=after["cursor"]).json
    mine.ask(
        "POST",
        f"/tags/{ids.show(world.east.ids['tag'])}/aliases",
        json={"scheme": "maker", "value": "KX-1"},
    )
    news = mine.get("/tags/index", cursor=after["cursor"]).json
    assert news["items"] == [[*entry, "KX-1"]]


def test_dispatchers_answer_warnings_of_copies_once(phone, world):
    dispatcher = phone(world.west, "dispatcher")
    (warning,) = dispatcher.get("/tags/warnings").json["items"]
    assert warning["distance_m"] > 30_000
    assert phone(world.west, "technician").ask(
        "PUT", f"/tags/warnings/{warning['id']}/acknowledgement", json={"comment": "x"}
    ).status_code == 403  # fmt: skip
    path = f"/tags/warnings/{warning['id']}/acknowledgement"
    answers = [dispatcher.ask("PUT", path, json={"comment": "a copy"}).status_code for _ in range(2)]
    assert answers == [204, 409]
    assert dispatcher.get("/tags/warnings").json["items"] == []
