"""Who is told what of billing: each reader in their own language, each way once, however often it is tried."""

from __future__ import annotations

import email
import email.policy
import string
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend.billing import events as billing
from backend.billing.service import CutStatus, PlanStatus, RequestKind, RequestStatus
from backend.infra import mail
from backend.kernel import events, ids
from backend.kernel.errors import Unavailable
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.wiring import dues
from backend.wiring.bill_words import AMOUNTS, WORDS

SAID = {
    "reminder_id": "r", "bill_id": "b", "number": "2026-000042", "level": 2, "open": "1234.5000", "fee": "5.0000",
    "currency": "CNY", "due_on": "2026-10-15", "plan_id": "p", "total": "90.0000", "balance": "-12.5000",
    "emergency_credit": "50.0000", "debt": "90.0000", "earliest_on": "2026-11-02", "projected": "300.00",
    "usual": "200.00", "ends_on": "2026-11-01", "parts": 3, "amount": "20.0000", "answer": "call us",
}  # fmt: skip
"""What events say: everything any of the words may name."""


@pytest.mark.parametrize("words", sorted(WORDS))
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_text_can_be_said_and_leaves_nothing_open(words, locale):
    notice = dues._worded({"words": words, "said": SAID, "path": "/bills"}, locale)
    for part in (notice.title, notice.body):
        assert part
        assert "{" not in part
    named = {name for part in WORDS[words][locale] for _, name, *_ in string.Formatter().parse(part) if name}
    assert named <= SAID.keys()
    assert named.isdisjoint({"open", "fee"} - set(AMOUNTS))


def test_amounts_are_said_as_money():
    notice = dues._worded({"words": "reminder_fee", "said": SAID, "path": "/bills"}, "en")
    assert "1,234.50 CNY" in notice.body and "5.00 CNY" in notice.body


def test_the_same_subject_takes_an_earlier_notices_place_on_the_phone():
    tags = {
        dues._worded({"words": one, "said": SAID, "path": "/"}, "en").tag for one in ("reminder", "high_bill")
    }
    assert tags == {"billing-b"}


@pytest.mark.parametrize(
    ("words", "states"),
    [
        ("plan_{}", [one.value for one in PlanStatus]),
        ("cut_{}", [CutStatus.ANNOUNCED, CutStatus.WITHDRAWN, CutStatus.RECONNECTING]),
        ("{}_open", [one.value for one in RequestKind]), ("{}_declined", [one.value for one in RequestKind]),
    ],
)  # fmt: skip
def test_every_state_worth_a_word_has_one(words, states):
    assert {words.format(one) for one in states} <= WORDS.keys()
    assert RequestStatus.GRANTED not in WORDS, "a plan that is agreed is told of by itself"


@pytest.fixture
def letters(acting, world, owner_database, monkeypatch):
    """What a deed of dues asks to be told: `letters(dues.reminded, event)` -> bodies of the letters."""
    monkeypatch.setattr(events, "_listeners", {})
    events.listen(billing.LETTER, "letters", lambda _session, _scope, _event: None)

    def told(deed, name, **body):
        with owner_database.transaction(Scope.public()) as session:
            session.execute(text("DELETE FROM outbox WHERE listener = 'letters'"))
        with acting() as (session, scope):
            event = billing.event(
                name, world.east.enterprise.id, {"customer_id": str(world.east.customer.id)} | body
            )
            deed(session, scope, event)
        with owner_database.transaction(Scope.public()) as session:
            return list(
                session.scalars(text("SELECT body FROM outbox WHERE listener = 'letters' ORDER BY id"))
            )

    return told


def test_a_reminder_goes_to_the_customers_people_by_push_and_mail(letters, east):
    told = letters(dues.reminded, billing.REMINDED, **SAID)
    assert {one["email"] for one in told} == {east.email("customer")}
    assert sorted(one["way"] for one in told) == ["mail", "push"]
    assert {one["words"] for one in told} == {"reminder_fee"}
    free = letters(dues.reminded, billing.REMINDED, **SAID | {"fee": "0.0000"})
    assert {one["words"] for one in free} == {"reminder"}


