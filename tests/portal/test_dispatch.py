"""The dispatchers' day on its page: proposed, explained, accepted; a visit chosen and moved without a mouse."""

from __future__ import annotations

import html
import re
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.kernel import clock
from backend.kernel.ids import show
from backend.workorders import service
from backend.workorders.models import Source
from backend.workorders.rules.machine import OrderStatus

ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(7)}
FAULTS = ("power_quality", "meter_fault", "gas_smell")


@pytest.fixture(scope="module")
def tomorrow():
    return (clock.now().astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)).date().isoformat()


@pytest.fixture(scope="module")
def orders(world):
    """Three orders that wait, and one technician who may do two of them."""
    east = world.east
    with world.database.transaction(east.scope) as session:
        service.found_policies(session, east.scope, organisation_id=east.region.id, timezone="Asia/Shanghai")
        service.set_technician(
            session, east.scope, organisation_id=east.region.id, person_id=east.people["technician"].id,
            timezone="Asia/Shanghai", base=(121.4, 31.2), skills=["electricity", "metering"], shift=ALWAYS,
        )  # fmt: skip
    found = []
    for fault in FAULTS:
        scope = world.scope(east, "dispatcher")
        with world.database.transaction(scope) as session:
            new = service.Report(position_id=east.ids["plant"], title=f"It is {fault}")
            order = service.report(session, scope, new=new, source=Source.DISPATCHER).order
            service.triage(session, scope, order_id=order.id, fault_class=fault)
            found.append(order.id)
    return found


def status_of(world, order_id):
    with world.database.transaction(world.east.scope) as session:
        return service.order(session, world.east.scope, order_id=order_id).status


