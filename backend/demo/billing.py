"""Bills of the demo region: tariffs, contracts with its customers, the months that are over billed, most of them paid.

Everything goes through the services the office uses, in their order: a run for each month, then the bank's statement.
"""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.rules import numbering
from backend.billing.service import (
    accounts,
    bills,
    complaints,
    contracts,
    ledger,
    payments,
    runs,
    so_far,
    tariffs,
)
from backend.billing.service.contracts import NewContractPoint, NewSupplyContract
from backend.billing.service.rating import Rater
from backend.demo.calendar import TIMEZONE
from backend.demo.customers import CUSTOMERS
from backend.demo.founding import Ground
from backend.demo.people import REGION
from backend.demo.points_customers import carriers
from backend.demo.tariffs import documents
from backend.kernel import paging, periods
from backend.kernel.db import Database
from backend.metering.models import Point

MONTHS = 14
"""So many months are billed: a year ago can be compared with, and the month before it."""

FOUNDED = date(2024, 1, 1)
"""The first month the region's meters counted (`calendar.ORIGIN`)."""

IN_FULL = ("hotel", "homes", "coldstore")
"""Customers somebody can log in for: all that they take is billed; of the others their electricity."""

PREPAID, TENANT_SINCE = "homes", date(2025, 7, 1)
OWING = {"hotel": 1, "coldstore": 2, "factory": 1}
"""Who has not paid the last bills yet, and of how many months."""

LETTERS = {"electricity": "E", "water": "W", "gas": "G", "heat": "H", "cooling": "C"}


def bill(
    database: Database,
    ground: Ground,
    made: dict[str, Point],
    *,
    now: datetime,
    advance: Callable[[float], None],
) -> None:
    """Write contracts, bill the months that are over, take payments; each month in transactions of its own."""
    today = periods.local_date(now, TIMEZONE)
    months = [on for back in range(MONTHS, -1, -1) if (on := _month(today, back)) >= FOUNDED]
    with database.transaction(ground.scope) as session:
        _agree(session, ground, made, months[0])
    rater = Rater()
    for first, following in zip(months, months[1:], strict=False):
        _run(database, ground, rater, first, min(following + timedelta(days=1), today))
        advance(1)
    with database.transaction(ground.scope) as session:
        _pay(session, ground, today, _month(today, 1))
        so_far.refresh(session, ground.scope)
        _complain(session, ground)


def _month(today: date, back: int) -> date:
    number = today.year * 12 + today.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def _agree(session: Session, ground: Ground, made: dict[str, Point], first: date) -> None:
    scope, region = ground.scope, ground.organisations[REGION]
    ledger.open_book(session, scope, organisation_id=region, name="Lanwan Energy 澜湾能源")
    kept: dict[str, UUID] = {}
    for document in documents():
        version = tariffs.store_tariff(session, scope, organisation_id=region, document=document)
        kept[document["code"]] = version.tariff_id
    for number, customer in enumerate(CUSTOMERS, start=1):
        for carrier in carriers(customer) if customer.key in IN_FULL else ("electricity",):
            code = "power" if carrier == "electricity" else carrier
            if customer.key == PREPAID and carrier == "electricity":
                code = "home-power"
            new = NewSupplyContract(
                ground.organisations[customer.key], f"LW-{LETTERS[carrier]}-{number:03}", kept[f"lanwan-{code}"],
                max(first, TENANT_SINCE) if customer.key == "coldstore" else first,
                [NewContractPoint(made[f"{customer.key}.{carrier}.energy"].id)], payer=customer.name,
                is_prepaid=customer.key == PREPAID and carrier == "electricity",
                emergency_credit=Decimal(500) if customer.key == PREPAID and carrier == "electricity" else None,
                low_balance=Decimal(20_000) if customer.key == PREPAID and carrier == "electricity" else None,
                is_protected=customer.trade == "hospital",
            )  # fmt: skip
            contracts.create_contract(session, scope, organisation_id=region, new=new)


def _run(database: Database, ground: Ground, rater: Rater, first: date, issue_on: date) -> None:
    scope = ground.scope
    with database.transaction(scope) as session:
        run_id = runs.start_run(session, scope, organisation_id=ground.organisations[REGION], on=first).id
        while runs.advance(session, scope, run_id=run_id, rater=rater):
            pass
        runs.approve(session, scope, run_id=run_id, issue_on=issue_on)
        while runs.advance(session, scope, run_id=run_id, rater=rater):
            pass


def _pay(session: Session, ground: Ground, today: date, last: date) -> None:
    """Take the bank's statement: what was paid for each bill, by its number, and a line nobody is found for."""
    scope, region = ground.scope, ground.organisations[REGION]
    names = {ground.organisations[customer.key]: customer for customer in CUSTOMERS}
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["date", "amount", "payer", "reference"])
    for one in paging.every(lambda cursor: bills.bills(session, scope, cursor=cursor, limit=200)):
        customer = names[one.customer_id]
        if one.issued_on is None or one.total <= 0 or _owes(customer.key, one.starts_on, last):
            continue
        on = min(one.issued_on + timedelta(days=9), today)
        rows.writerow([on, f"{one.total:.2f}", customer.name, numbering.shown(one.year, one.serial)])
    rows.writerow([today - timedelta(days=3), "1280.00", "Lanwan Fish Market 澜湾水产", "deposit 押金"])
    rows.writerow(
        [today - timedelta(days=2), "150000.00", names[ground.organisations[PREPAID]].name, "LW-E-009"]
    )
    payments.import_bank_file(
        session,
        scope,
        organisation_id=region,
        name="statement.csv",
        content=text.getvalue().encode(),
        currency="CNY",
    )


def _owes(customer: str, starts_on: date, last: date) -> bool:
    """Tell whether a customer has not paid a bill of a month yet. last: the first day of the last month billed"""
    months = OWING.get(customer, 0)
    back = (last.year - starts_on.year) * 12 + last.month - starts_on.month
    return back < months


def _complain(session: Session, ground: Ground) -> None:
    """Have the hotel ask about the demand of its last bill, so that the office has something to answer."""
    hotel = ground.organisations["hotel"]
    found = accounts.open_bills(session, ground.scope, customers=[hotel])
    for one in found:
        place = next(
            (
                line.place
                for line in bills.lines(session, ground.scope, bill_id=one.id)
                if line.kind == "demand"
            ),
            None,
        )
        if place is not None:
            complaints.complain(
                session, ground.scope, bill_id=one.id, place=place,
                text="The demand is higher than last month, though the laundry stood still for a week. 需量为何更高？",
            )  # fmt: skip
            return
