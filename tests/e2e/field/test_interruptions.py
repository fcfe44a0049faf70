"""The app interrupted where it hurts: nothing is lost, all happens once, and the outbox says what is going on."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections import Counter
from datetime import timedelta

import pytest
from playwright.sync_api import Error

from backend.kernel import clock
from backend.workorders import service
from portal import field_app
from tests.e2e.field import stubs
from tests.e2e.field.camera import photo
from tests.e2e.field.conftest import settled, visit_of
from tests.e2e.field.wire import Stuck, Wire, cut, every_request, later_pieces, pushes

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HOUR_MS = 3_600_000
UPDATED = '<meta name="build" content="next">'


@pytest.fixture
def wire(app, monkeypatch):
    """The line to the server, whole at first."""
    made = Wire(app)
    monkeypatch.setattr(app, "wsgi_app", made)
    return made


@pytest.fixture
def job(dispatched, acting):
    """Send the technician a visit: `job("leak")` returns its screen's address and how to look its order up."""

    def one(fault_class: str):
        order = dispatched("plant", fault_class=fault_class)

        def found():
            with acting("dispatcher") as (session, scope):
                return service.packs(
                    session, scope, orders=[service.order(session, scope, order_id=order.id)]
                )[0]

        return f"/field/visit/{visit_of(acting, order)}", found

    return one


@pytest.fixture
def begin(phones, log_in):
    """Open a screen on a phone that is logged in and has sent everything."""

    def one(address: str, *, script: str = ""):
        context = phones()
        if script:
            context.add_init_script(script)
        page = log_in(context)
        page.locator(".hero").wait_for(timeout=30_000)
        settled(page)
        page.goto(address)
        page.get_by_label("Write a remark").wait_for(timeout=30_000)
        return page

    return one


def remark(page, text: str) -> None:
    page.get_by_label("Write a remark").fill(text)
    page.get_by_role("button", name="Add").click()
    page.locator(".events .said").get_by_text(text).wait_for(timeout=20_000)


def kill(page) -> None:
    """End a page's process, as a phone does that runs out of memory."""
    with contextlib.suppress(Error):  # told by the page that is no more
        page.goto("chrome://crash", timeout=10_000)
    page.close()


def unsent(page):
    """Open what waits to be sent."""
    page.goto("/field/unsent")
    page.locator(".outbox li").first.wait_for(timeout=30_000)
    return page


def said(found) -> Counter:
    """Return how often each remark is on the server."""
    return Counter(one.text for one in found().comments)


@pytest.mark.parametrize(
    ("has_acted", "fault_class"),
    [
        pytest.param(True, "leak", id="after the server acted"),
        pytest.param(False, "damage", id="before the server acts", marks=pytest.mark.long),
    ],
)
def test_a_page_killed_while_it_sends_says_everything_once(job, begin, wire, has_acted, fault_class):
    address, found = job(fault_class)
    page = begin(address)
    context = page.context
    stuck = Stuck(has_acted=has_acted)
    wire.breaks(pushes, stuck)
    remark(page, "on its way")
    assert stuck.hangs.wait(30)
    remark(page, "said meanwhile")
    kill(page)
    wire.breaks(every_request, cut)  # `set_offline` would wait for the worker, which died with its page

    again = unsent(context.new_page())
    again.get_by_text("No signal. Everything is kept").wait_for(timeout=30_000)
    assert again.locator(".outbox li").count() == 2
    assert set(again.locator(".op-state").all_inner_texts()) <= {"on phone", "queued"}

    wire.heals()
    settled(again)
    stuck.go()  # what the server held up comes to its end only now
    again.goto(address)
    settled(again)
    assert said(found) == {"on its way": 1, "said meanwhile": 1}


@pytest.mark.parametrize(
    ("ahead_h", "jump_h", "is_restarted", "fault_class"),
    [
        pytest.param(5, -9, False, "too_cold", id="ahead, then far behind"),
        pytest.param(-7, 12, True, "noise", id="behind, then far ahead, and started anew", marks=pytest.mark.long),
    ],
)  # fmt: skip
def test_a_clock_that_is_wrong_and_jumps_moves_nothing(
    job, begin, ahead_h, jump_h, is_restarted, fault_class
):
    began = clock.now()
    address, found = job(fault_class)
    page = begin(address, script=stubs.CLOCK % (ahead_h * HOUR_MS))
    remark(page, "first")
    settled(page)
    page.context.set_offline(True)
    remark(page, "second")
    page.evaluate("(ahead) => localStorage.setItem('ahead_ms', ahead)", jump_h * HOUR_MS)
    remark(page, "third")
    if is_restarted:
        page.goto(address)
        remark(page, "fourth")
    unsent(page).get_by_text("No signal. Everything is kept").wait_for(timeout=30_000)
    page.context.set_offline(False)
    settled(page)
    page.goto("/field/")
    page.get_by_text(re.compile(rf"clock is wrong by {abs(ahead_h)} h|clock is wrong by {abs(jump_h)} h")).wait_for(
        timeout=30_000
    )  # fmt: skip
    told = sorted(found().comments, key=lambda one: one.at)
    assert [one.text for one in told] == ["first", "second", "third", "fourth"][: 4 if is_restarted else 3]
    near = timedelta(minutes=1)
    assert all(began - near <= one.at <= clock.now() + near for one in told), [one.at for one in told]


