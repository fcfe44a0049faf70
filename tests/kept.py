"""Something of everything analysis keeps, for worlds that are walked. The region must have been charged before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from backend.analysis.rules.drivers import DriverKind, NewDriver
from backend.analysis.rules.factors import Kind
from backend.analysis.rules.peers import Basis
from backend.analysis.service import drivers, keeping
from backend.analysis.service.keeping import NewMeasure, NewPurchase, NewQuota
from backend.kernel.units import Carrier
from tests.world import Region, World

SINCE = date(2026, 1, 1)


def keep(world: World, region: Region) -> None:
    """Say a driver, a factor, a quota, a measure and a purchase; ids go to `region.ids`."""
    scope, ids, where = region.scope, region.ids, region.enterprise.id
    with world.database.transaction(scope) as session:
        new = NewDriver(DriverKind.AREA, 100, SINCE)
        ids["driver"] = drivers.record_driver(session, scope, organisation_id=where, new=new).id
        ids["factor"] = keeping.record_factor(
            session, scope, organisation_id=where, carrier=Carrier.ELECTRICITY, kind=Kind.CO2, from_on=SINCE,
            value=Decimal("0.2"), source=f"{region.name} contract",
        ).id  # fmt: skip
        quota = NewQuota("mill", Carrier.ELECTRICITY, Basis.AREA, SINCE, 80.0, "GB 1234")
        ids["quota"] = keeping.record_quota(session, scope, organisation_id=where, new=quota).id
        measure = NewMeasure("lamps", SINCE, Decimal(1000), Decimal(250), 8, Decimal("0.06"))
        ids["measure"] = keeping.record_measure(session, scope, organisation_id=where, new=measure).id
        purchase = NewPurchase(ids["supply_energy"], ids["tariff"], SINCE)
        ids["purchase"] = keeping.record_purchase(session, scope, organisation_id=where, new=purchase).id