def words_of(answer):
    return html.unescape(
        re.sub(r"\s+", " ", re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", answer.text, flags=re.S))
    )


def test_a_dispatcher_proposes_sees_why_and_accepts_one_by_one(browser, world, orders, tomorrow):
    visitor = browser(world.east, "dispatcher")
    page = words_of(visitor.get(f"/dispatch?on={tomorrow}"))
    assert "Waiting" in page
    assert "It is power_quality" in page
    coming = visitor.get(f"/dispatch?on={tomorrow}&plan=all")
    assert "Working it out" in words_of(coming)
    assert "It is power_quality" in words_of(coming), "the day is there meanwhile"
    then = html.unescape(re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', coming.text)[1])
    answer = visitor.get(then)
    page = words_of(answer)
    assert "2 of 3 jobs served (before: 0)" in page
    assert "nobody else may or can" in page
    assert "lacks the skill gas" in page
    takes = [html.unescape(one) for one in re.findall(r'name="one" value="([^"]+)"', answer.text)]
    assert len(takes) == 2
    first = next(take for take in takes if take.startswith(show(orders[0])))
    done = visitor.post("/dispatch/accept", data={"one": first, "next": f"/dispatch?on={tomorrow}"})
    assert done.status_code == 303
    assert status_of(world, orders[0]) is OrderStatus.SCHEDULED
    assert status_of(world, orders[1]) is OrderStatus.READY
    again = visitor.post(
        "/dispatch/accept", data={"one": first, "next": f"/dispatch?on={tomorrow}"}, follow_redirects=True
    )
    assert "has changed since it was proposed" in words_of(again)


def test_a_proposal_that_breaks_a_promise_says_so_with_the_day_it_was_due(browser, world, orders):
    later = (clock.now().astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=60)).date().isoformat()
    page = words_of(browser(world.east, "dispatcher").get(f"/dispatch?on={later}&plan=now"))
    assert "promise broken" in page
    assert re.search(r"too late by \d+ h \d+ min because nobody who may do it is on duty before 00:00", page)
    assert re.search(r"due \w{3} \d+ \w{3} \d\d:\d\d", page)


def test_a_technician_finds_their_visits_on_their_first_page(browser, world, orders):
    page = browser(world.east, "technician").get("/today")
    assert "It is power_quality" in words_of(page)
    assert "It is gas_smell" not in words_of(page)
    assert 'href="/field/"' in page.text


def test_a_visit_is_chosen_and_moved_by_keys_alone(browser, world, orders, tomorrow):
    visitor = browser(world.east, "dispatcher")
    answer = visitor.get(f"/dispatch?on={tomorrow}&chosen={show(orders[1])}")
    assert "Plan it so" in words_of(answer)
    rev = re.search(r'name="rev" value="(\d+)"', answer.text)[1]
    sent = {
        "subject": show(orders[1]), "rev": rev, "on": tomorrow, "start": "15:30",
        "technician": show(world.east.people["technician"].id), "next": f"/dispatch?on={tomorrow}",
    }  # fmt: skip
    assert "Planned." in words_of(visitor.post("/dispatch/move", data=sent, follow_redirects=True))
    page = visitor.get(f"/dispatch?on={tomorrow}")
    assert re.search(r"15:30–16:\d\d", words_of(page)), words_of(page)
    link = html.unescape(
        re.search(r'<a href="(/dispatch\?[^"]*chosen=[^"]*)" aria-label="15:30', page.text)[1]
    )
    chosen = visitor.get(link.partition("#")[0])
    sent |= {
        "subject": re.search(r'name="subject" value="(\w+)"', chosen.text)[1],
        "rev": re.search(r'name="rev" value="(\d+)"', chosen.text)[1], "withdraw": "1",
    }  # fmt: skip
    assert "Taken off the day." in words_of(visitor.post("/dispatch/move", data=sent, follow_redirects=True))
    assert status_of(world, orders[1]) is OrderStatus.READY


def test_an_emergency_that_fits_nowhere_says_who_lacks_what(browser, world, orders, tomorrow):
    page = words_of(
        browser(world.east, "dispatcher").get(f"/dispatch?on={tomorrow}&urgent={show(orders[2])}")
    )
    assert "It fits nowhere on this day" in page
    assert "lacks the skill gas" in page


def test_after_working_hours_each_technician_is_named_with_theirs(browser, world, orders):
    zone = ZoneInfo("Asia/Shanghai")
    there = clock.now().astimezone(zone)
    night = there.replace(hour=20, minute=0) + timedelta(days=there.hour >= 20)
    with at_work(world, {str(day): [["08:00", "17:00"]] for day in range(7)}), clock.shifted(night - there):
        visitor = browser(world.east, "dispatcher")
        for asked in ("plan=now", f"urgent={show(orders[2])}"):
            page = words_of(visitor.get(f"/dispatch?on={night.date()}&{asked}"))
            assert "Nothing would be better" not in page
            assert "It is gas_smell" in page[page.index("Jobs nobody can do") :]
            assert "Technician: works 08:00–17:00" in page
            assert "Set it by hand" in page


@contextmanager
def at_work(world, shift):
    """The technician works at other hours for a while."""
    east = world.east
    for hours in (shift, ALWAYS):
        with world.database.transaction(east.scope) as session:
            service.set_technician(
                session, east.scope, organisation_id=east.region.id, person_id=east.people["technician"].id,
                timezone="Asia/Shanghai", base=(121.4, 31.2), skills=["electricity", "metering"], shift=hours,
            )  # fmt: skip
        if hours is shift:
            yield


def test_work_that_needs_a_permit_is_planned_with_a_warning_until_one_is_issued(
    browser, world, orders, tomorrow
):
    scope = world.scope(world.east, "dispatcher")
    with world.database.transaction(scope) as session:
        new = service.Report(position_id=world.east.ids["plant"], title="The frame is live")
        order = service.report(session, scope, new=new, source=Source.DISPATCHER).order.id
        service.triage(session, scope, order_id=order, fault_class="electrocution")
    visitor, said = browser(world.east, "dispatcher"), "needs a permit to work; none issued yet"
    for address in (f"/dispatch?on={tomorrow}", f"/dispatch?on={tomorrow}&chosen={show(order)}"):
        page = visitor.get(address)
        assert said in words_of(page)
        assert f"/workorders/{order}#permit" in page.text
    with world.database.transaction(scope) as session:
        start = clock.now() + timedelta(hours=40)
        service.schedule(
            session, scope, order_id=order, technician_id=world.east.people["technician"].id, start=start
        )
    page = visitor.get(f"/workorders/{order}")
    assert "It needs a permit to work; none is issued yet." in words_of(page)
    assert 'id="permit"' in page.text
    sent = visitor.post(f"/workorders/{order}/dispatch", follow_redirects=True)
    assert "Sent. It needs a permit to work; none is issued yet." in words_of(sent)
    issued = {"kind": "electrical", "hours": "24", "isolation": "Q1"}
    visitor.post(f"/workorders/{order}/permit", data=issued)
    assert "none is issued yet" not in words_of(visitor.get(f"/workorders/{order}"))
    with world.database.transaction(scope) as session:
        service.cancel(session, scope, order_id=order, reason="the test is over")


def test_the_board_opens_with_the_order_it_was_asked_for_and_sends_what_is_planned(
    browser, world, orders, tomorrow
):
    visitor = browser(world.east, "dispatcher")
    with world.database.transaction(world.east.scope) as session:
        waiting = service.order(session, world.east.scope, order_id=orders[1])
        assert waiting.status is OrderStatus.READY
    page = visitor.get(f"/dispatch?order={waiting.number}", follow_redirects=True)
    assert re.search(r'id="chosen"><header><h2>' + waiting.number, page.text)
    scope = world.scope(world.east, "dispatcher")
    start = clock.now() + timedelta(hours=30)
    with world.database.transaction(scope) as session:
        who = world.east.people["technician"].id
        service.schedule(session, scope, order_id=orders[1], technician_id=who, start=start)
    there = visitor.get(f"/dispatch?order={waiting.number}")
    day = start.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    assert f"on={day}" in there.headers["Location"]
    page = visitor.get(f"/dispatch?on={day}")
    assert "Planned, not sent yet" in words_of(page)
    sent = {"one": show(orders[1]), "next": f"/dispatch?on={day}"}
    assert "1 sent." in words_of(visitor.post("/dispatch/send", data=sent, follow_redirects=True))
    assert status_of(world, orders[1]) is OrderStatus.DISPATCHED
    again = visitor.post("/dispatch/send", data={"next": f"/dispatch?on={day}"}, follow_redirects=True)
    assert "nothing was listed" in words_of(again).lower()
    assert visitor.get("/dispatch?order=W00-000000").status_code == 200


def test_customers_and_technicians_have_no_business_there(browser, world, orders):
    for role in ("technician", "customer", "operator"):
        assert browser(world.east, role).get("/dispatch").status_code == 403
        assert browser(world.east, role).get("/dispatch.json").status_code == 403


def test_what_cannot_be_read_is_refused_with_a_remedy(browser, world, orders, tomorrow):
    visitor = browser(world.east, "dispatcher")
    assert visitor.get("/dispatch?on=yesterday").status_code == 422
    for data, said in (({}, "nothing was ticked"), ({"one": "x~y"}, "cannot be read")):
        answer = visitor.post("/dispatch/accept", data=data | {"next": "/dispatch"}, follow_redirects=True)
        assert said in words_of(answer).lower()
