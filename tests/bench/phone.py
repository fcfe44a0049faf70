"""The field app on a slow phone: bytes, first decode, a shift's work, cold start without a signal. Part of `web`."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench import shift
from tests.bench.common import say
from tests.e2e.chromium import path as chromium
from tests.e2e.chromium import violations
from tests.e2e.field.camera import film
from tests.e2e.field.conftest import PHONE
from tests.looks.office import Office
from tests.portal.field.test_budget import FIRST_SCREEN_BYTES, SHELL_BYTES, STYLE_BYTES, shell

RUNS = 5
COLD_START_S, DECODE_S = 1.5, 1.5
TEXT = "HTTPS://BENCH.EXAMPLE/T/01KASG2V3W4X5Y6Z7A8B9C0D1EABCDEFGH1"


def measure(address: str, login: tuple[str, str], dispatcher: tuple[str, str]) -> None:
    """Print the rows of the field app, on a running server."""
    for kind, name, most in ((".js", "shell", SHELL_BYTES), (".css", "styles", STYLE_BYTES)):
        size = sum(size for file, size in shell().items() if file.endswith(kind))
        say("web", f"field {name}", size / 1000, "kB", goal=most / 1000, met=size <= most)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--no-sandbox", "--disable-dev-shm-usage", "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={film(Path(folder) / 'label.mjpeg', (TEXT, 30))}",
            ],
        )  # fmt: skip
        context = browser.new_context(**PHONE, locale="en-GB", base_url=address, permissions=["camera"])
        page = context.new_page()
        received: list[int] = []
        page.on("response", lambda answer: received.append(int(answer.headers.get("content-length") or 0)))
        page.goto("/field/", wait_until="load")
        first = sum(received)
        say("web", "field first screen", first / 1000, "kB", goal=FIRST_SCREEN_BYTES / 1000,
            met=first <= FIRST_SCREEN_BYTES)  # fmt: skip
        _log_in(page, *login)
        found = violations(page)
        say("web", "field axe", len(found), "violations", goal=0, met=not found)
        decoded = statistics.median(_decode(page) for _ in range(RUNS))
        say("web", "field first decode", decoded, "s", goal=DECODE_S, met=decoded <= DECODE_S)
        context.set_offline(True)
        page.close()
        started = statistics.median(_cold_start(context.new_page()) for _ in range(RUNS))
        say("web", "field cold start offline", started, "s", goal=COLD_START_S, met=started <= COLD_START_S)
        context.set_offline(False)
        shift.measure(context, context.new_page(), Office(address, *dispatcher), login)
        browser.close()


def _log_in(page: Page, email: str, password: str) -> None:
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").fill(password)
    page.locator("form button").click()
    page.locator("nav.bottom").wait_for(timeout=60_000)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=120_000)


def _decode(page: Page) -> float:
    """Return the time from the tap on Scan to what was read [s]."""
    page.goto("/field/")
    page.locator("nav.bottom .big").wait_for()
    began = time.perf_counter()
    page.locator("nav.bottom .big").click()
    page.locator("dialog.sheet").wait_for(timeout=30_000)
    return time.perf_counter() - began


def _cold_start(page: Page) -> float:
    """Return the time from opening the app to its first screen, without a signal, on a CPU four times as slow [s]."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto("/field/", wait_until="commit")
    page.locator("main.page h1, header h1").first.wait_for(timeout=60_000)
    page.locator(".hero, .empty").first.wait_for(timeout=60_000)
    shown = page.evaluate("performance.now()") / 1000
    page.close()
    return float(shown)
