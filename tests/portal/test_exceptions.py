"""The desk of exceptions: a list, one of them on its curve, and three buttons."""

from __future__ import annotations

import re

import pytest

from tests.gaps import make_gap


@pytest.fixture
def gap(world):
    return make_gap(world, world.east)[0]


def said(page) -> dict[str, str]:
    """The amounts of the edit form."""
    return dict(re.findall(r'name="(amount-\d+)" value="([\d.]+)"', page.text))


def test_the_list_says_what_was_found_and_leads_to_it(browser, world, gap):
    page = browser(world.east, "dispatcher").get("/exceptions")
    assert "6 intervals were not read" in page.text
    assert f"/exceptions/{gap}" in page.text


def test_one_exception_shows_intervals_register_versions_and_how_it_was_estimated(browser, world, gap):
    page = browser(world.east, "manager").get(f"/exceptions/{gap}")
    for words in (
        "Intervals",
        "Register as read",
        "Versions",
        "days of the same kind",
        "Accept",
        "Make it again",
    ):
        assert words in page.text
    assert page.text.count('<figure class="plot') == 2
    assert len(said(page)) == 6


def test_it_is_accepted_with_a_word(browser, world, gap):
    dispatcher = browser(world.east, "dispatcher")
    done = dispatcher.post(
        f"/exceptions/{gap}/accept", data={"reason": "nobody at home"}, follow_redirects=True
    )
    assert "Accepted." in done.text
    assert "nobody at home" in done.text
    assert "nobody at home" in dispatcher.get("/exceptions?show=settled").text


def test_an_edit_is_kept_or_refused_in_words(browser, world, gap):
    manager = browser(world.east, "manager")
    amounts = said(manager.get(f"/exceptions/{gap}"))
    first = next(iter(amounts))
    wrong = manager.post(
        f"/exceptions/{gap}/edit", data={**amounts, first: "99", "reason": "a guess"}, follow_redirects=True
    )
    assert "et the amounts sum to what the register moved" in wrong.text
    not_a_number = manager.post(
        f"/exceptions/{gap}/edit", data={**amounts, first: "much", "reason": "a guess"}, follow_redirects=True
    )
    assert "An amount is not a number" in not_a_number.text
    done = manager.post(
        f"/exceptions/{gap}/edit", data={**amounts, "reason": "as the log says"}, follow_redirects=True
    )
    assert "every version before is kept" in done.text
    assert world.east.people["manager"].name in done.text


def test_it_is_made_again(browser, world, gap):
    done = browser(world.east, "operator").post(f"/exceptions/{gap}/rerun", follow_redirects=True)
    assert "It is being made again" in done.text


def test_chinese_readers_read_chinese(browser, world, gap):
    dispatcher = browser(world.east, "dispatcher")
    dispatcher.post("/language", data={"locale": "zh", "next": "/exceptions"})
    page = dispatcher.get(f"/exceptions/{gap}")
    dispatcher.post("/language", data={"locale": "en", "next": "/exceptions"})
    assert "6 个时段缺数" in page.text
    assert "重新计算" in page.text


@pytest.mark.parametrize(("region", "role", "status"), [
    ("east", "technician", 403), ("east", "customer", 403), ("west", "dispatcher", 404),
])  # fmt: skip
def test_others_do_not_see_it(browser, world, gap, region, role, status):
    assert browser(getattr(world, region), role).get(f"/exceptions/{gap}").status_code == status


def test_limits_and_choices_are_changed_on_a_form_that_says_what_is_wrong(browser, world):
    manager = browser(world.east, "manager")
    assert "/exceptions/settings" in manager.get("/exceptions").text
    page = manager.get("/exceptions/settings")
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([\d.]+)"', page.text))
    assert (fields["spike"], fields["longest_gap_days"]) == ("2.8", "62")
    wrong = manager.post("/exceptions/settings", data=fields | {"spike": "0.5"})
    assert (wrong.status_code, "1.1" in wrong.text) == (422, True)
    done = manager.post("/exceptions/settings", data=fields | {"spike": "3.5"}, follow_redirects=True)
    assert "Saved." in done.text
    assert 'value="3.5"' in manager.get("/exceptions/settings").text
    assert "/exceptions/settings" not in browser(world.east, "dispatcher").get("/exceptions").text


def test_a_customer_downloads_green_button_from_their_pages(browser, world):
    customer = browser(world.east, "customer")
    page = customer.get(f"/points/{world.east.ids['supply_energy']}")
    (link,) = re.findall(r'href="([^"]+green-button\.xml[^"]*)"', page.text)
    feed = customer.get(link.replace("&amp;", "&"))
    assert feed.mimetype == "application/atom+xml"
    assert feed.text.startswith("<?xml") and feed.text.rstrip().endswith("</feed>")
    assert "<IntervalBlock" in feed.text
    assert customer.get("/green-button.xml?way=in").text.count("<UsagePoint") == 1
    assert customer.get("/green-button.xml?carrier=heat").status_code == 422
