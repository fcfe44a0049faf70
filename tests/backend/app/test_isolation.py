"""No route shows one tenant what is another's: every route, every role, with the other's ids.

The routes come from the URL map, so that a new one is walked without being asked for.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache

import pytest
from sqlalchemy import text

from backend.app import access, edge
from backend.kernel import ids
from backend.kernel.db import confine
from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from tests.apps import Browser, Phone
from tests.billing import charge
from tests.coordination import join_up
from tests.forecasting import foresee
from tests.gaps import make_gap
from tests.hosting import host
from tests.kept import keep
from tests.work import put_to_work

ROLES = [role.value for role in Role]
OF_PARAMETER = {
    "organisation": ["region", "park", "enterprise", "customer"], "person": ["person"],
    "role": ["membership"], "membership": ["membership"],
    "position": ["site", "plant", "supply"], "point": ["plant_power", "supply_energy"], "alarm": ["alarm"],
    "site": ["site", "supply"], "channel": ["channel"], "agreement": ["agreement"],
    "tag": ["tag"], "code": ["tag"], "batch": ["batch"], "warning": ["warning"],
    "rule": ["rule"], "connection": ["connection"], "letter": ["letter"], "sighting": ["sighting"],
    "device": ["device", "asset"], "family": ["device"], "session": ["session"], "part": ["part"],
    "store": ["store"], "document": ["document"], "customer": ["customer"], "contact": ["contact"],
    "order": ["order"], "visit": ["visit"], "photo": ["photo"], "plan": ["plan"], "conflict": ["conflict"],
    "upload": ["upload"], "hosting": ["hosting"], "shift": ["shift"], "ticket": ["ticket"],
    "patrol": ["patrol"], "round": ["round"], "card": ["card"], "check": ["check"],
    "bill": ["bill", "draft"], "run": ["run"], "payment": ["payment"], "book": ["book"], "contract": ["contract"],
    "exception": ["exception"], "complaint": ["complaint"], "intent": ["intent"], "tariff": ["tariff"],
    "hold": ["hold"], "instalment_plan": ["instalment_plan"], "cut": ["cut"],
    "schedule": ["schedule"], "delivery": ["delivery"], "request": ["request"],
    "driver": ["driver"], "factor": ["factor"], "quota": ["quota"], "measure": ["measure"], "purchase": ["purchase"],
    "kept": ["measure"],
    "target": ["target"], "forecast": ["forecast"], "weather_place": ["weather_place"],
    "plant": ["plant_model"], "line": ["line"],
    "coordination_round": ["coordination_round"], "coordination_target": ["coordination_target"],
}  # fmt: skip
"""Name of a path parameter (without `_id`) -> what of the other tenant is put there."""

BODIES = {
    "settlement": {"step": "withdraw"},
    "answer": {"answer": "accept"},
    "membership": {"bears": "1.00"},
    "binding": {"scanned": "x"}, "retirement": {"reason": "x"}, "aliases": {"scheme": "maker", "value": "x"},
    "sightings": {"source": "typed"}, "steps": {"step": "scrap"}, "parent": {"parent_id": None},
    "removal": {"at": "2026-01-01T00:00:00Z"}, "contacts": {"name": "x"}, "notes": {"text": "x"},
    "contracts": {"number": "x", "title": "x", "starts_on": "2026-01-01"},
    "children": {"kind": "customer", "name": "x"},
    "people": {"email": "x@x.example", "name": "x", "role": "manager"},
    "applications": {"application": "trading", "is_on": False}, "comments": {"text": "x"},
    "shelving": {"until": "2099-01-01T00:00:00Z", "reason": "x"}, "acknowledgement": {"comment": "x"},
    "trial": {}, "key": {}, "triage": {"fault_class": "noise"}, "rejection": {"reason": "x"}, "approval": {},
    "merger": {"target_id": "01KASG2V3W4X5Y6Z7A8B9C0D1E"}, "cancellation": {"reason": "x"},
    "postponement": {"reason": "material", "until": "2099-01-01T00:00:00Z"}, "reopening": {"reason": "x"},
    "visits": {"technician_id": "01KASG2V3W4X5Y6Z7A8B9C0D1E", "start": "2099-01-01T00:00:00Z"}, "dispatch": {},
    "emergency": {"fault_class": "noise", "technician_id": "01KASG2V3W4X5Y6Z7A8B9C0D1E"}, "closing": {},
    "needed-parts": {"part_id": "01KASG2V3W4X5Y6Z7A8B9C0D1E", "quantity": "1"}, "rework": {}, "follow-up": {},
    "another-visit": {},
    "permits": {"kind": "gas", "expires_at": "2099-01-01T00:00:00Z"}, "rating": {"stars": 5},
    "confirmation": {"works": True, "seen": "x"}, "withdrawal": {"reason": "x"}, "resolution": {"resolution": "mine"},
    "rerating": {"on": "2026-01-01", "reason": "x"}, "issue": {"issue_on": "2026-01-01"}, "abandonment": {},
    "adjustments": {"on": "2026-01-01", "reason": "x", "amount": "-1"}, "closings": {"until": "2020-01-01"},
    "assignment": {"customer_id": "01KASG2V3W4X5Y6Z7A8B9C0D1E"}, "end": {"ends_on": "2099-01-01"},
    "request": {"low_c": 10.0, "high_c": 20.0}, "carrying-out": {}, "reconnection": {},
    "grant": {}, "refusal": {"answer": "x"}, "archive": {"locale": "zh"},
    "holds": {"reason": "other", "note": "x"}, "release": {},
    "refunds": {"amount": "1.00", "paid_on": "2026-01-01", "reason": "x"},
    "dunning": {"steps": [{"after_days": 7, "fee": "1.00"}], "least": "1.00"},
    "acceptance": {}, "rerun": {}, "retry": {}, "parts": {"parts": []},
    "vee-settings": {"spike": 3.0}, "shut-periods": {"starts_at": "2026-01-01T00:00:00Z", "reason": "shut"},
    "edit": {"reason": "seen", "intervals": [{"start": "2026-01-01T00:00:00Z", "amount": 1}]},
}  # fmt: skip
"""Last word of a path -> a body that would be taken if the id were one's own; else a name."""

