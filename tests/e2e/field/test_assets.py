"""What is known of a place is put right where it stands: its name, its label; without a signal, and against others."""

from __future__ import annotations

import pytest

from backend.assets.service import tags
from backend.field import service as field
from backend.kernel.ids import show
from backend.network import service as network
from tests.e2e.field.conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def here(phones, log_in, dispatched, visit_id, world, _once):
    """A phone whose day leads to the plant and to the supply: `page, address`."""
    if "supply" not in _once:
        _once["supply"] = show(dispatched("supply", fault_class="damage").id)
    page = log_in(phones())
    page.locator(".hero").wait_for(timeout=20_000)
    settled(page)
    return page, lambda place: f"/field/asset/position/{show(world.east.ids[place])}"


def rename(page, name: str) -> None:
    """Say what the place is called."""
    page.get_by_role("button", name="Put something right").click()
    page.get_by_role("button", name="Name", exact=False).first.click()
    page.get_by_label("What it is called").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name=name).wait_for()


def name_of(acting, place) -> str:
    with acting("dispatcher") as (session, scope):
        return network.position(session, scope, place).name


def test_a_name_is_put_right_without_a_signal(here, acting, world):
    page, address = here
    page.goto(address("plant"))
    page.context.set_offline(True)
    rename(page, "Pump house")
    page.get_by_text("Changed on this phone, not sent yet").wait_for()
    page.context.set_offline(False)
    settled(page)
    page.get_by_text("Changed on this phone, not sent yet").wait_for(state="detached")
    assert name_of(acting, world.east.ids["plant"]) == "Pump house"


def test_an_older_word_is_kept_until_the_office_picks(here, acting, world):
    page, address = here
    page.goto(address("supply"))
    page.context.set_offline(True)
    rename(page, "Riser 4")
    with acting("administrator") as (session, scope):
        network.change_position(session, scope, position_id=world.east.ids["supply"], name="Riser four")
    page.context.set_offline(False)
    page.get_by_role("heading", name="Riser four").wait_for(timeout=20_000)
    page.get_by_text("Both values are kept; the office picks one.").wait_for()
    with acting("dispatcher") as (session, scope):
        conflict = field.conflicts(session, scope).items[0]
        field.resolve(session, scope, conflict_id=conflict.id, resolution="mine")
    page.goto("/field/unsent")
    page.get_by_role("button", name="Understood").click()
    page.goto(address("supply"))
    page.get_by_role("heading", name="Riser 4").wait_for(timeout=20_000)
    assert page.get_by_text("Both values are kept").count() == 0


def test_a_label_is_moved_with_its_reason_and_hangs_there_at_once(here, acting, world, tag_text):
    page, _address = here
    page.context.set_offline(True)
    page.goto(f"/field/scan?text={tag_text}")
    page.get_by_role("button", name="The label hangs on something else").click()
    page.get_by_role("button", name="Riser 4").click()
    move = page.get_by_role("button", name="Move the label", exact=True)
    assert move.is_disabled()  # not without a reason
    page.get_by_role("button", name="It was bound to the wrong thing").click()
    move.click()
    page.get_by_role("heading", name="Riser 4").wait_for()
    page.goto(f"/field/scan?text={tag_text}")
    page.get_by_role("heading", name="Riser 4").wait_for()
    page.context.set_offline(False)
    settled(page)
    with acting("dispatcher") as (session, scope):
        assert tags.resolve(session, scope, tag_text).position_id == world.east.ids["supply"]


def test_a_new_label_is_hung_on_what_one_stands_before(here, acting, world):
    page, _address = here
    with acting("administrator") as (session, scope):
        both = tags.tags(session, scope, tags.TagFilter(batch_id=world.east.ids["batch"])).items
        fresh = next(one.tag.id for one in both if one.tag.id != world.east.ids["tag"])
        text = tags.payload_of(fresh)
    plant = show(world.east.ids["plant"])
    page.goto(f"/field/scan?onto=position:{plant}&text={text}")
    page.get_by_role("button", name="Hang it here").click()
    page.get_by_role("heading", name="Pump house").wait_for()
    settled(page)
    with acting("dispatcher") as (session, scope):
        assert tags.resolve(session, scope, text).position_id == world.east.ids["plant"]
    page.goto(f"/field/scan?onto=position:{plant}&text={text}")
    page.get_by_text("This label hangs here already.").wait_for()
