"""A customer who owes a month, and a clock that is moved to the days after it was due."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.billing.models import Bill, BillReminder
from backend.billing.service import bills, dunning
from backend.kernel import clock, ids
from backend.kernel.db import Database
from tests.backend.billing.scene import NEXT, Desk, fill, meter, sign, store, wipe

DUE = date(2026, 10, 15)
MONTH = Decimal("2126.66")
"""What September comes to: see test_runs."""


def owe(acting: Callable[..., Any], desk: Desk, owner: Database, **more: Any) -> Bill:
    """Wipe the books, and have the customer owe September, due on 15 October; more: of the contract."""
    wipe(owner)
    with acting() as (session, _):
        point_id, key = meter(session, desk.region, f"meter {ids.new_id()}")
    fill(owner, key)
    with acting("manager") as (session, scope):
        contract = sign(
            session, scope, desk.region, "EL-1", store(session, scope, desk.region), [point_id], **more
        )
    desk.issue(desk.preview(), NEXT)
    with acting("manager") as (session, scope):
        (bill,) = bills.bills(session, scope, contract_id=contract.id).items
    return bill


def at(on: date, hour: int = 10) -> AbstractContextManager[None]:
    """Move the clock to an hour of a day in Shanghai."""
    wanted = datetime(on.year, on.month, on.day, hour, tzinfo=UTC) - timedelta(hours=8)
    return clock.shifted(wanted - clock.now())


def remind(acting: Callable[..., Any], on: date, hour: int = 10) -> list[BillReminder]:
    """Do what the daily job does on a day; return the reminders that went out."""
    with at(on, hour):
        with acting() as (session, scope):
            found = dunning.due(session, scope)
        made = []
        for bill_id in found:
            with acting() as (session, scope):
                made.append(dunning.remind(session, scope, bill_id=bill_id))
    return [one for one in made if one is not None]
