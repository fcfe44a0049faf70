"""Which files are taken, and how they are made harmless. Pure: bytes in, bytes out.

The kind is read from the bytes, never from the name. Pictures are decoded and written anew, so nothing of what
came is kept but what is seen: no place, no owner, no second file behind the picture.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from backend.kernel.errors import Refused

MOST_BYTES = 32 << 20
"""A file may be as large as this [B]."""
MOST_PIXELS = {"JPEG": 60_000_000, "PNG": 24_000_000, "WEBP": 24_000_000}
"""A picture may have so many pixels. JPEG is decoded at a fraction of its size, the others are not."""
LONG_EDGE = 4096
PREVIEW_EDGE = 480
"""Pictures are kept, and previewed, no longer than this [px]."""
MOST_UNPACKED = 200 << 20
MOST_ENTRIES = 5000
"""What an office file may unpack to [B], and in how many parts."""

PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 88},
    "PNG": {},
    "WEBP": {"quality": 80, "method": 3},
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
XLSX = _OFFICE + "spreadsheetml.sheet"
DOCX = _OFFICE + "wordprocessingml.document"
ENDINGS = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "application/pdf": ".pdf",
    XLSX: ".xlsx", DOCX: ".docx", "text/plain": ".txt",
}  # fmt: skip
TAKEN = "JPEG, PNG, WebP, PDF, XLSX, DOCX or plain text"


@dataclass(frozen=True)
class Accepted:
    """A file as it is kept. preview: a small picture of it, where it is one."""

    data: bytes
    media_type: str
    preview: bytes | None = None


def accept(data: bytes) -> Accepted:
    """Return a file made harmless; raises Refused with the reason where it is not taken."""
    if not data:
        raise Refused("this file is empty", field="file", remedy="choose another")
    if len(data) > MOST_BYTES:
        raise Refused(
            f"this file is larger than {MOST_BYTES >> 20} MB", field="file", value=len(data),
            remedy="send it smaller, or in parts",
        )  # fmt: skip
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (data[:4], data[8:12]) == (
        b"RIFF",
        b"WEBP",
    ):
        return picture(data)
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return Accepted(data, "application/pdf")
    if data.startswith(b"PK\x03\x04"):
        return Accepted(data, office_kind(data))
    if _is_text(data):
        return Accepted(data, "text/plain")
    raise Refused("this kind of file is not taken", field="file", remedy=f"use {TAKEN}")


def picture(data: bytes) -> Accepted:
    """Return a picture written anew, upright and without anything but its pixels, and its preview."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=list(PICTURES))
            kind = image.format or ""
            if image.width * image.height > MOST_PIXELS[kind]:
                raise Image.DecompressionBombError
            image.draft("RGB", (LONG_EDGE, LONG_EDGE))
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(
            "this picture has too many pixels", field="file",
            remedy=f"send it with fewer than {min(MOST_PIXELS.values()) // 1_000_000} megapixels",
        ) from None  # fmt: skip
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise Refused("this picture cannot be read", field="file", remedy="take it again") from None
    ImageOps.exif_transpose(image, in_place=True)
    image.thumbnail((LONG_EDGE, LONG_EDGE))
    whole = _written(image, kind)
    image.thumbnail((PREVIEW_EDGE, PREVIEW_EDGE))
    return Accepted(whole, PICTURES[kind], _written(image, "WEBP"))


def office_kind(data: bytes) -> str:
    """Return whether a zip is a workbook or a text, after looking at what it would unpack to; raises Refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Refused("this file cannot be unpacked", field="file", remedy="save it again") from None
    if len(entries) > MOST_ENTRIES or sum(one.file_size for one in entries) > MOST_UNPACKED:
        raise Refused("this file unpacks to too much", field="file", remedy="send less at a time")
    names = {one.filename for one in entries}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused("files with macros are not taken", field="file", remedy="save it without macros")
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return XLSX
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return DOCX
    raise Refused("this kind of file is not taken", field="file", remedy=f"use {TAKEN}")


def safe_name(name: str, media_type: str) -> str:
    """Return a file's name without folders and control characters, ending as its kind does."""
    last = re.split(r"[\\/]", name)[-1]
    stem = re.sub(r"\.[^.]{1,8}$", "", re.sub(r"[\x00-\x1f\x7f\"<>|:*?]", "", last)).strip(" .")
    return (stem[:100] or "file") + ENDINGS[media_type]


def _written(image: Image.Image, kind: str) -> bytes:
    """Return a picture's bytes: pixels alone, its EXIF and texts left out."""
    plain = image
    if (kind == "JPEG" and image.mode not in ("L", "RGB")) or image.mode not in (
        "L",
        "LA",
        "P",
        "RGB",
        "RGBA",
    ):
        plain = image.convert("RGB")
    if kind == "WEBP" and plain.mode not in ("RGB", "RGBA"):
        plain = plain.convert("RGBA" if "A" in plain.mode or "transparency" in plain.info else "RGB")
    out = io.BytesIO()
    if plain.mode != "P":
        plain.info.clear()
    plain.save(out, kind, exif=b"", **OPTIONS[kind])
    return out.getvalue()


def _is_text(data: bytes) -> bool:
    """Tell whether bytes are plain text, and not something a viewer would run or draw."""
    if b"\0" in data or data.lstrip()[:1] in (b"<", b"%", b"{") or data.startswith(b"#!"):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
