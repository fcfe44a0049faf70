"""The README's 'Connect a real meter', told on an empty region: in the browser, and by the API alone."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from tests.apps import make_app
from tests.counterparts import HERE, node, running
from tests.e2e.chromium import violations
from tests.e2e.conftest import _Quiet
from tests.world import PASSWORD, PASSWORDS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
ADMINISTRATOR = "first@empty.example"
POWER_W = 42_500.0


@pytest.fixture(scope="module")
def region(environment, database):
    """What `enerfield init` leaves: a region and its first administrator, and nothing else."""
    with database.transaction(Scope.public()) as session:
        region, scope = tenancy.found_region(session, name="Empty bay", name_zh="空湾")
        person = tenancy.add_person(session, email=ADMINISTRATOR, name="First")
        tenancy.grant(session, scope, person=person, organisation_id=region.id, role=Role.ADMINISTRATOR)
        tenancy.give_password(session, scope, PASSWORDS, person, PASSWORD)
    return region


@pytest.fixture(scope="module")
def app(region, database):
    made = make_app(database)
    yield made
    made.extensions["live"].close()


@pytest.fixture(scope="module")
def address(app) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)


@pytest.fixture(scope="module")
def meter(tmp_path_factory) -> Iterator[int]:
    """The port of a gateway on modbus-serial with a meter at unit 7, as the SDM630's table describes it."""
    registers = {52: POWER_W, 70: 50.0, 72: 1234.5}
    held = {
        register + i: word
        for register, value in registers.items()
        for i, word in enumerate(struct.unpack(">2H", struct.pack(">f", value)))
    }
    plan = tmp_path_factory.mktemp("modbus") / "plan.json"
    plan.write_text(json.dumps({"units": {7: {"input": held}}}))
    with running(node(), HERE / "modbus_server.cjs", "{port}", plan) as server:
        yield server.port


@pytest.fixture(scope="module")
def worker(environment, region) -> Iterator[None]:
    """An ingest worker, a process of its own as in an installation."""
    command = [
        sys.executable,
        "-m",
        "backend.cli",
        "ingest",
        "run",
        "--protocol",
        "modbus",
        "--worker",
        "e2e",
    ]
    log = Path(environment["ENERFIELD_HOME"]) / "worker.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=out, stderr=out)
        yield
        process.terminate()
        process.wait(timeout=30)


def enter(chromium, address, *, width=1280):
    context = chromium.new_context(
        viewport={"width": width, "height": 844}, base_url=address, locale="en-GB", reduced_motion="reduce",
        has_touch=width < 500,
    )  # fmt: skip
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("E-mail address").fill(ADMINISTRATOR)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def make_site(page, name):
    page.goto("/sites")
    page.get_by_role("main").get_by_role("link", name="Add a site").first.click()
    page.get_by_label("Name in English").fill(name)
    page.get_by_label("Longitude").fill("121.47")
    page.get_by_label("Latitude").fill("31.23")
    page.get_by_label("Address").fill("1 Quay Road")
    page.get_by_role("button", name="Add the site").click()
    page.get_by_role("heading", level=1, name=name).wait_for()


def test_an_empty_region_says_the_next_step_on_every_page(chromium, address):
    page = enter(chromium, address)
    page.goto("/connections")
    assert page.get_by_text("No connection yet").is_visible()
    page.goto("/sites")
    assert page.get_by_text("No site yet").is_visible()
    page.context.close()


def test_a_gateway_is_connected_in_the_browser_and_its_first_push_is_seen(chromium, address):
    page = enter(chromium, address, width=390)
    make_site(page, "Harbour")
    page.get_by_role("link", name="Add a place below").click()
    page.get_by_label("Name in English").fill("Pump hall")
    page.get_by_role("button", name="Add the place").click()
    page.get_by_role("link", name="Add a point").click()
    page.get_by_label("Name in English").fill("Pump power")
    page.get_by_label("Quantity").select_option("active power")
    page.get_by_label("Unit", exact=True).select_option("kW")
    page.get_by_label("Kind").select_option("instant")
    page.get_by_role("button", name="Add the point").click()
    assert page.get_by_text("there is no connection: add the way in").is_visible()
    point_page, point = page.url.split("#")[0], page.locator("[data-point-id]").inner_text()
    page.locator("#read").get_by_role("link", name="Add a connection").click()
    page.get_by_role("link", name="HTTP push").click()
    page.get_by_label("Name in English").fill("Pump gateway")
    page.get_by_role("button", name="Add the connection").click()
    key = page.locator("#key").inner_text()
    assert key.startswith("enf_")
    page.get_by_role("link", name="Next: say what is read over it").click()
    assert key not in page.content(), "shown only once"
    page.get_by_role("link", name="Add a channel").first.click()
    page.get_by_label("Point", exact=True).select_option(point)
    page.get_by_role("button", name="Add the channel").click()
    push_as_the_readme_says(address, key, point)
    page.goto(point_page)
    assert page.locator("[data-live] b").first.inner_text() == "12.5"
    page.goto("/connections")
    page.get_by_role("link", name="Pump gateway").click()
    page.get_by_role("button", name="Revoke the key").click()
    assert page.get_by_role("status").filter(has_text="revoked").is_visible()
    assert call(address, "POST", "/gateway/readings", [], key)[0] == 401
    page.context.close()


