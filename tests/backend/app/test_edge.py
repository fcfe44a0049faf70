"""The edge: who asks is known, one transaction a request, errors said the same way everywhere."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import g, request
from sqlalchemy import text

from backend.app import access
from backend.app.errors import STATUS
from backend.kernel import clock, errors
from backend.kernel.errors import EnerfieldError, NotFound, Refused
from backend.kernel.scope import Scope
from tests.apps import Browser, Phone, make_app

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def url_of(rule) -> str:
    """Return an address of the route, with ids of nothing."""
    nothing = "019ab301-6c7c-7d3a-9f1f-0a5c2b8d0d2e"
    first_of_any = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
    return re.sub(r"<[^>]+>", nothing, first_of_any)


def test_every_route_carries_the_protecting_headers(app):
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        answer = client.open(url_of(rule), method=sorted(rule.methods)[0])
        for name, value in HEADERS.items():
            assert answer.headers.get(name) == value, (rule, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "'unsafe-eval'" not in policy
        assert ("'wasm-unsafe-eval'" in policy) is rule.rule.startswith("/field/")
        assert "frame-ancestors 'none'" in policy
        assert len(answer.headers["X-Request-ID"]) == 26


def test_the_nonce_is_another_one_each_time(app):
    policies = {app.test_client().get("/healthz").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


def test_every_route_needs_a_log_in_unless_it_is_on_the_short_list(app):
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in access.NEEDS_NOTHING | access.PUBLIC | access.OWN_KEY:
            continue
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            answer = client.open(url_of(rule), method=method)
            assert answer.status_code in {401, 303}, (rule.endpoint, method, answer.status_code)
            if answer.status_code == 303:
                assert answer.headers["Location"].startswith("/login")


def test_the_short_list_names_only_routes_there_are(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    here = {endpoint.partition(".")[0] for endpoint in endpoints}
    listed = access.PUBLIC | access.OWN_KEY | access.NEEDS_NOTHING - {"static"}
    assert {one for one in listed if one.partition(".")[0] in here} <= endpoints
    assert len(access.PUBLIC) <= 20


def test_an_api_token_opens_no_page_and_a_cookie_no_api(app, world):
    phone = Phone(app, world.east.email("manager"))
    browser = Browser(app, world.east.people["manager"])
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert app.test_client().get("/live", headers=phone.headers).status_code in {303, 401}


@pytest.fixture(scope="module")
def tried(environment, database, world):
    """An application with routes of this test's own, as a portal page and as an API call."""
    app = make_app(database, ())

    def act():
        g.session.execute(text("UPDATE organisation SET trade = :trade WHERE id = :id"),
                          {"trade": request.args["trade"], "id": world.east.customer.id})  # fmt: skip
        if "raise" in request.args:
            raise {"refused": Refused("no", field="x", remedy="other"), "bug": ZeroDivisionError()}[
                request.args["raise"]
            ]
        if "undo" in request.args:
            g.undo = True
        return {"done": True}

    app.add_url_rule("/act", "tests.page", act, methods=["GET", "POST"])
    app.add_url_rule("/api/v1/act", "tests.api", act, methods=["GET", "POST"])
    return app


def trade(world) -> str | None:
    with world.database.transaction(world.east.scope) as session:
        return session.scalar(
            text("SELECT trade FROM organisation WHERE id = :id"), {"id": world.east.customer.id}
        )


@pytest.fixture
def page(tried, world):
    return Browser(tried, world.east.people["administrator"])


def test_a_request_is_one_transaction_committed_at_the_edge(page, world):
    assert page.get("/act?trade=dye").json == {"done": True}
    assert trade(world) == "dye"


@pytest.mark.parametrize(("query", "status"), [("raise=refused", 422), ("raise=bug", 500), ("undo=1", 200)])
def test_what_fails_leaves_nothing_behind(page, world, query, status):
    page.get("/act?trade=dye")
    answer = page.get("/act?trade=weaving&" + query, headers={"Accept": "application/json"})
    assert answer.status_code == status
    assert trade(world) == "dye"


