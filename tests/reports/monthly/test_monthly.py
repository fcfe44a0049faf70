"""The monthly report says in both languages what was told, on paper and in a workbook; nothing in it runs."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from openpyxl import load_workbook

from backend.workorders.rules.monthly import Month, OpenPoint, Share, Use
from reports import monthly, tickets

TOLD = Month(
    month="2026-10", zone="Asia/Shanghai", contract="H-1", title="All of the hotel", customer="Lanwan Hotel",
    customer_zh="澜湾酒店", operator="Lanwan", operator_zh="澜湾", made_at="2026-10-31T16:05:00+00:00", currency="CNY",
    use=[Use("electricity", "kWh", 1100.0, 1000.0, None), Use("water", "m3", 90.0, 100.0, 80.0)],
    alarms={1: 1, 3: 4}, orders=3, repairs=2, response=Share(2, 2), restoration=Share(1, 2), first_time=Share(1, 1),
    inspections=Share(1, 1), patrols=Share(19, 20), stops=Share(57, 60), rounds=Share(1, 1), registers=Share(3, 3),
    open_points=[OpenPoint("W26-000007", "=cmd|' /C calc'!A0 #panic()", "on_hold", "2026-10-30T01:00:00+00:00")],
    cost="1234.50",
)  # fmt: skip


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", ["Monthly report of hosted operation 2026-10", "Lanwan Hotel", "+10.0 %", "-10.0 %", "95.0 %",
                "on hold", "2026-11-01 00:05", "1,234.5"]),
        ("zh", ["托管运行月报", "澜湾酒店", "同比", "+12.5 %", "挂起"]),
    ],
)  # fmt: skip
def test_a_page_says_it_in_the_readers_language(locale, words):
    shown = text_of(monthly.pdf(TOLD, locale))
    assert [one for one in words if one not in shown] == []
    assert "#panic()" in shown, "what people wrote is text"


def test_a_workbook_holds_numbers_as_numbers_and_texts_as_texts():
    book = load_workbook(io.BytesIO(monthly.xlsx(TOLD, "en")))
    assert [page.title for page in book][1:] == [
        "Use",
        "Service",
        "Alarms",
        "Work orders reported",
        "Open points",
    ]
    assert book["Use"]["C2"].value == 1100.0
    risky = book["Open points"]["B2"]
    assert risky.data_type == "s" and risky.quotePrefix and risky.value.startswith("=cmd")


def test_a_month_kept_as_json_reads_back_the_same():
    assert Month.read(TOLD.as_plain()) == TOLD


def test_a_ticket_on_paper_names_its_steps_and_says_when_it_is_void():
    ticket = tickets.Ticket("switching", "ST-2026-0007", "Take pump 2 off", "Energy centre", "W26-000001", "Wu 08:00",
                            "Zhou 08:10", "–", [("open breaker Q2", "08:15", "Sun"), ("earth it", "", "")],
                            void="wrong pump")  # fmt: skip
    shown = text_of(tickets.pdf(ticket, "en"))
    for word in ("Switching ticket", "ST-2026-0007", "open breaker Q2", "earth it", "VOID: wrong pump"):
        assert word in shown
    assert "操作票" in text_of(tickets.pdf(ticket, "zh"))
