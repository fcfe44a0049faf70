"""The whole story: a fault at a meter, found by an alarm, repaired on a phone without a signal, proved by the meter.

Every part is the real one: a Modbus device broken and mended over its own protocol, an ingest worker and the
followers as processes, the portal and the field app in Chromium. Pictures of each step are left in var/story.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from backend.demo.devices.modbus import Fault
from backend.kernel import clock
from backend.workorders import service
from backend.workorders.models import WorkOrder
from tests.backend.workorders.conftest import acting, world
from tests.counterparts import meters, running
from tests.e2e import stage
from tests.e2e.chromium import path
from tests.e2e.field.camera import photo
from tests.e2e.field.conftest import PHONE, settled, visit_of
from tests.e2e.stage import Supply
from tests.world import PASSWORD

__all__ = ["acting", "world"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

PICTURES = stage.ROOT / "var" / "story"
ZONE = ZoneInfo("Asia/Shanghai")
FIVE_DAYS = timedelta(days=5)
CHROMIUM = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"]
PATIENCE_MS = 120_000
"""Machines that test many things at once are slow."""
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def gateway() -> Iterator[int]:
    """The port of the meters' gateway."""
    with running(sys.executable, "-m", "tests.counterparts.meters", "{port}") as server:
        yield server.port


@pytest.fixture(scope="module")
def supplies(world, gateway) -> list[Supply]:
    return stage.build(world, gateway)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def chromium(playwright):
    browser = playwright.chromium.launch(executable_path=path(), args=CHROMIUM)
    yield browser
    browser.close()


@pytest.fixture
def desk(enter) -> Callable[[str], Page]:
    """Somebody's page in the office, logged in."""

    def one(role: str) -> Page:
        page = enter(role, height=900)
        page.set_default_timeout(PATIENCE_MS)
        return page

    return one


@pytest.fixture
def phone(playwright, address, tmp_path) -> Iterator[Callable[[Path], BrowserContext]]:
    """A phone whose camera plays a film."""
    browsers = []

    def one(film: Path) -> BrowserContext:
        seen = [*CAMERA, f"--use-file-for-fake-video-capture={film}"]
        browsers.append(playwright.chromium.launch(executable_path=path(), args=CHROMIUM + seen))
        context = browsers[-1].new_context(**PHONE, locale="en-GB", base_url=address)
        context.set_default_timeout(PATIENCE_MS)
        context.grant_permissions(["camera"])
        context.clock.install(time=clock.now())
        return context

    yield one
    for browser in browsers:
        browser.close()


@dataclass
class Album:
    """The pictures of one run, numbered as they are taken."""

    name: str
    count: int = 0

    def keep(self, page: Page, what: str) -> None:
        """Take a picture of all of a page; of a phone, of what its screen shows."""
        self.count += 1
        page.wait_for_timeout(250)
        PICTURES.mkdir(parents=True, exist_ok=True)
        place = PICTURES / f"{self.name}-{self.count:02d}-{what}.png"
        page.screenshot(path=place, full_page=not what.startswith("phone"))


def alarmed(world, acting, supply: Supply, gateway: int) -> WorkOrder:
    """Break the meter's supply; return the order that comes of it."""
    stage.until(lambda: (stage.voltage(world, supply) or 0) > stage.LOWEST_V, "the meter is read")
    meters.set_fault(gateway, supply.meter, Fault.ZERO)

    def reported() -> WorkOrder | None:
        stage.deliver(world)
        assert stage.failures(world) == []
        with acting("dispatcher") as (session, scope):
            found = [row.order for row in service.orders(session, scope).items]
        return next((one for one in found if one.title == supply.alarm), None)

    return stage.until(reported, "the alarm opens an order")


def planned(page: Page, order: WorkOrder, album: Album) -> None:
    """The dispatcher sorts the order, takes what the board proposes, and sends it."""
    page.goto("/workorders")
    page.get_by_role("link", name=order.title).wait_for()
    album.keep(page, "the-office-sees-it")
    page.get_by_role("link", name=order.title).click()
    page.get_by_role("heading", name="Sort it").wait_for()
    album.keep(page, "an-order-by-the-alarm")
    page.get_by_role("button", name="Sort", exact=True).click()
    page.get_by_role("link", name="Open the dispatch board").click()
    if clock.now().astimezone(ZONE).hour >= 20:
        page.get_by_role("link", name="Day after").click()
    page.get_by_role("button", name="Propose the day").click()
    accept = page.get_by_role("button", name=f"Accept {order.number}")
    accept.wait_for()
    page.wait_for_timeout(1_500)  # the map draws itself
    album.keep(page, "the-board-proposes")
    accept.click()
    page.get_by_text("1 planned, not sent yet.").wait_for()
    album.keep(page, "planned")
    page.goto(f"/workorders/{order.id}")
    page.get_by_role("button", name="Send to the technician").click()
    page.get_by_text("Sent.").wait_for()
    album.keep(page, "sent")


