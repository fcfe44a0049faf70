"""Billing in the API: bills and runs, contracts and tariffs, payments, debts, the ledger."""

from mobile_api.billing import agreements, bills, books, debts, migration, money, supply
from mobile_api.billing.blueprint import blp

__all__ = ["agreements", "bills", "blp", "books", "debts", "migration", "money", "supply"]
