"""Supply is cut for debt by people, never by itself, only where nothing speaks against it; a payment takes it back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from backend import wiring
from backend.billing.models import CutStatus, HoldReason
from backend.billing.rules import disconnection as rules
from backend.billing.service import cuts, dunning, payments, plans
from backend.infra import outbox
from backend.kernel.errors import Conflict, Forbidden, NotFound
from backend.kernel.scope import Scope
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.workorders import service as work
from tests.backend.billing.debts import DUE, MONTH, at, owe, remind

LAST = DUE + timedelta(days=36)
"""A Friday: all reminders went out by then."""

MONDAY = LAST + timedelta(days=10)
MILD = {"low_c": 9.0, "high_c": 21.0}


@pytest.fixture
def reminded(environment, acting, desk, owner_database):
    """The customer owes September and was reminded three times; returns the bill."""
    bill = owe(acting, desk, owner_database)
    for days in (7, 21, 35):
        remind(acting, DUE + timedelta(days=days))
    with owner_database.transaction(acting.nobody) as session:
        session.execute(text("UPDATE outbox SET done_at = now()"))
        session.execute(text("UPDATE work_order SET title = 'of another test'"))
    return bill


@pytest.fixture
def announced(acting, reminded):
    """And was told that supply may be cut."""
    with at(LAST), acting("manager") as (session, scope):
        return cuts.announce(session, scope, contract_id=reminded.contract_id)


def request(acting, cut, on: date = MONDAY, hour: int = 10, **said):
    with at(on, hour), acting("manager") as (session, scope):
        return cuts.request(session, scope, cut_id=cut.id, **MILD | said)


def status(acting, cut) -> CutStatus:
    with acting() as (session, scope):
        return cuts.cut(session, scope, cut_id=cut.id).status


def pay(acting, east, amount=MONTH + 15):
    with acting("manager") as (session, scope):
        payments.take_cash(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id, currency="CNY",
            amount=Decimal(amount), received_on=LAST, receipt=f"R{amount}",
        )  # fmt: skip


def orders(acting) -> list:
    """Deliver what is due; return titles and statuses of the orders that disconnections made."""
    with at(MONDAY + timedelta(days=1)):
        while due := outbox.claim_due(acting.database):
            for entry in due:
                outbox.deliver(acting.database, entry)
    with acting() as (session, _):
        rows = session.execute(
            text("SELECT title, status FROM work_order WHERE title LIKE '%onnect supply%' ORDER BY number")
        )
        return [tuple(row) for row in rows]


def test_nobody_is_told_before_the_last_reminder(acting, desk, owner_database):
    bill = owe(acting, desk, owner_database)
    remind(acting, DUE + timedelta(days=7))
    with pytest.raises(Conflict, match="1 of 3 reminders"), at(LAST), acting("manager") as (session, scope):
        cuts.announce(session, scope, contract_id=bill.contract_id)


def test_a_person_asks_for_it_after_the_notice_and_people_get_a_work_order(acting, east, announced):
    with pytest.raises(Conflict) as early:
        request(acting, announced, LAST + timedelta(days=3))
    assert early.value.context["reasons"] == ["no_notice"]
    request(acting, announced)
    assert [title for title, _ in orders(acting)] == ["Disconnect supply for debt: contract EL-1"]
    with acting("manager") as (session, scope):
        assert cuts.note_cut(session, scope, cut_id=announced.id).status is CutStatus.CUT


@pytest.mark.parametrize(
    ("on", "hour", "said", "reasons"),
    [
        (MONDAY, 7, {}, ["night"]), (MONDAY, 15, {}, ["night"]), (MONDAY - timedelta(days=1), 10, {}, ["rest_day"]),
        (MONDAY + timedelta(days=4), 10, {}, ["before_rest_day"]), (MONDAY, 10, {"low_c": 2.0}, ["cold"]),
        (MONDAY, 10, {"high_c": 38.0}, ["hot"]), (MONDAY, 10, {"low_c": None}, ["cold", "hot"]),
    ],
)  # fmt: skip
def test_it_is_refused_with_every_reason_against_it(acting, announced, on, hour, said, reasons):
    with pytest.raises(Conflict) as refused:
        request(acting, announced, on, hour, **said)
    assert refused.value.context["reasons"] == reasons
    assert status(acting, announced) is CutStatus.ANNOUNCED


def test_who_is_protected_disputes_or_pays_in_parts_is_not_even_told(acting, east, reminded, owner_database):
    with at(LAST), acting("manager") as (session, scope):
        held = dunning.hold(session, scope, bill_id=reminded.id, reason=HoldReason.COMPLAINT, note="wrong")
        with pytest.raises(Conflict, match="plan_kept"):
            cuts.announce(session, scope, contract_id=reminded.contract_id)
        dunning.release(session, scope, hold_id=held.id)
        plans.agree(
            session, scope, organisation_id=east.enterprise.id, customer_id=east.customer.id,
            bill_ids=[reminded.id], parts=2, first_on=LAST,
        )  # fmt: skip
        with pytest.raises(Conflict, match="plan_kept"):
            cuts.announce(session, scope, contract_id=reminded.contract_id)
    with owner_database.transaction(acting.nobody) as session:
        session.execute(text("UPDATE supply_contract SET is_protected = true"))
    with pytest.raises(Conflict, match="protected"), at(LAST), acting("manager") as (session, scope):
        cuts.announce(session, scope, contract_id=reminded.contract_id)


def test_a_payment_before_it_is_done_withdraws_it_and_the_order_says_so(acting, east, announced):
    request(acting, announced)
    assert [state for _, state in orders(acting)] == ["reported"]
    pay(acting, east)
    orders(acting)
    assert status(acting, announced) is CutStatus.WITHDRAWN
    orders(acting)
    with acting() as (session, scope):
        order_id = cuts.cut(session, scope, cut_id=announced.id).order_id
        (remark,) = [one.text for one in work.look(session, scope, order_id=order_id).comments]
    assert remark.startswith("Do not disconnect")
    with acting("manager") as (session, scope):  # somebody did it all the same
        assert cuts.note_cut(session, scope, cut_id=announced.id).status is CutStatus.RECONNECTING


def test_a_payment_after_it_is_done_has_supply_given_back_once(acting, east, announced):
    request(acting, announced)
    orders(acting)
    with acting("manager") as (session, scope):
        cuts.note_cut(session, scope, cut_id=announced.id)
    pay(acting, east, "10.00")
    orders(acting)
    assert status(acting, announced) is CutStatus.CUT
    pay(acting, east)
    for _ in range(2):
        made = orders(acting)
    assert status(acting, announced) is CutStatus.RECONNECTING
    assert [title for title, _ in made][1:] == ["Reconnect supply: contract EL-1"]
    with acting("manager") as (session, scope):
        assert cuts.note_reconnected(session, scope, cut_id=announced.id).ended_at is not None


@pytest.mark.parametrize("role", ["technician", "customer"])
def test_only_those_who_keep_accounts_ask_for_it(acting, announced, role):
    with pytest.raises((NotFound, Forbidden)), acting(role) as (session, scope):
        cuts.request(session, scope, cut_id=announced.id, **MILD)
    with pytest.raises((NotFound, Forbidden)), acting(role) as (session, scope):
        cuts.announce(session, scope, contract_id=announced.contract_id)


@pytest.fixture(autouse=True)
def connected(environment, acting, database):
    """Listeners as in the product."""
    wiring.connect()
    acting.database, acting.nobody = database, Scope.public()


@pytest.mark.parametrize(
    ("balance", "credit", "debt"),
    [
        ("-0.01", None, "0.01"),
        ("-50", "50", "0"),
        ("-50.01", "50", "50.01"),
        ("12", "50", "0"),
        ("0", None, "0"),
    ],
)
def test_emergency_credit_is_no_debt_until_it_is_used_up(balance, credit, debt):
    assert rules.prepaid_debt(Decimal(balance), credit and Decimal(credit)) == Decimal(debt)


def test_marks_a_balance_falls_below_are_told_of_each_once():
    fall = [Decimal(value) for value in (120, 99, 1, -1, -49, -51, -60)]
    told = [rules.warns(a, b, Decimal(100), Decimal(50)) for a, b in zip(fall, fall[1:], strict=False)]
    assert told == [True, False, True, False, True, False]
    assert not rules.warns(Decimal(1), Decimal(-1), None)
    assert rules.warns(Decimal(1), Decimal(-1), None, Decimal(50))


@pytest.mark.parametrize(
    ("said", "measured", "expected"),
    [
        (None, None, None), ((9, 21), None, (9, 21)), (None, (9, 21), (6, 24)), ((9, 21), (4, 12), (1, 21)),
        ((-2, 30), (9, 21), (-2, 30)),
    ],
)  # fmt: skip
def test_the_weather_is_the_worse_of_what_is_said_and_what_the_site_measures(said, measured, expected):
    assert rules.expected(said, measured) == expected


@pytest.fixture
def thermometer(acting, east, owner_database):
    """Have the site's outdoor temperature be so much for the last days: `thermometer(-4.0)`; forgotten afterwards."""

    def one(celsius: float, *, hours: int = 48, until: date = MONDAY) -> None:
        with acting() as (session, _):
            key = session.scalar(
                text(
                    "SELECT key FROM point WHERE carrier = 'environment' AND quantity = 'temperature' LIMIT 1"
                )
            ) or outdoors(session, east)
        start = datetime(until.year, until.month, until.day, 1, tzinfo=UTC)
        with owner_database.transaction(acting.nobody) as session:
            session.execute(text("DELETE FROM hour_statistic WHERE point_key = :key"), {"key": key})
            session.execute(
                text(
                    "INSERT INTO hour_statistic (point_key, start, count, total, low, high, low_at, high_at)"
                    " SELECT :key, at, 4, 4 * :c, CAST(:c AS float8), CAST(:c AS float8), at, at"
                    " FROM generate_series(CAST(:start AS timestamptz) - make_interval(hours => :hours),"
                    " CAST(:start AS timestamptz), interval '1 hour') at"
                ),
                {"key": key, "c": celsius, "start": start, "hours": hours},
            )

    yield one
    with owner_database.transaction(acting.nobody) as session:
        session.execute(text("DELETE FROM hour_statistic"))


