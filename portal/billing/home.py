"""Bills on a customer's first page: what is to be paid, and what this month comes to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g

from backend.billing.service import accounts, bills, prepaid
from portal.billing.ahead import rows as prepaid_rows
from portal.billing.bills import rows, running
from portal.billing.planned import kept_by

SHOWN = 3


def bills_at_home(customers: frozenset[UUID]) -> dict[str, Any]:
    """Return the bills that are to be paid, else the last one, and the bills so far."""
    to_pay = list(accounts.open_bills(g.session, g.scope, customers=customers))[:SHOWN]
    shown = to_pay or list(bills.bills(g.session, g.scope, limit=1).items)
    owed = {"bills": rows(shown), "bills_so_far": running(customers), "is_owed": bool(to_pay)}
    return owed | debts_at_home(customers)


def debts_at_home(customers: frozenset[UUID]) -> dict[str, Any]:
    """Return what customers paid ahead, and the plans they keep."""
    ahead = prepaid.standings(g.session, g.scope, customers=customers)
    return {"ahead": prepaid_rows(ahead), "plans": kept_by(customers)}
