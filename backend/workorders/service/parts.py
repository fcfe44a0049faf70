"""Parts planned for an order: named by the office, set aside in a van or a store while somebody is planned to go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.assets.models import Part, Store, StoreKind
from backend.kernel import paging
from backend.kernel.scope import Scope
from backend.workorders.models import Visit, WorkOrder
from backend.workorders.queries import orders, policies
from backend.workorders.queries import parts as queries
from backend.workorders.rules import machine
from backend.workorders.rules.parts import chosen_store, free_in

Stocks = Mapping[UUID, Mapping[UUID, Decimal]]
"""Part -> store -> what is there and set aside for nobody."""


@dataclass(frozen=True)
class NeededPart:
    """A part an order will take [unit of the part], and where it is or would be set aside; None: nowhere has it all."""

    part: Part
    quantity: Decimal
    store_id: UUID | None
    store: Store | None

    @property
    def words(self) -> str:
        """Return how much of what, for people."""
        return f"{self.quantity.normalize():f} {self.part.unit} {self.part.name}"


def needed(session: Session, scope: Scope, order: WorkOrder) -> list[NeededPart]:
    """Return what an order will take, and where it is set aside."""
    rows = {one.part_id: one for one in queries.planned(session, scope, [order.id])}
    named = assets.parts_by_id(session, scope, rows)
    stores = _stores(session, scope) if rows else {}
    return [
        NeededPart(named[part_id], row.quantity, row.store_id, stores.get(row.store_id) if row.store_id else None)
        for part_id, row in rows.items() if part_id in named
    ]  # fmt: skip


def places_for(session: Session, scope: Scope, order: WorkOrder) -> list[NeededPart]:
    """Return where an order's parts can be set aside for who is planned to go; nobody else takes them meanwhile."""
    rows = queries.planned(session, scope, [order.id])
    if not rows:
        return []
    queries.lock(session, scope, [row.part_id for row in rows])
    stores = _stores(session, scope)
    houses = [one.id for one in stores.values() if one.kind is StoreKind.WAREHOUSE]
    free = free_stock(session, scope, {row.part_id for row in rows}, but={order.id})
    named, van = (
        assets.parts_by_id(session, scope, [row.part_id for row in rows]),
        _van(session, scope, order),
    )
    found = []
    for row in rows:
        chosen = chosen_store(row.quantity, free.get(row.part_id, {}), van=van, stores=houses)
        found.append(
            NeededPart(named[row.part_id], row.quantity, chosen, stores.get(chosen) if chosen else None)
        )
    return found


def free_stock(
    session: Session, scope: Scope, part_ids: Collection[UUID], *, but: Collection[UUID] = ()
) -> Stocks:
    """Return what of some parts is where and set aside for nobody, the orders `but` left out; two questions."""
    if not part_ids:
        return {}
    lying: dict[UUID, dict[UUID, Decimal]] = {}
    for one in assets.stock_of_parts(session, scope, part_ids):
        lying.setdefault(one.part.id, {})[one.store.id] = one.quantity
    taken = queries.set_aside(session, scope, part_ids, but=but)
    return {
        part: free_in(stores, {store: amount for (store, about), amount in taken.items() if about == part})
        for part, stores in lying.items()
    }


@dataclass(frozen=True)
class DayParts:
    """What the jobs of a day take, by the numbers of the parts, in whole units.

    needs: order -> part -> how many; vans: a van's store -> part -> how many are in it, set aside for none but these
    jobs; store: part -> how many the warehouses have together
    """

    needs: Mapping[UUID, Mapping[str, int]]
    vans: Mapping[UUID, Mapping[str, int]]
    store: Mapping[str, int]


def of_day(session: Session, scope: Scope, found: Collection[WorkOrder]) -> DayParts:
    """Return what some orders take, and where it is; the number of questions does not grow with theirs."""
    rows = queries.planned(session, scope, [order.id for order in found])
    part_ids = {row.part_id for row in rows}
    named = assets.parts_by_id(session, scope, part_ids)
    lying = free_stock(session, scope, part_ids, but={order.id for order in found})
    kinds = {key: store.kind for key, store in _stores(session, scope).items()}
    needs: dict[UUID, dict[str, int]] = {}
    for row in rows:
        needs.setdefault(row.work_order_id, {})[named[row.part_id].number] = ceil(row.quantity)
    vans: dict[UUID, dict[str, int]] = {}
    store: dict[str, int] = {}
    for part_id, stores in lying.items():
        number = named[part_id].number
        for store_id, quantity in stores.items():
            if kinds.get(store_id) is StoreKind.VAN:
                vans.setdefault(store_id, {})[number] = floor(quantity)
            elif store_id in kinds:
                store[number] = store.get(number, 0) + floor(quantity)
    return DayParts(needs, vans, store)


def reserve(session: Session, scope: Scope, order: WorkOrder) -> None:
    """Set an order's parts aside where they are to be had."""
    places = {one.part.id: one.store_id for one in places_for(session, scope, order)}
    for row in queries.planned(session, scope, [order.id]):
        row.store_id = places.get(row.part_id)
    session.flush()


def free(session: Session, scope: Scope, order: WorkOrder) -> None:
    """Let others have what was set aside for an order; it still says what it takes."""
    for row in queries.planned(session, scope, [order.id]):
        row.store_id = None
    session.flush()


def _stores(session: Session, scope: Scope) -> dict[UUID, Store]:
    every = paging.every(lambda cursor: assets.list_stores(session, scope, cursor=cursor, limit=paging.MOST))
    return {store.id: store for store, _ in every}


def _van(session: Session, scope: Scope, order: WorkOrder) -> UUID | None:
    going = living(session, scope, order)
    profile = policies.technician_of(session, scope, going[0].technician_id) if going else None
    return profile.store_id if profile else None


def living(session: Session, scope: Scope, order: WorkOrder) -> list[Visit]:
    """Return the visits of an order's present cycle that are not over."""
    return [v for v in orders.visits_of_cycle(session, scope, order) if v.status not in machine.ENDED]
