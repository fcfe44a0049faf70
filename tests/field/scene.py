"""What a run happens in: two technicians with vans, a place with tags, three orders on their way to them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.assets import service as assets
from backend.assets.service import tags
from backend.kernel import ids
from backend.kernel.db import Database
from backend.kernel.scope import Role, Scope
from backend.network import service as network
from backend.network.models import PositionKind
from backend.tenancy import service as tenancy
from backend.workorders import service as work
from tests.backend.workorders.conftest import ALWAYS, plan
from tests.world import World

PHONES = {"a": 0, "b": 1, "c": 0}
"""Three phones of two people: the first has two."""
CLASSES = ("power_quality", "overload", "meter_fault")
OPENING = 50
_count = itertools.count()


@dataclass
class Scene:
    """Made once; a run that is undone leaves it as it was. scopes: whose each phone is, by its letter"""

    world: World
    number: int = field(default_factory=lambda: next(_count))
    scopes: dict[str, Scope] = field(default_factory=dict)
    orders: list[UUID] = field(default_factory=list)
    visits: list[UUID] = field(default_factory=list)
    items: dict[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    vans: list[UUID] = field(default_factory=list)
    tags: list[UUID] = field(default_factory=list)

    def make(self, database: Database) -> Scene:
        """Make the people, their vans, the place and its orders."""
        self.east, scope = self.world.east, self.world.east.scope
        with database.transaction(scope) as session:
            self.people = [self._hire(session, scope, n) for n in range(2)]
            self.vans = [self._van(session, scope, one) for one in self.people]
            self.place = network.create_position(
                session, scope, parent_id=self.east.ids["site"],
                new=network.NewPosition(PositionKind.PLANT, f"place {self.number}"),
            ).id  # fmt: skip
            made = tags.make_batch(session, scope, organisation_id=self.east.enterprise.id, name=f"run {self.number}",
                                   size=2)  # fmt: skip
            wanted = tags.TagFilter(batch_id=made.id)
            self.tags = [one.tag.id for one in tags.tags(session, scope, wanted).items]
        self.dispatcher = self.world.scope(self.east, "dispatcher")
        with database.transaction(self.dispatcher) as session:
            self.orders = [self._dispatch(session, n) for n in range(3)]
            visits = {one.work_order_id: one.id for one in
                      work.visits_of(session, self.dispatcher, order_ids=self.orders)}  # fmt: skip
            self.visits = [visits[one] for one in self.orders]
            lists = {one.id: one.items for one in work.checklists(session, self.dispatcher)}
            for order_id in self.orders:
                order = work.order(session, self.dispatcher, order_id=order_id)
                self.items[order_id] = lists.get(order.checklist_id, [])
        with database.transaction(Scope.public()) as session:
            scopes = [tenancy.scope_of(session, one) for one in self.people]
        self.scopes = {letter: scopes[who] for letter, who in PHONES.items()}
        return self

    def _hire(self, session: Any, scope: Scope, n: int) -> Any:
        person = tenancy.add_person(
            session, email=f"run{self.number}.{n}@east.example", name=f"Run {self.number}.{n}"
        )
        tenancy.grant(
            session, scope, person=person, organisation_id=self.east.region.id, role=Role.TECHNICIAN
        )
        return person

    def _van(self, session: Any, scope: Scope, person: Any) -> UUID:
        van = assets.create_store(session, scope, organisation_id=self.east.enterprise.id, kind=assets.StoreKind.VAN,
                                  name=f"van of {person.name}", person_id=person.id)  # fmt: skip
        work.set_technician(
            session, scope, organisation_id=self.east.region.id, person_id=person.id, timezone="Asia/Shanghai",
            base=(121.5, 31.2), skills=["electricity", "metering"], shift=ALWAYS, store_id=van.id,
        )  # fmt: skip
        move = assets.Move(van.id, self.east.ids["part"], Decimal(OPENING), assets.MovementReason.COUNTED)
        assets.move_stock(session, scope, op_id=ids.new_id(), moves=[move])
        return van.id

    def _dispatch(self, session: Any, n: int) -> UUID:
        new = work.Report(position_id=self.place, title=f"Fault {n}")
        order = work.report(session, self.dispatcher, new=new, source=work.Source.DISPATCHER).order
        work.triage(session, self.dispatcher, order_id=order.id, fault_class=CLASSES[n])
        plan(session, self.dispatcher, order.id, self.people[n % 2].id)
        work.dispatch(session, self.dispatcher, order_id=order.id)
        return order.id
