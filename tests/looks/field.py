"""Pictures of the field app: a technician's day from the log-in to the evidence, with and without a signal.

One phone works through real visits of a running region; at each stage every screen of that stage is taken in light and
dark, Chinese and English, and the main ones in the sun's theme too. To var/looks/field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.field.camera import photo
from tests.e2e.field.conftest import PHONE
from tests.looks.office import Office

THEMES, LOCALES = ("light", "dark"), ("zh", "en")
FAULTS: tuple[tuple[str, str, str, int, str | None], ...] = (  # place, title, class, priority, what was said
    ("Heat network pump 1", "Pump 1 stands still 1号循环泵停转", "no_supply", 2,
     "No flow since the morning; the guests of the hotel feel it. 早上起没有流量。"),
    ("Gas boiler", "Water under the boiler 锅炉底部漏水", "leak", 3, None),
    ("Chiller 1", "Loud bearing 轴承异响", "noise", 4, None),
)  # fmt: skip
PARTS = ("checklist", "photos", "parts", "codes", "signature", "reading")


class Day:
    """One phone on one day; `look` takes the pictures of a stage."""

    def __init__(self, page: Page, to: Path) -> None:
        self.page, self.to, self.count = page, to, 0

    def look(self, stage: str, screens: dict[str, str], *, themes: Iterable[str] = THEMES,
             first: Callable[[Page], Any] | None = None) -> None:  # fmt: skip
        """Take every screen (name to address) of a stage; first: what is tapped before the picture."""
        for theme, locale in product(themes, LOCALES):
            self.page.evaluate(
                "([theme, locale]) => { localStorage['field-theme'] = theme; localStorage['field-language'] = locale }",
                [theme, locale],
            )
            for name, address in screens.items():
                self.page.goto(address)
                self.page.locator("h1").first.wait_for(timeout=30_000)
                self.page.locator(".skeleton").wait_for(state="detached", timeout=30_000)
                if first is not None:
                    first(self.page)
                self.page.wait_for_timeout(1_500 if "map" in name else 350)
                self.to.mkdir(parents=True, exist_ok=True)
                place = self.to / f"{stage}-{name}-{theme}-{locale}.png"
                self.page.screenshot(path=place, full_page=first is None)
                self.count += 1

    def tap(self, selector: str = ".dock .primary") -> None:
        """Tap the next step."""
        self.page.locator(selector).first.click()
        self.page.wait_for_timeout(300)

    def settle(self) -> None:
        """Wait until nothing is being sent."""
        self.page.wait_for_function(
            "() => document.querySelector('.chip') && !document.querySelector('.chip.sending')",
            timeout=60_000,
        )
        self.page.wait_for_timeout(500)


def walk(browser: Browser, address: str, office: Office, login: Sequence[str], to: Path) -> int:
    """Work through a day; returns how many pictures were taken."""
    context = browser.new_context(**PHONE, locale="zh-CN", base_url=address)
    page = context.new_page()
    day = Day(page, to)
    page.goto("/field/")
    day.look("0-gate", {"login": "/field/"})
    page.locator("input[type=email]").fill(login[0])
    page.locator("input[type=password]").fill(login[1])
    page.locator("form button").click()
    page.locator("nav.bottom").wait_for(timeout=60_000)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=120_000)
    me = Office(address, *login).ask("GET", "/auth/me")["id"]
    orders = [office.send(me, place, title, fault, priority=priority, description=said)
              for place, title, fault, priority, said in FAULTS]  # fmt: skip
    page.reload()
    page.locator(".hero").wait_for(timeout=60_000)
    day.settle()
    _before(day, office, orders)
    _work(day, orders[0][1])
    _without_signal(day, office, orders)
    _back(day, orders)
    context.close()
    return day.count


def _before(day: Day, office: Office, orders: list[tuple[str, str]]) -> None:
    place = office.place(FAULTS[0][0])
    asset = f"/field/asset/position/{place}"
    main = {"today": "/field/", "visit": f"/field/visit/{orders[0][1]}", "asset": asset}
    day.look("1-morning", {**main, "map": "/field/map", "report": "/field/report", "more": "/field/more",
                           "news": "/field/news", "sent": "/field/unsent", "scan": "/field/scan"})  # fmt: skip
    day.look("1-morning", main, themes=("sunlight",))
    day.look("1-mend", {"asset": asset}, first=lambda page: page.locator(".bar .icon-button").last.click())
    day.look("1-name", {"asset": asset}, first=_rename)
    day.look(
        "1-decline", {"visit": main["visit"]}, first=lambda page: page.locator(".dock .secondary").click()
    )
    day.look("1-unknown", {"scan": "/field/scan?text=nothing-known-here"})


def _rename(page: Page) -> None:
    page.locator(".bar .icon-button").last.click()
    page.locator(".sheet .row").first.click()


def _work(day: Day, visit: str) -> None:
    page, here = day.page, f"/field/visit/{visit}"
    page.goto(here)
    for _step in ("accept", "travel", "arrive"):
        day.tap()
    day.look("2-there", {"safety": f"{here}/safety", "visit": here})
    page.goto(f"{here}/safety")
    for box in page.locator(".check input").all():
        box.check()
    page.locator(".quiet-button").click()
    page.locator("textarea").fill("Label torn off 标签已脱落")
    page.locator("input[type=file]").set_input_files(_picture((120, 90, 60)))
    page.locator(".buttons .primary:enabled").click(timeout=30_000)
    page.locator(".stages").wait_for()
    day.settle()
    day.look("3-begun", {"visit": here, **{part: f"{here}/{part}" for part in PARTS}})
    day.look("3-more", {"visit": here}, first=lambda page: page.locator(".bar .icon-button").last.click())


def _without_signal(day: Day, office: Office, orders: list[tuple[str, str]]) -> None:
    page, here = day.page, f"/field/visit/{orders[0][1]}"
    page.context.set_offline(True)
    page.goto(f"{here}/photos")
    for place, colour in enumerate(((90, 60, 40), (40, 90, 60))):
        page.locator(".card").nth(place).locator("input[type=file]").set_input_files(_picture(colour))
        page.locator(".card").nth(place).locator("img.thumb").wait_for(timeout=30_000)
    page.goto(f"{here}/codes")
    for card in page.locator(".card").all():
        card.locator(".option").first.click()
    page.goto(f"/field/visit/{orders[1][1]}")
    day.tap()
    office.ask("POST", f"/visits/{orders[1][1]}/withdrawal", {"reason": "Another colleague is nearer"})
    names = {
        "today": "/field/",
        "visit": here,
        "photos": f"{here}/photos",
        "codes": f"{here}/codes",
        "unsent": "/field/unsent",
    }
    day.look("4-offline", names)


def _back(day: Day, orders: list[tuple[str, str]]) -> None:
    page, here = day.page, f"/field/visit/{orders[0][1]}"
    page.context.set_offline(False)
    page.goto("/field/unsent")
    day.tap()
    day.settle()
    day.look("5-back", {"today": "/field/", "visit": here, "lost": f"/field/visit/{orders[1][1]}",
                        "needy": "/field/unsent", "news": "/field/news"})  # fmt: skip
    page.goto("/field/more")
    page.get_by_role("switch").check()
    page.locator(".practice .primary").click()
    page.locator(".stages").wait_for()
    practised = page.url
    day.look("6-practice", {"visit": practised, "today": "/field/"})


def _picture(colour: tuple[int, int, int]) -> dict[str, Any]:
    return {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(colour, (1600, 1200))}
