"""What the phone's camera sees: a printed label in a film of JPEGs, as Chromium's fake camera plays it."""

from __future__ import annotations

import io
from pathlib import Path

import qrcode
from PIL import Image

SIZE = (1280, 720)


def label(text: str, *, module_px: int = 7) -> Image.Image:
    """Return the picture of a label, quiet zone included."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=module_px, border=4)
    code.add_data(text, optimize=0)
    return code.make_image().get_image().convert("RGB")


def frame(text: str | None) -> bytes:
    """Return one picture of the film: a grey wall, the label in its middle."""
    wall = Image.new("RGB", SIZE, (126, 130, 128))
    if text is not None:
        picture = label(text)
        wall.paste(picture, ((SIZE[0] - picture.width) // 2, (SIZE[1] - picture.height) // 2))
    out = io.BytesIO()
    wall.save(out, "JPEG", quality=85)
    return out.getvalue()


def film(place: Path, *scenes: tuple[str | None, int]) -> Path:
    """Write a film of scenes, each a text (or nothing) and how many frames long [1/30 s]."""
    place.write_bytes(b"".join(frame(text) * count for text, count in scenes))
    return place


def photo(colour: tuple[int, int, int] = (90, 120, 60), size: tuple[int, int] = (4000, 3000)) -> bytes:
    """Return a photo as phones take them: twelve megapixels, with a place in its EXIF."""
    picture = Image.effect_noise(size, 40).convert("RGB")
    picture = Image.blend(picture, Image.new("RGB", size, colour), 0.5)
    exif = Image.Exif()
    exif[0x010F] = "Fieldphone"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, exif=exif.tobytes())
    return out.getvalue()
