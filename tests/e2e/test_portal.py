"""The portal in a real browser: landing, live values, drill-down, language, look, keyboard, axe, reflow."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

from backend.kernel import clock
from backend.metering import service as metering
from portal.navigation import ENTRIES, FIRST
from tests.e2e.chromium import violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

FIRST_PAGES = {"dispatcher": "/board", "operator": "/plan", "manager": "/overview", "administrator": "/organisation",
               "technician": "/today", "customer": "/home"}  # fmt: skip


def pages_of(app, role):
    """Addresses of the pages a role has in its rail."""
    urls = app.url_map.bind("localhost")
    return [
        urls.build(f"portal.{entry.page}") for entry in ENTRIES if role in {one.value for one in entry.roles}
    ]


@pytest.mark.parametrize("role", [role.value for role in FIRST])
def test_everybody_logs_in_and_lands_on_their_page(enter, role):
    page = enter(role)
    assert page.url.endswith(FIRST_PAGES[role])
    assert page.get_by_role("heading", level=1).is_visible()


def test_a_value_changes_without_a_reload(enter, world):
    page = enter("manager")
    page.goto(f"/points/{world.east.ids['supply_power']}")
    shown = page.locator("[data-live] b").first
    page.wait_for_timeout(1500)
    before = shown.inner_text()
    page.evaluate("window.isSamePage = true")
    _measure(world, 72.5)
    page.wait_for_function(
        "() => document.querySelector('[data-live] b').textContent === '72.5'", timeout=15_000
    )
    assert before != "72.5"
    assert page.evaluate("window.isSamePage")


def test_drilling_down_to_a_point_and_back(enter, world):
    page = enter("manager")
    page.goto("/map")
    page.locator("#places").get_by_role("link", name="east site", exact=True).click()
    page.get_by_role("link", name="east supply", exact=True).first.click()
    page.get_by_role("link", name="supply_power", exact=True).first.click()
    page.wait_for_url(re.compile("/points/"))
    page.locator(".chart, .plot.is-live canvas").first.wait_for(timeout=20_000)
    page.get_by_role("navigation", name="Where you are").get_by_role("link", name="east site").click()
    assert page.get_by_role("heading", level=1).inner_text() == "east site"
    page.go_back()
    assert "/points/" in page.url


def test_the_period_and_the_organisation_stay_in_the_address(enter):
    page = enter("manager")
    page.get_by_role("navigation", name="Period").get_by_role("link", name="Week").click()
    page.get_by_role("link", name="Earlier").click()
    assert "span=week" in page.url
    assert "on=" in page.url
    page.get_by_label(re.compile("Look at another organisation")).click()
    page.locator("details.switcher").get_by_role("link", name=re.compile("East park")).click()
    assert "at=" in page.url
    assert "span=week" in page.url
    assert page.get_by_role("heading", level=1).inner_text() == "East park"


def test_language_and_look_change_for_the_person(enter):
    page = enter("operator")
    page.get_by_label(re.compile("^You:")).click()
    page.get_by_role("button", name="中文").click()
    page.wait_for_load_state()
    assert page.get_by_role("heading", level=1).inner_text() == "运行计划"
    page.locator("summary[aria-label^='当前用户']").click()
    page.get_by_role("button", name="深色").click()
    page.wait_for_load_state()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 16, 20)"
    page.goto("/profile")
    page.get_by_role("group", name="语言").get_by_role("button", name="English").click()
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_an_alarm_is_acknowledged_from_the_board(enter, world):
    page = enter("dispatcher")
    page.get_by_role("button", name=re.compile("Acknowledge")).first.click()
    page.wait_for_load_state()
    assert page.get_by_role("status").filter(has_text="Acknowledged").is_visible()
    assert page.get_by_text("seen to by").first.is_visible()


def test_a_new_alarm_appears_on_the_board_without_a_reload(enter, world):
    from tests.world import AlarmFollower, Scope

    page = enter("dispatcher")
    page.evaluate("window.isSamePage = true")
    page.wait_for_timeout(1500)
    everyone = Scope.system(world.east.scope.organisations | world.west.scope.organisations, "test")
    _measure(world, 40.0)
    _turn(AlarmFollower(), world, everyone)
    _measure(world, 130.0)
    _turn(AlarmFollower(), world, everyone)
    page.wait_for_function(
        "() => document.querySelectorAll('#burning .rows .priority').length > 0", timeout=20_000
    )
    assert page.evaluate("window.isSamePage")


@pytest.mark.parametrize("role", [role.value for role in FIRST])
def test_axe_finds_nothing_on_any_page(app, enter, world, role):
    page, ids = enter(role), world.east.ids
    deeper = [
        f"/positions/{ids['supply']}",
        f"/points/{ids['supply_power']}",
        f"/points/{ids['supply_energy']}?span=month",
    ]
    if role in {"administrator", "operator"}:
        deeper += [f"/alarms/{ids['alarm']}", f"/alarms/rules/{ids['rule']}", "/alarms/rules", "/alarms/statistics",
                   f"/connections/{ids['connection']}"]  # fmt: skip
    if role == "administrator":
        deeper.append(f"/people/{world.east.people['manager'].id}")
    wrong = {}
    for path in [*pages_of(app, role), *deeper, "/profile", "/search?q=east"]:
        page.goto(path)
        page.wait_for_timeout(300)
        if found := violations(page):
            wrong[path] = found
    assert wrong == {}


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_at_the_gate_and_in_every_look(chromium, address, enter, dark):
    page = chromium.new_page(base_url=address, color_scheme="dark" if dark else "light")
    for path in ("/login", "/forgotten", "/reset/void", "/invitation/void"):
        page.goto(path)
        assert violations(page) == [], path
    page.close()
    page = enter("manager", dark=dark)
    for path in ("/overview", "/demand", "/alarms"):
        page.goto(path)
        page.wait_for_timeout(300)
        assert violations(page) == [], path
    page.goto("/profile")
    page.get_by_role("main").get_by_role("button", name="Sunlight").click()
    page.wait_for_load_state()
    page.goto("/overview")
    assert violations(page) == []
    page.goto("/profile")
    page.get_by_role("main").get_by_role("button", name="As the device").click()


@pytest.mark.parametrize("role", ["manager", "customer"])
def test_axe_finds_nothing_on_a_phone(app, enter, world, role):
    page = enter(role, width=390, height=844, touch=True)
    wrong = {}
    for path in [*pages_of(app, role), f"/points/{world.east.ids['supply_power']}"]:
        page.goto(path)
        page.wait_for_timeout(200)
        if found := violations(page):
            wrong[path] = found
    assert wrong == {}


@pytest.mark.parametrize("role", ["manager", "customer", "technician"])
def test_nothing_is_cut_off_at_320_pixels(app, enter, world, role):
    page = enter(role, width=320, height=700, touch=True)
    for path in [*pages_of(app, role), f"/points/{world.east.ids['supply_power']}", "/profile"]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_the_main_pages_can_be_walked_with_the_keyboard(enter):
    page = enter("manager")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "page"
    page.goto("/overview")
    seen = []
    for _press in range(60):
        page.keyboard.press("Tab")
        seen.append(_focused(page))
    assert all(one["isVisible"] and one["hasRing"] for one in seen if one["name"]), [
        one for one in seen if one["name"] and not (one["isVisible"] and one["hasRing"])
    ]
    assert any("Overview" in one["name"] for one in seen)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search-top"


def test_escape_closes_a_menu_and_gives_the_focus_back(enter):
    page = enter("manager")
    summary = page.get_by_label(re.compile("Look at another organisation"))
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.switcher[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("details.switcher[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_targets_on_a_phone_are_large_enough_for_a_thumb(enter):
    page = enter("technician", width=390, height=844, touch=True)
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            "nav.bottom a, nav.bottom summary, .top a, .top summary, main button, main .button")]
        .filter((one) => one.offsetParent)
        .map((one) => [one.textContent.trim() || one.getAttribute("aria-label"), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
        .map(([name, box]) => [name, box.width, box.height])"""
    )
    assert small == []


