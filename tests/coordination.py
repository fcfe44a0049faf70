"""Two plants of a region that are planned together, with a round asked for and a target proposed."""

from __future__ import annotations

from datetime import timedelta

from backend.kernel import clock
from backend.network import service as network
from backend.network.models import PositionKind
from backend.optimisation import service
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
