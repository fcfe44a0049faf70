"""A repair without a signal, from the offer to the server's own record of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from backend.kernel import clock
from backend.kernel.ids import parse, show
from backend.workorders import service
from tests.e2e.field.camera import photo
from tests.e2e.field.conftest import settled, visit_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_a_whole_repair_without_a_signal_arrives_as_it_was_done(phones, log_in, dispatched, acting):
    order = dispatched("plant", fault_class="noise")
    visit = visit_of(acting, order)
    context = phones(may=("camera",))
    page = log_in(context)
    page.get_by_role("link", name=re.compile("Noise|Pump")).first.wait_for(timeout=20_000)
    settled(page)  # the index of tags has come, too
    context.set_offline(True)

    page.goto(f"/field/visit/{visit}")
    for step in ("Accept", "Set off", "I have arrived"):
        page.get_by_role("button", name=step, exact=True).click()
    page.get_by_role("button", name="Start", exact=True).click()
    for box in page.locator(".check input").all():
        box.check()
    page.get_by_role("button", name="Scan to start").click()
    page.get_by_text("This is the right one.").wait_for(timeout=20_000)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Start work").click()
    page.get_by_role("button", name="Next: check-list").click()
    _answer_all(page)
    page.locator(".dock .primary").click()

    page.get_by_role("button", name="Next: photos").click()
    for place, colour in enumerate(((90, 60, 40), (40, 90, 60))):
        picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(colour)}
        page.locator(".card").nth(place).locator("input[type=file]").set_input_files(picture)
        page.locator(".card").nth(place).locator("img.thumb").wait_for(timeout=20_000)
    page.locator(".dock .primary").click()
    page.reload()  # the phone was dropped: nothing is lost

    page.get_by_role("button", name="Next: what was it").click()
    for choice in ("Mechanical fault", "Wear", "Replaced"):
        page.get_by_role("button", name=choice, exact=True).click()
    page.locator(".dock .primary").click()
    page.get_by_role("button", name="Finish", exact=True).click()
    page.get_by_text(re.compile("entries wait to be sent")).wait_for()
    steps = page.locator(".events .waiting")
    said = set(steps.locator("p:nth-child(2)").all_inner_texts())
    assert {"Work done", "Visit done", "Work begun", "Arrived"} <= said
    assert "not sent yet" in steps.first.inner_text()
    assert re.search(r"Not sent \(\d+\)", page.locator(".chip").inner_text())
    with acting("dispatcher") as (session, scope):
        assert service.order(session, scope, order_id=order.id).status.value == "dispatched"

    context.set_offline(False)
    settled(page)
    page.get_by_text("2 of 2 photos on the server").first.wait_for(timeout=20_000)
    with acting("dispatcher") as (session, scope):
        found = service.packs(session, scope, orders=[service.order(session, scope, order_id=order.id)])[0]
        assert found.order.status.value in {"field_complete", "verifying", "verify_manual"}
        assert (found.order.problem_code, found.order.remedy_code) == ("MECHANICAL", "REPLACED")
        assert {photo.role for photo in found.photos} == {"before", "after"}
        assert all(photo.arrived_at for photo in found.photos)
        commands = [event.command for event in found.events]
        assert [one for one in commands if one in {"accept", "start", "complete"}][-3:] == [
            "accept",
            "start",
            "complete",
        ]


def _answer_all(page) -> None:
    """Answer each item as it should be; items appear as others are answered."""
    for _ in range(20):
        item = page.locator(".item:not(.answered):not(.failed):not(.note)").first
        if not item.count():
            return
        if item.locator(".option.big").count():
            item.locator(".option.big").first.click()
        elif item.locator("input[inputmode=decimal]").count():
            item.locator("input").fill("1.5")
            item.locator("input").blur()
        else:
            item.locator("textarea").fill("A loose bearing")
            item.locator("textarea").blur()
        page.wait_for_timeout(150)
    raise AssertionError("there is always one more item")


def test_accept_on_the_first_page_accepts_and_another_day_says_which(
    phones, log_in, dispatched, acting, east, all_over
):
    order = dispatched("plant", fault_class="damage")
    visit = visit_of(acting, order)
    with acting("dispatcher") as (session, scope):
        service.schedule(
            session, scope, order_id=order.id, technician_id=east.people["technician"].id,
            start=clock.now() + timedelta(hours=30), visit_id=parse(visit),
        )  # fmt: skip
        service.dispatch(session, scope, order_id=order.id)
    page = log_in(phones())
    hero = page.locator(".hero")
    hero.get_by_text("None left today. Next:").wait_for(timeout=20_000)
    hero.get_by_text("Accept by").wait_for()
    hero.get_by_role("button", name="Accept", exact=True).click()
    hero.get_by_role("link", name="Set off").wait_for()
    hero.get_by_text("Repair by").wait_for()
    assert "/visit/" not in page.url
    settled(page)
    with acting("dispatcher") as (session, scope):
        assert service.order(session, scope, order_id=order.id).status.value == "accepted"


def test_practice_runs_the_whole_way_and_reaches_nothing_real(phones, log_in, dispatched, acting, world):
    dispatched("plant", fault_class="damage")
    page = log_in(phones())
    page.locator(".hero").wait_for(timeout=20_000)
    page.goto("/field/more")
    with acting("dispatcher") as (session, scope):
        before = {show(row.order.id) for row in service.orders(session, scope).items}
    page.get_by_role("switch").check()
    page.get_by_role("button", name="Begin a practice visit").click()
    page.get_by_role("note").get_by_text("Rehearsal").wait_for()
    page.get_by_role("button", name="Set off").click()
    page.get_by_role("button", name="I have arrived").click()
    settled(page)
    with acting("dispatcher") as (session, scope):
        assert {show(row.order.id) for row in service.orders(session, scope).items} == before
    with acting("technician") as (session, scope):
        practised = [
            order for _, order in service.visits_of_person(session, scope, start=_long_ago(), end=_far_ahead())
            if order.is_rehearsal
        ]  # fmt: skip
    assert len(practised) == 1
    page.goto("/field/report")
    page.get_by_text("You are practising.").wait_for()
    assert page.get_by_role("button", name="Report", exact=True).is_disabled()


def _long_ago():
    from datetime import timedelta

    from backend.kernel import clock

    return clock.now() - timedelta(days=30)


def _far_ahead():
    from datetime import timedelta

    from backend.kernel import clock

    return clock.now() + timedelta(days=30)
