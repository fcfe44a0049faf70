"""Plants planned together, through the API: join, lines, a round, shares, a target and its answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.kernel import clock, ids
from backend.kernel.scope import Role
from backend.network import service as network
from backend.network.models import PositionKind
from backend.optimisation import service
from backend.optimisation.service import rounds
from tests.apps import Phone
from tests.backend.optimisation.coordination.scene import document
from tests.world import make_person

BASE = "/coordination"


@pytest.fixture(scope="module")
def plants(world) -> dict[str, str]:
    """A plant at the park, one at the enterprise below it."""
    east, found = world.east, {}
    with world.database.transaction(east.scope) as session:
        for who, text in (
            ("park", document("Park", 1.0, 60)),
            ("enterprise", document("Mill", 0.8, 20, spare=100)),
        ):
            home = getattr(east, who).id
            site = network.create_site(
                session, east.scope, organisation_id=home, new=network.NewPosition(PositionKind.SITE, text["name"]),
                timezone="Asia/Shanghai", currency="CNY",
            )  # fmt: skip
            service.store_plant(session, east.scope, site_id=site.id, document=text)
            found[who] = ids.show(service.plant_of_site(session, east.scope, site_id=site.id).id)
        make_person(session, east.scope, "mill@east.example", east.enterprise.id, Role.MANAGER)
    return found


@pytest.fixture(scope="module")
def region(app, world, plants) -> Phone:
    """The region's manager, once both plants have joined and a cable lies between them."""
    manager = Phone(app, world.east.email("manager"))
    for plant in plants.values():
        joined = manager.ask("PUT", f"{BASE}/plants/{plant}/membership", json={"bears": "5.00"})
        assert joined.status_code == 200, joined.text
    line = {"name": "Cable", "carrier": "electricity", "one_id": plants["enterprise"], "other_id": plants["park"],
            "most": 40, "most_back": 40, "share": 0.9}  # fmt: skip
    where = ids.show(world.east.region.id)
    assert manager.ask("POST", f"{BASE}/organisations/{where}/lines", json=line).status_code == 201
    return manager


def test_a_round_is_asked_for_made_and_shown_to_all_with_their_own_share(app, world, plants, region):
    where = ids.show(world.east.region.id)
    asked = region.ask("POST", f"{BASE}/organisations/{where}/rounds", json={"rule": "shapley"})
    assert asked.status_code == 202 and asked.json["status"] == "asked"
    with world.database.transaction(world.east.scope) as session:
        rounds.make_round(session, world.east.scope, round_id=ids.parse(asked.json["id"]))
    whole = region.get(f"{BASE}/rounds/{asked.json['id']}").json
    assert (whole["status"], whole["gain"], whole["cost"]) == ("made", "104.00", "156.00")
    assert whole["said"][0]["words"].startswith("Together the sites pay 156.00 instead of 260.00 CNY")
    assert {one["site"]: one["pays"] for one in whole["shares"]} == {"Mill": "-92.00", "Park": "92.00"}
    assert whole["lines"][0]["sent"][0] == pytest.approx(40)
    assert region.get(f"{BASE}/organisations/{where}/rounds").json["items"][0]["id"] == asked.json["id"]
    mill = Phone(app, "mill@east.example")
    own = mill.get(f"{BASE}/plants/{plants['enterprise']}/shares").json["items"][0]
    assert own["game"]["gains"] == [{"sites": ["Mill", "Park"], "gain": pytest.approx(104)}]
    assert mill.get(f"{BASE}/rounds/{asked.json['id']}").status_code == 404


def test_a_target_is_proposed_and_answered(app, world, plants, region):
    where, begins = ids.show(world.east.region.id), clock.now() + timedelta(hours=1)
    new = {"plant_id": plants["enterprise"], "kind": "peak", "carrier": "electricity", "most": 10.0, "pays": "1.00",
           "begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat(),
           "answer_by": begins.isoformat()}  # fmt: skip
    made = region.ask("POST", f"{BASE}/organisations/{where}/targets", json=new)
    assert made.status_code == 201, made.text
    assert (made.json["state"], made.json["unit"], made.json["least"]) == ("proposed", "kW", pytest.approx(0))
    mill, answer = Phone(app, "mill@east.example"), f"{BASE}/targets/{made.json['id']}/answer"
    empty = mill.ask("POST", answer, json={"answer": "refuse"})
    assert empty.status_code == 422 and empty.json["remedy"] == "say why"
    unfounded = mill.ask("POST", answer, json={"answer": "refuse", "reason": "out_of_reach"})
    assert unfounded.status_code == 422 and "can be reached" in unfounded.json["title"]
    taken = mill.ask("POST", answer, json={"answer": "accept"})
    assert (taken.status_code, taken.json["state"]) == (200, "accepted")
    again = region.ask("POST", f"{BASE}/targets/{made.json['id']}/settlement", json={"step": "withdraw"})
    assert again.status_code == 409
    assert mill.get(f"{BASE}/targets", plant=plants["enterprise"]).json["items"][0]["state"] == "accepted"


def test_a_customer_and_a_stranger_see_nothing(world, plants, region, phone):
    for one in (phone(world.east, "customer"), phone(world.west, "manager")):
        assert one.get(f"{BASE}/plants/{plants['park']}/shares").status_code == 404
        assert one.get(f"{BASE}/targets").json["items"] == []


def test_who_is_not_joined_is_planned_alone(world, plants, region):
    address = f"{BASE}/plants/{plants['park']}/membership"
    assert region.get(address).json["bears"] == "5.00"
    assert region.ask("DELETE", address).status_code == 204
    assert region.get(address).status_code == 404
    assert region.ask("PUT", address, json={}).status_code == 200
