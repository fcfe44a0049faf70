"""From labels to PDF, and back: no page is handed out before each of its codes was read off it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import zxingcpp
from numpy.typing import NDArray

from backend.kernel.errors import Refused
from reports.labels import qr
from reports.labels.content import Label
from reports.labels.layout import RULER, lay_out, ruler_place
from reports.labels.sheets import Sheet
from reports.typesetting import Template

TEMPLATE = Template(Path(__file__).with_name("template.typ"))
HINTS = ("扫码报修", "Scan to report a fault")
RULER_WORDS = "50 mm · 打印时缩放 100 % · print at 100 %"


class LabelUnreadable(Refused):
    """A code could not be read off the page again: the batch is not handed out."""


def print_labels(labels: Sequence[Label], sheet: Sheet, *, title: str = "Labels") -> bytes:
    """Return the labels as PDF, one after another on as many pages as it takes.

    raises Refused where the codes do not fit the labels; LabelUnreadable where one cannot be read again
    """
    if not labels:
        raise Refused("there are no labels to print", field="labels", remedy="choose some tags")
    pdf = draw(labels, sheet, title=title)
    check(pdf, labels, sheet)
    return pdf


def draw(labels: Sequence[Label], sheet: Sheet, *, title: str = "Labels") -> bytes:
    """Return the labels as PDF, not checked."""
    return TEMPLATE.pdf(_document([_label(one, sheet) for one in labels], sheet, title))


def check(pdf: bytes, labels: Sequence[Label], sheet: Sheet) -> None:
    """Read every code off the pages as a printer of the sheet's resolution would put them there.

    raises LabelUnreadable naming the first label that says nothing, or something else
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        first = 1 if has_ruler_page(sheet) else 0
        for number in range(first, len(document)):
            page = raster(document, number, sheet.dpi)
            start = (number - first) * sheet.a_page
            for place, one in enumerate(labels[start : start + sheet.a_page]):
                read = [found.text for found in zxingcpp.read_barcodes(cut(page, sheet, place))]
                if read != [one.payload]:
                    raise LabelUnreadable(
                        f"label {start + place + 1} ({one.short}) cannot be read as it would be printed",
                        field="labels", value=one.short, remedy="take larger labels, and tell us",
                    )  # fmt: skip
    finally:
        document.close()


def raster(document: pypdfium2.PdfDocument, number: int, dpi: float) -> NDArray[np.uint8]:
    """Return a page as grey pixels (rows, columns)."""
    return np.squeeze(document[number].render(scale=dpi / 72, grayscale=True).to_numpy())


def cut(page: NDArray[np.uint8], sheet: Sheet, place: int) -> NDArray[np.uint8]:
    """Return the pixels of the label at a place of its page."""
    x, y = sheet.corner(place)
    scale = page.shape[1] / sheet.page_width
    rows = slice(round(y * scale), round((y + sheet.label_height) * scale))
    columns = slice(round(x * scale), round((x + sheet.label_width) * scale))
    return np.ascontiguousarray(page[rows, columns])


def has_ruler_page(sheet: Sheet) -> bool:
    """Tell whether the ruler needs a page of its own, before the labels: sheets without margins."""
    return not sheet.is_roll and ruler_place(sheet) is None


def _label(one: Label, sheet: Sheet) -> dict[str, Any]:
    """Return a label as the template draws it; codes of other sizes have other modules and quiet zones."""
    code = qr.modules(one.payload, one.level)
    words = {
        name: value for name, value in asdict(one).items() if name in {"title", "under", "owner", "short"}
    }
    return words | asdict(lay_out(sheet, len(code))) | {"picture": qr.svg(code)}


def _document(drawn: Sequence[dict[str, Any]], sheet: Sheet, title: str) -> dict[str, Any]:
    pages: list[dict[str, Any]] = []
    if has_ruler_page(sheet):
        corners = [sheet.corner(place) for place in range(sheet.a_page)]
        ruler = ((sheet.page_width - RULER) / 2, sheet.page_height / 2)
        pages.append({"ruler": ruler, "outlines": corners, "labels": []})
    for start in range(0, len(drawn), sheet.a_page):
        here = drawn[start : start + sheet.a_page]
        placed = [one | {"corner": sheet.corner(place)} for place, one in enumerate(here)]
        ruler = None if sheet.is_roll else ruler_place(sheet)
        pages.append({"ruler": ruler, "outlines": [], "labels": placed})
    return {
        "title": title, "sheet": asdict(sheet), "pages": pages, "hints": HINTS, "ruler_words": RULER_WORDS,
        "ruler_length": int(RULER),
    }  # fmt: skip