def test_a_modbus_meter_is_connected_in_the_browser_and_read_by_a_worker(chromium, address, meter, worker):
    page = enter(chromium, address)
    make_site(page, "Mill")
    page.goto("/connections/new")
    page.get_by_role("link", name="Modbus TCP").click()
    page.get_by_label("Name in English").fill("Mill gateway")
    page.get_by_label("Host", exact=True).fill("169.254.169.254")
    page.get_by_label("Port", exact=True).fill(str(meter))
    page.get_by_role("button", name="Add the connection").click()
    wrong = page.get_by_label("Host", exact=True)
    assert wrong.get_attribute("aria-invalid") == "true"
    assert "No device stands at 169.254.169.254" in page.locator("#host-said").inner_text()
    assert page.get_by_label("Name in English").input_value() == "Mill gateway", "what was typed is kept"
    wrong.fill("127.0.0.1")
    page.get_by_label("Asks every").fill("1")
    page.get_by_role("button", name="Add the connection").click()
    page.get_by_label("Unit").fill("7")
    page.get_by_role("button", name="Try it now").click()
    page.locator("#trial").get_by_text("It answers.").wait_for(timeout=30_000)
    assert "Eastron SDM630" in page.locator("#trial").inner_text()
    page.get_by_role("link", name="Add a meter").first.click()
    page.get_by_role("link", name=re.compile("Eastron")).click()
    page.get_by_label("At", exact=True).select_option(label="Mill · site")
    page.get_by_label("Unit id").fill("7")
    page.get_by_label("Name in English").fill("Main meter")
    page.get_by_label("Name in Chinese").fill("总表")
    page.get_by_label("Main meter: its energy").check()
    page.get_by_role("button", name="Add the meter").click()
    page.get_by_role("link", name="Main meter · active power", exact=True).click()
    for _ in range(60):
        if page.locator("[data-live] b").first.inner_text() == "42.5":
            break
        page.wait_for_timeout(500)
        page.reload()
    assert page.locator("[data-live] b").first.inner_text() == "42.5"
    page.context.close()


def test_the_same_by_the_api_alone(address, region, meter, worker):
    def ask(method, path, body=None, status=None):
        got, said = call(address, method, path, body, token[-1])
        assert got == (status or {"GET": 200, "POST": 201, "PATCH": 200, "DELETE": 204}[method]), (path, said)
        return said

    token = [""]
    given = {"email": ADMINISTRATOR, "password": PASSWORD, "device_id": "script"}
    token.append(ask("POST", "/auth/login", given, 200)["access_token"])
    mine = ask("GET", "/organisations")["items"][0]["id"]
    site = ask("POST", "/sites", {
        "organisation_id": mine, "name": "Depot", "timezone": "Asia/Shanghai", "currency": "CNY", "longitude": 121.5,
        "latitude": 31.2,
    })["position"]  # fmt: skip
    hall = ask("POST", f"/positions/{site['id']}/children", {"kind": "building", "name": "Hall"})
    gateway = ask("POST", "/connections", {"organisation_id": mine, "name": "depot push", "protocol": "http"})
    key = ask("POST", f"/connections/{gateway['id']}/key")["key"]
    point = ask("POST", "/points", {
        "position_id": hall["id"], "name": "Hall power", "carrier": "electricity", "quantity": "active power",
        "unit": "kW", "kind": "instant",
    })  # fmt: skip
    ask(
        "POST",
        f"/connections/{gateway['id']}/channels",
        {"point_id": point["id"], "address": {"tag": "hall.power"}},
    )
    push_as_the_readme_says(address, key, point["id"])
    latest = ask("POST", "/latest", {"points": [point["id"]]}, 200)
    assert latest[0]["value"] == 12.5

    bus = ask("POST", "/connections", {
        "organisation_id": mine, "name": "depot bus", "protocol": "modbus", "poll_seconds": 1,
        "address": {"host": "127.0.0.1", "port": meter},
    })  # fmt: skip
    ask("POST", f"/connections/{bus['id']}/trial", {"unit": 7}, 202)
    trial = until(lambda: (t := ask("GET", f"/connections/{bus['id']}/trial"))["outcome"] and t)
    assert (trial["outcome"], trial["words"]) == ("answers", "It answers.")
    channels = ask("POST", f"/connections/{bus['id']}/meters", {
        "position_id": hall["id"], "family": "eastron_sdm630", "unit": 7, "name": "Main",
        "measures": ["active_power", "active_energy_in"],
    })  # fmt: skip
    power = next(one["point_id"] for one in channels if one["address"]["measure"] == "active_power")
    value = until(lambda: ask("POST", "/latest", {"points": [power]}, 200))
    assert value[0]["value"] == 42.5
    refused = ask("DELETE", f"/connections/{bus['id']}", status=409)
    assert "remove its channels first" in refused["remedy"]
    assert ask("PATCH", f"/connections/{bus['id']}", {"is_enabled": False})["is_enabled"] is False


