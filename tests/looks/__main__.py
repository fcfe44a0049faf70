"""`script/looks`: walk through every page as every role and take pictures, to var/looks.

Phone 390x844, desk 1440x900 and wall 1920x1080, light and dark, Chinese and English; the overview also on a big
screen. What a program can see is said in lines: pages too wide, targets too small, English in Chinese.
`field` among the roles is the field app: a technician's day on a phone (see field.py).
A whole region with the demo is started first, unless ENERFIELD_REGION_URL says where one runs.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright

import backend.demo
from tests.e2e.chromium import launch
from tests.looks import faults, field, walk
from tests.looks.office import Office
from tests.regions import running

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "var" / "looks"
SIZES = {
    "phone": (390, 844), "narrow": (320, 640), "desk": (1440, 900), "wall": (1920, 1080), "big": (3840, 2160),
}  # fmt: skip
"""`narrow` is a page of 640 px read at 200 %."""
USUAL = ("phone", "desk", "wall")
BIG = ("overview",)
"""Pages that hang on a wall."""
LOOKS = ("light", "dark", "sunlight")
LOCALES = ("zh", "en")
APART = ("gate", "field")
"""What is looked at besides the pages of roles: those before the log-in, the field app."""
TOUCHED = frozenset({"phone", "narrow"})
FULL = frozenset({"phone", "narrow", "desk"})
"""Sizes whose pictures show the whole page; the others what fits on the screen."""


@dataclass(frozen=True)
class Wanted:
    """Which pictures are asked for."""

    roles: tuple[str, ...]
    pages: tuple[str, ...]
    sizes: tuple[str, ...]
    looks: tuple[str, ...]
    locales: tuple[str, ...]

    def has(self, page: str) -> bool:
        """Tell whether a page is asked for, by its name or a pattern like `hosting*`."""
        return not self.pages or any(fnmatch.fnmatch(page, one) for one in self.pages)


def asked(words: list[str] | None = None) -> Wanted:
    """Read the command line: roles, and lists that narrow the walk."""
    roles = [role for role, _email, _password in backend.demo.logins()]
    parser = argparse.ArgumentParser(prog="script/looks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("roles", nargs="*", metavar="ROLE", help=", ".join([*roles, *APART]))
    parser.add_argument(
        "--pages", type=_listed, default=(), help="names as pictures have them: home,point,tags*"
    )
    parser.add_argument("--sizes", type=_listed, default=(*USUAL, "big"), help=", ".join(SIZES))
    parser.add_argument("--looks", type=_listed, default=("light", "dark"), help=", ".join(LOOKS))
    parser.add_argument("--locales", type=_listed, default=LOCALES, help=", ".join(LOCALES))
    given = parser.parse_args(words)
    known = {"roles": {*roles, *APART}, "sizes": SIZES, "looks": LOOKS, "locales": LOCALES}
    for name, values in known.items():
        for one in getattr(given, name):
            if one not in values:
                parser.error(f"{name}: {one} is none of {', '.join(values)}")
    return Wanted(
        tuple(given.roles or [*roles, *APART]), given.pages, given.sizes, given.looks, given.locales
    )


def _listed(words: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in words.split(",") if one.strip())


def main() -> None:
    """Take the pictures asked for, and say what is wrong with the pages."""
    wanted, count, seen = asked(), 0, faults.Found()
    with running() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        for role, email, password in backend.demo.logins():
            if role in wanted.roles:
                for page, name in _of_role(browser, address, wanted, (role, email, password)):
                    seen.look_at(page, name)
                    count += 1
        if "gate" in wanted.roles:
            count += _gate(browser, address, wanted)
        if "field" in wanted.roles:
            logins = {role: login for role, *login in backend.demo.logins()}
            office = Office(address, *logins["dispatcher"])
            count += field.walk(browser, address, office, logins["technician"], PICTURES / "field")
        browser.close()
    for line in seen.lines():
        print(line)
    print(f"{count} pictures in {PICTURES}")


def _of_role(
    browser: Browser, address: str, wanted: Wanted, login: tuple[str, str, str]
) -> Iterator[tuple[Page, str]]:
    """Yield every page of a role as it stands in the browser after its picture was taken, with its name."""
    role, email, password = login
    keys = walk.log_in(browser, address, email, password)
    paths = {name: path for name, path in walk.paths(keys).items() if wanted.has(name)}
    for locale in wanted.locales:
        walk.speak(keys, locale)
        for size in wanted.sizes:
            context = _window(browser, address, size, storage_state=keys.storage_state())
            page = context.new_page()
            for name, path in paths.items():
                if size == "big" and name not in BIG:
                    continue
                page.goto(path)
                _settle(page, size)
                for look in wanted.looks:
                    _dress(page, look)
                    _picture(page, f"{role}/{name}-{size}-{look}-{locale}", size)
                    yield page, f"{role}/{name}-{size}-{look}-{locale}"
            context.close()
    keys.close()


def _settle(page: Page, size: str) -> None:
    """Wait until charts and maps are drawn; on a phone they come when they are touched."""
    page.wait_for_timeout(150)
    if size in TOUCHED or not page.locator("[data-map], [data-chart]").count():
        return
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(
            "() => [...document.querySelectorAll('[data-map], [data-chart]')].every((one) => one.matches('.is-live')"
            " || one.getBoundingClientRect().top > innerHeight)", timeout=6000,
        )  # fmt: skip
    page.wait_for_timeout(700)


def _window(browser: Browser, address: str, size: str, **more: object) -> BrowserContext:
    width, height = SIZES[size]
    return browser.new_context(
        viewport={"width": width, "height": height}, base_url=address, has_touch=size in TOUCHED,
        is_mobile=size in TOUCHED, reduced_motion="reduce", **more,
    )  # fmt: skip


def _dress(page: Page, look: str) -> None:
    """Put a page into light, dark or sunlight, as the person's choice or the device would."""
    page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    page.evaluate("look => { document.documentElement.dataset.theme = look }", look)
    page.wait_for_timeout(100)


def _picture(page: Page, name: str, size: str) -> None:
    to = PICTURES / f"{name}.png"
    to.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=to, full_page=size in FULL)


def _gate(browser: Browser, address: str, wanted: Wanted) -> int:
    """Take pictures of the pages before the log-in."""
    count = 0
    for size in wanted.sizes:
        for locale in wanted.locales:
            context = _window(browser, address, size, locale={"zh": "zh-CN", "en": "en-GB"}[locale])
            page = context.new_page()
            for name in filter(wanted.has, ("login", "forgotten", "reset")):
                page.goto({"reset": "/reset/gone"}.get(name, f"/{name}"))
                for look in wanted.looks:
                    _dress(page, look)
                    _picture(page, f"gate/{name}-{size}-{look}-{locale}", size)
                    count += 1
            context.close()
    return count


if __name__ == "__main__":
    main()
