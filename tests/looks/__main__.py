"""`script/looks [ROLE …]`: walk through every page as every role and take pictures, to var/looks.

Phone 390x844, desk 1440x900 and wall 1920x1080, light and dark, Chinese and English. A whole region
with the demo is started first, unless ENERFIELD_REGION_URL says where one runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import backend.demo
from tests.e2e.chromium import launch
from tests.regions import running

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "var" / "looks"
SIZES = {"phone": (390, 844), "desk": (1440, 900), "wall": (1920, 1080)}
LOOKS = ("light", "dark")
LOCALES = ("zh", "en")
FULL = frozenset({"desk", "phone"})
"""Sizes whose pictures show the whole page; the others what fits on the screen."""


def main(roles: list[str]) -> None:
    """Take the pictures of some roles, or of all."""
    logins = [one for one in backend.demo.logins() if not roles or one[0] in roles]
    count = 0
    with running() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        for role, email, password in logins:
            for size, (width, height) in SIZES.items():
                for look in LOOKS:
                    context = browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=look, base_url=address,
                        has_touch=size == "phone", is_mobile=size == "phone", reduced_motion="reduce",
                    )  # fmt: skip
                    count += _walk(context, role, email, password, size, look)
                    context.close()
        _gate(browser, address)
        browser.close()
    print(f"{count} pictures in {PICTURES}")


def _walk(context: BrowserContext, role: str, email: str, password: str, size: str, look: str) -> int:
    """Take pictures of every page of a role in one size and look, in both languages."""
    page, count = context.new_page(), 0
    page.goto("/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("button.first")
    page.wait_for_url(lambda url: "/login" not in url)
    for locale in LOCALES:
        page.goto("/profile")
        page.locator("main").locator(f"button[value={locale}]").click()
        page.wait_for_load_state()
        for name, path in _paths(page).items():
            page.goto(path)
            page.wait_for_timeout(900 if "overview" in name or "map" in name or "point" in name else 250)
            to = PICTURES / role / f"{name}-{size}-{look}-{locale}.png"
            to.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=to, full_page=size in FULL)
            count += 1
    return count


def _paths(page: Page) -> dict[str, str]:
    """Return the pages in the rail, and one position, point, alarm, rule and connection to stand for all."""
    page.goto("/help")
    links = page.locator("nav.rail a")
    rail = [links.nth(index).get_attribute("href") or "" for index in range(links.count())]
    paths = {path.rsplit("/", 1)[-1]: path for path in rail}
    for start, pattern, name in (
        ("/map", "#places a[href^='/positions/']", "position"), ("/demand", "td a[href^='/points/']", "point"),
        ("/use", "td a[href^='/points/']", "point"), ("/alarms", ".rows a[href^='/alarms/']", "alarm"),
        ("/alarms/rules", "tbody a[href^='/alarms/rules/']", "rule"), ("/connections", "tbody a", "connection"),
    ):  # fmt: skip
        if start.strip("/").split("/")[0] not in paths:
            continue
        page.goto(start)
        found = page.locator(pattern)
        if found.count():
            paths[name] = found.first.get_attribute("href") or start
    paths["profile"] = "/profile"
    return paths | ({"search": "/search?q=hotel", "rules": "/alarms/rules"} if "connections" in paths else {})


def _gate(browser: Browser, address: str) -> None:
    """Take pictures of the pages before the log-in."""
    for size, (width, height) in SIZES.items():
        for locale in ("zh-CN", "en-GB"):
            page = browser.new_page(
                viewport={"width": width, "height": height}, locale=locale, base_url=address
            )
            for name in ("login", "forgotten"):
                page.goto(f"/{name}")
                to = PICTURES / "gate" / f"{name}-{size}-{locale[:2]}.png"
                to.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=to)
            page.close()


if __name__ == "__main__":
    main(sys.argv[1:])