def test_a_bug_is_answered_with_a_reference_and_no_detail(page):
    answer = page.get("/act?trade=x&raise=bug", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (500, "fault")
    assert answer.json["reference"] == answer.headers["X-Request-ID"]
    assert "Zero" not in answer.text


def test_people_get_a_page_and_programs_a_problem(page):
    shown = page.get("/act?trade=x&raise=refused", headers={"Accept": "text/html"})
    said = page.get("/act?trade=x&raise=refused", headers={"Accept": "application/json"})
    assert (shown.status_code, said.status_code) == (422, 422)
    assert said.mimetype == "application/problem+json"
    assert {"field": "x", "remedy": "other", "title": "no", "code": "refused"}.items() <= said.json.items()
    assert shown.mimetype != "application/problem+json"


def test_an_unsafe_request_without_the_pages_token_is_refused(page):
    for given in ({}, {"data": {"csrf_token": "x"}}, {"headers": {"X-CSRF-Token": ""}}):
        assert page.client.post("/act?trade=stolen", **given).status_code == 403
    assert page.post("/act?trade=x").status_code == 200
    assert page.client.post("/act?trade=x", data={"csrf_token": page.csrf}).status_code == 200


def test_the_token_of_one_session_does_not_fit_another(tried, world, page):
    other = Browser(tried, world.east.people["manager"])
    assert page.client.post("/act?trade=x", headers={"X-CSRF-Token": other.csrf}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
     {"Origin": "null"}],
)  # fmt: skip
def test_a_request_from_another_site_is_refused_even_with_the_token(page, headers):
    sent = page.client.post("/act?trade=x", headers=headers | {"X-CSRF-Token": page.csrf})
    assert sent.status_code == 403


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(environment, world, database):
    from dataclasses import replace

    from flask import Response

    from backend.app import security
    from backend.kernel.settings import settings

    answer = Response()
    secure = replace(settings(), base_url="https://energy.example", secure_cookies=True)
    security.set_session_cookie(answer, "token", secure, max_age_s=60)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-enerfield=token;")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert security.static_headers(secure)["Strict-Transport-Security"] == "max-age=31536000"


