"""Billing in the API: bills and runs, contracts and tariffs, payments, debts, the ledger, documents and schedules."""

from mobile_api.billing import (
    agreements,
    archives,
    bills,
    books,
    debts,
    migration,
    money,
    papers,
    requests,
    schedules,
    supply,
)
from mobile_api.billing.blueprint import blp

__all__ = [
    "agreements", "archives", "bills", "blp", "books", "debts", "migration", "money", "papers", "requests", "schedules",
    "supply",
]  # fmt: skip
