"""Documents and photos: what is taken, what is made of it, and who may see it."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zipfile
import zlib

import pytest
from PIL import Image

from backend.assets import service as assets
from backend.assets.models import DocumentKind
from backend.assets.rules import files as rules
from backend.kernel.errors import Forbidden, NotFound, Refused

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def photo(size=(1200, 900), kind="JPEG", exif=None, mode="RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 120 if mode in ("L", "P") else 0).save(
        out, kind, **({"exif": exif} if exif else {})
    )
    return out.getvalue()


def located() -> bytes:
    """A photograph that says where and by what it was taken, and lies on its side."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Spy cameras"
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 12.0, 0.0), 3: "E", 4: (121.0, 30.0, 0.0)})
    return photo(exif=exif)


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is this large and holds almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 6, 0, 0, 0])
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


BAD = {
    "nothing": b"",
    "a picture of 200 megapixels": png_of(20_000, 10_000),
    "a picture of 40 megapixels": png_of(8_000, 5_000),
    "half a picture": photo()[:400],
    "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a program": b"MZ\x90\0" + b"\0" * 100,
    "a zip that unpacks to a gigabyte": packed(
        **{"[Content_Types].xml": b"", "xl/workbook.xml": b"0" * (300 << 20)}
    ),
    "a workbook with macros": packed(
        **{"[Content_Types].xml": b"", "xl/workbook.xml": b"", "xl/vbaProject.bin": b"x"}
    ),
    "just any zip": packed(**{"a.txt": b"a"}),
    "a PDF that is cut off": PDF[:-8],
    "a picture in name only": b"\xff\xd8\xff" + b"#!/bin/sh\n" * 30,
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.usefixtures("pillow_is_warm")
def test_what_may_do_harm_is_refused_within_two_seconds(name):
    began = time.monotonic()
    with pytest.raises(Refused) as refused:
        rules.accept(BAD[name])
    assert time.monotonic() - began < 2
    assert refused.value.field == "file"


@pytest.mark.parametrize("data", [located(), photo((5_000, 2_400), "PNG"), photo((800, 600), "WEBP")])
def test_a_picture_is_written_anew_with_nothing_but_its_pixels(data):
    kept = rules.accept(data)
    picture = Image.open(io.BytesIO(kept.data))
    assert dict(picture.getexif()) == {}
    assert picture.info.keys() <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "loop",
        "background",
        "timestamp",
        "duration",
    }
    assert max(picture.size) <= rules.LONG_EDGE
    assert max(Image.open(io.BytesIO(kept.preview)).size) <= rules.PREVIEW_EDGE


def test_a_picture_that_lay_on_its_side_stands_upright():
    assert Image.open(io.BytesIO(rules.accept(located()).data)).size == (900, 1200)


def test_what_hides_behind_a_picture_is_gone():
    kept = rules.accept(photo() + b"PK\x03\x04<script>alert(1)</script>")
    assert b"script" not in kept.data


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "JPEG"),
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("I;16", "PNG"),
        ("RGBA", "WEBP"),
    ],
)
def test_pictures_of_every_colour_are_taken(mode, kind):
    assert rules.accept(photo((60, 40), kind, mode=mode)).media_type == rules.PICTURES[kind]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PDF, "application/pdf"),
        ("说明\n".encode(), "text/plain"),
        (packed(**{"[Content_Types].xml": b"", "xl/workbook.xml": b""}), rules.XLSX),
        (packed(**{"[Content_Types].xml": b"", "word/document.xml": b""}), rules.DOCX),
    ],
)
def test_the_kind_of_a_file_is_read_from_its_bytes(data, media_type):
    assert rules.accept(data).media_type == media_type


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.jpg"), ("C:\\plans\\boiler.PNG", "boiler.jpg"),
        ("a\r\nX-Evil: 1.html", "aX-Evil 1.jpg"), ("电表照片.jpeg", "电表照片.jpg"), ("...", "file.jpg"),
        ("x" * 300, "x" * 100 + ".jpg"),
    ],
)  # fmt: skip
def test_a_file_is_called_what_it_is_without_folders_or_tricks(name, kept):
    assert rules.safe_name(name, "image/jpeg") == kept


PEAK = """
import resource, sys
from backend.assets.rules import files
files.accept(open(sys.argv[1], "rb").read())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_mb(path) -> float:
    """Return the most memory a process of its own needs to take a file [MB]."""
    ran = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True)
    return int(ran.stdout) / 1024


@pytest.mark.parametrize(("size", "kind"), [((10_000, 5_900), "JPEG"), ((6_000, 3_990), "PNG")])
def test_the_largest_picture_that_is_taken_needs_less_than_200_mb(tmp_path, size, kind):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(photo())
    large.write_bytes(photo(size, kind, mode="RGBA" if kind == "PNG" else "RGB"))
    assert peak_mb(large) - peak_mb(small) < 200


@pytest.fixture
def kept(yard, files):
    """Add a document at a place; returns it."""

    def keep(scope=None, data=PDF, title="Certificate", is_shared=False, **about):
        new = assets.NewDocument(title, DocumentKind.CERTIFICATE, "c.pdf", data, is_shared)
        about = assets.About(**(about or {"position_id": yard.left.id}))
        return yard.do(assets.add_document, scope, files=files, about=about, new=new)

    return keep


def test_the_same_file_sent_twice_is_there_once(yard, kept):
    first, again = kept(), kept()
    assert first.id == again.id


def test_a_technician_adds_and_reads_a_photo_but_does_not_take_it_away(yard, kept, files):
    technician = yard.person("technician")
    added = kept(technician, photo(), "Rating plate")
    with yard.session(technician) as session:
        _found, stream = assets.open_document(session, technician, files, document_id=added.id)
        with stream:
            assert Image.open(stream).size == (1200, 900)
    with pytest.raises(Forbidden):
        yard.do(assets.archive_document, technician, document_id=added.id)


def test_a_customer_reads_what_is_shared_at_their_position_only(yard, kept, files):
    customer = yard.person("customer")
    shared = kept(data=PDF + b"1", is_shared=True)
    inside = kept(data=PDF + b"2")
    elsewhere = kept(data=PDF + b"3", is_shared=True, position_id=yard.right.id)
    seen = yard.do(assets.documents_of, customer, about=assets.About(position_id=yard.left.id)).items
    assert [one.id for one in seen] == [shared.id]
    for hidden in (inside, elsewhere):
        with pytest.raises(NotFound):
            yard.do(assets.document, customer, document_id=hidden.id)
    with pytest.raises(NotFound):
        yard.do(assets.document, yard.world.west.scope, document_id=shared.id)


def test_a_document_that_is_archived_leaves_the_list_and_not_the_store(yard, kept, files):
    added = kept(data=PDF + b"4")
    yard.do(assets.archive_document, document_id=added.id)
    assert added.id not in {
        one.id for one in yard.do(assets.documents_of, about=assets.About(position_id=yard.left.id)).items
    }
    assert files.exists(added.sha256)
