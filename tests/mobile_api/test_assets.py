"""Assets over the API: files in and out, a retry that counts once, a workbook to and fro, and who may."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from PIL import Image

from backend.assets import service as assets
from backend.kernel import clock, ids
from backend.kernel.ids import show

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def photo() -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Spy cameras"
    Image.new("RGB", (900, 600), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture(scope="module")
def device(world):
    """A device that stands at east's supply since yesterday."""
    with world.database.transaction(world.east.scope) as session:
        made = assets.register_device(
            session, world.east.scope, organisation_id=world.east.enterprise.id, manufacturer="Eastron",
            model="SDM630", serial_number="=1+1",
        )  # fmt: skip
        assets.install(
            session, world.east.scope, device_id=made.id, position_id=world.east.ids["supply"],
            at=clock.now() - timedelta(days=1),
        )  # fmt: skip
    return show(made.id)


@pytest.fixture
def send(phone, world):
    """Send a file: `send(role, path, data, **fields)`."""

    def sent(role, path, data, name="photo.jpg", **fields):
        parts = [
            f'--edge\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
        ]
        head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = "".join([*parts, head]).encode() + data + b"\r\n--edge--\r\n"
        kind = "multipart/form-data; boundary=edge"
        return phone(world.east, role).ask("POST", path, data=body, content_type=kind)

    return sent


def test_a_photo_sent_by_a_technician_comes_back_without_what_it_gave_away(send, phone, world, device):
    added = send("technician", f"/devices/{device}/documents", photo(), title="Rating plate", kind="photo")
    assert added.status_code == 201, added.text
    again = send("technician", f"/devices/{device}/documents", photo(), title="Again")
    assert again.json["id"] == added.json["id"]
    answer = phone(world.east, "dispatcher").get(f"/documents/{added.json['id']}/content")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert int(answer.headers["Content-Length"]) == len(answer.data) == added.json["size_bytes"]
    assert dict(Image.open(io.BytesIO(answer.data)).getexif()) == {}
    assert answer.headers["ETag"].strip('"') == added.json["sha256"]
    preview = phone(world.east, "dispatcher").get(f"/documents/{added.json['id']}/preview")
    assert max(Image.open(io.BytesIO(preview.data)).size) == 480


def test_a_large_file_is_taken_where_files_are_taken_and_nowhere_else(send, phone, world, device):
    large = b"%PDF-1.7\n" + b"0" * 3_000_000 + b"\n%%EOF\n"
    assert send("technician", f"/devices/{device}/documents", large, "plan.pdf").status_code == 201
    body = {"op_id": show(ids.new_id()), "moves": [], "note": "x" * 3_000_000}
    assert phone(world.east, "technician").ask("POST", "/stock-movements", json=body).status_code == 413


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"<svg onload=alert(1)>", 422), (b"", 422), (b"\xff\xd8\xff" + b"0" * 99, 422)],
    ids=["an SVG", "nothing", "a picture in name only"],
)
def test_what_may_do_harm_is_refused_in_words(send, device, data, status):
    answer = send("technician", f"/devices/{device}/documents", data)
    assert answer.status_code == status
    assert answer.json["field"] == "file" and answer.json["remedy"]