def test_a_body_that_is_too_large_is_refused(app, world):
    phone = Phone(app, world.east.email("manager"))
    answer = phone.ask("PATCH", "/auth/me", data=b"x" * 2_000_001, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_what_is_not_there_and_what_is_not_taken_are_problems_too(app):
    client = app.test_client()
    nowhere, wrong = client.get("/api/v1/nowhere"), client.delete("/api/v1/auth/login")
    assert (nowhere.status_code, nowhere.json["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json["code"]) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["Allow"]


def test_every_error_of_the_kernel_is_in_the_table():
    known = [
        one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, EnerfieldError)
    ]
    assert set(known) - {EnerfieldError} == set(STATUS)
    assert STATUS[NotFound] == 404


def test_a_switched_off_application_shows_nothing_of_the_organisations_it_is_off_for(app, world):
    phone = Phone(app, world.west.email("administrator"))
    from backend.kernel import ids

    region = ids.show(world.west.region.id)

    def switch(is_on):
        body = {"application": "monitoring", "is_on": is_on}
        return phone.ask("PATCH", f"/organisations/{region}/applications", json=body)

    assert switch(False).json["monitoring"] is False
    refused = phone.get("/points")
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    assert phone.get("/organisations").status_code == 200
    browser = Browser(app, world.west.people["administrator"])
    assert browser.get("/overview").status_code == 403
    assert browser.get("/organisation").status_code == 200
    switch(None)
    assert phone.get("/points").json["items"]


def test_every_page_belongs_to_an_application_or_to_none_on_purpose(app):
    named = [f"portal.{page}" for pages in (*access.PAGES.values(), access.COMMON) for page in pages]
    assert len(named) == len(set(named))
    free = access.PUBLIC | access.NEEDS_NOTHING
    there = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("portal.")}
    assert set(named) == there - free


def test_invented_methods_are_counted_together(app):
    from backend.infra import metrics

    for number in range(5):
        app.test_client().open("/healthz", method=f"INVENTED{number}")
    methods = {sample.labels["method"] for family in metrics.REQUESTS.collect() for sample in family.samples}
    assert "other" in methods
    assert not [method for method in methods if method.startswith("INVENTED")]


def test_a_crafted_origin_is_another_site(page):
    sent = page.client.post(
        "/act?trade=x",
        headers={"Origin": "http://[", "X-CSRF-Token": page.csrf, "Accept": "application/json"},
    )
    assert (sent.status_code, sent.json["code"]) == (403, "forbidden")


def test_a_refusal_on_a_public_page_still_greets_who_is_logged_in(app, world):
    browser = Browser(app, world.east.people["manager"])
    answer = browser.post("/language", data={"locale": "xx"}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (422, "text/html")  # not the page of last resort


def test_a_phone_that_has_the_answer_is_told_that_it_holds(app, world):
    phone = Phone(app, world.east.email("manager"))
    first = phone.get("/points")
    held = {**phone.headers, "If-None-Match": first.headers["ETag"]}
    again = phone.client.get("/api/v1/points", headers=held)
    assert (again.status_code, again.data) == (304, b"")
    assert "private" in first.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("cookie", "accepts", "locale"),
    [
        (None, "zh-CN,zh;q=0.9", "zh"),
        (None, "fr", "en"),
        ("zh", "en", "zh"),
        ("xx", "zh", "zh"),
        (None, "", "en"),
    ],
)
def test_a_stranger_is_answered_in_the_language_they_prefer(app, cookie, accepts, locale):
    from backend.app.locale import choose

    headers = {"Accept-Language": accepts} | ({"Cookie": f"locale={cookie}"} if cookie else {})
    with app.test_request_context(headers=headers):
        assert choose() == locale


def test_every_change_leaves_an_audit_event(app, world, owner_database):
    """Each administrative call of the API that changes something adds at least one line to the trail."""
    from backend.kernel import ids

    east, phone = world.east, Phone(app, world.east.email("administrator"))
    park = ids.show(east.park.id)

    def lines() -> int:
        with owner_database.transaction(Scope.public()) as session:
            return session.scalar(text("SELECT count(*) FROM audit_event"))

    def change(method, path, body=None):
        before = lines()
        answer = phone.ask(method, path, json=body)
        assert answer.status_code < 300, (path, answer.text)
        assert lines() > before, path
        return json.loads(answer.text or "{}")

    change("PATCH", f"/organisations/{park}", {"name": "East garden"})
    change("POST", f"/organisations/{park}/children", {"kind": "customer", "name": "Bakery"})
    change("PATCH", f"/organisations/{park}/applications", {"application": "trading", "is_on": False})
    invited = {"email": "audit@east.example", "name": "A", "role": "technician"}
    person = change("POST", f"/organisations/{park}/people", invited)
    role = change("POST", f"/people/{person['id']}/roles", {"organisation_id": park, "role": "manager"})
    change("POST", f"/people/{person['id']}/invitation")
    change("PUT", f"/people/{person['id']}/suspension")
    change("DELETE", f"/people/{person['id']}/suspension")
    change("DELETE", f"/roles/{role['id']}")
    change("PATCH", "/auth/me", {"name": "Administrator"})
    change("POST", f"/dead-letters/{ids.show(east.ids['letter'])}/replay")
    change("DELETE", f"/dead-letters/{ids.show(east.ids['letter'])}")
    change("DELETE", f"/sightings/{ids.show(east.ids['sighting'])}")
    change("PUT", f"/alarms/{ids.show(east.ids['alarm'])}/acknowledgement", {})
    shelving = {"until": (clock.now() + timedelta(hours=2)).isoformat(), "reason": "known"}
    change("PUT", f"/alarm-rules/{ids.show(east.ids['rule'])}/shelving", shelving)
    change("POST", "/auth/logout")
