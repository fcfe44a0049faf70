"""Photos on their way: whole or not at all, resumed where they broke off, kept without their place."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import os
import time
import zipfile
import zlib

import pytest
from PIL import Image

from backend.field.service import uploads
from backend.kernel import ids
from backend.workorders import service as work
from tests.apps import Phone as Line

PIECE = 262_144


@pytest.fixture(scope="module")
def line(app, east):
    return Line(app, east.email("technician"), "camera")


@pytest.fixture(scope="module")
def colleague(app, east):
    return Line(app, east.email("second"), "other camera")


@pytest.fixture(scope="module")
def order(world, east):
    scope = world.scope(east, "dispatcher")
    with world.database.transaction(scope) as session:
        new = work.Report(position_id=east.ids["supply"], title="Lid is loose")
        return work.report(session, scope, new=new, source=work.Source.DISPATCHER).order


def photo(width=800, height=600, *, seed=0, gps=False):
    noise = Image.frombytes("RGB", (64, 48), hashlib.shake_256(bytes([seed])).digest(64 * 48 * 3))
    exif = Image.Exif()
    if gps:
        exif[0x010F] = "Maker"
        exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 12.0, 0.0), 3: "E", 4: (121.0, 30.0, 0.0)})
    out = io.BytesIO()
    noise.resize((width, height)).save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def begin(line, data, *, sha256=None, size=None, mime="image/jpeg"):
    body = {"sha256": sha256 or hashlib.sha256(data).hexdigest(), "size": size or len(data), "mime": mime}
    return line.ask("POST", "/field/uploads", json=body)


def piece(line, place, data, offset, checksum=None):
    said = base64.b64encode(hashlib.sha256(data if checksum is None else checksum).digest()).decode()
    headers = line.headers | {"Upload-Offset": str(offset), "Upload-Checksum": f"sha256 {said}"}
    return line.client.patch(
        place, data=data, headers=headers, content_type="application/offset+octet-stream"
    )


def head(line, place):
    answer = line.client.head(place, headers=line.headers)
    assert answer.headers["Enerfield-Signature"] == "1"
    return int(answer.headers["Upload-Offset"])


def send(line, data, place, offset=0):
    while offset < len(data):
        answer = piece(line, place, data[offset : offset + PIECE], offset)
        if answer.status_code != 200 or answer.json["state"] != "waiting":
            return answer
        offset = answer.json["offset"]
    raise AssertionError("it never came to an end")


def kept(app):
    return [one for one in app.files.folder.rglob("*") if one.is_file()]


def test_twelve_megapixels_arrive_without_their_place_and_are_told_to_the_order(app, line, phone, order):
    mine, data = phone(), photo(4000, 3000, seed=1, gps=True)
    hash_ = hashlib.sha256(data).hexdigest()
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)
    mine.do("work_order", order.id, "attach", role="before", sha256=hash_, size=len(data), mime="image/jpeg")
    begun = begin(line, data)
    assert begun.status_code == 201
    answer = send(line, data, begun.headers["Location"])
    assert answer.json["state"] == "here"
    with mine.database.transaction(mine.scope) as session:
        attached = next(
            a for a in work.look(session, mine.scope, order_id=order.id).photos if a.sha256 == hash_
        )
    assert attached.arrived_at
    with app.files.open(attached.stored_sha256) as file:
        stored = Image.open(io.BytesIO(file.read()))
    assert dict(stored.getexif()) == {} and dict(stored.getexif().get_ifd(0x8825)) == {}
    assert line.get("/field/uploads", sha256=f"{hash_},{'0' * 64}").json["here"] == {
        hash_: True,
        "0" * 64: False,
    }
    assert begin(line, data).json == {"state": "here"}


def bomb():
    rows = zlib.compress(b"\0" * (40_000 * 3 + 1) * 400)
    head = (40_000).to_bytes(4) + (40_000).to_bytes(4) + b"\x08\x02\0\0\0"
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    body = (len(d).to_bytes(4) + k + d + zlib.crc32(k + d).to_bytes(4) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("index.html", "<script>alert(1)</script>")
    return out.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("data", [bomb(), SVG, b"<html><script>1</script>", archive(), b"\xff\xd8\xff" + b"x" * 99],
                         ids=["bomb", "svg", "html", "zip", "no picture"])  # fmt: skip
def test_what_is_no_photo_is_refused_quickly_and_forgotten(app, line, data):
    before, began = len(kept(app)), time.process_time()
    answer = send(line, data, begin(line, data).headers["Location"])
    assert (answer.status_code, answer.json["state"]) == (200, "refused") and answer.json["reason"]
    assert time.process_time() - began < 2
    assert len(kept(app)) == before and not list((app.settings.home / "uploads").glob("*.part"))


@pytest.mark.parametrize("tail", [b"<html><script>alert(1)</script></html>", archive()], ids=["html", "zip"])
def test_of_a_picture_with_something_behind_it_only_the_picture_is_kept(app, line, tail):
    before, data = set(kept(app)), photo(seed=2) + tail
    assert send(line, data, begin(line, data).headers["Location"]).json["state"] == "here"
    new = set(kept(app)) - before
    assert all(b"<script>" not in one.read_bytes() and b"PK\x03\x04" not in one.read_bytes() for one in new)


@pytest.mark.parametrize(
    "wrong", [{"mime": "image/svg+xml"}, {"size": 15_000_001}, {"size": 0}, {"sha256": "A" * 64}]
)
def test_what_cannot_be_taken_is_refused_before_a_byte_is_sent(line, wrong):
    body = {"sha256": "a" * 64, "size": 10, "mime": "image/jpeg"} | wrong
    assert line.ask("POST", "/field/uploads", json=body).status_code == 422


def test_bytes_that_are_not_those_announced_are_refused(line):
    data = photo(seed=3)
    place = begin(line, data, sha256="b" * 64).headers["Location"]
    answer = send(line, data, place)
    assert answer.json["state"] == "refused"
    assert head(line, place) == 0


def test_a_broken_line_goes_on_where_it_stopped_and_wrong_pieces_change_nothing(line):
    data = photo(3000, 2250, seed=4)
    assert len(data) > 2 * 70_000
    place = begin(line, data).headers["Location"]
    assert piece(line, place, data[:70_000], 0).json["offset"] == 70_000
    assert piece(line, place, data[:50], 0).status_code == 409
    assert piece(line, place, data[90_000:90_050], 90_000).status_code == 409
    damaged = piece(line, place, data[70_000:80_000], 70_000, checksum=b"other")
    assert (damaged.status_code, damaged.json["code"], damaged.headers["Enerfield-Signature"]) == (
        460, "checksum_wrong", "1",
    )  # fmt: skip
    assert piece(line, place, b"x" * (PIECE + 1), 70_000).status_code in (413, 422)
    assert head(line, place) == 70_000
    assert begin(line, data).headers["Location"] == place
    assert send(line, data, place, 70_000).json["state"] == "here"


def test_two_tabs_send_one_photo_once(app, line):
    before, data = len(kept(app)), photo(2400, 1800, seed=5)
    first, second = begin(line, data).headers["Location"], begin(line, data).headers["Location"]
    assert first == second
    assert piece(line, first, data[:9_000], 0).status_code == 200
    assert piece(line, second, data[:9_000], 0).status_code == 409
    assert send(line, data, second, head(line, second)).json["state"] == "here"
    assert piece(line, first, data[9_000:9_100], 9_000).json["state"] == "here"
    assert len(kept(app)) == before + 1


def test_the_same_photo_of_two_people_is_kept_once(app, line, colleague):
    before, data = len(kept(app)), photo(seed=6)
    mine, theirs = begin(line, data).headers["Location"], begin(colleague, data).headers["Location"]
    assert mine != theirs
    assert colleague.client.head(mine, headers=colleague.headers).status_code == 404
    assert send(line, data, mine).json["state"] == "here"
    assert send(colleague, data, theirs).json["state"] == "here"
    assert len(kept(app)) == before + 1


def parts(app):
    return list((app.settings.home / "uploads").glob("*.part"))


def test_a_crash_between_file_and_commit_leaves_more_bytes_than_were_told(app, line):
    data = photo(2400, 1800, seed=7)
    place = begin(line, data).headers["Location"]
    piece(line, place, data[:9_000], 0)
    with parts(app)[0].open("ab") as part:
        part.write(b"never committed")
    assert head(line, place) == 9_000
    assert send(line, data, place, 9_000).json["state"] == "here"
    assert parts(app) == []


def test_pieces_that_are_gone_are_sent_again(app, line):
    data = photo(2400, 1800, seed=8)
    place = begin(line, data).headers["Location"]
    piece(line, place, data[:9_000], 0)
    parts(app)[0].unlink()
    assert piece(line, place, data[9_000:9_100], 9_000).status_code == 409
    assert head(line, place) == 0
    assert send(line, data, place).json["state"] == "here"


@pytest.mark.parametrize("when", ["piece", "whole"])
def test_a_full_disk_is_said_and_nothing_is_lost(app, line, monkeypatch, when):
    data = photo(seed=9 if when == "piece" else 10)
    place = begin(line, data).headers["Location"]

    calls, really = [], os.fsync

    def full(handle):
        calls.append(handle)
        if when == "whole" and len(calls) == 1:
            return really(handle)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answer = send(line, data, place)
    assert (answer.status_code, answer.json["code"], answer.headers["Enerfield-Signature"]) == (
        503, "unavailable", "1",
    )  # fmt: skip
    assert send(line, data, place, head(line, place)).json["state"] == "here"


def test_unfinished_pieces_are_dropped_after_a_fortnight(app, line):
    data = photo(seed=11)
    place = begin(line, data).headers["Location"]
    piece(line, place, data[:500], 0)
    old = time.time() - uploads.KEPT.total_seconds() - 60
    os.utime(parts(app)[0], (old, old))
    assert uploads.drop_expired(app.settings.home / "uploads") == 1
    assert send(line, data, place, head(line, place)).json["state"] == "here"
    assert ids.parse(place.rsplit("/", 1)[1])
