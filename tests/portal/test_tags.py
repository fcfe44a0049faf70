"""Pages of tags: for staff the whole life of a label, for anybody who scans one what they may know."""

from __future__ import annotations

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import text

from backend.assets.service import tags as service
from backend.kernel.scope import Scope


@pytest.fixture
def label(world):
    """The address path printed on the east's tag."""
    return "/T/" + service.code_of(world.east.ids["tag"])


def test_the_list_shows_what_hangs_where_and_what_must_have_a_copy(browser, world):
    page = browser(world.east, "dispatcher").get("/tags")
    assert page.status_code == 200
    assert "east plant" in page.text
    assert "Seen in two places" in page.text
    assert "west plant" not in page.text


def test_a_tags_passport_tells_its_history(browser, world):
    page = browser(world.east, "technician").get(f"/tags/{world.east.ids['tag']}")
    assert page.status_code == 200
    for words in ("Bound", "Made", "east plant", "HTTP://"):
        assert words in page.text
    assert browser(world.west, "administrator").get(f"/tags/{world.east.ids['tag']}").status_code == 404


def test_two_scans_bind_and_a_taken_tag_asks_why_it_moves(browser, world):
    visitor = browser(world.east, "technician")
    batch = visitor.get(f"/tags/batches/{world.east.ids['batch']}").text
    assert "nothing yet" in batch
    with world.database.transaction(world.east.scope) as session:
        rows = service.tags(
            session, world.east.scope, service.TagFilter(batch_id=world.east.ids["batch"])
        ).items
    waiting = next(row.tag for row in rows if row.tag.state == "unbound")
    plant_tag = service.code_of(world.east.ids["tag"])
    answer = visitor.post("/tags/bind", data={"tag": waiting.short_code, "asset": plant_tag})
    assert answer.status_code == 303
    wrong = visitor.post("/tags/bind", data={"tag": waiting.short_code, "asset": "SN-0000"})
    assert (wrong.status_code, "no tag is called so" in wrong.text) == (422, True)


def test_a_batch_is_made_and_every_label_of_its_pdf_can_be_read(browser, world):
    visitor = browser(world.east, "dispatcher")
    made = visitor.post("/tags/batches", data={"name": "pump room", "size": "3", "surroundings": "outdoors"})
    assert made.status_code == 303
    pdf = visitor.get(made.headers["Location"] + "/labels.pdf?sheet=roll-62x29")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    document = pypdfium2.PdfDocument(pdf.data)
    read = set()
    for page in document:
        picture = page.render(scale=300 / 72, grayscale=True).to_numpy().squeeze()
        read |= {found.text for found in zxingcpp.read_barcodes(picture)}
    assert len(read) == len(document) == 3
    assert all(service.read(payload.rpartition("/")[2]) for payload in read)
    assert visitor.get(made.headers["Location"] + "/labels.pdf?sheet=papyrus").status_code == 422


def test_anybody_sees_what_stands_here_and_whom_to_call(app, world, label, owner_database):
    with owner_database.transaction(Scope.public()) as session:
        session.execute(
            text("UPDATE organisation SET emergency_phone = '021 5550 0119' WHERE id = :id"),
            {"id": world.east.region.id},
        )
        session.execute(
            text("UPDATE position SET carriers = '{gas}' WHERE id = :id"), {"id": world.east.ids["plant"]}
        )
    page = app.test_client().get(label)
    assert page.status_code == 200
    assert "noindex" in page.headers["X-Robots-Tag"]
    for words in ("East energy", "tel:02155500119", "Do you smell gas?"):
        assert words in page.text
    assert page.text.index("smell gas") < page.text.index("<h1>Plant")
    for hidden in ("east plant", "Technician", "@east", str(world.east.ids["plant"]), "121."):
        assert hidden not in page.text


@pytest.mark.parametrize("code", ["0" * 35, "x", "01KASG2V3W4X5Y6Z7A8B9C0D1E", "%00"])
def test_a_forged_label_says_nothing_but_what_is_safe(app, world, code):
    page = app.test_client().get(f"/T/{code}")
    assert page.status_code == 404
    assert "not known" in page.text


def test_staff_are_led_to_the_asset_and_were_there(browser, world, label):
    answer = browser(world.east, "operator").get(label)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"/positions/{world.east.ids['plant']}")
    assert "Operator" in browser(world.east, "technician").get(f"/tags/{world.east.ids['tag']}").text


def test_foreign_staff_and_customers_see_what_anybody_sees(browser, world, label):
    for region, role in ((world.west, "administrator"), (world.east, "customer")):
        page = browser(region, role).get(label)
        assert page.status_code == 200
        assert "East energy" in page.text


def test_who_tries_many_codes_is_told_to_wait(app, world, label):
    client = app.test_client()
    given = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    answers = [client.get(f"/T/{'0' * 35}", **given).status_code for _ in range(61)]
    assert answers == [404] * 60 + [429]
    assert client.get(label, environ_base={"REMOTE_ADDR": "192.0.2.8"}).status_code == 200


def test_a_position_lists_its_tags(browser, world):
    page = browser(world.east, "operator").get(f"/positions/{world.east.ids['plant']}")
    assert f"/tags/{world.east.ids['tag']}" in page.text


def test_the_emergency_phone_is_set_by_administrators(browser, world):
    assert (
        browser(world.west, "administrator")
        .post("/tags/emergency-phone", data={"phone": "021 5550 0120"})
        .status_code
        == 303
    )
    code = service.code_of(world.west.ids["tag"])
    page = browser(world.west, "customer").get(f"/T/{code}")
    assert "021 5550 0120" in page.text
    refused = browser(world.west, "administrator").post("/tags/emergency-phone", data={"phone": "call me"})
    assert refused.status_code == 303
    assert "021 5550 0120" in browser(world.west, "customer").get(f"/T/{code}").text
