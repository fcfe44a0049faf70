"""How the region's devices were bought."""

from datetime import date, timedelta
from decimal import Decimal

from backend.assets.service import Purchase
from backend.demo.spec import DeviceSpec

PRICES = {"heat": 5200, "cooling": 5200, "gas": 3900, "water": 680, "electricity": 1450}
SUPPLIER = "Ningbo Instruments 宁波仪表"


def bought(spec: DeviceSpec, installed_on: date) -> Purchase:
    """Return how a device was bought: some weeks before it was installed, with two years of warranty."""
    kind = next((name for name in PRICES if name in spec.key), "")
    day = installed_on - timedelta(days=20 + len(spec.key))
    cost = Decimal(PRICES.get(kind, 24_000) + 10 * len(spec.model))
    return Purchase(day, cost, "CNY", SUPPLIER, date(day.year + 2, day.month, min(day.day, 28)))