def outdoors(session, east) -> int:
    """Make a thermometer at the site of the region."""
    new = metering.NewPoint("outdoors", Carrier.ENVIRONMENT, "temperature", "°C", PointKind.INSTANT)
    return metering.create_point(session, east.scope, position_id=east.ids["supply"], new=new).key


def test_the_sites_thermometer_speaks_where_nobody_knows_a_forecast(acting, announced, thermometer):
    thermometer(12.0)
    found = request(acting, announced, low_c=None, high_c=None)
    assert (found.low_c, found.high_c) == (9.0, 15.0)


@pytest.mark.parametrize(("celsius", "hours", "reasons"), [(-4.0, 48, ["cold"]), (12.0, 20, ["cold", "hot"])])
def test_frost_or_a_thermometer_that_was_silent_speaks_against_it(
    acting, announced, thermometer, celsius, hours, reasons
):
    thermometer(celsius, hours=hours)
    with pytest.raises(Conflict) as refused:
        request(acting, announced, low_c=None, high_c=None)
    assert refused.value.context["reasons"] == reasons


def test_frost_at_the_site_weighs_more_than_a_mild_forecast(acting, announced, thermometer):
    thermometer(-4.0)
    with pytest.raises(Conflict) as refused:
        request(acting, announced)
    assert refused.value.context["reasons"] == ["cold"]
