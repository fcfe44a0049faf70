"""What a customer sees of a bill: what is owed, what each line rests on, and why it changed."""

from __future__ import annotations

import csv
import html
import io
import re
from decimal import Decimal

import pytest

from backend.billing.service import bills
from backend.kernel import clock
from backend.kernel.periods import local_date
from portal.billing import words
from tests.backend.billing import scene
from tests.portal.test_pages import text_of


@pytest.fixture
def customer(browser, world):
    return browser(world.east, "customer")


def bill(billed, number=1):
    return billed.acting(bills.bill, bill_id=billed.bills[number])


def test_the_list_says_of_each_bill_what_it_is_and_how_it_stands(customer, billed):
    page = text_of(customer.get("/bills"))
    for number in (0, 1):
        assert words.money(bill(billed, number).total, "CNY") in page
    assert "paid" in page and "to pay" in page
    assert page.index(f"{billed.months[1]:%B}") < page.index(f"{billed.months[0]:%B}")


def test_the_account_says_what_is_still_to_pay(customer, billed):
    assert (
        words.amount(bill(billed).total, "CNY")
        in text_of(customer.get("/bills")).split("Your account")[1][:80]
    )


def test_one_bill_shows_its_lines_and_they_come_to_its_total(customer, billed):
    page = customer.get(f"/bills/{billed.bills[1]}")
    said = text_of(page)
    lines = billed.acting(bills.lines, bill_id=billed.bills[1])
    for line in lines:
        assert words.amount(line.amount, "CNY") in said
    assert sum(line.amount for line in lines) == bill(billed).total
    assert "Energy, Peak" in said and "Park, time of use" in said
    assert f"/bills/{billed.bills[1]}/pay" in page.text


def test_why_it_differs_from_the_month_before_sums_to_the_difference(customer, billed):
    said = (
        text_of(customer.get(f"/bills/{billed.bills[1]}")).split("Why it differs")[1].split("Use by day")[0]
    )
    assert "Amount used" in said and "Taxes, discounts and rounding" in said
    signed = [
        Decimal(one.replace(",", "").replace("−", "-")) for one in re.findall(r"([+−][\d,]+\.\d\d)", said)
    ]
    assert sum(signed) == bill(billed).total - bill(billed, 0).total


def test_a_line_opens_to_its_intervals_price_rule_and_version(customer, billed):
    lines = billed.acting(bills.lines, bill_id=billed.bills[1])
    peak = next(line for line in lines if line.period == "peak")
    page = customer.get(f"/bills/{billed.bills[1]}/line?place={peak.place}")
    said = text_of(page)
    days = (billed.months[2] - billed.months[1]).days
    assert f"{days * 14 * 4} intervals of 15 min" in said
    assert "The price depends on the hour." in said and "0.9 CNY / kWh" in said and "08:00–22:00" in said
    assert f"{words.exact(peak.quantity)} kWh × 0.9" in said
    assert '<figure class="plot' in page.text


def test_a_tax_opens_to_the_lines_it_is_a_share_of(customer, billed):
    lines = billed.acting(bills.lines, bill_id=billed.bills[1])
    vat = next(line for line in lines if line.component == "vat")
    said = text_of(customer.get(f"/bills/{billed.bills[1]}/line?place={vat.place}"))
    assert "13 % of energy, standing." in said
    assert "What it is a share of" in said and "Standing charge" in said
    assert customer.get(f"/bills/{billed.bills[1]}/line?place=99").status_code == 404


def test_the_intervals_of_a_bill_come_as_a_file_and_sum_to_what_it_bills(customer, billed):
    answer = customer.get(f"/bills/{billed.bills[1]}/intervals.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    quantity = sum(line.quantity for line in billed.acting(bills.lines, bill_id=billed.bills[1])
                   if line.component == "energy")  # fmt: skip
    assert answer.mimetype == "text/csv"
    assert sum(Decimal(row["amount"]) for row in rows) == quantity
    assert rows[0]["time_local"].startswith(billed.months[1].isoformat())
    assert {row["unit"] for row in rows} == {"kWh"} and {row["method"] for row in rows} == {"measured"}


def test_the_bill_so_far_is_rated_by_the_tariff_and_warns_where_it_will_be_high(customer, billed):
    today = local_date(clock.now(), scene.ZONE)
    said = text_of(customer.get("/bills/so-far"))
    if today == billed.months[2]:
        assert "The first day is not over yet" in said
        return
    days = (today - billed.months[2]).days
    kwh = days * Decimal(96 * 3)
    energy = kwh * (Decimal(14) * Decimal("0.9") + Decimal(10) * Decimal("0.3")) / 24
    assert words.amount(energy, "CNY") in said
    if days >= 7:
        assert "will be high" in said


def test_home_leads_to_the_bill_that_is_to_be_paid(customer, billed):
    page = customer.get("/home")
    assert f"/bills/{billed.bills[1]}" in page.text
    assert words.money(bill(billed).total, "CNY") in text_of(page)


@pytest.mark.parametrize(
    "path", ["/bills/{bill}", "/bills/{bill}/line", "/bills/{bill}/intervals.csv", "/bills/{bill}/pay"]
)
def test_nobody_else_sees_a_customers_bill(browser, world, billed, path):
    path = path.format(bill=billed.bills[0])
    assert browser(world.west, "customer").get(path).status_code == 404
    assert browser(world.west, "administrator").get(path).status_code == 404
    assert browser(world.east, "technician").get(path).status_code in {403, 404}


def test_a_bill_reads_chinese(customer, billed):
    customer.post("/language", data={"locale": "zh", "next": "/bills"})
    try:
        said = text_of(customer.get(f"/bills/{billed.bills[1]}"))
        assert "电度电费" in said and "元" in said and "Quantity" not in said
    finally:
        customer.post("/language", data={"locale": "en", "next": "/bills"})


@pytest.mark.parametrize("page", ["/bills", "/bills/{bill}"], ids=["statement", "bill"])
def test_a_customer_takes_bill_and_statement_home_as_pdf(customer, billed, page):
    told = customer.get(page.format(bill=billed.bills[0])).text
    (link,) = set(re.findall(r'href="([^"]*(?:/pdf|kind=pdf)[^"]*)"', told))
    paper = customer.get(html.unescape(link))
    assert (paper.status_code, paper.mimetype) == (200, "application/pdf"), paper.text[:300]
    assert paper.data.startswith(b"%PDF-")
