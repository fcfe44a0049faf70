"""Every screen judged: axe, targets for gloves, contrast in the sun, reflow, both languages."""

from __future__ import annotations

import re

import pytest

from backend.kernel.ids import show
from tests.e2e.chromium import violations
from tests.e2e.field.conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

PARTS = ("", "/safety", "/checklist", "/photos", "/parts", "/codes", "/signature", "/reading")
SCREENS = ("", "scan?text=nothing-known-here", "map", "report", "more", "unsent", "news")
OURS = "h1, h2, .primary, .secondary, .option, label, .quiet-button, nav.bottom span"
GIVEN = re.compile(r"^(Pump stands still|east|Li|Technician)")
"""Names and titles people gave."""
SMALL = """
() => [...document.querySelectorAll('a[href], button, input, select, textarea, label.photo-button')]
  .filter((one) => one.checkVisibility())
  .filter((one) => !one.closest('.unseen, .skip, .maplibregl-ctrl, .notice, label.check, label.switch'))
  .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
  .filter(([box]) => box.height < 43.5 || box.width < 43.5)
  .map(([box, html]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)
"""


@pytest.fixture
def visit(visit_id):
    """A visit's address."""
    return f"/field/visit/{visit_id}"


@pytest.fixture
def addresses(visit, world) -> list[str]:
    """Every screen's address."""
    asset = f"/field/asset/position/{show(world.east.ids['plant'])}"
    return [*(visit + part for part in PARTS), *(f"/field/{screen}" for screen in SCREENS), asset]


@pytest.mark.parametrize(
    ("theme", "locale"), [("light", "en-GB"), ("dark", "zh-CN"), ("sunlight", "zh-CN"), ("sunlight", "en-GB")]
)
def test_every_screen_is_fit_for_everybody(phones, log_in, addresses, theme, locale):
    page = log_in(phones(theme=theme, locale=locale))
    page.locator(".hero").wait_for(timeout=20_000)
    settled(page)
    found = []
    for address in addresses:
        page.goto(address)
        page.locator("h1").first.wait_for()
        page.locator(".skeleton").wait_for(state="detached", timeout=20_000)
        page.wait_for_timeout(300)
        found += [f"{address}: {one}" for one in _wrong(page, locale)]
    assert not found, "\n".join(found)


def _wrong(page, locale: str) -> list[str]:
    """Return what keeps somebody from using what is on the screen now."""
    found = [one for one in violations(page) if "maplibregl" not in one]
    found += [f"too small {one}" for one in page.evaluate(SMALL)]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found += [f"{wide} px too wide"] if wide > 0 else []
    return found + ([f"English: {one}" for one in _english(page)] if locale == "zh-CN" else [])


SHEETS = (  # where, and what is tapped there
    ("visit", (".bar .icon-button >> nth=1",)), ("visit", (".dock .secondary",)),
    ("asset", (".bar .icon-button >> nth=1",)), ("asset", (".bar .icon-button >> nth=1", ".sheet .row >> nth=0")),
    ("asset", (".bar .icon-button >> nth=1", ".sheet .row >> nth=1")), ("scan", (".ways .secondary >> nth=0",)),
    ("scan", (".ways .secondary >> nth=1",)), ("more", (".card .secondary.wide >> nth=-1",)),
)  # fmt: skip


@pytest.mark.parametrize(("theme", "locale"), [("light", "zh-CN"), ("dark", "en-GB")])
def test_every_sheet_is_fit_for_everybody(phones, log_in, addresses, theme, locale):
    phone = phones(theme=theme, locale=locale, may=("camera",))
    phone.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => new Promise(() => {})"
    )  # sees no label, ever
    page = log_in(phone)
    page.locator(".hero").wait_for(timeout=20_000)
    where = {"visit": addresses[0], "asset": addresses[-1], "scan": "/field/scan", "more": "/field/more"}
    found = []
    for name, taps in SHEETS:
        page.goto(where[name])
        for tap in taps:
            page.locator(tap).click()
        page.locator("dialog.sheet[open] h2").wait_for()
        page.wait_for_timeout(300)
        found += [f"{name} {taps}: {one}" for one in _wrong(page, locale)]
    assert not found, "\n".join(found)


def test_forced_colours_leave_every_state_to_be_seen(phones, log_in, addresses):
    page = log_in(phones(forced_colors="active"))
    page.goto(addresses[0])
    page.locator(".stages").wait_for(timeout=20_000)
    bars = page.locator(".stages li").evaluate_all(
        "all => all.map((one) => getComputedStyle(one, '::before').borderTopWidth)"
    )
    assert set(bars) == {"1px"}, bars
    page.goto("/field/more")
    pressed = page.locator(".option[aria-pressed=true]").first
    assert pressed.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    for button in page.locator(".primary, .secondary, .option, .chip").all():
        assert button.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid", button.inner_text()


def test_nothing_moves_where_motion_is_not_wanted(phones, log_in, addresses):
    page = log_in(phones(reduced_motion="reduce"))
    page.goto(addresses[0])
    page.locator(".bar .icon-button").nth(1).click()
    page.locator("dialog.sheet[open]").wait_for()
    assert page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length") == 0


@pytest.mark.parametrize(("width", "letters"), [(320, "100%"), (390, "150%")])
def test_everything_fits_a_narrow_phone_and_large_letters(phones, log_in, addresses, width, letters):
    page = log_in(phones(viewport={"width": width, "height": 640}))
    page.locator(".hero").wait_for(timeout=20_000)
    for address in addresses:
        page.goto(address)
        page.locator("h1").first.wait_for()
        page.evaluate("size => { document.documentElement.style.fontSize = size }", letters)
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_next_step_is_reached_by_keyboard_alone(phones, log_in, visit):
    page = log_in(phones())
    page.goto(visit)
    page.locator(".dock .primary").wait_for(timeout=20_000)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.dock .primary')"):
            break
    else:
        raise AssertionError("the next step cannot be reached")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Set off").wait_for()


ALLOWED = re.compile(r"^(P[1-4]|W-|WO-|QR|NFC|Enerfield|English|[\d\W]*$)")


def _english(page) -> list[str]:
    """Return texts of ours that have no Chinese in them; names people gave are not ours."""
    texts = page.locator(OURS).evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one) => one.textContent.trim())"
    )
    words = [one for one in texts if one and not re.search("[一-鿿]", one)]
    return [one for one in words if not ALLOWED.match(one) and not GIVEN.match(one)]
