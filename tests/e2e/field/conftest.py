"""A phone before the real server: Chromium in a phone's shape, its camera a film of the real tag's label."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright

from backend.assets.service import tags
from backend.kernel.ids import show
from tests.backend.workorders.conftest import acting, all_over, dispatched, east, reported, world
from tests.e2e.chromium import path
from tests.e2e.field import camera
from tests.world import PASSWORD

__all__ = ["acting", "all_over", "dispatched", "east", "reported", "world"]

PHONE = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True,
    "timezone_id": "Asia/Shanghai", "reduced_motion": "reduce",
}  # fmt: skip


@pytest.fixture(scope="module")
def tag_text(app, world) -> str:
    """What is printed on the tag at the plant."""
    return tags.payload_of(world.east.ids["tag"])


@pytest.fixture(scope="module")
def film(tag_text, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees: half a second of wall, two seconds of label."""
    return camera.film(tmp_path_factory.mktemp("film") / "label.mjpeg", (None, 15), (tag_text, 60))


@pytest.fixture(scope="module")
def chromium(film: Path) -> Iterator[Browser]:
    """A browser whose camera plays the film."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path(),
            args=[
                "--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage",
                "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )  # fmt: skip
        yield browser
        browser.close()


@pytest.fixture
def phones(chromium: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """Hand out phones, each with storage of its own: `phones(locale="zh-CN", theme="dark")`."""
    made: list[BrowserContext] = []

    def one(
        *, locale: str = "en-GB", theme: str = "light", may: tuple[str, ...] = (), **more: Any
    ) -> BrowserContext:
        context = chromium.new_context(**PHONE | {"locale": locale, "base_url": address} | more)
        if may:
            context.grant_permissions(list(may))
        context.add_init_script(
            f"localStorage.getItem('field-theme') || localStorage.setItem('field-theme', '{theme}')"
        )
        made.append(context)
        return context

    yield one
    for context in made:
        context.close()


@pytest.fixture
def log_in(world) -> Callable[..., Page]:
    """Log the east's technician in on a phone, and wait until the app is there without a signal, too."""

    def one(context: BrowserContext, role: str = "technician", *, waiting: bool = True) -> Page:
        page = context.new_page()
        page.goto("/field/")
        page.locator("input[type=email]").fill(world.east.email(role))
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("form button").click()
        page.locator("nav.bottom").wait_for(timeout=30_000)
        if waiting:
            page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=60_000)
        return page

    return one


@pytest.fixture(scope="module")
def _once() -> dict[str, str]:
    """What a module makes once."""
    return {}


@pytest.fixture
def visit_id(dispatched, acting, _once: dict[str, str]) -> str:
    """The module's one visit of the technician, at the plant."""
    if not _once:
        _once["id"] = visit_of(acting, dispatched("plant", fault_class="noise"))
    return _once["id"]


def visit_of(acting, order: Any) -> str:
    """Return the shown id of an order's visit."""
    from backend.workorders import service

    with acting("dispatcher") as (session, scope):
        return show(service.visits_of(session, scope, order_ids=[order.id])[0].id)


def settled(page: Page) -> None:
    """Wait until everything is on the server; say what is not."""
    try:
        page.wait_for_function(
            "() => document.querySelector('.chip.good') !== null && document.querySelector('.chip.sending') === null",
            timeout=30_000,
        )
    except TimeoutError as error:
        page.goto("/field/unsent")
        page.wait_for_timeout(1_000)
        raise AssertionError(page.locator("main").inner_text()) from error