def ready_to_go(context: BrowserContext, world, album: Album) -> Page:
    """The technician logs in where there is a signal; the phone pulls what the shift needs."""
    page = context.new_page()
    page.goto("/field/")
    page.locator("input[type=email]").fill(world.east.email("technician"))
    page.locator("input[type=password]").fill(PASSWORD)
    album.keep(page, "phone-log-in")
    page.locator("form button").click()
    page.locator("article.hero").wait_for(timeout=60_000)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=60_000)
    settled(page)
    album.keep(page, "phone-today")
    return page


def worked(page: Page, visit: str, album: Album) -> None:
    """A whole repair without a signal."""
    page.goto(f"/field/visit/{visit}")
    page.get_by_role("button", name="Accept", exact=True).wait_for()
    album.keep(page, "phone-the-visit")
    for step in ("Accept", "Set off", "I have arrived"):
        page.get_by_role("button", name=step, exact=True).click()
    page.get_by_role("button", name="Start", exact=True).click()
    for box in page.locator(".check input").all():
        box.check()
    album.keep(page, "phone-safety")
    page.get_by_role("button", name="Scan to start").click()
    page.locator("video").wait_for()
    album.keep(page, "phone-scans")
    page.get_by_text("This is the right one.").wait_for(timeout=30_000)
    album.keep(page, "phone-the-right-one")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Start work").click()

    page.get_by_role("button", name="Next: check-list").click()
    _answer(page)
    album.keep(page, "phone-check-list")
    page.locator(".dock .primary").click()

    page.get_by_role("button", name="Next: photos").click()
    for place, colour in enumerate(((90, 60, 40), (40, 90, 60))):
        picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(colour, (1200, 900))}
        page.locator(".card").nth(place).locator("input[type=file]").set_input_files(picture)
        page.locator(".card").nth(place).locator("img.thumb").wait_for(timeout=30_000)
    album.keep(page, "phone-photos")
    page.locator(".dock .primary").click()

    page.get_by_role("button", name="Next: what was it").click()
    for choice in ("Electrical fault", "Loose connection", "Tightened, sealed"):
        page.get_by_role("button", name=choice, exact=True).click()
    album.keep(page, "phone-codes")
    page.locator(".dock .primary").click()

    page.goto(f"/field/visit/{visit}/signature")
    box = page.locator("canvas.sign").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 100)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(box["x"] + 40 + 30 * step, box["y"] + (60 if step % 2 else 120))
    page.mouse.up()
    album.keep(page, "phone-signature")
    page.get_by_role("button", name="Accept", exact=True).click()
    page.wait_for_url(lambda url: "signature" not in url)

    page.goto(f"/field/visit/{visit}")
    page.get_by_role("button", name="Finish", exact=True).click()
    page.get_by_text(re.compile("entries wait to be sent")).wait_for()
    album.keep(page, "phone-done-not-sent")


def _answer(page: Page) -> None:
    """Answer each item as it should be; items appear as others are answered."""
    for _ in range(20):
        item = page.locator(".item:not(.answered):not(.failed):not(.note)").first
        if not item.count():
            return
        if item.locator(".option.big").count():
            item.locator(".option.big").first.click()
        else:
            said = item.locator("input[inputmode=decimal], textarea").first
            said.fill("35.5")
            said.blur()
        page.wait_for_timeout(150)
    raise AssertionError("there is always one more item")


def arrived(acting, order: WorkOrder, album: Album, page: Page) -> service.Pack:
    """The phone has a signal again: everything is on the server, the photos with their bytes."""
    page.get_by_text(re.compile("(3 of 3|2 of 2 photos) on the server")).first.wait_for(timeout=120_000)
    settled(page)
    album.keep(page, "phone-all-arrived")
    with acting("dispatcher") as (session, scope):
        found = service.packs(session, scope, orders=[service.order(session, scope, order_id=order.id)])[0]
    assert found.order.status.value == "field_complete"
    assert (found.order.problem_code, found.order.cause_code, found.order.remedy_code) == (
        "ELECTRICAL", "LOOSE", "TIGHTENED",
    )  # fmt: skip
    assert {one.role for one in found.photos} == {"before", "after", "signature"}
    assert all(one.arrived_at for one in found.photos)
    told = [one.command for one in found.events if one.command in {"accept", "start", "complete"}]
    assert told == ["accept", "start", "complete"]
    return found


def proved(world, acting, supply: Supply, gateway: int, order: WorkOrder) -> None:
    """The supply is back; twenty seconds of telemetry decide."""
    from backend.worker import fieldwork

    meters.set_fault(gateway, supply.meter, Fault.NONE)
    stage.until(lambda: (stage.voltage(world, supply) or 0) > stage.LOWEST_V, "the voltage is back")

    def status() -> str:
        fieldwork.tick()
        stage.deliver(world)
        assert stage.failures(world) == []
        with acting("dispatcher") as (session, scope):
            return service.order(session, scope, order_id=order.id).status.value

    assert stage.until(lambda: (now := status()) not in {"field_complete", "verifying"} and now, "a verdict") == (
        "verified"
    )  # fmt: skip