@pytest.mark.parametrize(
    ("width", "locale"),
    [(390, "zh"), (1280, "en"), pytest.param(390, "en", marks=pytest.mark.long),
     pytest.param(1280, "zh", marks=pytest.mark.long)],
)  # fmt: skip
def test_every_step_is_whole_and_accessible(chromium, address, locale, width):
    page = enter(chromium, address, width=width)
    page.goto("/profile")
    page.locator("main").locator(f"button[value={locale}]").click()
    page.wait_for_load_state()
    wrong = {}
    for path in steps_of(page):
        page.goto(path)
        found = violations(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append("wider than the screen")
        if found:
            wrong[path] = found
    page.context.close()
    assert wrong == {}


def test_a_form_can_be_filled_with_the_keyboard_alone(chromium, address):
    page = enter(chromium, address)
    page.goto("/profile")
    page.locator("main").locator("button[value=en]").click()  # somebody may have read Chinese before
    page.wait_for_load_state()
    page.goto("/connections/new?protocol=http")
    page.get_by_label("Name in English").focus()
    page.keyboard.type("typed gateway")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Add the connection":
            break
    page.keyboard.press("Enter")
    page.locator("#key").wait_for()
    page.context.close()


def steps_of(page) -> list[str]:
    """Addresses of every page the story passes, on what the tests before made."""
    page.goto("/sites")
    site = page.locator("tbody th a").first.get_attribute("href")
    page.goto(site)
    paths = ["/sites", "/sites/new", site, *(f"{site}/{end}" for end in ("edit", "positions/new", "points/new",
             "devices/new", "supply/new"))]  # fmt: skip
    page.goto("/connections")
    paths += ["/connections", "/connections/new"]
    paths += [f"/connections/new?protocol={one}" for one in ("modbus", "mqtt", "sparkplug", "opcua", "http")]
    rows = [page.locator("tbody th").filter(has_text=one).first for one in ("HTTP", "Modbus")]
    for link in [row.locator("a").get_attribute("href") for row in rows]:
        paths += [link, f"{link}/edit", f"{link}/channels/new"]
        page.goto(link)
        if page.locator("a[href$='/meters/new']").count():
            paths += [f"{link}/meters/new", f"{link}/meters/new?family=eastron_sdm630"]
        edit = page.locator("a[href^='/channels/']").first
        if edit.count():
            paths.append(edit.get_attribute("href"))
            point = page.locator("main a[href^='/points/']").first.get_attribute("href")
            paths += [point, f"{point}/edit"]
    return paths


def push_as_the_readme_says(address: str, key: str, point: str) -> None:
    """Run the README's first push, word for word, in a shell; only where we listen is another place."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"^    (curl -X POST (?:.*\\\n)*.*gateway/readings(?:.*\\\n)*.*)$", readme, re.M)
    assert command, "the README shows a gateway's first push"
    shell = command[1].replace("http://localhost:8000", address)
    done = subprocess.run(
        ["bash", "-euc", shell], env=os.environ | {"KEY": key, "POINT": point}, capture_output=True, text=True,
        check=True, timeout=30,
    )  # fmt: skip
    assert json.loads(done.stdout)["results"] == ["stored"], done.stdout


def call(address: str, method: str, path: str, body: object, token: str) -> tuple[int, object]:
    """Ask the API as a program does; returns status and answer."""
    asked = urllib.request.Request(
        f"{address}/api/v1{path}", None if body is None else json.dumps(body).encode(), method=method,
        headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {}),
    )  # fmt: skip
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            status, said = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, said = error.code, error.read()
    return status, json.loads(said) if said else None


def until(condition, seconds: float = 40.0):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.25)
    return found
