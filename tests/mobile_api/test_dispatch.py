"""A day is proposed and accepted over the API, by those it is for."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.kernel import clock
from backend.kernel.ids import show
from backend.workorders import service
from backend.workorders.models import Source

ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(7)}


@pytest.fixture(scope="module")
def order(world):
    """An order that waits for the technician of the east."""
    east = world.east
    with world.database.transaction(east.scope) as session:
        service.found_policies(session, east.scope, organisation_id=east.region.id, timezone="Asia/Shanghai")
        service.set_technician(
            session, east.scope, organisation_id=east.region.id, person_id=east.people["technician"].id,
            timezone="Asia/Shanghai", base=(121.4, 31.2), skills=["electricity"], shift=ALWAYS,
        )  # fmt: skip
    scope = world.scope(east, "dispatcher")
    with world.database.transaction(scope) as session:
        new = service.Report(position_id=east.ids["plant"], title="Voltage too low")
        found = service.report(session, scope, new=new, source=Source.DISPATCHER).order
        service.triage(session, scope, order_id=found.id, fault_class="power_quality")
    return found.id


def test_a_proposal_is_made_explained_and_accepted_once(phone, world, order):
    dispatcher = phone(world.east, "dispatcher")
    tomorrow = (clock.now().astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)).date().isoformat()
    asked = {"organisation": show(world.east.region.id), "on": tomorrow}
    answer = dispatcher.ask("POST", "/dispatch/proposals", json=asked)
    assert answer.status_code == 200
    assert (answer.json["before"]["served"], answer.json["after"]["served"]) == (0, 1)
    [change] = answer.json["changes"]
    assert (change["kind"], change["subject_id"], change["reason"]) == ("new", show(order), "only")
    placement = {"subject_id": change["subject_id"], "rev": change["rev"], **change["after"]}
    done = dispatcher.ask("POST", "/dispatch/acceptance", json={"placements": [placement]})
    assert done.status_code == 200
    assert done.json[0]["technician_id"] == show(world.east.people["technician"].id)
    again = dispatcher.ask("POST", "/dispatch/acceptance", json={"placements": [placement]})
    assert again.status_code == 409
    urgent = dispatcher.ask("POST", "/dispatch/proposals", json=asked | {"urgent": show(order)})
    assert urgent.status_code == 404


@pytest.mark.parametrize(("region", "role", "status"), [
    ("east", "technician", 403), ("east", "customer", 404), ("west", "dispatcher", 404),
])  # fmt: skip
def test_proposals_are_for_dispatchers_where_they_are(phone, world, order, region, role, status):
    asked = {"organisation": show(world.east.region.id)}
    answer = phone(getattr(world, region), role).ask("POST", "/dispatch/proposals", json=asked)
    assert answer.status_code == status