@contextmanager
def later(is_server_too: bool) -> Iterator[timedelta]:
    """Five days pass, for the server or not; yields by how much its processes are ahead."""
    if not is_server_too:
        yield timedelta(0)
        return
    with clock.shifted(FIVE_DAYS):
        yield FIVE_DAYS


def test_a_phone_whose_clock_jumps_ahead_loses_nothing_and_its_times_are_put_right(
    world, environment, acting, supplies, gateway, desk, phone, tmp_path
):
    supply, album = supplies[1], Album("wrong-clock")
    office = desk("dispatcher")
    with stage.watching(environment):
        order = alarmed(world, acting, supply, gateway)
        planned(office, order, album)
        label = office.request.get(f"/tags/{supply.tag_id}/label.pdf").body()
        context = phone(stage.film(label, tmp_path / "label.mjpeg"))
        page = ready_to_go(context, world, album)
        context.set_offline(True)
        began_at = clock.now()
        worked(page, visit_of(acting, order), album)
        context.clock.set_system_time(clock.now() + FIVE_DAYS)
        page.get_by_label("Write a remark").fill("written by a clock five days ahead")
        page.get_by_role("button", name="Add").click()
        page.locator(".events .said").get_by_text("five days ahead").wait_for()
        context.set_offline(False)
        found = arrived(acting, order, album, page)
        told = [one for one in found.events if one.raw_at]
        assert all(began_at - timedelta(seconds=5) <= one.occurred_at <= one.received_at for one in told)
        remark = next(one for one in told if one.command == "comment")
        assert remark.raw_at - remark.occurred_at > FIVE_DAYS - timedelta(minutes=1)
        assert remark.occurred_at >= next(one for one in told if one.command == "complete").occurred_at
        page.goto("/field/")
        page.get_by_text("This phone's clock is wrong by 5").wait_for(timeout=30_000)
        album.keep(page, "phone-knows-its-clock-is-wrong")
        proved(world, acting, supply, gateway, order)


def test_a_fault_is_found_repaired_without_a_signal_for_five_days_and_proved_by_the_meter(
    world, environment, acting, supplies, gateway, desk, phone, tmp_path
):
    # the last of this module: what it leaves in the database was read five days from now
    supply, album = supplies[0], Album("five-days")
    office = desk("dispatcher")
    with stage.watching(environment):
        order = alarmed(world, acting, supply, gateway)
        planned(office, order, album)
        customer = desk("customer")
        customer.goto(f"/workorders/{order.id}")
        album.keep(customer, "the-customer-waits")
        label = office.request.get(f"/tags/{supply.tag_id}/label.pdf").body()
        context = phone(stage.film(label, tmp_path / "label.mjpeg"))
        page = ready_to_go(context, world, album)
        context.set_offline(True)
        worked(page, visit_of(acting, order), album)
        done_at = clock.now()
    with later(is_server_too=True) as ahead, stage.watching(environment, ahead=ahead):
        context.clock.fast_forward(int(FIVE_DAYS.total_seconds() * 1000))
        page.reload()
        page.get_by_text(re.compile("entries wait to be sent")).wait_for()
        album.keep(page, "phone-five-days-later")
        context.set_offline(False)
        found = arrived(acting, order, album, page)
        told = [one for one in found.events if one.raw_at]
        assert told
        assert all(one.occurred_at <= done_at + timedelta(seconds=5) for one in told)
        assert all(one.received_at - one.occurred_at > FIVE_DAYS - timedelta(minutes=5) for one in told)

        proved(world, acting, supply, gateway, order)
        customer = desk("customer")
        works = "Works again: sensors confirm"
        letter = stage.letter(
            world, environment, world.east.email("customer"), works, about=f"/workorders/{order.id}"
        )
        customer.goto(re.search(r"/workorders/\S+", letter)[0])
        customer.get_by_role("heading", name=order.title).wait_for()
        customer.get_by_text("Right again since").wait_for()
        album.keep(customer, "the-customer-sees-it-works")
        customer.get_by_label("5", exact=True).check()
        customer.get_by_label("A word").fill("Quick, and the light is back")
        customer.get_by_role("button", name="Send").click()
        customer.get_by_text("Thank you for your word.").wait_for()
        album.keep(customer, "the-customer-rates")

        manager = desk("manager")
        manager.goto(f"/workorders/{order.id}")
        album.keep(manager, "the-manager-looks")
        manager.get_by_role("button", name="Close", exact=True).click()
        manager.get_by_text("Closed.").wait_for()
        album.keep(manager, "closed")
        manager.goto(f"/positions/{supply.position_id}")
        repairs = manager.locator(
            "section.card", has=manager.get_by_role("heading", name="Work orders", exact=True)
        )
        repairs.get_by_role("link", name=order.title).wait_for()
        repairs.get_by_text("rated 5 of 5").wait_for()
        album.keep(manager, "the-history-of-the-place")
        page.reload()
        settled(page)
        album.keep(page, "phone-in-the-end")
