"""Which pages a person can reach: those in the rail, and one of every kind that they lead to."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext

ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f-]{27}$|^[0-9A-Z]{20,}$")
HREF = re.compile(r'<a\b[^>]*\bhref="([^"#]+)"')
RAIL = re.compile(r'<nav class="rail".*?</nav>', re.S)
NO_PAGE = re.compile(r"^/(field|static|api|documents|t|T)(/|$)|\.(csv|pdf|xlsx|json)$|/photos/|/print$")
KINDS = 140
"""More kinds of pages than there are: a wrong pattern ends the walk instead of filling the disk."""
WORTH_A_LOOK = {
    "alarms-history": "/alarms?show=history", "overview-year": "/overview?span=year&carrier=electricity",
    "search-found": "/search?q=hotel", "search-none": "/search?q=zzzz", "missing": "/nowhere",
}  # fmt: skip
"""Pages one comes to by a query or a slip."""


def log_in(browser: Browser, address: str, email: str, password: str) -> BrowserContext:
    """Return a browser in which the person is logged in."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("button.first")
    page.wait_for_url(lambda url: "/login" not in url)
    page.close()
    return context


def speak(context: BrowserContext, locale: str) -> None:
    """Let the person read Chinese or English from now on."""
    page = context.new_page()
    page.goto("/profile")
    page.locator("main").locator(f"button[value={locale}]").click()
    page.wait_for_load_state()
    page.close()


def kind(path: str) -> str:
    """Return the name of a kind of page: /positions/3f…/points/new is `positions-points-new`."""
    parts = [part for part in path.strip("/").split("/") if part]
    return "-".join("one" if ID.match(part) else part for part in parts) or "first"


def paths(context: BrowserContext) -> dict[str, str]:
    """Return one address for every kind of page that the person reaches by links."""
    rail = RAIL.search(context.request.get("/help").text())
    waiting = [unescape(one) for one in HREF.findall(rail.group() if rail else "")]
    found: dict[str, str] = {"profile": "/profile"}
    while waiting and len(found) < KINDS:
        path = waiting.pop(0)
        name = kind(path)
        if name in found or NO_PAGE.search(path):
            continue
        answer = context.request.get(path)
        if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        found[name] = path
        own = (urlsplit(unescape(one)).path for one in HREF.findall(answer.text()))
        waiting += [one for one in own if one.startswith("/")]
    rail_pages = {path: name for name, path in found.items()}
    kept = {
        name: path for name, path in WORTH_A_LOOK.items()
        if urlsplit(path).path in rail_pages or name in ("search-found", "search-none", "missing")
    }  # fmt: skip
    return found | kept
