"""Every way to say which thing one stands before."""

from __future__ import annotations

import time

import pytest

from backend.assets.rules import tags
from tests.e2e.field import stubs
from tests.e2e.field.camera import frame
from tests.e2e.field.conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def scanner(phones, log_in, visit_id):
    """The scan screen of a phone that knows the tag."""

    def one(**more):
        page = log_in(phones(**more))
        page.locator(".hero").wait_for(timeout=20_000)
        settled(page)  # the index of tags has come, too
        return page

    return one


def test_the_camera_reads_a_real_label_without_a_signal(scanner):
    page = scanner(may=("camera",))
    page.context.set_offline(True)
    began = time.monotonic()
    page.locator("nav.bottom .big").click()
    page.get_by_role("heading", name="east plant").wait_for(timeout=20_000)
    assert time.monotonic() - began < 15  # `script/bench web field` says how fast; this only that it works
    assert page.get_by_role("status").get_by_text("Read:").is_visible()
    page.get_by_role("link", name="Your visit here").wait_for()


def test_a_typed_code_a_reader_and_an_nfc_chip_all_find_the_same(scanner, tag_text, world):
    page = scanner(may=("camera",))
    page.add_init_script(stubs.NFC % tag_text)
    page.goto("/field/more")
    page.get_by_role("switch").wait_for()
    _shoot(page, tag_text)
    page.get_by_role("heading", name="east plant").wait_for(timeout=10_000)

    page.goto("/field/scan?text=nothing-known-here")
    page.get_by_role("heading", name="This code is not known here").wait_for()
    page.get_by_role("button", name="Scan again").click()
    page.get_by_role("button", name="Type the code").click()
    page.get_by_label("Code beneath the picture").fill(_short(world))
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("heading", name="east plant").wait_for(timeout=10_000)

    page.goto("/field/scan?text=nothing-known-here")
    page.get_by_role("button", name="Scan again").click()
    page.get_by_role("button", name="NFC").click()
    page.get_by_role("heading", name="east plant").wait_for(timeout=10_000)


def test_one_wrong_character_of_a_typed_code_is_told_at_once(scanner, world):
    page = scanner(may=("camera",))
    page.goto("/field/scan?text=nothing-known-here")
    page.get_by_role("button", name="Scan again").click()
    page.get_by_role("button", name="Type the code").click()
    short = _short(world)
    page.get_by_label("Code beneath the picture").fill(("3" if short[0] != "3" else "4") + short[1:])
    page.get_by_role("alert").get_by_text("One character is wrong").wait_for()


def test_a_picture_is_read_and_an_empty_one_said_to_be(scanner, tag_text):
    page = scanner(may=("camera",))
    page.goto("/field/scan?text=nothing-known-here")
    page.get_by_role("button", name="Scan again").click()
    upload = page.locator(".ways input[type=file]")
    upload.set_input_files({"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": frame(None)})
    page.get_by_text("There is no code in this picture.").wait_for(timeout=20_000)
    upload.set_input_files({"name": "label.jpg", "mimeType": "image/jpeg", "buffer": frame(tag_text)})
    page.get_by_role("heading", name="east plant").wait_for(timeout=20_000)


def test_without_a_camera_the_other_ways_are_told(scanner):
    page = scanner()
    page.add_init_script(stubs.NO_CAMERA)
    page.goto("/field/scan")
    page.get_by_text("The camera is not allowed.").wait_for()
    assert page.get_by_role("button", name="Type the code").is_visible()


def test_the_camera_is_off_as_soon_as_nobody_scans(scanner):
    page = scanner(may=("camera",))
    page.add_init_script(stubs.WATCHED_CAMERA)
    page.goto("/field/")
    page.locator("nav.bottom .big").click()
    page.wait_for_function("() => watched.at(-1)?.readyState === 'live'", timeout=20_000)
    page.go_back()
    page.locator(".hero").wait_for()
    page.wait_for_function("() => watched.length && watched.every((one) => one.readyState === 'ended')")


def test_after_five_seconds_without_a_code_the_reason_is_told(scanner):
    page = scanner()
    page.add_init_script(stubs.DARK_CAMERA)
    page.goto("/field/scan")
    page.get_by_role("status").get_by_text("Too dark.").wait_for(timeout=20_000)


def _shoot(page, text: str) -> None:
    """Type as a reader does, 8 ms a key by the keys' own clock, however busy this machine is."""
    session = page.context.new_cdp_session(page)
    began = time.time()
    for place, key in enumerate([*text, "Enter"]):
        said = {"key": key, "timestamp": began + place * 0.008}
        session.send(
            "Input.dispatchKeyEvent", said | {"type": "keyDown", "text": "\r" if key == "Enter" else key}
        )
        session.send("Input.dispatchKeyEvent", said | {"type": "keyUp"})


def _short(world) -> str:
    return tags.short_code(world.east.ids["tag"])
