"""What of another tenant is named in a body or a form, not in the address, is not to be had either.

Each call is made twice: with the other tenant's id it is refused, with one's own it is taken. So the
refusal is of the id, and not of a body that nobody could have sent.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text

from backend.kernel import ids
from backend.kernel.scope import Role, Scope
from backend.metering import service as metering
from backend.tenancy import service as tenancy
from tests.apps import Browser, Phone
from tests.backend.app.test_isolation import betrayed, guarded
from tests.world import make_person

WORDS = {
    "longitude": "121.5", "latitude": "31.2", "sha256": "0" * 64, "start": "2026-01-01T00:00:00Z",
    "end": "2026-01-02T00:00:00Z", "day": "2026-01-01", "on": "2026-01-01",
    "as_of": "2026-01-01", "first": "2026-01-01", "last": "2026-01-31", "until": "2026-02-01",
    "carrier": "electricity",
}  # fmt: skip
"""What lists are told that must be told something; else a word of the other tenant."""


@pytest.fixture(scope="module")
def named(world):
    """Name -> (the western id, the eastern one) of what bodies name, and of whom and what they act on."""

    def of(region) -> dict[str, Any]:
        with world.database.transaction(region.scope) as session:
            helper = make_person(
                session, region.scope, f"helper@{region.name}.example", region.park.id, Role.TECHNICIAN
            )
            held = tenancy.memberships(session, region.scope, [helper.id])[0]
        nodes = {name: getattr(region, name).id for name in ("region", "park", "enterprise", "customer")}
        return region.ids | nodes | {"helper": helper.id, "membership": held.id}

    west, east = of(world.west), of(world.east)
    return {name: (west[name], east[name]) for name in east}


def tell(session, region, name: str) -> None:
    """Have the gateway see one device more."""
    here = {"connection_id": region.ids["connection"], "organisation_id": region.enterprise.id}
    metering.add_sightings(session, region.scope, **here, seen=[(name, {"value": 1})])


def unknown_device(world, name: str):
    """Return the id of a device the eastern gateway has seen and nobody adopted yet."""
    with world.database.transaction(world.east.scope) as session:
        tell(session, world.east, name)
        return next(
            seen.id
            for seen, _via in metering.list_sightings(session, world.east.scope).items
            if seen.address == name
        )


def west_state(owner_database, world) -> dict[str, str]:
    """Everything of the western region that could be changed, to compare before and after."""
    tables = (
        "organisation", "membership", "application_switch", "position", "supply_agreement", "point", "device",
        "installation", "alarm_rule", "alarm", "alarm_event", "channel", "connection", "dead_letter", "sighting",
    )  # fmt: skip
    with owner_database.transaction(Scope.public()) as session:
        return {
            table: session.scalar(
                text(
                    f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
                    f" WHERE {'id' if table == 'organisation' else 'organisation_id'} = ANY (:west)"
                ),
                {"west": list(world.west.scope.organisations)},
            )
            for table in tables
        }


def test_a_role_is_given_at_ones_own_nodes_only(app, world, named):
    phone = Phone(app, world.east.email("administrator"))
    path = f"/people/{ids.show(named['helper'][1])}/roles"
    for node in ("region", "park", "enterprise", "customer"):
        theirs, mine = (
            phone.ask("POST", path, json={"organisation_id": ids.show(one), "role": "manager"})
            for one in named[node]
        )
        assert theirs.status_code == 403, theirs.text
        assert mine.status_code == 201, mine.text


def test_a_stranger_is_given_no_role(app, world, named):
    phone = Phone(app, world.east.email("administrator"))
    body = {"organisation_id": ids.show(named["park"][1]), "role": "manager"}
    theirs = phone.ask("POST", f"/people/{ids.show(named['helper'][0])}/roles", json=body)
    assert theirs.status_code == 404, theirs.text


def test_a_device_seen_is_adopted_into_ones_own_points_only(app, world, named):
    phone = Phone(app, world.east.email("administrator"))
    path = f"/sightings/{ids.show(unknown_device(world, 'east/one'))}/adoption"
    theirs, mine = (
        phone.ask("POST", path, json={"point_id": ids.show(one), "address": {"tag": "east/one"}})
        for one in named["plant_power"]
    )
    assert theirs.status_code == 404, theirs.text
    assert mine.status_code in {200, 201}, mine.text


def test_a_strangers_device_is_not_adopted_into_ones_own_point(app, world, named):
    phone = Phone(app, world.east.email("administrator"))
    body = {"point_id": ids.show(named["plant_power"][1]), "address": {"tag": "x"}}
    theirs = phone.ask("POST", f"/sightings/{ids.show(named['sighting'][0])}/adoption", json=body)
    assert theirs.status_code == 404, theirs.text


def went_well(answer) -> bool:
    """Tell whether a form was taken: pages answer both by leading on, and say which on the next."""
    return answer.status_code in {302, 303}


FORMS = {
    "invite": ("/people", lambda one: {"email": f"n{one}@east.example", "name": "N", "role": "manager",
                                       "organisation": ids.show(one)}, "park", "invited"),
    "grant": ("/people/{helper}/grant", lambda one: {"organisation": ids.show(one), "role": "operator"},
              "enterprise", "role is given"),
    "withdraw": ("/people/{helper}/withdraw", lambda one: {"membership": ids.show(one)}, "membership",
                 "role is taken away"),
    "adopt": ("/sightings/{sighting}/adopt", lambda one: {
        "name": "New", "carrier": "electricity", "quantity": "active power", "unit": "kW", "kind": "instant",
        "position": ids.show(one)}, "plant", None),
}  # fmt: skip
"""Form -> address, fields made of an id, which id, and what the page says when it was taken."""


@pytest.mark.parametrize("form", FORMS)
def test_a_form_takes_ones_own_ids_only(app, world, named, owner_database, form):
    path, fields, name, said = FORMS[form]
    path = path.format(helper=named["helper"][1], sighting=unknown_device(world, f"east/{form}"))
    browser, before = Browser(app, world.east.people["administrator"]), west_state(owner_database, world)
    theirs = browser.post(path, data=fields(named[name][0]), follow_redirects=True)
    assert theirs.status_code in {200, 403, 404}
    assert not betrayed(theirs, world)
    assert said is None or said not in theirs.text
    assert west_state(owner_database, world) == before
    mine = browser.post(path, data=fields(named[name][1]))
    assert went_well(mine), mine.text
    if said:
        assert said in browser.get(mine.headers["Location"]).text


@pytest.mark.parametrize("role", ["customer", "technician", "manager", "administrator"])
def test_no_form_without_an_id_in_its_address_gets_at_another_tenant(app, world, named, owner_database, role):
    """Every argument-less form, with the other tenant's ids in every field a form might have."""
    before, tried = west_state(owner_database, world), 0
    words = {"name": "x", "role": "manager", "application": "trading", "email": "x@x.example", "text": "x"}
    fields = words | {name: ids.show(theirs) for name, (theirs, _mine) in named.items()}
    fields |= {"organisation": fields["park"], "position": fields["plant"], "point": fields["plant_power"]}
    fields |= {f"{name}_id": fields[name] for name in ("organisation", "position", "point")}
    for method, rule in guarded(app, api=False):
        if method != "POST" or rule.arguments or rule.endpoint == "portal.log_out":
            continue
        answer = Browser(app, world.east.people[role]).post(rule.rule, data=fields)
        tried += 1
        assert answer.status_code < 500, (rule.rule, answer.text)
        assert not betrayed(answer, world), rule.rule
    assert tried >= 3
    assert west_state(owner_database, world) == before


def told(phone, path: str, organisation: str):
    """Ask for a list; once more with what it says is missing."""
    words = WORDS | {"organisation": organisation}
    answer = phone.get(path)
    missing = answer.json.get("errors", {}).get("query", {}) if answer.status_code == 422 else {}
    return phone.get(path, **{name: words.get(name, "west") for name in missing}) if missing else answer


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_every_list_answers_and_shows_nothing_of_another_tenant(app, world, role):
    phone, answered = Phone(app, world.east.email(role)), 0
    for method, rule in guarded(app, api=True):
        if method != "GET" or rule.arguments or rule.endpoint == "stream.Live":
            continue
        answer = told(phone, re.sub("^/api/v1", "", rule.rule), ids.show(world.west.enterprise.id))
        assert answer.status_code in {200, 403, 404}, (rule.rule, answer.text)
        answered += answer.status_code == 200
        assert not betrayed(answer, world), (rule.rule, answer.text)
    assert answered >= 8