FORM = {"name": "x", "role": "manager", "application": "trading", "email": "x@x.example", "text": "x"}
QUERY = {"start": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def eastern(app, world):
    """Return the phone of the eastern region's person of a role, logged in once."""
    return cache(lambda role: Phone(app, world.east.email(role)))


@pytest.fixture(scope="module")
def foreign(world):
    """Everything of the western region that has an id, and every text that would betray it."""
    west = world.west
    put_to_work(world, west)
    with world.database.transaction(west.scope) as session:
        host(session, west)
    charge(world, west)
    keep(world, west)
    foresee(world, west)
    join_up(world, west)
    west.ids["exception"], _ = make_gap(world, west)
    known = {name: ids.show(value) for name, value in west.ids.items()}
    for name in ("region", "park", "enterprise", "customer"):
        known[name] = ids.show(getattr(west, name).id)
    known["person"] = ids.show(west.people["customer"].id)
    known |= _log_ins_of(world, west.people["customer"])
    return known


def _log_ins_of(world, person):
    with world.database.transaction(Scope.public()) as session:
        scope = tenancy.scope_of(session, person)
        confine(session, scope)
        tenancy.open_session(session, person, user_agent=None, network=None)
        device = tenancy.open_device(session, person, device_id="theirs")
        session.flush()
        return {
            "device": ids.show(device.family_id),
            "session": ids.show(tenancy.sessions(session, scope)[0].id),
            "membership": ids.show(tenancy.memberships(session, scope, [person.id])[0].id),
        }


def guarded(app, *, api: bool):
    """Yield method and rule of every route that needs a person."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in access.NEEDS_NOTHING | access.PUBLIC | access.OWN_KEY:
            continue
        if rule.rule.startswith("/api/") is api:
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield method, rule


def alternatives(pattern: str) -> list[str]:
    """Return a route's pattern once for each word an `<any(…)>` in it allows."""
    found = re.search(r"<any\(([^)]*)\):\w+>", pattern)
    return [pattern.replace(found[0], word) for word in found[1].split(",")] if found else [pattern]


def addresses(rule, foreign):
    """Yield the route's address with each fitting id of the other tenant."""
    for pattern in alternatives(rule.rule):
        yield from filled(pattern, foreign)


def filled(pattern: str, foreign):
    parameters = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
    if not parameters:
        return
    choices = [OF_PARAMETER.get(name.removesuffix("_id"), []) for name in parameters]
    for chosen in zip(*choices, strict=True) if all(choices) else ():
        address = pattern
        for name, thing in zip(parameters, chosen, strict=True):
            shown = foreign[thing]
            if "<uuid:" in pattern:
                shown = str(ids.parse(shown))
            address = re.sub(rf"<(?:\w+:)?{name}>", shown, address, count=1)
        yield address


def betrayed(answer, world) -> list[str]:
    """Return which texts only the western region holds stand in an answer."""
    shown = answer.get_data().decode(errors="replace")  # some answers are files
    west = world.west
    words = [f"West {name}" for name in ("bay", "park", "energy", "mill")] + ["west site", "@west.example"]
    words += [form(node) for node in west.scope.organisations for form in (ids.show, str)]
    asked = answer.request.path + answer.request.query_string.decode()
    named = [ids.parse(part) for part in re.findall(r"[0-9A-Z]{26}|[0-9a-f-]{36}", asked)]
    echoed = {form(node) for node in named for form in (ids.show, str)}
    return [word for word in words if word in shown and word not in echoed]


def state(owner_database):
    """Everything that could be changed, to compare before and after."""
    tables = ("organisation", "membership", "person", "application_switch", "alarm_rule", "alarm",
              "alarm_event", "channel", "connection", "dead_letter", "sighting", "work_order", "visit",
              "work_order_event", "field_conflict", "inspection_plan", "bill_run", "bill", "bill_line", "payment",
              "journal_entry", "ledger_posting", "ledger_book", "supply_contract", "allocation", "tariff_version",
              "payment_intent", "complaint", "complaint_word", "bill_so_far", "dunning_policy", "bill_hold",
              "bill_reminder", "supply_cut", "electronic_invoice", "instalment_plan", "refund",
              "provider_refund", "document_schedule", "document_delivery", "account_request", "bill_archive", "driver",
              "own_factor", "use_quota", "measure", "purchase", "use_fit", "peer_place", "coordination_member",
              "exchange_line", "coordination_round", "coordination_target")  # fmt: skip
    with owner_database.transaction(Scope.public()) as session:
        return {
            table: session.scalar(
                text(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
            )
            for table in tables
        }


def ask_api(phone, method, address):
    body = BODIES.get(address.rsplit("/", 1)[-1], {"name": "x"})
    return phone.ask(method, address.removeprefix("/api/v1"), query_string=QUERY if method == "GET" else None,
                     json=None if method in {"GET", "DELETE"} else body)  # fmt: skip


def test_every_parameter_of_a_route_has_foreign_ids_to_try(app):
    names = {
        name.removesuffix("_id") for api in (True, False) for _, rule in guarded(app, api=api)
        for name in rule.arguments
    }  # fmt: skip
    assert names - {"action", "kind", "name"} <= OF_PARAMETER.keys()  # words, not ids


@pytest.mark.parametrize("role", ROLES)
def test_no_role_gets_at_another_tenants_things_through_the_api(
    app, world, eastern, foreign, owner_database, role
):
    phone = eastern(role)
    before, tried = state(owner_database), 0
    for method, rule in guarded(app, api=True):
        for address in addresses(rule, foreign):
            answer = ask_api(phone, method, address)
            tried += 1
            assert answer.status_code in {403, 404, 422}, (method, address, answer.status_code, answer.text)
            assert not betrayed(answer, world), (method, address, answer.text)
            if answer.status_code == 422:
                assert answer.json.get("errors", {}).keys() & {"json", "query", "files"}, address
    assert tried > 40
    assert state(owner_database) == before


@pytest.mark.parametrize("role", ROLES)
def test_no_list_shows_another_tenants_things(app, world, eastern, role):
    phone = eastern(role)
    for method, rule in guarded(app, api=True):
        if method == "GET" and not rule.arguments and rule.endpoint != "stream.Live":
            answer = phone.get(rule.rule.removeprefix("/api/v1"))
            assert answer.status_code in {200, 422}, (rule.rule, answer.text)
            assert not betrayed(answer, world), (rule.rule, answer.text)


def test_row_level_security_alone_keeps_tenants_apart(app, world, eastern, foreign, monkeypatch):
    """The product's own filters are blinded: every query believes the asker sees both tenants."""
    honest = tenancy.use_device
    everywhere = world.east.scope.organisations | world.west.scope.organisations

    def blinded(session, **given):
        person, scope = honest(session, **given)
        truth[:] = [scope]
        return person, replace(scope, organisations=everywhere, roles=((Role.ADMINISTRATOR, everywhere),))

    truth: list[Scope] = []
    phone = eastern("customer")
    monkeypatch.setattr(edge.tenancy, "use_device", blinded)
    monkeypatch.setattr(edge, "confine", lambda session, _blind: confine(session, truth[0]))
    own = "/organisations/" + ids.show(world.east.customer.id)
    assert phone.get(own).status_code == 200
    for method, rule in guarded(app, api=True):
        if method == "GET" and rule.endpoint not in {"stream.Live", "auth.Devices"}:
            for address in addresses(rule, foreign) if rule.arguments else [rule.rule]:
                answer = ask_api(phone, method, address)
                assert not betrayed(answer, world), (address, answer.text)


FILTERS = [
    ("/positions", "organisation", "region"), ("/positions", "under", "site"),
    ("/points", "organisation", "park"), ("/points", "position", "supply"), ("/points", "under", "site"),
    ("/latest", "organisation", "region"), ("/latest", "under", "site"),
    ("/alarms", "organisation", "region"), ("/alarms", "position", "site"),
    ("/alarms", "point", "supply_power"), ("/alarms", "rule", "rule"),
    ("/dead-letters", "connection", "connection"), ("/live", "organisation", "region"),
]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("path", "name", "thing"), FILTERS)
def test_no_filter_opens_another_tenants_list(eastern, foreign, role, path, name, thing):
    answer = eastern(role).get(path, **{name: foreign[thing]})
    assert answer.status_code in {200, 403, 404}
    if answer.status_code == 200:
        assert answer.json in ([], {"items": [], "next": None})


def test_foreign_points_named_outright_are_left_out(eastern, world, foreign):
    points = [foreign["supply_power"], ids.show(world.east.ids["supply_power"])]
    for role in ROLES:
        answer = eastern(role).ask("POST", "/latest", json={"points": points})
        assert [value["point_id"] for value in answer.json] == points[1:]


def test_a_customer_gets_the_supply_point_and_nothing_else_of_their_supplier(eastern, world):
    phone = eastern("customer")
    assert {point["name"] for point in phone.get("/points").json["items"]} == {
        "supply_power",
        "supply_energy",
    }
    plant = ids.show(world.east.ids["plant_power"])
    for path in (f"/points/{plant}", f"/points/{plant}/curve?start=2026-01-01T00:00:00Z"):
        assert phone.get(path).status_code == 404
    assert len(phone.get("/latest").json["items"]) == 2
    assert len(phone.get("/alarms").json["items"]) == 1
    for path in ("/connections", "/dead-letters", "/sightings"):
        assert json.dumps(phone.get(path).json).count('"id"') == 0


LOWER = ["customer", "technician", "dispatcher", "manager", "operator"]


@pytest.mark.parametrize("role", LOWER)
def test_no_lower_role_administers_its_own_tenant(eastern, world, role):
    """Function-level authorisation: what administrators do is refused to everybody else, on own ids."""
    east, phone = world.east, eastern(role)
    park, person = ids.show(east.customer.id), ids.show(east.people["administrator"].id)
    for method, path, body in [
        ("PATCH", f"/organisations/{park}", {"name": "x"}),
        ("POST", f"/organisations/{park}/children", {"kind": "customer", "name": "x"}),
        ("PATCH", f"/organisations/{park}/applications", {"application": "trading", "is_on": False}),
        ("GET", f"/organisations/{park}/changes", None),
        ("POST", f"/organisations/{park}/people", BODIES["people"]),
        ("PUT", f"/people/{person}/suspension", None),
        ("POST", f"/people/{person}/roles", {"organisation_id": park, "role": "manager"}),
    ]:
        answer = phone.ask(method, path, json=body)
        assert answer.status_code in {403, 404}, (method, path, answer.text)


def test_pages_show_nothing_of_another_tenant(app, world, foreign, owner_database):
    """Portal pages, as far as they are hung on this application."""
    before = state(owner_database)
    for role in ROLES:
        browser = Browser(app, world.east.people[role])
        for method, rule in guarded(app, api=False):
            if rule.endpoint.startswith("live."):
                continue
            for address in addresses(rule, foreign) if rule.arguments else [rule.rule]:
                if method == "GET":
                    answer = browser.get(address)
                elif rule.arguments:
                    answer = browser.post(
                        address, data={"name": "x", "role": "manager", "application": "trading"}
                    )
                else:
                    continue
                assert answer.status_code < 500, (method, address, answer.text)
                assert not betrayed(answer, world), (method, address)
                if rule.arguments:
                    assert answer.status_code in {302, 303, 403, 404, 405, 422}, (
                        method,
                        address,
                        answer.status_code,
                    )
    assert state(owner_database) == before
