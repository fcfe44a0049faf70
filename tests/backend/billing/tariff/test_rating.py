"""What a bill comes to: quantities by price period and block, prices, rounding, taxes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np

from backend.billing.rules import tariff as t

HOUR_US = 3_600_000_000
QUARTER_US = HOUR_US // 4

THIN = {
    "code": "park-tou",
    "name": {"en": "Park, time of use", "zh": "园区分时电价"},
    "carrier": "electricity",
    "currency": "CNY",
    "zone": "Asia/Shanghai",
    "versions": [
        {
            "from": "2026-01-01",
            "calendar": "CN",
            "schedules": {
                "tou": {
                    "periods": {"peak": {"en": "Peak", "zh": "峰"}, "valley": {"en": "Valley", "zh": "谷"}},
                    "rules": [{"period": "valley", "hours": "22:00-08:00"}, {"period": "peak"}],
                }
            },
            "components": [
                {"kind": "energy", "code": "energy", "name": {"en": "Energy", "zh": "电度电费"}, "unit": "kWh",
                 "by": "tou", "price": {"peak": 0.9, "valley": 0.3}},
                {"kind": "standing", "code": "standing", "name": {"en": "Standing charge", "zh": "固定费"},
                 "per": "month", "price": 10},
                {"kind": "share", "code": "vat", "name": {"en": "VAT", "zh": "增值税"},
                 "of": ["energy", "standing"], "rate": 0.13},
            ],
        }
    ],
}  # fmt: skip


def test_a_month_by_time_of_use_with_standing_charge_and_tax():
    tariff = t.parse(THIN)
    plan = t.compile(tariff, t.Span(date(2026, 6, 1), date(2026, 7, 1)), HOUR_US)
    rating = plan.rate(t.Series(plan.grid.start_us, HOUR_US, {"import": np.full(len(plan.grid), 1000)}))
    # 30 days x 14 h x 1 kWh x 0.9 = 378; 30 x 10 x 0.3 = 90; 10; 13 % of 478 = 62.14
    assert [(line.component, line.period, line.quantity, line.amount.amount) for line in rating.lines] == [
        ("energy", "peak", 420, 378),
        ("energy", "valley", 300, 90),
        ("standing", None, 1, 10),
        ("vat", None, 478, Decimal("62.14")),
    ]
    assert rating.total.amount == Decimal("540.14")
    assert t.parse(t.dump(tariff)) == tariff
