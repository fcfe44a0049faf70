"""How much a printed label may suffer before an independent decoder loses it: the robustness curve.

The printer's own pages are rasterised, spoiled in one way at a time, and read with zxing-cpp, which shares
nothing with the encoder. Everything is seeded: the same code gives the same curve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

import numpy as np
import pypdfium2
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from backend.assets.rules import tags
from backend.assets.rules.tags import Keyring
from reports.labels import Label, Sheet, label, sheets
from reports.labels.layout import lay_out
from reports.labels.printing import cut, draw, raster
from reports.labels.qr import modules

Picture = NDArray[np.uint8]
PIXELS_A_MODULE = 8.0
"""Of the picture that all but size spoil: a label that fills half the height of a 1280 × 720 frame."""

LEVELS: dict[str, tuple[float, ...]] = {
    "size": (1.2, 1.4, 1.6, 2.0, 3.0, 4.0),  # pixels a module
    "blur": (0.0, 2.0, 3.0, 4.0, 5.0, 6.0),  # sigma of a Gaussian [pixels], at 8 pixels a module
    "rotation": (0.0, 7.0, 15.0, 30.0, 45.0, 90.0, 133.0, 180.0, 271.0),  # [degrees]
    "noise": (0.0, 40.0, 80.0, 100.0, 120.0, 160.0),  # sigma of a Gaussian [grey levels of 255]
    "light": (1.0, 0.5, 0.2, 0.1, 0.05),  # share of brightness left, with the noise of a sensor in the dark
    "tilt": (0.0, 15.0, 30.0, 45.0, 60.0),  # seen from the side [degrees]
    "dirt": (0.0, 0.03, 0.06, 0.09, 0.12, 0.15),  # share of the code under one smear
}


def labels(count: int, surroundings: str = "indoors") -> list[Label]:
    """Return the same labels every time."""
    keys = Keyring("a secret that only this test session knows")
    chance = np.random.default_rng(7)
    made = []
    for _ in range(count):
        tag_id = UUID(bytes=chance.bytes(16), version=4)
        short = tags.shown_short(tags.short_code(tag_id))
        payload = tags.payload(tags.code(tag_id, keys), "enerfield.example")
        made.append(label(payload, short, surroundings=surroundings, title="Pump room 泵房", owner="Harbour"))
    return made


def printed(some: list[Label], sheet: Sheet, pixels_a_module: float) -> list[Picture]:
    """Return each label as its printer put it on the page, seen so large."""
    dpi = pixels_a_module / lay_out(sheet, len(modules(some[0].payload, some[0].level))).module * 25.4
    document = pypdfium2.PdfDocument(draw(some, sheet))
    first = len(document) - -(-len(some) // sheet.a_page)
    pages = [raster(document, number, dpi) for number in range(first, len(document))]
    document.close()
    return [cut(pages[n // sheet.a_page], sheet, n % sheet.a_page) for n in range(len(some))]


def curve(
    count: int = 12, surroundings: str = "indoors", axes: Iterable[str] = tuple(LEVELS)
) -> dict[str, dict[str, float]]:
    """Return axis -> level -> share of labels read, 0 to 1."""
    some, sheet = labels(count, surroundings), sheets()["a4-3x8-63x34"]
    clean = printed(some, sheet, PIXELS_A_MODULE)
    found: dict[str, dict[str, float]] = {}
    for axis in axes:
        found[axis] = {}
        for level in LEVELS[axis]:
            seen = printed(some, sheet, level) if axis == "size" else [
                SPOILED[axis](picture, level, np.random.default_rng(n)) for n, picture in enumerate(clean)
            ]  # fmt: skip
            hits = sum(read(picture) == one.payload for picture, one in zip(seen, some, strict=True))
            found[axis][f"{level:g}"] = round(hits / count, 3)
    return found


def read(picture: Picture) -> str | None:
    """Return what the decoder reads, if anything."""
    found = zxingcpp.read_barcodes(np.ascontiguousarray(picture), formats=zxingcpp.BarcodeFormat.QRCode)
    return found[0].text if found else None


def _blur(picture: Picture, sigma: float, _chance: np.random.Generator) -> Picture:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(sigma)))


def _rotation(picture: Picture, degrees: float, _chance: np.random.Generator) -> Picture:
    turned = Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=200)
    return np.asarray(turned)


def _noise(picture: Picture, sigma: float, chance: np.random.Generator) -> Picture:
    return np.clip(picture + chance.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def _light(picture: Picture, share: float, chance: np.random.Generator) -> Picture:
    dark = picture * share + chance.normal(0, 2.0 if share < 1 else 0.0, picture.shape)
    return np.clip(dark, 0, 255).astype(np.uint8)


def _tilt(picture: Picture, degrees: float, _chance: np.random.Generator) -> Picture:
    """See the label from the side: the far edge is smaller (three label widths away)."""
    height, width = picture.shape
    turn = np.radians(degrees)
    near, far = 3 / (3 - np.sin(turn) / 2), 3 / (3 + np.sin(turn) / 2)
    span = width * np.cos(turn)
    quad = [(0, height / 2 * (1 - near)), (0, height / 2 * (1 + near)),
            (span, height / 2 * (1 + far)), (span, height / 2 * (1 - far))]  # fmt: skip
    shift = max(0.0, -quad[0][1])
    corners = [(0, 0), (0, height), (width, height), (width, 0)]
    rows, wanted = [], []
    for (x, y), (u, v) in zip(((x, y + shift) for x, y in quad), corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    coefficients = np.linalg.solve(np.array(rows, dtype=float), np.array(wanted, dtype=float))
    size = (int(np.ceil(span)), int(np.ceil(height * near)))
    seen = Image.fromarray(picture).transform(
        size, Image.Transform.PERSPECTIVE, tuple(coefficients), Image.Resampling.BICUBIC, fillcolor=200
    )
    return np.asarray(seen)


def _dirt(picture: Picture, share: float, chance: np.random.Generator) -> Picture:
    """Smear a square patch over the code, anywhere but on the three large squares, which no code can miss."""
    corners = zxingcpp.read_barcodes(picture)[0].position
    left, top, right, bottom = (
        corners.top_left.x,
        corners.top_left.y,
        corners.bottom_right.x,
        corners.bottom_right.y,
    )
    side = round(np.sqrt(share) * (right - left))
    free = 9 * PIXELS_A_MODULE
    column = round(chance.uniform(min(left + free, right - side), right - side))
    row = round(chance.uniform(min(top + free, bottom - side), bottom - side))
    spoiled = picture.copy()
    spoiled[row : row + side, column : column + side] = chance.integers(0, 256)
    return spoiled


SPOILED: dict[str, Callable[[Picture, float, np.random.Generator], Picture]] = {
    "blur": _blur, "rotation": _rotation, "noise": _noise, "light": _light, "tilt": _tilt, "dirt": _dirt,
}  # fmt: skip
