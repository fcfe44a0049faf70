"""A document on schedule goes out once for each period, by mail or to a folder; what fails is seen and tried again."""

from __future__ import annotations

import email
import email.policy
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from backend.billing.rules.documents import schedule as rules
from backend.billing.rules.documents.schedule import Every, Form, Paper
from backend.billing.service import DeliveryStatus, Road, schedules
from backend.billing.service.schedules import NewSchedule
from backend.infra import mail
from backend.kernel import clock
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused, Unavailable
from backend.kernel.settings import settings
from tests.billing import charge
from tests.reports.printed import pages_of

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


TODAY = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def late_in_november():
    """October is over and November is not."""
    with clock.shifted(TODAY - clock.now()):
        yield


@pytest.fixture(scope="module")
def charged(environment, world, east):
    """East has billed its customer a month and taken ten yuan."""
    charge(world, east)
    return east


@pytest.fixture(scope="module")
def worker(charged):
    """The worker's own module: it reads its settings when it is first met. What was due before has gone out."""
    from backend.worker import documents

    documents.deliver()
    return documents


@pytest.fixture
def agreed(charged, acting, world):
    """Agree on a schedule; ended after the test, so that the next one's deliveries are its own."""
    made = []

    def one(paper=Paper.AGEING, **more):
        said = {"every": Every.MONTH, "starts_on": OCTOBER, "forms": [Form.XLSX], "road": Road.FOLDER} | more
        with acting("manager") as (session, scope):
            new = NewSchedule(paper, **said)
            found = schedules.create_schedule(session, scope, organisation_id=charged.enterprise.id, new=new)
        made.append(found.id)
        return found

    yield one
    for schedule_id in made:
        with acting("manager") as (session, scope):
            schedules.end_schedule(session, scope, schedule_id=schedule_id, on=SEPTEMBER)


def deliveries(acting, one):
    with acting("manager") as (session, scope):
        return schedules.deliveries(session, scope, schedule_id=one.id).items


@pytest.mark.parametrize(
    ("every", "starts_on", "known", "today", "spans"),
    [
        (Every.MONTH, date(2026, 9, 1), 0, date(2026, 9, 30), []),
        (Every.MONTH, date(2026, 9, 1), 0, date(2026, 10, 1), [("2026-09-01", "2026-10-01")]),
        (Every.MONTH, date(2026, 9, 1), 1, date(2026, 10, 31), []),
        (Every.MONTH, date(2026, 12, 15), 0, date(2027, 1, 15), [("2026-12-15", "2027-01-15")]),
        (Every.QUARTER, date(2026, 1, 1), 2, date(2026, 10, 1), [("2026-07-01", "2026-10-01")]),
        (Every.WEEK, date(2026, 9, 7), 1, date(2026, 9, 21), [("2026-09-14", "2026-09-21")]),
        (Every.DAY, date(2026, 2, 28), 0, date(2026, 3, 2), [("2026-02-28", "2026-03-01"),
                                                                 ("2026-03-01", "2026-03-02")]),
        (Every.YEAR, date(2026, 1, 1), 0, date(2027, 1, 1), [("2026-01-01", "2027-01-01")]),
    ],
)  # fmt: skip
def test_periods_are_due_when_they_are_over(every, starts_on, known, today, spans):
    found = rules.due(every, starts_on, None, known, today)
    assert [(one.first.isoformat(), one.until.isoformat()) for one in found] == spans


def test_a_schedule_that_ended_begins_no_period():
    assert rules.due(Every.MONTH, SEPTEMBER, OCTOBER, 0, date(2027, 1, 1)) == [rules.Span(SEPTEMBER, OCTOBER)]


def test_what_was_missed_for_long_is_made_up_for_little_by_little():
    assert len(rules.due(Every.DAY, date(2020, 1, 1), None, 0, OCTOBER)) == rules.MOST_AT_ONCE


def test_tries_are_further_and_further_apart():
    assert [rules.wait(tries) for tries in (1, 2, 3, 99)] == [
        timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20), timedelta(hours=6),
    ]  # fmt: skip


