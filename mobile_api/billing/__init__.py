"""Billing in the API: bills and runs, contracts and tariffs, payments, debts, the ledger, documents and schedules."""

from mobile_api.billing import agreements, bills, books, debts, migration, money, papers, schedules, supply
from mobile_api.billing.blueprint import blp

__all__ = [
    "agreements", "bills", "blp", "books", "debts", "migration", "money", "papers", "schedules", "supply",
]  # fmt: skip
