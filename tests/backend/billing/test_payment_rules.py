"""Whose a payment is, what it pays, and what a bank's file says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing.rules import bankfile, matching
from backend.billing.rules.allocation import OpenBill, allocate
from backend.billing.rules.matching import Agreed, How, Known
from backend.kernel.errors import Refused

LI, WANG, ZHOU = UUID(int=1), UUID(int=2), UUID(int=3)
B1, B2, B3 = UUID(int=11), UUID(int=12), UUID(int=13)
BILLS = [
    Known(B1, LI, "2026-000041", Decimal("100.00"), "CNY"),
    Known(B2, WANG, "2026-000042", Decimal("250.50"), "CNY"),
    Known(B3, WANG, "2026-000043", Decimal("80.00"), "CNY"),
]
CONTRACTS = [
    Agreed(LI, "EL-001", "Li Hua Trading"),
    Agreed(WANG, "EL-002", "王记面馆"),
    Agreed(ZHOU, "EL-003", "王记面馆"),
]


@pytest.mark.parametrize(
    ("amount", "reference", "payer", "whose", "how"),
    [
        ("100.00", "Bill 2026-000041 thanks", "", LI, How.BILL),
        ("99.00", "2026-000042", "somebody else", WANG, How.BILL),
        ("330.50", "2026-000042, 2026-000043", "", WANG, How.BILL),
        ("350.50", "2026-000041 2026-000042", "", None, None),  # of two customers
        ("100.00", "账单２０２６－００００４１", "", LI, How.BILL),  # full-width digits
        ("100.00", "12026-000041", "", None, None),
        ("5.00", "contract el-001 november", "", LI, How.CONTRACT),
        ("5.00", "el-0011", "", None, None),
        ("5.00", "", "LI HUA  trading", LI, How.PAYER),
        ("250.50", "", "王记 面馆", WANG, How.PAYER_AND_AMOUNT),
        ("250.51", "", "王记面馆", None, None),  # two customers of that payer, neither owes it
        ("100.00", "", "", None, None),  # an amount alone tells nothing
        ("100.00", "", "Li Hua", None, None),
    ],
)
def test_a_payment_is_somebodys_when_exactly_one_fits(amount, reference, payer, whose, how):
    found = matching.match(Decimal(amount), "CNY", reference, payer, BILLS, CONTRACTS)
    assert (found and found.customer_id, found and found.how) == (whose, how)


def bill(number: int, due: int, amount: str) -> OpenBill:
    return OpenBill(UUID(int=number), date(2026, 10, due), (2026, number), Decimal(amount))


def test_the_oldest_bill_is_paid_first_and_the_rest_is_credit():
    done = allocate(Decimal("150"), [bill(3, 20, "90"), bill(1, 10, "40"), bill(2, 10, "10")])
    assert done.parts == ((UUID(int=1), 40), (UUID(int=2), 10), (UUID(int=3), 90))
    assert done.rest == 10


def test_a_bill_that_is_named_comes_first():
    done = allocate(Decimal("50"), [bill(1, 10, "40"), bill(2, 20, "45")], frozenset({UUID(int=2)}))
    assert done.parts == ((UUID(int=2), 45), (UUID(int=1), 5))


MONEY = st.decimals("0.01", "9999", places=2)


@given(MONEY, st.lists(st.tuples(st.integers(1, 28), MONEY), max_size=8))
def test_no_cent_is_lost_and_no_bill_paid_twice(amount, owed):
    bills = [bill(number, due, str(left)) for number, (due, left) in enumerate(owed)]
    done = allocate(amount, bills)
    left = {one.bill_id: one.open for one in bills}
    assert done.paid + done.rest == amount
    assert all(0 < part <= left[bill_id] for bill_id, part in done.parts)
    assert done.rest == 0 or done.paid == sum(left.values())


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_nothing_pays_nothing(amount):
    with pytest.raises(Refused):
        allocate(Decimal(amount), [])


CSV = """Date,Amount,Currency,Payer,Account,Reference,ID
2026-10-05,"1,250.50",CNY,王记面馆,6222 0000,2026-000042,T1
2026/10/06,-35.00,CNY,Bank,,fees,T2
"""


def test_a_csv_is_read_by_its_headings():
    first, second = bankfile.read(CSV.encode("utf-8-sig"), currency="EUR")
    assert (first.booked_on, first.amount, first.currency) == (date(2026, 10, 5), Decimal("1250.50"), "CNY")
    assert (first.payer, first.reference, first.bank_id) == ("王记面馆", "2026-000042", "T1")
    assert second.amount == -35


def test_a_chinese_banks_csv_is_read_in_its_own_encoding():
    text = "交易日期;交易金额;对方户名;附言\n20261005;88.00;王记面馆;十月电费\n"
    (line,) = bankfile.read(text.encode("gb18030"), currency="CNY")
    assert (line.amount, line.currency, line.payer, line.reference) == (88, "CNY", "王记面馆", "十月电费")


def test_the_same_line_has_the_same_key_in_any_file_and_twins_are_told_apart():
    text = "date,amount,payer\n2026-10-05,10,A\n2026-10-05,10,A\n2026-10-05,11,A\n"
    keys = [one.key for one in bankfile.read(text.encode(), currency="CNY")]
    assert len(set(keys)) == 3
    assert [one.key for one in bankfile.read(text.encode() + b"2026-10-06,1,B\n", currency="CNY")][:3] == keys


WRONG = {
    "no amount": (b"date,payer\n2026-10-05,A\n", "no column says the amount"),
    "a word for an amount": (b"date,amount\n2026-10-05,ten\n", "line 2: 'ten' is no amount"),
    "no date": (b"date,amount\n05-10-2026x,1\n", "line 2"),
    "a fraction of a cent": (b"date,amount\n2026-10-05,1.005\n", "line 2"),
    "an id twice": (b"date,amount,id\n2026-10-05,1,X\n2026-10-05,1,X\n", "stands twice"),
    "nothing": (b"", "empty"),
    "another document": (b"<Document><Other/></Document>", "no camt.053"),
    "an entity": (b'<!DOCTYPE a [<!ENTITY b "c">]><Document/>', "document type"),
    "torn XML": (b"<Document><Stmt>", "no XML"),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG)
def test_a_file_that_cannot_be_read_is_refused_with_the_place(content, said):
    with pytest.raises(Refused, match=said):
        bankfile.read(content, currency="CNY")


def test_all_wrong_lines_are_named_at_once():
    with pytest.raises(Refused) as refused:
        bankfile.read(b"date,amount\nx,1\n2026-10-05,y\n2026-10-05,3\n", currency="CNY")
    assert [one["line"] for one in refused.value.context["findings"]] == [2, 3]


CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S1</Id>
<Ntry><Amt Ccy="EUR">120.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
  <BookgDt><Dt>2026-10-05</Dt></BookgDt><AcctSvcrRef>R1</AcctSvcrRef>
  <NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="EUR">100.00</Amt>
    <RltdPties><Dbtr><Pty><Nm>Li Hua Trading</Nm></Pty></Dbtr>
      <DbtrAcct><Id><IBAN>DE02</IBAN></Id></DbtrAcct></RltdPties>
    <RmtInf><Ustrd>Bill 2026-</Ustrd><Strd><CdtrRefInf><Ref>2026-000041</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>
  <TxDtls><Refs><EndToEndId>E2</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="EUR">20.00</Amt></TxAmt></AmtDtls>
    <RltdPties><Dbtr><Nm>Old Style</Nm></Dbtr></RltdPties></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">7.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>
  <BookgDt><DtTm>2026-10-06T09:00:00+02:00</DtTm></BookgDt><AcctSvcrRef>R2</AcctSvcrRef></Ntry>
<Ntry><Amt Ccy="EUR">9.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
  <BookgDt><Dt>2026-10-06</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def test_a_camt_statement_is_read_payment_by_payment():
    one, two, out = bankfile.read(CAMT.encode(), currency="CNY")
    assert (one.amount, one.currency, one.payer, one.account) == (100, "EUR", "Li Hua Trading", "DE02")
    assert one.reference == "Bill 2026- 2026-000041"
    assert (one.bank_id, two.bank_id) == ("R1/1", "R1/2")
    assert (two.amount, two.payer, two.reference) == (20, "Old Style", "E2")
    assert (out.amount, out.booked_on) == (Decimal("-7.50"), date(2026, 10, 6))