def test_a_document_is_put_into_the_folder_once(agreed, acting, worker):
    one = agreed(forms=[Form.XLSX, Form.PDF, Form.CSV])
    assert worker.deliver() == 1
    assert worker.deliver() == 0, "the period is done"
    (delivery,) = deliveries(acting, one)
    assert (delivery.status, delivery.first, delivery.until) == (
        DeliveryStatus.DONE,
        OCTOBER,
        date(2026, 11, 1),
    )
    folder = worker.folder_of(one)
    assert (
        sorted(file.name for file in folder.iterdir()) == sorted(delivery.files) and len(delivery.files) == 3
    )
    book = load_workbook(folder / "ageing-2026-10-01-2026-10-31-en.xlsx")
    assert book.worksheets[1]["D2"].value == Decimal(90), (
        "100 were billed for September, 10 paid; due on the 15th"
    )


def test_a_month_later_the_next_period_goes_out(agreed, acting, worker):
    one = agreed(paper=Paper.TAX, forms=[Form.CSV])
    with clock.shifted(timedelta(days=10)):
        assert worker.deliver() >= 2
    assert [d.first for d in deliveries(acting, one)][:2] == [date(2026, 11, 1), OCTOBER]


def test_mail_carries_the_files_to_each_recipient(agreed, acting, charged, worker):
    one = agreed(
        paper=Paper.STATEMENT, customer_id=charged.customer.id, forms=[Form.PDF, Form.XLSX], road=Road.MAIL,
        recipients=["books@east.example", "boss@east.example"], locale="zh",
    )  # fmt: skip
    assert worker.deliver() == 1
    letters = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in (settings().home / "mail").glob("*.eml")
    ]
    mine = [letter for letter in letters if letter["Subject"].startswith("对账单")]
    assert sorted(letter["To"] for letter in mine) == ["books@east.example", "boss@east.example"]
    enclosed = {part.get_filename(): part for part in mine[0].iter_attachments()}
    assert sorted(enclosed) == sorted(deliveries(acting, one)[0].files)
    book = load_workbook(io.BytesIO(next(enclosed[n] for n in enclosed if n.endswith("xlsx")).get_content()))
    assert book.worksheets[1]["H3"].value == Decimal(100)
    assert "East energy的对账单（2026-10-01 – 2026-10-31）" in mine[0].get_body().get_content()


def test_what_does_not_go_out_is_seen_and_tried_again(agreed, acting, monkeypatch, worker):
    one = agreed(road=Road.MAIL, recipients=["books@east.example"])

    class Closed:
        def send(self, letter):
            raise Unavailable("the mail server is closed")

    with monkeypatch.context() as patch:
        patch.setattr(mail, "post", lambda _settings: Closed())
        assert worker.deliver() == 0
        assert worker.deliver() == 0
    (delivery,) = deliveries(acting, one)
    assert (delivery.status, delivery.tries) == (DeliveryStatus.FAILED, 1), "not tried again before its time"
    assert delivery.error == "the mail server is closed"
    with acting("manager") as (session, scope):
        assert schedules.latest(session, scope, schedule_ids=[one.id])[one.id].error == delivery.error
    with clock.shifted(timedelta(minutes=6)):
        assert worker.deliver() == 1
    (delivery,) = deliveries(acting, one)
    assert (delivery.status, delivery.error, delivery.tries) == (DeliveryStatus.DONE, None, 2)


