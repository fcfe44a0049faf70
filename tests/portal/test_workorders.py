"""Pages of work orders: what the office, the customer and a passer-by do with a fault."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from backend.alarms.models import Alarm, AlarmState
from backend.assets.service import tags
from backend.kernel import clock
from backend.kernel.events import Event
from backend.kernel.ids import new_id, show
from backend.network import service as network
from backend.network.service import PositionKind
from backend.tenancy.service.organisations import set_emergency_phone
from backend.wiring import faults
from backend.workorders import service
from tests.apps import Phone


@pytest.fixture(scope="module", autouse=True)
def policies(world):
    with world.database.transaction(world.east.scope) as session:
        service.found_policies(
            session, world.east.scope, organisation_id=world.east.region.id, timezone="Asia/Shanghai"
        )


def reported(visitor, world, place="plant", **said):
    form = {"position": str(world.east.ids[place]), "title": "Pump stands still", **said}
    return visitor.post("/workorders/new", data=form).headers["Location"]


def test_a_dispatcher_reports_sorts_and_cancels_an_order(browser, world):
    visitor = browser(world.east, "dispatcher")
    place = reported(visitor, world, fault_class="noise")
    page = visitor.get(place).text
    assert "Pump stands still" in page and "Sort it" in page
    rev = re.search(r'name="rev" value="(\d+)"', page)[1]
    assert visitor.post(f"{place}/triage", data={"fault_class": "noise", "rev": rev}).status_code == 303
    page = visitor.get(place).text
    assert "ready to plan" in page and "Response" in page and "Plan the visit" in page
    visitor.post(f"{place}/cancel", data={"reason": "heard wrongly"})
    assert "cancelled" in visitor.get(place).text
    listed = visitor.get("/workorders?show=over").text
    assert "Pump stands still" in listed


def test_an_order_seen_too_long_ago_is_not_written_over(browser, world):
    visitor = browser(world.east, "dispatcher")
    place = reported(visitor, world, fault_class="emission")
    visitor.post(f"{place}/triage", data={"fault_class": "emission", "rev": "0"})
    assert "somebody changed this order meanwhile" in visitor.get(place).text.lower()


def test_a_customer_chooses_a_place_below_theirs_and_says_whether_a_fault_is_the_known_one(browser, world):
    east = world.east
    with world.database.transaction(east.scope) as session:
        room = network.create_position(
            session, east.scope, parent_id=east.ids["supply"], new=network.NewPosition(PositionKind.ROOM, "room 12")
        ).id  # fmt: skip
        set_emergency_phone(session, east.scope, east.region.id, phone="+86 28 110 119")
    visitor = browser(east, "customer")
    page = visitor.get("/workorders/new").text
    assert "east supply › room 12" in page
    assert "then call +86 28 110 119" in page
    said = {"position": show(room), "title": "It smells burnt", "fault_class": "overheating"}
    first = visitor.post("/workorders/new", data=said).headers["Location"]
    asked = visitor.post("/workorders/new", data=said | {"title": "The lamp is hot"})
    assert asked.status_code == 200
    assert "Is it the same?" in asked.text
    assert "It smells burnt" in asked.text
    assert 'value="The lamp is hot"' in asked.text
    same = visitor.post("/workorders/new", data=said | {"title": "The lamp is hot", "same": "yes"})
    assert same.headers["Location"] == first
    other = visitor.post("/workorders/new", data=said | {"title": "The fan is hot", "same": "no"})
    assert other.headers["Location"] != first
    assert "said to be another than" in browser(east, "dispatcher").get(other.headers["Location"]).text


def test_without_an_emergency_phone_nobody_is_told_to_call(browser, world):
    page = browser(world.west, "customer").get("/workorders/new").text
    assert "Go away from it first." in page
    assert "then call" not in page


def test_an_alarm_and_the_order_it_opened_name_each_other(browser, world):
    alarm = world.east.ids["alarm"]
    with world.database.transaction(world.east.scope) as session:
        body = {"alarm_id": str(alarm), "priority": 2, "suppression": None}
        for _again in range(2):
            faults.report_alarm(
                session, world.east.scope, Event("alarms.raised", world.east.enterprise.id, body)
            )
        wanted = service.OrderFilter(alarm_id=alarm)
        [row] = service.orders(session, world.east.scope, wanted).items
        assert row.order.alarm_id == alarm
    visitor = browser(world.east, "dispatcher")
    page = visitor.get(f"/alarms/{alarm}").text
    assert f'href="/workorders/{row.order.id}"' in page
    assert "opened by this alarm" in page
    assert re.search(r'data-chart="[^"]*limit=', page) or "No reading around this alarm." in page
    assert f'href="/alarms/{alarm}"' in visitor.get(f"/workorders/{row.order.id}").text


def test_an_alarm_that_is_over_says_so_and_since_when_instead_of_a_value(browser, world):
    visitor, alarm = browser(world.east, "dispatcher"), world.east.ids["alarm"]
    assert "(limit" in visitor.get("/alarms").text.replace("</span>", "")
    with _over(world, alarm):
        listed = visitor.get("/alarms").text
        assert "over since" in listed
        assert "(limit" not in listed
        assert "over since" in visitor.get(f"/alarms/{alarm}").text


@contextmanager
def _over(world, alarm_id):
    """The alarm is over, and nobody has seen it, for a while."""
    for state, at in ((AlarmState.RETURNED, clock.now()), (AlarmState.UNACKNOWLEDGED, None)):
        with world.database.transaction(world.east.scope) as session:
            row = session.get(Alarm, alarm_id)
            row.state, row.returned_at = state, at
        if at is not None:
            yield


def test_what_an_alarm_reported_reads_in_the_readers_language(app, browser, world):
    with world.database.transaction(world.east.scope) as session:
        body = {"alarm_id": str(world.east.ids["alarm"]), "priority": 2, "suppression": None}
        faults.report_alarm(session, world.east.scope, Event("alarms.raised", world.east.enterprise.id, body))
    visitor = browser(world.east, "dispatcher")
    assert "too much" in visitor.get("/workorders").text
    visitor.post("/language", data={"locale": "zh", "next": "/workorders"})
    for page in ("/workorders", "/board", "/search?q=用电过高"):
        read = visitor.get(page).text
        assert re.search(r"<a href=./workorders/[^>]*>用电过高<", read), page
        assert not re.search(r"<a href=./workorders/[^>]*>too much<", read), page
    visitor.post("/language", data={"locale": "en", "next": "/workorders"})
    row = (
        Phone(app, world.east.people["dispatcher"].email).get("/work-orders", search="用电过高").json["items"]
    )
    assert [(one["order"]["title"], one["order"]["title_zh"]) for one in row] == [("too much", "用电过高")]


def test_a_customer_reports_where_they_are_supplied_and_follows_the_stages(browser, world):
    visitor = browser(world.east, "customer")
    page = visitor.get("/workorders/new")
    assert page.status_code == 200 and "east supply" in page.text and "east plant" not in page.text
    place = reported(visitor, world, "supply", title="Lights flicker")
    page = visitor.get(place).text
    assert "Being planned" in page and "Sort it" not in page and "supplied here" not in page
    assert "Lights flicker" in visitor.get("/workorders").text
    assert browser(world.west, "customer").get(place).status_code == 404
    assert visitor.post(f"{place}/cancel", data={"reason": "x"}).status_code == 303
    assert "Being planned" in visitor.get(place).text, "a customer does not cancel"


def test_the_search_finds_an_order_by_its_number_for_those_who_see_it(browser, world):
    visitor = browser(world.east, "dispatcher")
    place = reported(visitor, world, title="Valve hisses", fault_class="leak")
    number = re.search(r"W\d\d-\d{6}", visitor.get(place).text)[0]
    assert place in visitor.get(f"/search?q={number}").text
    assert place not in browser(world.west, "dispatcher").get(f"/search?q={number}").text


def test_a_passer_by_reports_by_the_label_once_and_learns_that_it_is_known(app, world, browser):
    label = "/T/" + tags.code_of(world.east.ids["tag"])
    stranger = app.test_client()
    said = {"fault_class": "damage", "title": "Cover is gone"}
    headers = {"Origin": "http://localhost"}
    first = stranger.post(f"{label}/report", data=said, headers=headers).get_data(as_text=True)
    number = re.search(r"W\d\d-\d{6}", first)[0]
    again = stranger.post(f"{label}/report", data=said, headers=headers).get_data(as_text=True)
    assert f"known already ({number})" in again
    assert "Known already" in stranger.get(label).get_data(as_text=True)
    assert number in browser(world.east, "dispatcher").get("/workorders").text
    assert stranger.get("/workorders").status_code in (303, 401)


def test_inspections_are_planned_listed_and_ended(browser, world):
    visitor = browser(world.east, "dispatcher")
    assert "No inspection is planned" in visitor.get("/inspections").text
    form = visitor.get("/inspections/new").text
    checklist = re.search(r'name="checklist".*?value="(\w{26})"', form, re.S)[1]
    site = re.search(r'name="position".*?value="(\w{26})"', form, re.S)[1]
    said = {"position": site, "name": "Monthly round", "checklist": checklist, "every": "1", "unit": "month",
            "anchor": "2026-12-01"}  # fmt: skip
    assert visitor.post("/inspections/new", data=said).status_code == 303
    listed = visitor.get("/inspections").text
    assert "Monthly round" in listed and "every month" in listed
    plan = re.search(r"/inspections/([\w-]+)/end", listed)[1]
    visitor.post(f"/inspections/{plan}/end")
    assert "No inspection is planned" in visitor.get("/inspections").text


@pytest.mark.parametrize(
    ("trigger", "said", "listed"),
    [
        ("counter", {"point_id": "supply_energy", "every": "500"}, "every 500"),
        (
            "condition",
            {"point_id": "supply_power", "side": "above", "limit": "80"},
            "when a value is out of its place",
        ),
    ],
)
def test_an_inspection_comes_by_what_is_measured(browser, world, trigger, said, listed):
    visitor = browser(world.east, "dispatcher")
    form = visitor.get(f"/inspections/new?trigger={trigger}").text
    assert said["point_id"] in form
    checklist = re.search(r'name="checklist".*?value="(\w{26})"', form, re.S)[1]
    site = re.search(r'name="position".*?value="(\w{26})"', form, re.S)[1]
    sent = said | {"point_id": show(world.east.ids[said["point_id"]])}
    new = {"position": site, "name": f"By {trigger}", "checklist": checklist, "trigger": trigger} | sent
    assert visitor.post("/inspections/new", data=new).status_code == 303
    page = visitor.get("/inspections").text
    assert f"By {trigger}" in page and listed in page
    plan = re.search(r"/inspections/([\w-]+)/end", page)[1]
    visitor.post(f"/inspections/{plan}/end")


def test_conflicts_have_a_desk_of_their_own(browser, world):
    assert "No conflict" in browser(world.east, "dispatcher").get("/workorders/conflicts").text
    assert browser(world.east, "customer").get("/workorders/conflicts").status_code == 403


def test_a_part_is_planned_on_an_order_and_taken_off_again(browser, world):
    visitor = browser(world.east, "dispatcher")
    place = reported(visitor, world, fault_class="overheating")
    part = show(world.east.ids["part"])
    visitor.post(f"{place}/parts", data={"part": part, "quantity": "1.5"})
    page = visitor.get(place).text
    assert "1.5 pcs east gasket" in page and "set aside when a visit is planned" in page
    visitor.post(f"{place}/parts", data={"part": part, "quantity": "many"})
    assert "this is not a number" in visitor.get(place).text.lower()
    visitor.post(f"{place}/parts", data={"part": part, "quantity": "0"})
    assert "1.5 pcs" not in visitor.get(place).text
    customer = browser(world.east, "customer")
    assert customer.post(f"{place}/parts", data={"part": part, "quantity": "1"}).status_code in (303, 404)


def test_what_does_not_work_yet_offers_both_ways_on_and_a_refusal_is_read_in_chinese(browser, world):
    visitor = browser(world.east, "dispatcher")
    place = reported(visitor, world, fault_class="low_pressure")
    order_id = UUID(place.rsplit("/", 1)[-1])
    with world.database.transaction(world.east.scope) as session:
        service.order(session, world.east.scope, order_id=order_id).status = service.OrderStatus.VERIFY_FAILED
    page = visitor.get(place).text
    assert "Send the same technician back in" in page and "Plan another visit" in page
    visitor.post("/language", data={"locale": "zh", "next": place})
    visitor.post(f"{place}/rework")
    assert "现场已无人员" in visitor.get(place).text
    visitor.post(f"{place}/follow-up")
    assert "可安排" in visitor.get(place).text
    visitor.post("/language", data={"locale": "en", "next": place})


def test_an_order_everybody_left_is_planned_again_from_its_page(browser, world):
    visitor = browser(world.east, "dispatcher")
    place = reported(visitor, world, fault_class="too_cold")
    order_id = UUID(place.rsplit("/", 1)[-1])
    with world.database.transaction(world.east.scope) as session:
        order = service.order(session, world.east.scope, order_id=order_id)
        order.status, now = service.OrderStatus.IN_PROGRESS, clock.now()
        session.add(
            service.Visit(
                id=new_id(), organisation_id=order.organisation_id, work_order_id=order.id, companions=[], rev=1,
                technician_id=world.east.people["technician"].id, cycle=order.cycle, status=service.VisitStatus.DONE,
                planned_start=now, planned_end=now + timedelta(hours=1), ended_at=now,
            )
        )  # fmt: skip
    assert "Nobody is there any more" in visitor.get(place).text
    visitor.post(f"{place}/another-visit")
    assert "ready to plan" in visitor.get(place).text
