"""Ageing, statements, runs and taxes say what the ledger says, to the cent, on paper, in workbooks and in CSV."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from backend.billing.rules.ledger import RECEIVABLE, TAX
from backend.billing.service import Way, bills, corrections, documents, ledger, payments
from backend.kernel.errors import Forbidden, NotFound, Refused
from reports import accounts, tabular
from tests.backend.billing.scene import FIRST, NEXT, fill, meter, sign, store
from tests.reports.printed import pages_of

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture(scope="module")
def story(acting, east, desk, book, owner_database):
    """Two months of two contracts: paid in part, corrected, paid ahead; a third contract could not be billed."""
    keys = []
    for name in ("one", "two", "without readings"):
        with acting() as (session, _):
            keys.append(meter(session, east, name))
    for _, key in keys[:2]:
        fill(owner_database, key, start=FIRST, end=NEXT)
        fill(owner_database, key, wh=1200, start=NEXT, end=NOVEMBER)
    with acting("manager") as (session, scope):
        tariff_id = store(session, scope, east)
        signed = [sign(session, scope, east, f"=EL-{at}", tariff_id, [key[0]]) for at, key in enumerate(keys)]
    run_id = desk.bill()
    where, customer = east.enterprise.id, east.customer.id
    with acting("manager") as (session, scope):
        first = bills.bills(session, scope, contract_id=signed[0].id).items[0]
        payments.take_cash(
            session, scope, organisation_id=where, customer_id=customer, amount=Decimal("3000.50"), currency="CNY",
            received_on=date(2026, 10, 9), receipt="R-1", reference="=cmd|' /C calc'!A0",
        )  # fmt: skip
        corrections.adjust(
            session,
            scope,
            bill_id=first.id,
            amount=Decimal("-26.66"),
            on=date(2026, 10, 12),
            reason="-goodwill",
        )
    second = desk.preview(NEXT)
    desk.issue(second, NOVEMBER)
    with acting("manager") as (session, scope):
        owed = payments.owed(session, scope, book_id=book.id, customer_id=customer, currency="CNY")
        payments.take_cash(
            session, scope, organisation_id=where, customer_id=customer, amount=owed + 100, currency="CNY",
            received_on=date(2026, 11, 20), receipt="R-2",
        )  # fmt: skip
        payments.refund(
            session, scope, organisation_id=where, customer_id=customer, amount=Decimal(40), currency="CNY",
            paid_on=date(2026, 11, 25), way=Way.CASH, reason="Too much",
        )  # fmt: skip
    return {"run": run_id, "second": second, "customer": customer, "where": where, "first": first.id}


def balance(acting, book, account, until=None):
    with acting("manager") as (session, scope):
        found = ledger.trial_balance(session, scope, book_id=book.id, until=until)
    return sum(one.amount for one in found if one.code == account)


def sheet(document, at=1):
    """Return the cells of a document's workbook, a list a row; a book's first sheet says what it is about."""
    book = load_workbook(io.BytesIO(tabular.xlsx(document)))
    return list(book.worksheets[at].iter_rows(values_only=True))


def read_csv(document):
    return list(csv.DictReader(io.StringIO(tabular.csv(document).decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("as_of", "place"),
    [
        (date(2026, 9, 30), None),  # nothing is issued yet
        (date(2026, 10, 15), 0),  # due today
        (date(2026, 10, 16), 1),
        (date(2026, 11, 14), None),  # two ages: the second month's bills are there
    ],
)
def test_receivables_by_age_are_the_ledgers(acting, story, book, as_of, place):
    with acting("manager") as (session, scope):
        told = documents.ageing(session, scope, organisation_id=story["where"], as_of=as_of)
    after = date.fromordinal(as_of.toordinal() + 1)
    whole = sum((row.total for row in told.rows), Decimal(0))
    assert whole == balance(acting, book, RECEIVABLE, after) == sum(told.ledger.values())
    if place is not None:
        (row,) = told.rows
        assert [at for at, amount in enumerate(row.ages) if amount] == [place]
    document = accounts.ageing(told, "en")
    assert all(holds for _, _, holds in document.checks)
    sums = [row[-1] for row in sheet(document)[1:] if row[0] == "Total"]
    assert sum(Decimal(str(one)) for one in sums) == whole


def test_what_was_paid_ages_no_more(acting, story):
    with acting("manager") as (session, scope):
        told = documents.ageing(session, scope, organisation_id=story["where"], as_of=date(2026, 11, 20))
    assert list(told.rows) == []
    assert "Nobody owes anything." in pages_of(tabular.pdf(accounts.ageing(told, "en")))[0]


def test_a_statement_goes_from_balance_to_balance(acting, story, book):
    with acting("manager") as (session, scope):
        told = documents.statement(session, scope, customer_id=story["customer"], first=NEXT, until=DECEMBER)
    assert told.opening == 0 and told.closing == told.ledger == Decimal(-60)
    assert [entry.cause.value for entry in told.entries] == [
        "bill", "bill", "payment", "credit_note", "bill", "bill", "payment", "refund",
    ]  # fmt: skip
    rows = sheet(accounts.statement(told, "en"))
    assert isinstance(rows[2][0], datetime), "days are days"
    assert Decimal(str(rows[-1][-1])) == told.closing
    charged, credited = (sum(Decimal(str(row[at] or 0)) for row in rows[1:-1]) for at in (5, 6))
    assert charged - credited == told.closing


def test_statements_of_neighbouring_periods_meet(acting, story):
    with acting("manager") as (session, scope):
        one, two = (
            documents.statement(session, scope, customer_id=story["customer"], first=first, until=until)
            for first, until in ((NEXT, NOVEMBER), (NOVEMBER, DECEMBER))
        )
    assert one.closing == one.ledger == two.opening != 0


def test_a_customer_has_their_own_statement_and_nobody_elses(acting, story, world, east):
    said = {"customer_id": story["customer"], "first": NEXT, "until": DECEMBER}
    with acting("customer") as (session, scope):
        own = documents.statement(session, scope, **said)
    with acting("manager") as (session, scope):
        assert documents.statement(session, scope, **said) == own
    for role, region in (("manager", world.west), ("technician", east)):
        with acting(role, region) as (session, scope), pytest.raises(NotFound):
            documents.statement(session, scope, **said)


def test_a_runs_summary_ties_out_against_the_ledger(acting, story):
    with acting("manager") as (session, scope):
        told = documents.run_summary(session, scope, run_id=story["run"])
    assert told.total("CNY") == told.lines("CNY") == told.posted["CNY"] == 2 * Decimal("2126.66")
    assert told.tax("CNY", "issued") == told.posted_tax["CNY"] == 2 * Decimal("244.66")
    assert [(one.contract, "intervals are missing" in one.reason) for one in told.left_out] == [
        ("=EL-2", True)
    ]
    document = accounts.run_summary(told, "zh")
    assert [holds for _, _, holds in document.checks] == [True] * 3
    energy = next(row for row in sheet(document) if row[1] == "energy")
    assert (energy[2], energy[4], Decimal(str(energy[5])), Decimal(str(energy[7]))) == (
        "电度电费",
        2,
        5760,
        3744,
    )


def test_output_tax_is_what_was_booked_with_notes_below_nothing(acting, story, book):
    with acting("manager") as (session, scope):
        told = documents.tax_export(
            session, scope, organisation_id=story["where"], first=NEXT, until=DECEMBER
        )
    assert told.tax("CNY") == -balance(acting, book, TAX)
    (note,) = [line for line in told.lines if line.kind == "credit_note"]
    assert (note.total, note.tax, note.corrects) == (Decimal("-26.66"), 0, told.lines[0].number)
    rows = read_csv(accounts.tax_export(told, "en"))
    assert sum(Decimal(row["tax_amount"]) for row in rows) == told.tax("CNY")
    assert {row["rate"] for row in rows} == {"0.13", "0"}
    assert rows[0]["issued_on"] == "2026-10-01" and rows[0]["ends_on"] == "2026-09-30"
    assert all(holds for _, _, holds in accounts.tax_export(told, "en").checks)


def test_no_cell_begins_a_formula(acting, story):
    with acting("manager") as (session, scope):
        told = [
            accounts.tax_export(
                documents.tax_export(session, scope, organisation_id=story["where"], first=NEXT, until=DECEMBER), "en"
            ),
            accounts.statement(
                documents.statement(session, scope, customer_id=story["customer"], first=NEXT, until=DECEMBER), "en"
            ),
            accounts.run_summary(documents.run_summary(session, scope, run_id=story["run"]), "en"),
        ]  # fmt: skip
    met = 0
    for document in told:
        for row in csv.reader(io.StringIO(tabular.csv(document).decode("utf-8-sig"))):
            for cell in row:
                if cell.startswith(("=", "+", "-", "@")):
                    Decimal(cell)  # only a number may
        for page in load_workbook(io.BytesIO(tabular.xlsx(document))):
            for cell in (one for row in page.iter_rows() for one in row if isinstance(one.value, str)):
                assert cell.data_type == "s"
                met += cell.value.startswith("=")
    assert met >= 3, "a reference and contracts that look like formulas are among them"


@pytest.mark.parametrize(("locale", "words"), [
    ("en", ["Statement of account", "Opening balance", "Credit note", "corrects", "Closing balance", "agrees"]),
    ("zh", ["对账单", "期初余额", "贷项通知单", "更正", "期末余额", "相符"]),
])  # fmt: skip
def test_paper_speaks_the_readers_language(acting, story, locale, words):
    with acting("manager") as (session, scope):
        told = documents.statement(session, scope, customer_id=story["customer"], first=NEXT, until=DECEMBER)
    shown = "\n".join(pages_of(tabular.pdf(accounts.statement(told, locale))))
    assert [one for one in words if one not in shown] == []


def test_only_who_keeps_the_accounts_has_the_operators_documents(acting, story):
    with acting("customer") as (session, scope):
        with pytest.raises(Forbidden):
            documents.ageing(session, scope, organisation_id=story["where"], as_of=NOVEMBER)
        with pytest.raises(Forbidden):
            documents.tax_export(session, scope, organisation_id=story["where"], first=NEXT, until=NOVEMBER)
        with pytest.raises(NotFound):
            documents.run_summary(session, scope, run_id=story["run"])


def test_a_period_ends_after_it_begins(acting, story):
    with acting("manager") as (session, scope), pytest.raises(Refused):
        documents.statement(session, scope, customer_id=story["customer"], first=NEXT, until=NEXT)
