"""Pages of assets: each answers its question, takes its forms, and keeps what is not theirs from the others."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from PIL import Image

from backend.assets import service as assets
from backend.assets.service import DeviceStatus
from backend.kernel import clock
from tests.portal.test_pages import text_of


@pytest.fixture(scope="module")
def device(world):
    """A device that stands at east's supply since yesterday."""
    with world.database.transaction(world.east.scope) as session:
        made = assets.register_device(
            session, world.east.scope, organisation_id=world.east.enterprise.id, manufacturer="Eastron",
            model="SDM630", serial_number="PAGE-1", family="eastron_sdm630",
        )  # fmt: skip
        assets.install(
            session, world.east.scope, device_id=made.id, position_id=world.east.ids["supply"],
            at=clock.now() - timedelta(days=1),
        )  # fmt: skip
    return made


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(out, "JPEG")
    return out.getvalue()


def now_of(world, device):
    with world.database.transaction(world.east.scope) as session:
        return assets.device(session, world.east.scope, device.id)


@pytest.mark.parametrize(
    "query",
    ["", "?q=page", "?status=in_service", "?family=eastron_sdm630", "?carrier=electricity", "?warranty=year",
     "?lon=121.5&lat=31.2"],
)  # fmt: skip
def test_the_register_is_narrowed_in_the_address(browser, world, device, query):
    page = browser(world.east, "dispatcher").get(f"/assets{query}")
    assert page.status_code == 200
    assert ("PAGE-1" in page.text) == ("carrier" not in query and "warranty" not in query)


@pytest.mark.parametrize("query", ["?status=broken", "?lon=400&lat=0", "?lon=x&lat=y", "?after=nonsense"])
def test_a_senseless_register_is_refused_in_words(browser, world, query):
    assert browser(world.east, "dispatcher").get(f"/assets{query}").status_code == 422


def test_a_device_shows_its_life_its_place_and_what_is_done_next(browser, world, device):
    page = text_of(browser(world.east, "dispatcher").get(f"/devices/{device.id}"))
    assert re.search(r"Entered in the register.*Installed.*east supply.*Put into service", page)
    assert "Take out of service" in page


def test_a_step_is_taken_on_its_page_and_stands_in_its_life(browser, world, device):
    dispatcher = browser(world.east, "dispatcher")
    done = dispatcher.post(
        f"/devices/{device.id}/step", data={"step": "take_out", "reason": "smells"}, follow_redirects=True
    )
    assert "smells" in text_of(done)
    wrong = dispatcher.post(f"/devices/{device.id}/step", data={"step": "take_out"}, follow_redirects=True)
    assert "cannot take the step" in text_of(wrong)
    dispatcher.post(f"/devices/{device.id}/step", data={"step": "return"})
    assert now_of(world, device).status is DeviceStatus.IN_SERVICE