def test_a_person_may_have_it_tried_at_once(agreed, acting, monkeypatch, worker):
    one = agreed(paper=Paper.RUN_SUMMARY, forms=[Form.PDF])
    with monkeypatch.context() as patch:
        patch.setattr(worker, "write", lambda place, data: 1 / 0)
        assert worker.deliver() == 0
    (delivery,) = deliveries(acting, one)
    assert "ZeroDivisionError" in delivery.error
    with acting("manager") as (session, scope):
        schedules.retry(session, scope, delivery_id=delivery.id)
    assert worker.deliver() == 1
    with acting("manager") as (session, scope), pytest.raises(Conflict):
        schedules.retry(session, scope, delivery_id=delivery.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"paper": Paper.TAX, "forms": [Form.PDF]},
        {"forms": []},
        {"road": Road.MAIL},
        {"road": Road.MAIL, "recipients": ["nobody"]},
        {"road": Road.MAIL, "recipients": ["a@b.example\nBcc: c@d.example"]},
        {"recipients": ["a@b.example"]},
        {"paper": Paper.STATEMENT},
        {"starts_on": date(2026, 10, 31)},
        {"ends_on": date(2026, 9, 1)},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(agreed, wrong):
    with pytest.raises(Refused):
        agreed(**wrong)


def test_only_who_keeps_the_accounts_agrees_on_schedules(agreed, acting, charged, world):
    one = agreed()
    new = NewSchedule(Paper.AGEING, Every.MONTH, OCTOBER, [Form.PDF], Road.FOLDER)
    for role in ("customer", "technician"):
        with acting(role) as (session, scope), pytest.raises(Forbidden):
            schedules.create_schedule(session, scope, organisation_id=charged.enterprise.id, new=new)
    with acting("manager", world.west) as (session, scope):
        assert not schedules.schedules(session, scope).items
        with pytest.raises(NotFound):
            schedules.end_schedule(session, scope, schedule_id=one.id, on=OCTOBER)
        with pytest.raises(NotFound):
            schedules.deliveries(session, scope, schedule_id=one.id)


def test_bills_themselves_are_put_into_a_folder_of_the_period(agreed, acting, worker):
    one = agreed(Paper.BILLS, forms=[Form.PDF], locale="zh")
    assert worker.deliver() == 1
    (delivery,) = deliveries(acting, one)
    assert delivery.files == ["bills-2026-10-01-2026-10-31-zh"]
    made = sorted((worker.folder_of(one) / delivery.files[0]).iterdir())
    assert [file.name for file in made] == ["bill-2026-000001.pdf"]
    assert "2026-000001" in pages_of(made[0].read_bytes())[0]


def test_a_customers_bills_go_to_them_by_mail(agreed, acting, charged, worker, world):
    more = {"forms": [Form.PDF], "road": Road.MAIL, "recipients": ["books@mill.example"]}
    one = agreed(Paper.BILLS, customer_id=charged.customer.id, **more)
    assert worker.deliver() == 1
    (letter,) = letters_to("books@mill.example")
    assert [part.get_filename() for part in letter.iter_attachments()] == ["bill-2026-000001.pdf"]
    assert letter["Subject"].startswith("Bills")
    assert deliveries(acting, one)[0].files == ["bill-2026-000001.pdf"]


def test_many_bills_make_one_file_of_a_letter_and_too_many_none(agreed, acting, worker, monkeypatch):
    from backend.worker import bundles  # it reads its settings when it is first met

    monkeypatch.setattr(bundles, "MOST_BY_MAIL", 0)
    one = agreed(Paper.BILLS, forms=[Form.PDF], road=Road.MAIL, recipients=["all@books.example"])
    assert worker.deliver() == 0
    (delivery,) = deliveries(acting, one)
    assert (delivery.status, delivery.error) == (DeliveryStatus.FAILED, "1 bills do not fit a letter")
    made = bundles._zipped(
        "bills", [bundles.Made("a.pdf", "application/pdf", b"1"), bundles.Made("b.pdf", "", b"2")]
    )
    assert zipfile.ZipFile(io.BytesIO(made.data)).namelist() == ["a.pdf", "b.pdf"]


def test_only_bills_and_statements_may_be_of_a_customer(agreed, charged):
    with pytest.raises(Refused, match="bills may be"):
        agreed(Paper.AGEING, customer_id=charged.customer.id)
    with pytest.raises(Refused, match="not made as that"):
        agreed(Paper.BILLS, forms=[Form.XLSX])


def letters_to(address):
    """The letters to an address that were written into files."""
    found = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in (settings().home / "mail").glob("*.eml")
    ]
    return [letter for letter in found if letter["To"] == address]
