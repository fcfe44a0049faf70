"""Billing in the API: bills and runs, contracts and tariffs, payments, the ledger, documents and their schedules."""

from mobile_api.billing import agreements, bills, books, money, papers, schedules
from mobile_api.billing.blueprint import blp

__all__ = ["agreements", "bills", "blp", "books", "money", "papers", "schedules"]
