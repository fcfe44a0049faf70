"""A bill on paper says who pays whom how much, until when, for what and why, in the reader's language."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from reports import bill as bills
from tests.reports.bill.bills import ENERGY, LINES, URL, bill, line
from tests.reports.printed import codes_of, pages_of


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", ["Electricity bill", "2026-000412", "Harbour Park Energy", "Li Hua Trading", "14 Quay Road, Ningbo",
                "1 Sep 2026 – 30 Sep 2026 (30 days)", "Please pay by 16 Oct 2026", "Sharp peak", "1.2834", "1,540.72",
                "Payment of 12 Sep 2026", "−6,000.00", "Credit note 2026-000311 to bill 2026-000187", "A late reading",
                "13 %", "kW·month", "Period before", "A year ago", "Page 1 of"]),
        ("zh", ["电费账单", "港湾园区能源有限公司", "利华贸易有限公司", "2026年9月1日 至 2026年9月30日",
                "请于", "尖峰", "高峰", "平段", "低谷", "增值税", "应付金额", "贷项通知单", "去年同期", "第1页，共"]),
    ],
)  # fmt: skip
def test_it_speaks_the_readers_language(locale, words):
    shown = squeezed("".join(pages_of(bills.pdf(bill(), locale))))
    assert [one for one in words if squeezed(one) not in shown] == []


def squeezed(said):
    """White space is set, not kept: between Chinese and figures there is some on paper."""
    return "".join(said.split())


def test_amounts_on_it_add_up():
    told = bill()
    assert told.due == Decimal("6120.55") - Decimal(6000) - Decimal("90.40") + told.total
    assert f"¥{told.due:,.2f}" in pages_of(bills.pdf(told, "en"))[0]


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_phone_reads_where_it_is_paid(locale):
    assert codes_of(bills.pdf(bill(), locale)) == [URL]


def test_who_has_credit_is_not_asked_to_pay():
    told = replace(bill(), account=replace(bill().account, before=Decimal(-20000)))
    pdf = bills.pdf(told, "en")
    assert codes_of(pdf) == []
    assert "Nothing is to be paid." in pages_of(pdf)[0] and "Your credit" in pages_of(pdf)[0]


def test_a_draft_says_so_and_has_no_number():
    pdf = bills.pdf(bill(number=None, pay_url=None, issued_on=None, due_on=None), "en")
    assert "Draft, not issued" in pages_of(pdf)[0] and codes_of(pdf) == []


def test_a_note_names_what_it_corrects_and_why():
    pdf = bills.pdf(
        bill(kind="credit_note", corrects="2026-000187", reason="A late reading", total=Decimal("-90.40"), use=None,
             lines=[line("adjustment", {"en": "A late reading"}, "1", "CNY", None, "-90.40")]), "en",
    )  # fmt: skip
    (page,) = pages_of(pdf)
    for words in ("Credit note", "2026-000187", "A late reading", "−90.40"):
        assert words in page


def test_a_bill_of_390_lines_goes_over_pages_that_each_say_what_they_hold():
    many = [
        line("energy", ENERGY, str(at), "kWh", "1", str(at), period=f"hour {at}", block=at)
        for at in range(1, 391)
    ]
    pages = pages_of(bills.pdf(bill(lines=many, total=sum(one.amount for one in many)), "en"))
    assert len(pages) > 5
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    whole = "\n".join(pages)
    assert [at for at in range(1, 391) if f"block {at}" not in whole] == []
    assert all("Quantity" in page for page in pages if "· block" in page), "the head of the table is on each"
    assert "76,245.00" in whole


def test_what_people_wrote_is_text():
    told = bill(buyer=replace(bill().buyer, name="#panic() $x$ *y* <script>"))
    assert "#panic() $x$ *y* <script>" in pages_of(bills.pdf(told, "en"))[0]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([replace(LINES[0], is_included=True)], "included"),
        ([replace(LINES[0], quantity=Decimal("-3.5"), amount=Decimal("-4.49"))], "−3.5"),
        ([replace(LINES[0], price=Decimal("0.123456789012"))], "0.12345679"),
        ([replace(LINES[0], quantity=Decimal("1E+3"))], "1,000"),
    ],
)
def test_odd_lines_are_legible(lines, words):
    assert words in pages_of(bills.pdf(bill(lines=lines), "en"))[0]


def test_many_at_once_come_out_as_each_would_alone():
    many = [line(f"part{n}", {"en": f"Part {n}"}, "1", "kWh", "1", "1.00", kind="energy") for n in range(90)]
    long = bill(lines=many, total=Decimal(90), number="2026-000002")
    some = [bill(number="2026-000001"), long, bill(number="2026-000003")]
    alone = [pages_of(bills.pdf(one, "zh")) for one in some]
    together = [pages_of(one) for one in bills.pdfs(some, "zh")]
    assert [len(pages) > 1 for pages in alone] == [False, True, False]
    assert [[squeezed(page) for page in pages] for pages in together] == [
        [squeezed(page) for page in pages] for pages in alone
    ]


def test_more_than_are_set_at_once_come_in_order():
    numbers = [f"2026-{number:06}" for number in range(1, 24)]
    made = list(bills.pdfs((bill(number=one) for one in numbers), "en"))
    assert [number in pages_of(pdf)[0] for number, pdf in zip(numbers, made, strict=True)] == [True] * 23
    assert codes_of(made[21]) == [URL]
