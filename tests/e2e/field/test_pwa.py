"""The app as an app: installable, there without a signal, told by push, its policy its own."""

from __future__ import annotations

import json
import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_it_can_be_installed(phones, address):
    page = phones().new_page()
    page.goto("/field/")
    found = page.request.get(page.locator("link[rel=manifest]").get_attribute("href")).json()
    assert (found["scope"], found["start_url"], found["display"]) == ("/field/", "/field/", "standalone")
    for icon in found["icons"]:
        assert page.request.get(icon["src"]).ok, icon
    session = page.context.new_cdp_session(page)
    page.wait_for_function(
        "async () => Boolean((await navigator.serviceWorker.ready).active)", timeout=60_000
    )
    reasons = [one["errorId"] for one in session.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert [one for one in reasons if one != "in-incognito"] == []


def test_the_worker_governs_the_field_app_and_nothing_else(phones, log_in):
    page = log_in(phones())
    scopes = page.evaluate(
        "async () => (await navigator.serviceWorker.getRegistrations()).map((one) => one.scope)"
    )
    assert [scope.removeprefix(page.evaluate("location.origin")) for scope in scopes] == ["/field/"]
    policy = page.request.get("/field/").headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "wasm-unsafe-eval" not in page.request.get("/login").headers["content-security-policy"]


def test_it_starts_without_a_signal_and_stays_where_it_was(phones, log_in, visit_id):
    context = phones()
    page = log_in(context)
    page.locator(".hero").wait_for(timeout=20_000)
    context.set_offline(True)
    page.close()
    again = context.new_page()
    answer = again.goto("/field/")
    assert answer is not None
    assert answer.from_service_worker
    again.locator(".hero").wait_for(timeout=20_000)
    again.get_by_text("No signal. Everything is kept").wait_for(timeout=20_000)


def test_a_push_is_shown_and_makes_the_open_app_ask_for_news(phones, log_in, address):
    context = phones(may=("notifications",))
    page = log_in(context)
    session = context.new_cdp_session(page)
    registrations: list[dict] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated", lambda told: registrations.extend(told["registrations"])
    )
    session.send("ServiceWorker.enable")
    until = time.monotonic() + 20
    while not registrations and time.monotonic() < until:
        page.wait_for_timeout(100)
    said = {"title": "New visit", "body": "Pump stands still, 14:30", "url": "/field/news", "tag": "visit"}
    with page.expect_request("**/api/v1/field/pull**", timeout=20_000):
        session.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": address,
                "registrationId": registrations[0]["registrationId"],
                "data": json.dumps(said),
            },
        )
    shown = page.evaluate(
        "async () => { const worker = await navigator.serviceWorker.ready;"
        " return (await worker.getNotifications()).map((one) => [one.title, one.body]) }"
    )
    assert shown == [[said["title"], said["body"]]]
