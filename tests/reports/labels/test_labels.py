"""Labels are true to the millimetre, keep their quiet zone, and are read again before they are handed out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pypdfium2
import pytest

from backend.kernel.errors import Refused, SettingWrong
from reports.labels import Label, LabelUnreadable, print_labels, sheets
from reports.labels.layout import LEAST_MODULE, RULER, lay_out, ruler_place
from reports.labels.printing import check, draw, has_ruler_page, raster
from reports.labels.qr import QUIET, modules
from tests.reports.labels import scanning

DPI = 600
MM = DPI / 25.4
SHEETS = sheets()


def page_of(pdf: bytes, number: int) -> np.ndarray:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return raster(document, number, DPI)
    finally:
        document.close()


@pytest.mark.parametrize("key", SHEETS)
@pytest.mark.parametrize("surroundings", ["indoors", "outdoors", "harsh"])
def test_every_paper_takes_labels_for_every_place(key, surroundings):
    sheet, some = SHEETS[key], scanning.labels(3, surroundings)
    code = modules(some[0].payload, some[0].level)
    assert lay_out(sheet, len(code)).module >= LEAST_MODULE
    assert print_labels(some, sheet).startswith(b"%PDF")


@pytest.mark.parametrize("key", ["a4-3x8-70x37", "a4-3x7-63x38", "a4-4x6-45x45", "roll-62x29", "roll-30x40"])
def test_codes_stand_where_they_should_to_a_tenth_of_a_millimetre(key):
    sheet = SHEETS[key]
    some = scanning.labels(min(sheet.a_page, 24))
    layout = lay_out(sheet, len(modules(some[0].payload, "M")))
    page = page_of(draw(some, sheet), 1 if has_ruler_page(sheet) else 0)
    assert page.shape[1] / MM == pytest.approx(sheet.page_width, abs=0.06)
    assert page.shape[0] / MM == pytest.approx(sheet.page_height, abs=0.06)
    left, top, side = layout.code
    for place in (0, len(some) - 1):
        x, y = sheet.corner(place)
        window = page[
            round((y + top - 1) * MM) : round((y + top + side + 1) * MM),
            round((x + left - 1) * MM) : round((x + left + side + 1) * MM),
        ]
        for pixels in np.nonzero(window < 128):
            assert pixels.min() / MM == pytest.approx(1, abs=0.1)
            assert (pixels.max() + 1) / MM == pytest.approx(1 + side, abs=0.1)


@pytest.mark.parametrize("key", SHEETS)
def test_four_modules_around_each_code_stay_empty(key):
    sheet = SHEETS[key]
    some = [*scanning.labels(2), *scanning.labels(1, "harsh")]
    first = 1 if has_ruler_page(sheet) else 0
    pdf = draw(some, sheet)
    for number, one in enumerate(some):
        layout = lay_out(sheet, len(modules(one.payload, one.level)))
        page = page_of(pdf, first + number // sheet.a_page)
        x, y = sheet.corner(number % sheet.a_page)
        left, top, side = layout.code
        quiet = QUIET * layout.module - 0.05
        outer = page[
            round((y + top - quiet) * MM) : round((y + top + side + quiet) * MM),
            round((x + left - quiet) * MM) : round((x + left + side + quiet) * MM),
        ].astype(int)
        inner = slice(round((quiet - 0.1) * MM), -round((quiet - 0.1) * MM))
        outer[inner, inner] = 255
        assert outer.min() > 200


def test_the_ruler_measures_fifty_millimetres():
    sheet = SHEETS["a4-3x8-63x34"]
    left, top = ruler_place(sheet)
    page = page_of(draw(scanning.labels(1), sheet), 0)
    line = page[round((top - 0.3) * MM) : round((top + 0.3) * MM)].min(axis=0)
    dark = np.flatnonzero(line < 128)
    assert (dark.max() - dark.min()) / MM == pytest.approx(RULER, abs=0.15)
    assert dark.min() / MM == pytest.approx(left, abs=0.15)


def test_paper_without_margins_gets_the_ruler_on_a_page_of_its_own():
    sheet = SHEETS["a4-3x8-70x37"]
    assert has_ruler_page(sheet)
    assert len(pypdfium2.PdfDocument(draw(scanning.labels(25), sheet))) == 3


def test_codes_are_drawn_as_lines_not_as_pixels():
    pdf = draw(scanning.labels(2), SHEETS["roll-62x29"])
    assert b"/Subtype/Image" not in pdf.replace(b" ", b"")


def test_a_page_whose_codes_say_something_else_is_not_handed_out():
    one, other = scanning.labels(2)
    sheet = SHEETS["roll-62x29"]
    pdf = draw([one], sheet)
    check(pdf, [one], sheet)
    with pytest.raises(LabelUnreadable, match="label 1"):
        check(pdf, [other], sheet)


def test_a_page_that_cannot_be_read_at_its_printers_resolution_is_not_handed_out():
    some, sheet = scanning.labels(1, "harsh"), SHEETS["roll-30x40"]
    pdf = draw(some, sheet)
    check(pdf, some, sheet)
    with pytest.raises(LabelUnreadable):
        check(pdf, some, _at(sheet, 40))


def _at(sheet, dpi):
    """A sheet for a printer coarser than any that may be described."""
    coarse = replace(sheet)
    object.__setattr__(coarse, "dpi", dpi)
    return coarse


def test_labels_too_small_for_half_a_millimetre_a_module_are_refused():
    small = replace(SHEETS["roll-62x29"], label_height=18.0, page_height=18.0)
    with pytest.raises(Refused, match="labels at least"):
        print_labels(scanning.labels(1), small)


def test_no_labels_make_no_page():
    with pytest.raises(Refused, match="no labels"):
        print_labels([], SHEETS["roll-62x29"])


def test_names_are_words_whatever_stands_in_them():
    """Names come from people: they must not be taken for commands of the typesetter, nor break out."""
    (one,) = scanning.labels(1)
    odd = Label(
        one.payload, one.short, title='#read("/etc/passwd") $x$ *a* \\ "', under="泵房 <a> [b] @c", owner="_"
    )
    pdf = print_labels([odd], SHEETS["roll-100x50"])
    said = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert "#read(" in said
    assert "泵房" in said


def test_an_installation_adds_its_own_paper(tmp_path):
    (tmp_path / "labels.toml").write_text('[own]\nname = "Own"\nlabel = [80.0, 40.0]\ndpi = 203\n')
    assert sheets(tmp_path)["own"].label_width == 80
    assert sheets(tmp_path).keys() == {*SHEETS, "own"}


@pytest.mark.parametrize(
    "said",
    ['[own]\nname = "Own"\n', "[own", '[own]\nname = "Own"\nlabel = [80, 40]\npage = [50, 50]\n',
     '[own]\nname = "Own"\nlabel = "large"\n'],
)  # fmt: skip
def test_paper_that_cannot_be_is_refused_by_name(tmp_path, said):
    (tmp_path / "labels.toml").write_text(said)
    with pytest.raises(SettingWrong):
        sheets(tmp_path)
