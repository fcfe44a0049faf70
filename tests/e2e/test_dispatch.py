"""The dispatchers' day in a real Chromium: on a desk and on a phone, moved by keys alone, clean to axe."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from backend.kernel import clock
from backend.kernel.scope import Role
from backend.workorders import service
from backend.workorders.models import Source
from tests.e2e.chromium import violations
from tests.world import make_person

SHIFT = {str(day): [["08:00", "17:00"]] for day in range(7)}
FAULTS = ("power_quality", "meter_fault", "noise", "overheating", "leak", "gas_smell")
KEPT = os.environ.get("ENERFIELD_LOOKS")


@pytest.fixture(scope="module")
def day(world):
    """A day with two technicians and six orders that wait."""
    east = world.east
    with world.database.transaction(east.scope) as session:
        service.found_policies(session, east.scope, organisation_id=east.region.id, timezone="Asia/Shanghai")
        second = make_person(session, east.scope, "second@east.example", east.region.id, Role.TECHNICIAN)
        for person, skills in ((east.people["technician"], ["electricity", "metering"]), (second, ["heat"])):
            service.set_technician(
                session, east.scope, organisation_id=east.region.id, person_id=person.id, skills=skills,
                timezone="Asia/Shanghai", base=(121.4, 31.2), shift=SHIFT,
                breaks=[{"earliest": "11:30", "latest": "13:00", "minutes": 30}],
            )  # fmt: skip
    scope = world.scope(east, "dispatcher")
    for fault in FAULTS:
        with world.database.transaction(scope) as session:
            new = service.Report(position_id=east.ids["plant"], title=f"Pump 3, {fault.replace('_', ' ')}")
            order = service.report(session, scope, new=new, source=Source.DISPATCHER).order
            service.triage(session, scope, order_id=order.id, fault_class=fault)
    return (clock.now().astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)).date().isoformat()


def _seen(page, name):
    if KEPT:
        Path(KEPT).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{KEPT}/dispatch-{name}.png", full_page=True)
    page.evaluate("window.scrollTo(0, 0)")  # what slid under the bar at the top is not judged there
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "start"), [(390, "14:00"), (1440, "16:00")])
def test_a_day_is_proposed_and_a_visit_moved_by_keys_alone(enter, address, world, day, width, start):
    page = enter("dispatcher", width=width)
    page.goto(f"{address}/dispatch?on={day}&plan=all")
    page.get_by_text("Why not another?").first.click()
    _seen(page, f"proposal-{width}")
    page.get_by_role("button", name="Accept W").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("1 planned, not sent yet.").wait_for()
    bar = page.locator(".lane svg a").first
    bar.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Plan it so").wait_for()
    _seen(page, f"chosen-{width}")
    page.get_by_label("Begins at").fill(start)
    page.get_by_role("button", name="Plan it so").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Planned.").wait_for()
    assert page.get_by_text(f"{start}–").count()
    _seen(page, f"day-{width}")
