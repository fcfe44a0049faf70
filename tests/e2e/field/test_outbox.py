"""What waits to be sent: kept whatever happens, and each trouble told by its own name."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.field.camera import photo
from tests.e2e.field.conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def visit(visit_id, phones, log_in):
    """A visit on a phone's screen: `page, address`."""
    address = f"/field/visit/{visit_id}"
    page = log_in(phones())
    page.locator(".hero").wait_for(timeout=20_000)
    page.goto(address)
    return page, address


def remark(page, text: str) -> None:
    """Write a remark, which needs no state."""
    page.get_by_label("Write a remark").fill(text)
    page.get_by_role("button", name="Add").click()
    page.locator(".events .said").get_by_text(text).wait_for()


PICTURE = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo()}


def waiting(page) -> int:
    """Return the number on the chip."""
    found = re.search(r"\d+", page.locator(".chip").inner_text())
    return int(found[0]) if found else 0


def test_a_wi_fi_log_in_page_is_told_from_the_server(visit):
    page, _ = visit
    page.context.route(
        "**/api/v1/**",
        lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Welcome</h1>"),
    )
    remark(page, "seal worn")
    page.goto("/field/unsent")
    page.get_by_text("This Wi-Fi asks for its own log-in").wait_for(timeout=20_000)
    assert waiting(page) == 1
    page.context.unroute("**/api/v1/**")
    page.get_by_role("button", name="Send now").click()
    settled(page)


def test_logging_out_keeps_what_waits_and_logging_in_sends_it(visit, world):
    page, _ = visit
    page.context.set_offline(True)
    remark(page, "kept over log-out")
    page.goto("/field/more")
    page.get_by_role("button", name="Log out").first.click()
    page.get_by_text("One entry is not sent yet.").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Log out").click()
    page.get_by_text("One entry of this phone waits to be sent.").wait_for()
    page.context.set_offline(False)
    from tests.world import PASSWORD

    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("form button").click()
    page.locator("nav.bottom").wait_for(timeout=20_000)
    settled(page)


def test_a_full_disk_is_told_and_nothing_half_written(visit):
    page, address = visit
    page.context.set_offline(True)
    session = page.context.new_cdp_session(page)
    origin = page.evaluate("location.origin")
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    page.goto(f"{address}/photos")
    page.wait_for_timeout(31_500)  # for half a minute Chromium trusts what it last knew of the room left
    upload = page.locator("input[type=file]").first
    upload.set_input_files(PICTURE)
    page.locator(".toast.act").wait_for(timeout=20_000)
    assert page.locator("img.thumb").count() == 0
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin})
    upload.set_input_files(PICTURE)
    page.locator("img.thumb").wait_for(timeout=20_000)


def test_two_tabs_send_once(visit):
    page, address = visit
    page.context.set_offline(True)
    remark(page, "only once")
    other = page.context.new_page()
    other.goto(address)
    other.locator(".events .said").get_by_text("only once").wait_for()
    page.context.set_offline(False)
    settled(page)
    settled(other)
    other.reload()
    other.locator(".events .said").get_by_text("only once").wait_for()
    assert other.locator(".events .said").get_by_text("only once").count() == 1


def test_a_broken_line_in_the_middle_of_a_photo_goes_on_where_it_broke(visit):
    page, address = visit
    pieces = []

    def break_second(route):
        if route.request.method == "PATCH":
            pieces.append(route.request.headers["upload-offset"])
            if len(pieces) == 2:
                return route.abort("connectionreset")
        return route.continue_()

    page.context.route("**/api/v1/field/uploads/**", break_second)
    page.goto(f"{address}/photos")
    with page.expect_event("requestfailed", lambda one: one.method == "PATCH", timeout=60_000):
        page.locator("input[type=file]").first.set_input_files(PICTURE)
    page.get_by_text("On this phone").wait_for(timeout=20_000)
    page.reload()  # only now: a page left before it broke would break on its next start
    page.locator("figcaption.good").wait_for(timeout=40_000)
    assert pieces.count("0") == 1
    assert pieces[1] == pieces[2] == str(256 * 1024)


def test_what_the_server_turns_down_says_why_and_can_be_taken_back(visit):
    page, _ = visit

    def refuse(route):
        sent = json.loads(route.request.post_data)
        no = {
            "outcome": "rejected",
            "message": "The order is closed for remarks.",
            "fix_hint": "Call the dispatcher.",
        }
        results = [no | {"op_id": op["op_id"]} for op in sent["operations"]]
        answer = {"server_time": "2026-01-01T00:00:00Z", "results": results}
        route.fulfill(headers={"Enerfield-Signature": "1"}, json=answer)

    page.context.route("**/api/v1/field/push", refuse)
    remark_text = "will be refused"
    page.get_by_label("Write a remark").fill(remark_text)
    page.get_by_role("button", name="Add").click()
    page.locator(".chip.act").wait_for(timeout=20_000)
    assert page.locator(".events .said").get_by_text(remark_text).count() == 0
    page.context.unroute("**/api/v1/field/push")
    page.locator(".chip.act").click()
    page.get_by_text("The order is closed for remarks.").wait_for()
    page.get_by_text("Call the dispatcher.").wait_for()
    page.get_by_role("button", name="Try again").click()
    settled(page)


def test_everything_unsent_can_be_saved_as_a_file(visit):
    page, _ = visit
    page.context.set_offline(True)
    remark(page, "in the file")
    page.goto("/field/unsent")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Save as file").click()
    kept = json.loads(downloading.value.path().read_text())
    assert [one["args"]["text"] for one in kept["operations"]] == ["in the file"]