@pytest.mark.parametrize(
    ("balance", "credit", "words"),
    [
        ("12.0000", "50.0000", "balance_low"), ("-12.0000", None, "balance_low"),
        ("-12.0000", "50.0000", "emergency_begun"), ("-50.0000", "50.0000", "emergency_begun"),
        ("-50.0100", "50.0000", "emergency_used_up"),
    ],
)  # fmt: skip
def test_a_low_balance_is_told_as_what_it_is(letters, balance, credit, words):
    said = {"balance": balance, "emergency_credit": credit, "currency": "CNY"}
    told = letters(dues.balance_low, billing.BALANCE_LOW, **said)
    assert {one["words"] for one in told} == {words}


def test_a_request_goes_to_the_office_and_its_answer_to_the_customer(letters, east):
    said = {
        "request_id": "q",
        "kind": "refund",
        "parts": None,
        "amount": "20.0000",
        "currency": "CNY",
        "answer": "no",
    }
    asked = letters(dues.request_moved, billing.REQUEST_MOVED, **said, status="open")
    assert {one["email"] for one in asked} == {east.email("manager")}
    assert {one["path"] for one in asked} == {"/account-requests"}
    answered = letters(dues.request_moved, billing.REQUEST_MOVED, **said, status="declined")
    assert {one["email"] for one in answered} == {east.email("customer")}
    plan = letters(
        dues.request_moved, billing.REQUEST_MOVED, **said | {"kind": "instalments"}, status="granted"
    )
    assert plan == [], "the plan itself is told of"


def test_a_settled_complaint_is_told_to_nobody(letters):
    said = {"complaint_id": str(ids.new_id()), "bill_id": "b"}
    assert letters(dues.complaint, billing.COMPLAINT_MOVED, **said, state="settled") == []
    assert letters(dues.complaint, billing.COMPLAINT_MOVED, **said, state="open")


def test_a_disconnection_taken_back_stops_the_dispatchers_too(letters, east):
    said = {"cut_id": "c", "status": "withdrawn", "order_id": str(ids.new_id()), "contract_id": "k"}
    told = letters(dues.cut_moved, billing.CUT_MOVED, **said)
    assert {(one["words"], one["email"]) for one in told} == {
        ("cut_withdrawn", east.email("customer")), ("cut_not", east.email("dispatcher")),
    }  # fmt: skip
    early = letters(dues.cut_moved, billing.CUT_MOVED, **said | {"order_id": None})
    assert {one["words"] for one in early} == {"cut_withdrawn"}


def test_a_letter_is_written_in_the_readers_language_with_one_id_however_often(
    environment, acting, east, monkeypatch
):
    body = {"words": "balance_low", "said": {"balance": "12.0000", "currency": "CNY", "contract_id": "k"},
            "path": "/prepaid", "way": "mail", "person_id": None, "email": "li@mill.example", "locale": "zh",
            }  # fmt: skip
    event = billing.event(billing.LETTER, east.enterprise.id, body)

    class Closed:
        def send(self, _letter):
            raise Unavailable("the mail server is closed")

    with monkeypatch.context() as patch, pytest.raises(Unavailable), acting() as (session, scope):
        patch.setattr(mail, "post", lambda _settings: Closed())
        dues.hand_over(session, scope, event)
    for _ in range(2):
        with acting() as (session, scope):
            dues.hand_over(session, scope, event)
    found = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in (settings().home / "mail").glob("*.eml")
    ]
    mine = [one for one in found if one["To"] == "li@mill.example"]
    assert len({one["Message-ID"] for one in mine}) == 1
    assert mine[0]["Subject"] == "余额不足提醒"
    assert "12.00 CNY" in mine[0].get_content() and "/prepaid" in mine[0].get_content()


def test_who_has_no_people_is_told_nothing(letters, world):
    told = letters(dues.high_bill, billing.HIGH_BILL, customer_id=str(world.east.park.id), projected="1", usual="1",
                   currency="CNY", ends_on="2026-11-01", contract_id="k")  # fmt: skip
    assert told == []
    assert Decimal(SAID["open"]) > 0
