"""Choosing one of many: a list where there are few, a field that finds them where there are many."""

from __future__ import annotations

import re

import pytest

from backend.kernel.ids import show
from backend.network import service as network
from backend.tenancy import service as tenancy
from backend.tenancy.service import OrganisationKind
from portal.choices import KINDS
from portal.picking import FEW

MANY = 20


@pytest.fixture(scope="module")
def tenants(world):
    """More customers than a plain list offers; two of them are called the same."""
    with world.database.transaction(world.west.scope) as session:
        scope = world.west.scope
        for number in range(MANY):
            made = tenancy.create_organisation(
                session, scope, parent_id=world.west.enterprise.id, kind=OrganisationKind.CUSTOMER,
                name="Twins" if number < 2 else f"Tenant {number:02}", name_zh=f"租户{number:02}",
            )  # fmt: skip
        return made


def options(page):
    return re.findall(r'role="option"[^>]*data-words="([^"]+)"', page.text)


def supply(**said):
    return {"starts_at": "2026-01-01T00:00", "ends_at": "", "customer": "", **said}


def test_few_are_a_plain_list(browser, world):
    page = browser(world.east, "administrator").get(f"/positions/{world.east.ids['plant']}/supply/new").text
    assert '<select id="customer"' in page and "data-said" not in page


def test_many_are_found_by_a_part_of_the_name_in_either_language(browser, world, tenants):
    visitor = browser(world.west, "administrator")
    page = visitor.get(f"/positions/{world.west.ids['plant']}/supply/new").text
    assert not re.search(r"<option[^>]*>Tenant", page)
    address, kind = re.search(r'role="combobox"[^>]*hx-get="([^"?]+)\?of=(\w+)"', page).groups()
    assert options(visitor.get(address, query_string={"of": kind, "customer_words": "tenant 1"})) == [
        f"Tenant {number}" for number in range(10, 20)
    ]
    assert options(visitor.get(address, query_string={"of": kind, "customer_words": "租户15"})) == [
        "Tenant 15"
    ]
    everything = visitor.get(address, query_string={"of": kind, "customer_words": ""})
    assert len(options(everything)) == FEW and "There are more" in everything.text
    assert "Nothing found" in visitor.get(address, query_string={"of": kind, "customer_words": "nobody"}).text


def test_what_was_chosen_is_taken_and_so_is_a_name_that_only_one_has(browser, world, tenants):
    visitor, path = browser(world.west, "administrator"), f"/positions/{world.west.ids['plant']}/supply/new"
    chosen = visitor.post(path, data=supply(customer=show(tenants.id), customer_words=tenants.name))
    assert chosen.status_code == 303
    typed = visitor.post(path, data=supply(customer_words="Tenant 07"))
    assert typed.status_code == 303
    assert "Tenant 07" in visitor.get("/sites").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [("Twins", "Several are called so"), ("nobody", "Nothing is called so"), ("", "Nothing is chosen")],
)
def test_a_name_that_is_not_one_is_said_beside_its_field_and_kept(browser, world, tenants, typed, said):
    visitor, path = browser(world.west, "administrator"), f"/positions/{world.west.ids['plant']}/supply/new"
    answer = visitor.post(path, data=supply(customer_words=typed))
    assert answer.status_code == 422
    assert said in answer.text and f'value="{typed}"' in answer.text


def test_nothing_of_others_is_found(browser, world, tenants):
    visitor = browser(world.east, "administrator")
    for kind in (
        "supplied_organisation",
        "kept_organisation",
        "administered_organisation",
        "kept_place",
        "point",
    ):
        found = visitor.get("/choices", query_string={"of": kind, "x_words": "west"})
        assert options(found) == [], kind
    assert options(browser(world.west, "customer").get("/choices?of=kept_place")) == []


def test_every_kind_is_found(browser, world):
    region = world.west
    about = {"at": show(region.enterprise.id), "under": show(region.ids["site"])}
    visitor = browser(region, "administrator")
    for kind in KINDS:
        assert visitor.get("/choices", query_string={"of": kind, **about}).status_code == 200, kind
    assert visitor.get("/choices?of=planets").status_code == 422


def test_what_is_chosen_at_first_is_named(browser, world, tenants):
    page = browser(world.west, "administrator").get("/people", query_string={"at": show(tenants.id)}).text
    assert f'value="{show(tenants.id)}"' in page
    assert re.search(rf'name="organisation_words" value="{tenants.name}"', page)


def test_several_places_are_chosen_one_after_another_in_their_order(browser, world):
    region, visitor = world.west, browser(world.west, "manager")
    with world.database.transaction(region.scope) as session:
        made = [
            network.create_position(
                session, region.scope, parent_id=region.ids["site"],
                new=network.NewPosition(network.PositionKind.ROOM, f"Room {number:02}"),
            ).id
            for number in range(MANY)
        ]  # fmt: skip
    page = visitor.get("/patrols/new").text
    assert 'data-several="stops"' in page
    refused = visitor.post("/patrols/new", data={"stops": [show(made[3]), show(made[1])]})
    assert refused.status_code == 422
    boxes = re.findall(r'name="stops" value="[^"]+" checked>west site · (Room \d+)<', refused.text)
    assert boxes == ["Room 03", "Room 01"]


def test_places_of_one_name_are_told_apart_by_their_site_and_found_by_it(browser, world):
    east, manager = world.east, browser(world.east, "manager")
    found = manager.get("/search?q=supply+site").text
    assert "east site · east supply" in found
    alarm = world.east.ids["alarm"]
    assert "east site · east supply" in manager.get("/alarms").text
    assert "east site · east supply" in manager.get(f"/alarms/{alarm}").text
    choices = browser(east, "operator").get(
        "/choices", query_string={"of": "place", "at_words": "site supply"}
    )
    assert options(choices) == ["east site · east supply"]
    whole = {"of": "place", "at_words": "east site · east supply"}
    assert options(browser(east, "operator").get("/choices", query_string=whole)) == [
        "east site · east supply"
    ]
