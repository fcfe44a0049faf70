"""What the customers of the region are compared by, what the region buys, and what it did to use less.

Floor areas follow the yearly use and the guide values of GB/T 51161-2016 as `customers` does; heads and appliances are
plausible. Everything is said through the services the office uses.
"""

from datetime import date
from decimal import Decimal

import numpy as np
from sqlalchemy.orm import Session

from backend.analysis.rules.drivers import DriverKind, NewDriver
from backend.analysis.rules.peers import Basis
from backend.analysis.service import benchmark, drivers, keeping
from backend.analysis.service.keeping import NewMeasure, NewPurchase, NewQuota
from backend.billing.service import tariffs
from backend.demo.founding import Ground
from backend.demo.people import REGION
from backend.demo.tariffs import bought
from backend.kernel.units import Carrier
from backend.metering.models import Point

SIZES = {  # customer: floor area [m²], heads
    "office": (42_000, 2_600), "hotel": (26_000, 420), "mall": (61_000, 900), "datacentre": (12_000, 85),
    "factory": (38_000, 610), "coldstore": (18_000, 95), "hospital": (52_000, 1_450), "school": (31_000, 2_100),
    "homes": (96_000, 3_100), "charging": (6_000, 20),
}  # fmt: skip
SINCE = date(2024, 1, 1)
MONTHS, APPLIANCES = 18, 52_000
"""The factory says its production for so many months, about so many appliances in each."""
INTAKES = {"grid.imported": "bought-power", "gas_intake.volume": "bought-gas"}
OFFICE_KWH_M2 = 110.0
"""GB/T 51161-2016: constraint value of commercial offices of class B, hot summers and cold winters, a year."""


def say(session: Session, ground: Ground, made: dict[str, Point], today: date) -> None:
    """Say drivers, quota, measures and purchases, in the caller's transaction."""
    scope, region = ground.scope, ground.organisations[REGION]
    for key, (area, heads) in SIZES.items():
        for kind, value in ((DriverKind.AREA, area), (DriverKind.HEADS, heads)):
            new = NewDriver(kind, value, SINCE)
            drivers.record_driver(session, scope, organisation_id=ground.organisations[key], new=new)
    for first, until, amount in _produced(today):
        new = NewDriver(DriverKind.PRODUCTION, amount, first, until, "appliances 家电", "pcs")
        drivers.record_driver(session, scope, organisation_id=ground.organisations["factory"], new=new)
    quota = NewQuota("office tower", Carrier.ELECTRICITY, Basis.AREA, SINCE, OFFICE_KWH_M2, "GB/T 51161-2016")
    keeping.record_quota(session, scope, organisation_id=region, new=quota)
    for measure in (
        NewMeasure("Drives on network pumps 管网水泵变频", date(2025, 4, 1), Decimal(480_000), Decimal(132_000), 10,
                   Decimal("0.06"), Carrier.ELECTRICITY),
        NewMeasure("Economiser on the boiler 锅炉烟气余热回收", date(2025, 9, 1), Decimal(650_000), Decimal(168_000),
                   12, Decimal("0.06"), Carrier.GAS),
    ):  # fmt: skip
        keeping.record_measure(session, scope, organisation_id=region, new=measure)
    kept = {
        document["code"]: tariffs.store_tariff(session, scope, organisation_id=region, document=document).tariff_id
        for document in bought()
    }  # fmt: skip
    for point, code in INTAKES.items():
        new_purchase = NewPurchase(made[point].id, kept[code], SINCE)
        keeping.record_purchase(session, scope, organisation_id=region, new=new_purchase)


def rank(session: Session, ground: Ground, today: date) -> None:
    """Make the places of the last month, in the caller's transaction; the night makes the months before."""
    first, until = benchmark.periods_due(today)[-2]
    benchmark.make_places(session, ground.scope, first=first, until=until)


def _produced(today: date) -> list[tuple[date, date, float]]:
    """Return what the factory made in the months that are over: less about the Spring Festival."""
    borders = [_month(today, back) for back in range(MONTHS, -1, -1)]
    rng = np.random.default_rng(11)
    return [
        (first, until, float(round(APPLIANCES * (0.7 if first.month == 2 else 1.0) * rng.normal(1, 0.05))))
        for first, until in zip(borders, borders[1:], strict=False)
    ]


def _month(today: date, back: int) -> date:
    number = today.year * 12 + today.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)