def test_the_pages_can_be_read_without_scripts(chromium, address, world, app):
    context = chromium.new_context(java_script_enabled=False, base_url=address, locale="en-GB")
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("E-mail address").fill(world.east.email("manager"))
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    page.goto(f"/points/{world.east.ids['supply_energy']}")
    assert page.locator("figure.plot svg").first.is_visible()
    page.goto("/map")
    assert page.locator("figure.map svg circle").count() >= 1
    context.close()


def _focused(page):
    return page.evaluate(
        """() => {
        const one = document.activeElement;
        const box = one.getBoundingClientRect();
        const style = getComputedStyle(one);
        const name = one.textContent.trim() || one.getAttribute("aria-label") || one.id || one.tagName;
        return {
            name: one === document.body ? "" : name, isVisible: box.width > 0 && box.height > 0,
            hasRing: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        };
        }"""
    )


def _measure(world, power_kw: float) -> None:
    """Have the supply's power read as a device would."""
    region = world.east
    with world.database.transaction(region.scope) as session:
        batch = metering.ReadingBatch(
            np.array([region.point_keys["supply_power"]]),
            np.array([clock.now_us()]),
            np.array([power_kw]),
            np.zeros(1, np.int16),
        )
        metering.store_readings(session, region.scope, batch, source="test", live=True)


def _turn(follower, world, scope) -> None:
    deadline = time.monotonic() + 10
    while follower.turn(world.database, scope) and time.monotonic() < deadline:
        pass
    follower.let_go(world.database, scope)


def test_what_was_typed_stands_there_again_after_a_refusal(enter):
    page = enter("operator")
    page.goto("/parts")
    form = page.locator("form[action*='/parts']").filter(has=page.locator("[name='number']"))
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    form.locator("[name='number']").fill("P7")
    form.locator("[name='minimum']").fill("many")
    form.locator("[name='name']").fill("another gasket")
    form.get_by_role("button").last.click()
    page.locator("[data-flash='act']").wait_for()
    assert form.locator("[name='name']").input_value() == "another gasket"
    assert form.locator("[name='name']").is_visible()
    page.goto("/parts")
    assert form.locator("[name='name']").input_value() == ""