def test_a_text_that_is_no_file_is_refused(phone, world, device):
    answer = phone(world.east, "technician").ask(
        "POST", f"/devices/{device}/documents", data={"file": "hello"}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422


def test_a_device_is_exchanged_in_one_go(phone, world, device):
    technician, supply = phone(world.east, "technician"), show(world.east.ids["supply"])
    body = {
        "removed_id": device, "at": clock.now().isoformat(), "reason": "dial stuck",
        "new_device": {"manufacturer": "Eastron", "model": "SDM630", "serial_number": "API-NEW"},
        "registers": [{"point_id": show(world.east.ids["supply_energy"]), "final": 1200.5}],
    }  # fmt: skip
    made = technician.ask("POST", f"/positions/{supply}/exchange", json=body)
    assert made.status_code == 201, made.text
    standing = technician.get(f"/positions/{supply}/devices").json["items"]
    assert standing[0]["device"]["serial_number"] == "API-NEW"
    assert standing[0]["installation"]["removed_at"] is None
    record = technician.get(f"/devices/{device}/life").json["items"]
    assert [one["step"] for one in record] == ["entered", "install", "commission", "remove"]
    assert technician.ask("POST", f"/positions/{supply}/exchange", json=body).status_code == 409


def test_a_phone_that_sends_its_parts_again_takes_them_once(phone, world):
    dispatcher, technician = phone(world.east, "dispatcher"), phone(world.east, "technician")
    where = show(world.east.region.id)
    part = dispatcher.ask("POST", "/parts", json={"organisation_id": where, "number": "A1", "name": "Fuse",
                                                  "unit": "pcs", "minimum": "2"}).json["id"]  # fmt: skip
    van = dispatcher.ask("POST", "/stores", json={"organisation_id": where, "kind": "van", "name": "Van",
                                                  "person_id": show(world.east.people["technician"].id)})  # fmt: skip
    assert van.status_code == 201, van.text
    body = {
        "op_id": show(ids.new_id()),
        "moves": [{"store_id": van.json["id"], "part_id": part, "delta": "-1", "reason": "used"}],
    }
    for _ in range(2):
        assert technician.ask("POST", "/stock-movements", json=body).status_code == 201
    (lying,) = technician.get(f"/stores/{van.json['id']}/stock").json["items"]
    assert lying["quantity"] == "-1.000"
    assert [one["part"]["id"] for one in dispatcher.get("/stock-exceptions").json["items"]] == [part]
    assert [one["part"]["id"] for one in dispatcher.get("/parts", below_minimum=True).json["items"]] == [part]


def test_a_workbook_goes_out_and_comes_in_again_with_its_formulas_as_text(send, phone, world, device):
    operator, node = phone(world.east, "operator"), show(world.east.region.id)
    out = operator.get(f"/organisations/{node}/asset-list")
    assert out.mimetype == MEDIA
    page = load_workbook(io.BytesIO(out.data))["Devices"]
    serial = {cell.value: cell for cell in page["E"]}["=1+1"]
    assert (serial.data_type, serial.quotePrefix) == ("s", True)
    report = send("operator", f"/organisations/{node}/asset-list", out.data, "a.xlsx").json
    assert (report["problems"], report["created"], report["changed"]) == ([], 0, 0)
    assert report["unchanged"] >= 4
    book = load_workbook(io.BytesIO(out.data))
    book["Devices"].append([None, None, "Itron", "X", "=SUM(A1:A9)"])
    edited = io.BytesIO()
    book.save(edited)
    refused = send(
        "operator", f"/organisations/{node}/asset-list", edited.getvalue(), "a.xlsx", write="true"
    ).json
    assert not refused["is_written"]
    assert {one["column"] for one in refused["problems"]} == {"serial_number"}
    assert {one["message"] for one in refused["problems"]} >= {"a formula; write its value"}


def test_a_customer_reads_what_stands_at_their_place_and_changes_nothing(phone, world, device):
    customer = phone(world.east, "customer")
    listed = customer.get("/devices").json["items"]
    assert device in {one["device"]["id"] for one in listed}
    assert customer.ask("POST", f"/devices/{device}/steps", json={"step": "take_out"}).status_code == 404
    assert customer.ask("PATCH", f"/devices/{device}", json={"supplier": "me"}).status_code == 404
    assert customer.get(f"/customers/{show(world.east.customer.id)}/contacts").status_code == 403
    assert customer.get("/parts").json["items"] == []


def test_another_region_finds_none_of_it(phone, world, device):
    stranger = phone(world.west, "administrator")
    for path in (f"/devices/{device}", f"/devices/{device}/life", f"/devices/{device}/documents"):
        assert stranger.get(path).status_code == 404
    assert stranger.get("/asset-search", text="SDM630").json == []


@pytest.mark.parametrize(
    "path",
    [
        "/devices", "/devices?status=in_service&text=sdm", "/devices/nearest?longitude=121&latitude=31",
        "/devices/{device}", "/devices/{device}/life", "/devices/{device}/documents", "/positions/{supply}/devices",
        "/positions/{supply}/documents", "/parts", "/stores", "/stock-movements", "/stock-exceptions", "/customers",
        "/customers/{customer}/contacts", "/customers/{customer}/notes",
        "/customers/{customer}/contracts", "/asset-search?text=east",
    ],
)  # fmt: skip
def test_a_request_asks_few_questions(phone, world, device, path):
    from sqlalchemy import event

    asked: list[str] = []
    caller = phone(world.east, "administrator")
    note = lambda *given: asked.append(given[2])  # noqa: E731 - a listener wants a callable of its own
    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        answer = caller.get(
            path.format(
                device=device,
                supply=show(world.east.ids["supply"]),
                customer=show(world.east.customer.id),
            )
        )
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    assert len(asked) <= 9, "\n".join(asked)
