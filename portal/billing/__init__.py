"""Pages of billing: what customers owe and why, how they pay and complain; the office's runs, tariffs and books."""

from portal.billing import (
    ahead,
    asks,
    bills,
    complaints,
    contracts,
    disconnections,
    from_before,
    instalments,
    ledger,
    line,
    money,
    pay,
    refunds,
    reminders,
    runs,
    simulator,
    statutory,
    tariffs,
)

__all__ = [
    "ahead", "asks", "bills", "complaints", "contracts", "disconnections", "from_before", "instalments", "ledger",
    "line", "money", "pay", "refunds", "reminders", "runs", "simulator", "statutory", "tariffs",
]  # fmt: skip