def test_a_photo_is_added_at_a_device_seen_small_and_opened(browser, world, device):
    technician = browser(world.east, "technician")
    form = {"device": str(device.id), "title": "Rating plate", "kind": "photo", "next": f"/devices/{device.id}",
            "file": (io.BytesIO(photo()), "plate.jpg")}  # fmt: skip
    page = technician.post(
        "/documents", data=form, content_type="multipart/form-data", follow_redirects=True
    ).text
    address = re.search(r'href="(/documents/[0-9a-f-]+)">Rating plate', page).group(1)
    opened = technician.get(address)
    assert opened.mimetype == "image/jpeg" and "sandbox" in opened.headers["Content-Security-Policy"]
    assert technician.get(address + "?small=1").mimetype == "image/webp"
    again = technician.get(address, headers={"If-None-Match": opened.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert browser(world.west, "administrator").get(address).status_code == 404
    assert browser(world.east, "customer").get(address).status_code == 404


def test_a_file_that_is_none_is_refused_on_the_page_it_came_from(browser, world, device):
    form = {
        "device": str(device.id),
        "next": f"/devices/{device.id}",
        "file": (io.BytesIO(b"<svg/>"), "a.svg"),
    }
    page = browser(world.east, "technician").post(
        "/documents", data=form, content_type="multipart/form-data", follow_redirects=True
    )
    assert "This kind of file is not taken" in text_of(page)


def test_a_new_device_is_entered_installed_by_code_and_changed(browser, world):
    operator = browser(world.east, "operator")
    form = {"manufacturer": "Danfoss", "model": "VB2", "serial_number": "V-1", "status": "stored",
            "purchase_cost": "12,50", "purchase_currency": "CNY"}  # fmt: skip
    made = operator.post("/assets/new", data=form, follow_redirects=True)
    assert "12.50 CNY" in text_of(made)
    path = made.request.path
    placed = operator.post(f"{path}/place", data={"position": "east plant"}, follow_redirects=True)
    assert "stands at east plant" in text_of(placed)
    lost = operator.post(f"{path}/place", data={"position": "nowhere"}, follow_redirects=True)
    assert "no single position" in text_of(lost).lower()
    changed = operator.post(f"{path}/change", data=form | {"supplier": "Valves Ltd"}, follow_redirects=True)
    assert "Valves Ltd" in text_of(changed)
    down = operator.post(f"{path}/removal", data={"reason": "wrong size"}, follow_redirects=True)
    assert "wrong size" in text_of(down)


def test_an_exchange_asks_for_both_registers_and_ends_at_the_place(browser, world, device):
    technician, point = browser(world.east, "technician"), world.east.ids["supply_energy"]
    page = technician.get(f"/devices/{device.id}/exchange").text
    assert f'name="final-{point}"' in page
    form = {"manufacturer": "Eastron", "model": "SDM630", "serial_number": "PAGE-2", "reason": "dial stuck",
            f"final-{point}": "1120.5", f"initial-{point}": "0"}  # fmt: skip
    done = technician.post(f"/devices/{device.id}/exchange", data=form, follow_redirects=True)
    assert done.request.path == f"/positions/{world.east.ids['supply']}"
    assert "PAGE-2" in text_of(done) and "dial stuck" in text_of(done)
    assert now_of(world, device).status is DeviceStatus.STORED


def test_parts_are_added_booked_once_and_their_exceptions_shown(browser, world):
    dispatcher = browser(world.east, "dispatcher")
    part = {"number": "F-1", "name": "Fuse", "name_zh": "熔断器", "unit": "pcs", "minimum": "4"}
    assert "Fuse" in text_of(dispatcher.post("/parts", data=part, follow_redirects=True))
    assert "Main" in text_of(dispatcher.post("/stores", data={"name": "Main"}, follow_redirects=True))
    store = re.search(r'href="(/stores/[0-9a-f-]+)"', dispatcher.get("/parts").text).group(1)
    page = dispatcher.get(store).text
    form = {
        "op_id": re.search(r'name="op_id" value="(\w+)"', page).group(1), "reason": "used", "quantity": "2",
        "part": re.search(r'<option value="([\w-]+)"[^>]*>F-1', page).group(1),
    }  # fmt: skip
    for _ in range(2):
        assert "Booked" in text_of(dispatcher.post(f"{store}/movement", data=form, follow_redirects=True))
    assert "-2 pcs" in text_of(dispatcher.get(store)).replace("−", "-")
    assert "does not add up" in text_of(dispatcher.get("/parts"))
    assert "Fuse" in text_of(dispatcher.get("/parts?show=short"))
    assert "Fuse" in text_of(dispatcher.get("/parts?q=熔断"))


def test_a_customers_file_is_kept_by_staff_and_hidden_from_the_customer(browser, world):
    dispatcher, path = browser(world.east, "dispatcher"), f"/customers/{world.east.customer.id}"
    assert "East mill" in text_of(dispatcher.get("/customers"))
    dispatcher.post(f"{path}/contacts", data={"name": "Wang Min", "phone": "+86 574 1"})
    dispatcher.post(f"{path}/notes", data={"text": "key at the gate"})
    dispatcher.post(f"{path}/contracts", data={"number": "C-9", "title": "Supply", "starts_on": "2026-01-01"})
    page = text_of(dispatcher.get(path))
    assert all(words in page for words in ("Wang Min", "key at the gate", "C-9"))
    contact = re.search(r"/contacts/([0-9a-f-]+)/archive", dispatcher.get(path).text).group(1)
    dispatcher.post(f"{path}/contacts/{contact}/archive")
    assert "Wang Min" not in text_of(dispatcher.get(path))
    for page in (path, "/customers", "/assets", "/parts"):
        assert browser(world.east, "customer").get(page).status_code == 403


def test_a_workbook_is_looked_through_first_and_written_when_asked(browser, world):
    operator = browser(world.east, "operator")
    out = operator.get("/assets/table.xlsx")
    book = load_workbook(io.BytesIO(out.data))
    book["Devices"].append([None, None, "Itron", "Aquadis", "IT-77"])
    sent = io.BytesIO()
    book.save(sent)
    form = {"file": (io.BytesIO(sent.getvalue()), "a.xlsx")}
    looked = operator.post("/assets/table", data=form, content_type="multipart/form-data")
    assert "Nothing is wrong with it" in text_of(looked)
    assert "IT-77" not in operator.get("/assets?q=it-77").text.split("<ul")[-1]
    kept = re.search(r'name="kept" value="(\w+)"', looked.text).group(1)
    assert "1 new" in text_of(operator.post("/assets/table", data={"kept": kept}, follow_redirects=True))
    again = operator.post(
        "/assets/table",
        data={"file": (io.BytesIO(sent.getvalue()), "a.xlsx")},
        content_type="multipart/form-data",
    )
    assert "already in the register" in text_of(again)
    assert operator.get(f"/assets/table.xlsx?at={'0' * 26}").status_code == 404


def test_many_are_changed_at_once_from_the_list(browser, world, device):
    operator = browser(world.east, "operator")
    form = {"device": [str(device.id)], "supplier": "Meter works", "next": "/assets"}
    assert "1 device changed" in text_of(operator.post("/assets/bulk", data=form, follow_redirects=True))
    assert now_of(world, device).supplier == "Meter works"
    nobody = browser(world.east, "technician").post(
        "/assets/bulk", data=form | {"supplier": "x"}, follow_redirects=True
    )
    assert "left as they were" in text_of(nobody)


def test_a_customer_sees_the_device_at_their_place_without_its_price(browser, world, device):
    customer = browser(world.east, "customer")
    page = text_of(customer.get(f"/devices/{device.id}"))
    assert "PAGE-1" in page
    assert "Supplier" not in page and "Exchange" not in page
    assert browser(world.west, "dispatcher").get(f"/devices/{device.id}").status_code == 404


@pytest.mark.parametrize("path", ["/assets", "/assets/new", "/parts", "/customers", "/assets/table"])
def test_nothing_is_inline_and_chinese_is_complete(browser, world, device, path):
    operator = browser(world.east, "operator")
    operator.post("/language", data={"locale": "zh", "next": path})
    page = operator.get(path).text
    operator.post("/language", data={"locale": "en", "next": path})
    assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)", page)
