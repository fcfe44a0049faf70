"""Pages of billing: what customers owe and why, how they pay and complain; the office's runs, tariffs and books."""

from portal.billing import bills, complaints, contracts, ledger, line, money, pay, runs, simulator, tariffs

__all__ = [
    "bills",
    "complaints",
    "contracts",
    "ledger",
    "line",
    "money",
    "pay",
    "runs",
    "simulator",
    "tariffs",
]
