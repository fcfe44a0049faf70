"""A bill with everything a bill can have."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.billing.rules.documents.bill import (
    Account,
    BillDocument,
    Compared,
    Correction,
    Movement,
    Party,
    SaidLine,
    Use,
)
from backend.billing.rules.ledger import Cause

FIRST, NEXT = date(2026, 9, 1), date(2026, 10, 1)
PERIODS = {
    "sharp": {"en": "Sharp peak", "zh": "尖峰"}, "peak": {"en": "Peak", "zh": "高峰"},
    "flat": {"en": "Flat", "zh": "平段"},
    "valley": {"en": "Valley", "zh": "低谷"},
}  # fmt: skip
URL = "https://energy.example.org/bills/01JD00000000000000000000AB/pay"


def line(component, name, quantity, unit, price, amount, **more):
    """Make a line of the whole period."""
    price = None if price is None else Decimal(price)
    kind = more.pop("kind", component)
    return SaidLine(
        component, kind, name, Decimal(quantity), unit, price, Decimal(amount), FIRST, NEXT, **more
    )


ENERGY = {"en": "Energy", "zh": "电度电费"}
LINES = [
    line("energy", ENERGY, "1200.5", "kWh", "1.2834", "1540.72", period="sharp"),
    line("energy", ENERGY, "1680", "kWh", "1.0695", "1796.76", period="peak"),
    line("energy", ENERGY, "3300", "kWh", "0.6471", "2135.43", period="flat"),
    line("energy", ENERGY, "2100", "kWh", "0.2781", "584.01", period="valley"),
    line("demand", {"en": "Demand", "zh": "需量电费"}, "42.8", "kW·month", "38.4", "1643.52"),
    line("standing", {"en": "Standing charge", "zh": "固定费"}, "1", "month", "12", "12.00"),
    line("levy", {"en": "Levy", "zh": "附加"}, "6056.92", "CNY", "0.03", "181.71", kind="share", is_tax=True),
    line(
        "vat", {"en": "VAT", "zh": "增值税"}, "7894.15", "CNY", "0.13", "1026.24", kind="share", is_tax=True
    ),
]


def bill(**more):
    """Return an electricity bill of September 2026."""
    account = Account(
        Decimal("6120.55"),
        [Movement(date(2026, 9, 12), Cause.PAYMENT, UUID(int=1), Decimal("-6000.00"))],
        [Correction("2026-000311", "credit_note", "2026-000187", date(2026, 7, 1), date(2026, 8, 1), Decimal("-90.40"),
                    "A late reading")],
    )  # fmt: skip
    weekday = [1.0 if (FIRST.weekday() + day) % 7 < 5 else 0.4 for day in range(30)]
    use = Use("kWh", list(PERIODS), [[base * one for one in weekday] for base in (48.0, 67.0, 132.0, 84.0)])
    said: dict[str, Any] = {
        "number": "2026-000412", "kind": "bill",
        "seller": Party("Harbour Park Energy", "港湾园区能源有限公司", ["12 Quay Road, Ningbo"]),
        "buyer": Party("Li Hua Trading", "利华贸易有限公司", ["Building 7", "14 Quay Road, Ningbo"]),
        "contract": "EL-0042",
        "carrier": "electricity", "tariff": {"en": "Industry, time of use", "zh": "工商业分时"}, "starts_on": FIRST,
        "ends_on": NEXT,
        "currency": "CNY", "total": sum(one.amount for one in LINES), "lines": LINES, "issued_on": date(2026, 10, 2),
        "due_on": date(2026, 10, 16), "account": account, "period_names": PERIODS, "use": use,
        "last_month": Compared(date(2026, 8, 1), FIRST, Decimal("8900"), "kWh", Decimal("9400.10")),
        "last_year": Compared(date(2025, 9, 1), date(2025, 10, 1), Decimal("7800.25"), "kWh", Decimal("8100.00")),
        "pay_url": URL,
    }  # fmt: skip
    return BillDocument(**said | more)
