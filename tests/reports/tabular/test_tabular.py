"""A table is the same on paper, in a workbook and in CSV, and no text in it is ever run."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from reports import tabular
from reports.tabular import AMOUNT, COUNT, DATE, PERCENT, Column, Document, Table
from reports.tabular.safety import is_dangerous, quoted
from tests.reports.printed import pages_of

NASTY = ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"]
COLUMNS = [
    Column("name", "Name", is_wide=True), Column("on", "On", DATE), Column("amount", "Amount", AMOUNT),
    Column("share", "Share", PERCENT), Column("count", "Count", COUNT),
]  # fmt: skip
ROWS = [[text, date(2026, 10, 1), Decimal("-12.50"), Decimal("0.13"), at] for at, text in enumerate(NASTY)]
DOCUMENT = Document(
    "en", "=Title", "+Seller", [("About", "@fact")],
    [Table("A/B: [list]?*", COLUMNS, ROWS, [["Total", None, Decimal(-100), None, len(NASTY)]]),
     Table("Nothing", COLUMNS, [], (), "None.")],
    [("Ledger", "-1 agrees", True), ("Ledger", "differs", False)], ["=note"],
)  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_what_may_be_a_formula_is_quoted(text):
    assert is_dangerous(text) and quoted(text).startswith("'")


@pytest.mark.parametrize("text", ["Li Hua", "2026-000042", "a=b", "1-2", "", "利华 + 贸易"])
def test_other_texts_stay_as_they_are(text):
    assert quoted(text) == text


def test_csv_holds_plain_numbers_and_days_and_texts_that_stay_texts():
    head, *rows = csv.reader(io.StringIO(tabular.csv(DOCUMENT).decode("utf-8-sig"), newline=""))
    assert head == ["name", "on", "amount", "share", "count"]
    assert [row[1:] for row in rows] == [
        ["2026-10-01", "-12.50", "0.13", str(at)] for at in range(len(NASTY))
    ]
    assert all(row[0].startswith("'") for row in rows)


def test_a_workbook_holds_numbers_and_days_and_texts_that_stay_texts():
    book = load_workbook(io.BytesIO(tabular.xlsx(DOCUMENT)))
    assert len(book.sheetnames) == 3
    page = book.worksheets[1]
    first = page[2]
    assert (first[1].value, first[2].value, first[3].value, first[4].value) == (
        datetime(2026, 10, 1),  # noqa: DTZ001 - a day in a workbook has no zone
        -12.5,
        0.13,
        0,
    )
    assert first[1].is_date and first[3].number_format == "0.##%"
    for cell in (
        one for sheet in book for row in sheet.iter_rows() for one in row if isinstance(one.value, str)
    ):
        assert cell.data_type == "s"
        assert cell.quotePrefix or not is_dangerous(cell.value)


def test_paper_shows_the_same_and_says_what_does_not_tie_out():
    (page,) = pages_of(tabular.pdf(DOCUMENT))
    for words in ("=Title", "−12.50", "13 %", "2026-10-01", "−100.00", "None.", "differs", "✗"):
        assert words in page


def test_a_thousand_rows_go_over_pages_with_the_head_on_each():
    many = Document(
        "zh", "T", "S", [], [Table("L", COLUMNS, [["x", None, Decimal(at), None, at] for at in range(1000)])]
    )
    pages = pages_of(tabular.pdf(many))
    assert len(pages) > 10 and all("Amount" in page for page in pages)
    assert "999.00" in pages[-1]
