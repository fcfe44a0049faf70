"""A page asks the database the same number of questions however many customers, meters and people there are."""

from __future__ import annotations

import pytest

from backend.kernel.ids import show
from tests.apps import Browser
from tests.statements import statements, widen

PAGES = [
    ("administrator", "/organisation"), ("administrator", "/people"), ("administrator", "/dead-letters"),
    ("administrator", "/sightings"), ("administrator", "/search?q=wide"), ("manager", "/overview"),
    ("manager", "/overview?carrier=electricity"), ("manager", "/demand"), ("manager", "/supply"),
    ("manager", "/environment"), ("manager", "/people"), ("manager", "/plant"), ("manager", "/map"),
    ("manager", "/alarms"), ("manager", "/alarms/rules"), ("manager", "/alarms/statistics"),
    ("operator", "/plant"), ("operator", "/connections"), ("dispatcher", "/board"), ("dispatcher", "/alarms"),
    ("dispatcher", "/exceptions"),
    ("technician", "/today"), ("customer", "/home"), ("customer", "/use"), ("customer", "/alarms"),
    ("manager", "/positions/{site}"), ("manager", "/points/{supply_energy}"), ("manager", "/alarms/{alarm}"),
]  # fmt: skip
MOST = 60
"""Statements of one page, the frame around it among them."""


def asked(app, world, role: str, path: str) -> list[str]:
    """Load a page and return what it said to the database."""
    browser = Browser(app, world.east.people[role])
    browser.get("/help")  # what is read once a process is read here
    with statements(world.database) as said:
        answer = browser.get(path.format(**world.east.ids))
    assert answer.status_code == 200, (path, answer.text)
    return said


@pytest.fixture(scope="module")
def narrow_and_wide(app, world):
    """What each page says with three customers more, and with thirty more."""
    widen(world, world.east, 1, prefix="wide first")
    narrow = {one: asked(app, world, *one) for one in PAGES}
    widen(world, world.east, 9)
    return {one: (narrow[one], asked(app, world, *one)) for one in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: "".join(page))
def test_a_page_asks_no_more_in_a_wide_region(narrow_and_wide, page):
    narrow, wide = narrow_and_wide[page]
    more = [one for one in wide if wide.count(one) > narrow.count(one)]
    assert len(wide) <= len(narrow), f"{len(narrow)} grew to {len(wide)}:\n" + "\n".join(sorted(set(more)))
    assert len(wide) <= MOST, f"{len(wide)} statements"


def test_a_wide_region_is_wide(app, world, narrow_and_wide):
    """What was counted is there: otherwise the counts above would say nothing."""
    overview = Browser(app, world.east.people["manager"]).get("/overview?carrier=electricity").text
    assert overview.count("wide") >= 10
    assert show(world.east.region.id)
