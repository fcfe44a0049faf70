"""Two plants of a region that are planned together, with a round asked for and a target proposed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend.kernel import clock, ids
from backend.network import service as network
from backend.network.models import PositionKind
from backend.optimisation import service
from backend.optimisation.models import CoordinationTarget
from backend.optimisation.rules import hours
from backend.optimisation.rules.coordination.asking import State
from backend.optimisation.rules.targets import Kind
from backend.optimisation.service import joining, rounds, targets
from backend.optimisation.service.joining import Agreed, NewLine
from backend.optimisation.service.targets import NewTarget
from tests.backend.optimisation.coordination.scene import document
from tests.world import Region, World


def join_up(world: World, region: Region) -> None:
    """Keep their ids among the region's: plant_model, line, coordination_round, coordination_target."""
    with world.database.transaction(region.scope) as session:
        scope, made = region.scope, []
        for home, text in (
            (region.park, document("One", 1.0, 60)),
            (region.enterprise, document("Other", 0.8, 20)),
        ):
            site = network.create_site(
                session, scope, organisation_id=home.id,
                new=network.NewPosition(PositionKind.SITE, f"{region.name} {text['name']}"),
                timezone="Asia/Shanghai", currency="CNY",
            )  # fmt: skip
            service.store_plant(session, scope, site_id=site.id, document=text)
            made.append(service.plant_of_site(session, scope, site_id=site.id).id)
            joining.join(session, scope, plant_id=made[-1], agreed=Agreed())
        new = NewLine(f"{region.name} cable", "electricity", made[0], made[1], 10.0, 10.0)
        begins = clock.now() + timedelta(hours=1)
        wanted = NewTarget(Kind.PEAK, 50.0, begins, begins + timedelta(hours=1), begins, "electricity")
        where = {"organisation_id": region.region.id}
        region.ids["plant_model"] = made[0]
        region.ids["line"] = joining.add_line(session, scope, **where, new=new).id
        region.ids["coordination_round"] = rounds.ask_round(session, scope, **where).id
        region.ids["coordination_target"] = targets.propose(
            session, scope, **where, plant_id=made[0], new=wanted
        ).id


def agree(world: World, region: Region, kind: Kind, most: float, **about: Any) -> CoordinationTarget:
    """Keep a target the region's plant accepted, under way since two days, for two more.

    about: before, after: how far from now it begins and ends; carrier
    """
    now, days = hours.quarter(clock.now()), timedelta(days=2)
    begins, ends = now - about.get("before", days), now + about.get("after", days)
    found = CoordinationTarget(
        id=ids.new_id(), organisation_id=region.enterprise.id, region_id=region.region.id,
        plant_id=region.ids["plant_model"], kind=kind, carrier=about.get("carrier", "electricity"), most=most,
        unit={"peak": "kW", "energy": "kWh"}.get(kind.value, "kg"), begins_at=begins, ends_at=ends, pays=0,
        currency="CNY", answer_by=begins, state=State.ACCEPTED, counters=0, remark="", natural=most,
        asked_at=begins - days,
    )  # fmt: skip
    with world.database.transaction(region.scope) as session:
        session.add(found)
    return found


def forget(world: World, region: Region, *agreed: CoordinationTarget) -> None:
    """Have targets never been agreed to."""
    with world.database.transaction(region.scope) as session:
        for one in agreed:
            session.delete(session.get(CoordinationTarget, one.id))