def test_a_clock_set_back_while_a_try_is_due_holds_nothing_up(job, begin, wire):
    address, found = job("overload")
    page = begin(address, script=stubs.CLOCK % 0)
    wire.breaks(pushes, cut)
    remark(page, "goes by itself")
    unsent(page).get_by_text("No signal. Everything is kept").wait_for(timeout=30_000)
    page.evaluate("(ahead) => localStorage.setItem('ahead_ms', ahead)", -9 * HOUR_MS)
    wire.heals()
    settled(page)  # nobody taps anything
    assert said(found) == {"goes by itself": 1}


def test_a_new_version_waits_until_the_old_one_is_closed_and_takes_the_outbox_over(
    job, begin, monkeypatch, tmp_path
):
    address, found = job("silence")
    page = begin(address)
    context = page.context
    context.route("**/api/v1/field/push", lambda route: route.abort())
    remark(page, "written with the old one")
    _publish(monkeypatch, tmp_path / "next")
    page.evaluate("async () => (await navigator.serviceWorker.getRegistration()).update()")
    page.wait_for_function("async () => (await navigator.serviceWorker.getRegistration()).waiting !== null",
                           timeout=60_000)  # fmt: skip

    unsent(page).get_by_text("A newer version of this app is there.").wait_for(timeout=30_000)
    assert page.locator("meta[name=build]").count() == 0  # a page went, but the app was never closed
    assert page.locator(".outbox li").count() == 1
    other = context.new_page()
    other.goto("/login")  # not a page of the app
    page.close()
    other.wait_for_function(
        "async () => { const found = await navigator.serviceWorker.getRegistration('/field/');"
        " const kept = (await caches.keys()).filter((name) => name.startsWith('field-shell'));"
        " return found.waiting === null && found.active.state === 'activated'"
        " && kept.every((name) => name.includes('next')) }",
        timeout=60_000,
    )
    unsent(other)
    assert other.locator("meta[name=build]").count() == 1
    shells = other.evaluate(
        "async () => (await caches.keys()).filter((one) => one.startsWith('field-shell'))"
    )
    assert len(shells) == 1
    context.unroute("**/api/v1/field/push")
    other.get_by_role("button", name="Send now").click()
    settled(other)
    assert said(found) == {"written with the old one": 1}


def _publish(monkeypatch, folder) -> None:
    """Put a newer build of the app on the server."""
    shutil.copytree(field_app.BUILT, folder)
    worker, page = folder / "sw.js", folder / "index.html"
    worker.write_text(re.sub(r"1\.0\.0\+[0-9a-f]+", "1.0.1+next", worker.read_text()))
    page.write_text(page.read_text().replace("<head>", "<head>" + UPDATED))
    assert "1.0.1+next" in worker.read_text() and UPDATED in page.read_text()
    monkeypatch.setattr(field_app, "BUILT", folder)


@pytest.mark.parametrize(
    ("is_killed", "fault_class"),
    [
        pytest.param(True, "overheating", id="the first is dead"),
        pytest.param(False, "meter_fault", id="the first lives on", marks=pytest.mark.long),
    ],
)
def test_a_photo_cut_in_the_middle_of_a_piece_is_taken_up_by_a_second_tab(
    job, begin, wire, is_killed, fault_class
):
    address, found = job(fault_class)
    page = begin(address)
    context = page.context
    page.goto(f"{address}/photos")
    wire.breaks(later_pieces, cut)
    page.locator("input[type=file]").first.set_input_files(
        {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    page.get_by_text("On this phone").wait_for(timeout=30_000)
    assert wire.broke.wait(60)
    if is_killed:
        kill(page)
    other = unsent(context.new_page())
    other.get_by_text(re.compile(r"262 kB of \d.* sent")).wait_for(timeout=30_000)
    other.get_by_text("No signal. Everything is kept").wait_for(timeout=30_000)
    wire.heals()
    other.get_by_role("button", name="Send now").click()
    settled(other)
    assert wire.offsets.count(0) == 1
    assert set(wire.offsets[1:3]) == {256 * 1024}
    assert [one.role for one in found().photos if one.arrived_at] == ["before"]
    if not is_killed:
        page.locator("figcaption.good").wait_for(timeout=30_000)
