"""A real Chromium before a real server on a furnished world."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.apps import make_app
from tests.e2e.chromium import launch
from tests.world import PASSWORD, furnish, make_world


class _Quiet(WSGIRequestHandler):
    def log(self, *_given) -> None:
        """Say nothing: a failing test prints what it needs."""


@pytest.fixture(scope="module")
def app(environment, database):
    made = make_app(database)
    yield made
    made.extensions["live"].close()


@pytest.fixture(scope="module")
def world(app, database):
    return furnish(make_world(database))


@pytest.fixture(scope="module")
def address(app, world) -> Iterator[str]:
    """Where the pages are served."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A browser for one module: while it runs its event loop does too, and other modules need their own."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def enter(chromium, address, world):
    """Log somebody in: `enter(role, width=…, dark=…)` returns the page they landed on."""
    opened = []

    def enter(
        role: str, *, width: int = 1280, height: int = 800, dark: bool = False, touch: bool = False
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, base_url=address, locale="en-GB", has_touch=touch,
            color_scheme="dark" if dark else "light", reduced_motion="reduce",
        )  # fmt: skip
        opened.append(context)
        page = context.new_page()
        page.goto("/login")
        page.get_by_label("E-mail address").fill(world.east.email(role))
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield enter
    for context in opened:
        context.close()
