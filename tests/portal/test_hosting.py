"""Pages of hosted operation: the contract and its month, the roster, the shift's book, tickets, patrols, rounds."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from backend.kernel import clock, periods
from backend.kernel.ids import show
from backend.workorders import service


@pytest.fixture(scope="module", autouse=True)
def policies(world):
    with world.database.transaction(world.east.scope) as session:
        service.found_policies(
            session, world.east.scope, organisation_id=world.east.region.id, timezone="Asia/Shanghai"
        )


def today():
    return periods.local_date(clock.now(), "Asia/Shanghai")


def test_a_manager_writes_a_contract_and_takes_the_month_as_pdf_and_workbook(browser, world):
    visitor = browser(world.east, "manager")
    assert "Nothing is run for anybody yet" in visitor.get("/hosting").text
    form = {"customer": show(world.east.customer.id), "number": "H-7", "title": "All of the mill", "patrols": "20",
            "rounds": "1", "starts_on": "2026-01-01", "carriers": ["electricity"], "fee": "as agreed"}  # fmt: skip
    wrong = visitor.post("/hosting/new", data=form | {"number": " "})
    assert wrong.status_code == 422 and "All of the mill" in wrong.text
    place = visitor.post("/hosting/new", data=form).headers["Location"]
    page = visitor.get(place).text
    assert "H-7" in page and "East mill" in page and "Electricity" in page and "as agreed" in page
    for kind, begins in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        answer = visitor.get(f"{place}/report?kind={kind}")
        assert answer.status_code == 200 and answer.get_data().startswith(begins)
    assert visitor.get(f"{place}/report?month=never").status_code == 422
    assert browser(world.west, "manager").get(place).status_code == 404
    assert browser(world.east, "customer").get(place).status_code == 403
    visitor.post(f"{place}/end", data={"ends_on": "2026-12-31"})
    assert "31 Dec 2026" in visitor.get(place).text


def test_a_dispatcher_plans_a_week_swaps_a_shift_and_sees_who_is_there(browser, world):
    visitor = browser(world.east, "dispatcher")
    person = show(world.east.people["dispatcher"].id)
    form = {
        "person": person,
        "duty": "dispatch",
        "on": today().isoformat(),
        "begins": "00:00",
        "ends": "00:00",
    }
    visitor.post("/roster", data=form)
    assert "On duty now" in visitor.get("/hosting").text
    page = visitor.get("/roster").text
    assert "Dispatcher" in page and "on duty" in page
    visitor.post("/roster", data=form)
    assert "on duty then already" in visitor.get("/roster").text
    swap = re.search(r"/roster/([\w-]{26,36})/swap", page)[1]
    other = show(world.east.people["manager"].id)
    visitor.post(f"/roster/{swap}/swap", data={"person": other, "reason": "ill"})
    assert "instead of" in visitor.get("/roster").text
    week = today() - timedelta(days=today().weekday())
    visitor.post("/roster/repeat", data={"week": week.isoformat(), "weeks": "2"})
    later = (week + timedelta(days=7)).isoformat()
    assert "Manager" in visitor.get(f"/roster?week={later}").text
    assert "Manager" in visitor.get("/dispatch").text, "the board says who is on duty"


def test_a_shift_is_handed_from_one_to_the_other_on_pages(browser, world):
    first, second = browser(world.east, "dispatcher"), browser(world.east, "operator")
    first.post("/shift-log", data={"text": "Pump two is loud"})
    assert "Pump two is loud" in first.get("/shift-log").text
    first.post("/shift-log/hand-over", data={"note": "watch pump two"})
    page = second.get("/shift-log").text
    assert "watch pump two" in page and "I take over" in page and "too much" in page, (
        "the open alarm is listed"
    )
    second.post("/shift-log/take-over")
    page = second.get("/shift-log").text
    assert "I hand over" in page and "Pump two is loud" in page


def test_a_ticket_goes_from_issue_to_paper_in_two_hands(browser, world):
    first, second = browser(world.east, "operator"), browser(world.east, "dispatcher")
    form = {"kind": "switching", "title": "Take pump two off", "steps": "open Q2\nearth it\n"}
    place = first.post("/tickets/new", data=form).headers["Location"]
    assert "Approve</button>" not in first.get(place).text, "not by the one who issued it"
    assert "Approve</button>" in second.get(place).text
    second.post(f"{place}/approve")
    for step in (0, 1):
        first.post(f"{place}/tick", data={"place": str(step)})
    first.post(f"{place}/finish")
    page = first.get(place).text
    assert "finished" in page and "ST-" in page
    assert first.get(f"{place}/print").get_data().startswith(b"%PDF")
    assert "Take pump two off" in first.get("/tickets?show=over").text
    assert browser(world.west, "operator").get(place).status_code == 404


def test_a_patrol_is_planned_and_shown(browser, world):
    visitor = browser(world.east, "dispatcher")
    form = visitor.get("/patrols/new").text
    checklist = re.search(r'name="checklist".*?value="(\w{26})"', form, re.S)[1]
    stops = [show(world.east.ids[name]) for name in ("plant", "supply")]
    planned = {"name": "Morning walk", "checklist": checklist, "weekdays": [str(day) for day in range(7)],
               "begins": "00:00", "ends": "23:59", "stops": stops, "contract": ""}  # fmt: skip
    place = visitor.post("/patrols/new", data=planned).headers["Location"]
    page = visitor.get(place).text
    assert "east plant" in page and "east supply" in page
    assert "Morning walk" in visitor.get("/patrols").text
    visitor.post(f"{place}/end")
    assert "Morning walk" not in visitor.get("/patrols").text


def test_a_register_is_read_on_a_round_and_a_slip_is_refused(browser, world):
    visitor = browser(world.east, "dispatcher")
    form = {"name": "Monthly reading", "due_day": "28", "points": [show(world.east.ids["supply_energy"])],
            "contract": ""}  # fmt: skip
    place = visitor.post("/reading-rounds/new", data=form).headers["Location"]
    reading = {"point": show(world.east.ids["supply_energy"])}
    reader = browser(world.east, "technician")
    reader.post(f"{place}/readings", data=reading | {"value": "7"})
    assert "less than the last reading" in reader.get(place).text
    reader.post(f"{place}/readings", data=reading | {"value": "1130"})
    assert "1 of 1 read" in reader.get(place).text
    assert "Monthly reading" in visitor.get("/reading-rounds").text
