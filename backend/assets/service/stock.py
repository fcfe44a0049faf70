"""Spare parts and where they lie: the catalogue, the stores, and a ledger that is only ever added to.

A balance is the sum of its movements. It may go below zero: a technician who took what was not booked in
has still taken it. Such a balance is an exception for the desk to look into; it never stops a repair.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.assets import queries
from backend.assets.models import MovementReason, Part, StockMovement, Store
from backend.assets.rules import stock as rules
from backend.assets.rules.life import MENDERS
from backend.kernel import changes, clock, ids, paging
from backend.kernel.errors import Conflict, Refused
from backend.kernel.scope import Scope


@dataclass(frozen=True)
class Move:
    """How a store's stock of a part changes by `delta` [unit of the part]; `reason` fits its sign."""

    store_id: UUID
    part_id: UUID
    delta: Decimal
    reason: MovementReason


@dataclass(frozen=True)
class Balance:
    """What lies in a store [unit of the part]; below zero where more was taken than was booked in."""

    store: Store
    part: Part
    quantity: Decimal


@dataclass(frozen=True)
class LedgerLine:
    """A movement with the names of what it moved."""

    movement: StockMovement
    store: Store
    part: Part
    actor: str | None


def move_stock(
    session: Session, scope: Scope, *, op_id: UUID, moves: Sequence[Move], reference_id: UUID | None = None,
    note: str | None = None, at: datetime | None = None,
) -> list[StockMovement]:  # fmt: skip
    """Write movements into the ledger, once for each op_id: sending the same again changes nothing.

    op_id: made once where it happened; reference_id: what for (a work order); at: when it happened
    raises Conflict where the op_id was used for something else
    """
    if not moves:
        raise Refused("nothing is moved", field="moves", remedy="name a part and how many")
    stores = {one.store_id: queries.stock.store(session, scope, one.store_id) for one in moves}
    parts = {one.part_id: queries.stock.part(session, scope, one.part_id) for one in moves}
    now = clock.now()
    rows = []
    for move in moves:
        store = stores[move.store_id]
        scope.demand(store.organisation_id, *MENDERS)
        rules.demand_move(move.delta, move.reason.value)
        rows.append(
            {
                "id": ids.new_id(), "organisation_id": store.organisation_id, "store_id": store.id,
                "part_id": parts[move.part_id].id, "delta": move.delta, "reason": move.reason,
                "reference_id": reference_id, "note": note, "op_id": op_id, "at": min(at or now, now),
                "recorded_at": now, "actor_id": scope.actor_id,
            }
        )  # fmt: skip
    if len({(row["store_id"], row["part_id"]) for row in rows}) < len(rows):
        raise Refused("a part is named twice for one store", field="moves", remedy="add the quantities up")
    fresh = queries.stock.add_movements(session, scope, rows)
    written = queries.stock.of_operation(session, scope, op_id)
    wanted = {(one.store_id, one.part_id): one.delta for one in moves}
    if {(one.store_id, one.part_id): one.delta for one in written} != wanted:
        raise Conflict(
            "this operation was already used for other movements", field="op_id", value=str(op_id),
            remedy="make a new one",
        )  # fmt: skip
    if fresh:
        for store in stores.values():
            changes.note(
                session, scope, entity="store", entity_id=store.id, organisation_id=store.organisation_id
            )
    return list(written)


def transfer(
    session: Session, scope: Scope, *, op_id: UUID, from_id: UUID, to_id: UUID, part_id: UUID, quantity: Decimal,
    note: str | None = None, at: datetime | None = None,
) -> list[StockMovement]:  # fmt: skip
    """Carry parts from one store to another; both lines are written or none."""
    if from_id == to_id:
        raise Refused("these are the same store", field="to_id", value=str(to_id), remedy="choose another")
    if quantity <= 0:
        raise Refused("how many is more than none", field="quantity", value=str(quantity))
    moves = [
        Move(from_id, part_id, -quantity, MovementReason.TRANSFERRED),
        Move(to_id, part_id, quantity, MovementReason.TRANSFERRED),
    ]
    return move_stock(session, scope, op_id=op_id, moves=moves, note=note, at=at)


def count_stock(
    session: Session, scope: Scope, *, op_id: UUID, store_id: UUID, part_id: UUID, counted: Decimal,
    note: str | None = None,
) -> Decimal:  # fmt: skip
    """Say how many were counted; the ledger gets the difference. Returns it [unit], 0 where the books were right."""
    if counted < 0:
        raise Refused("nobody counts fewer than none", field="counted", value=str(counted))
    known = queries.stock.of_operation(session, scope, op_id)
    if known:
        return known[0].delta
    difference = counted - queries.stock.balance(session, scope, store_id, part_id)
    if difference:
        move = Move(store_id, part_id, difference, MovementReason.COUNTED)
        move_stock(session, scope, op_id=op_id, moves=[move], note=note)
    return difference


def stock_in(
    session: Session, scope: Scope, store_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Balance]:
    """Return a page of what lies in a store, by number of the part."""
    store = queries.stock.store(session, scope, store_id)
    return _balances(session, scope, store_id=store.id, cursor=cursor, limit=limit)


def stock_of(
    session: Session, scope: Scope, part_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Balance]:
    """Return a page of where a part lies."""
    part = queries.stock.part(session, scope, part_id)
    return _balances(session, scope, part_id=part.id, cursor=cursor, limit=limit)


def stock_of_parts(session: Session, scope: Scope, part_ids: Collection[UUID]) -> list[Balance]:
    """Return where several parts lie."""
    found = paging.every(
        lambda cursor: _balances(session, scope, part_ids=part_ids, cursor=cursor, limit=paging.MOST)
    )
    return list(found)


def parts_by_id(session: Session, scope: Scope, part_ids: Collection[UUID]) -> dict[UUID, Part]:
    """Return several parts by their ids, those the scope does not see left out."""
    return {one.id: one for one in queries.stock.parts_by_id(session, scope, part_ids)}


def stock_exceptions(
    session: Session, scope: Scope, *, organisations: frozenset[UUID] | None = None, cursor: str | None = None,
    limit: int = 50,
) -> paging.Page[Balance]:  # fmt: skip
    """Return a page of the balances below zero: more was taken than was booked in."""
    return _balances(
        session, scope, organisations=organisations, negative_only=True, cursor=cursor, limit=limit
    )


def ledger(
    session: Session, scope: Scope, *, store_id: UUID | None = None, part_id: UUID | None = None,
    reference_id: UUID | None = None, cursor: str | None = None, limit: int = 50,
) -> paging.Page[LedgerLine]:  # fmt: skip
    """Return a page of the ledger, the newest line first, narrowed by any of the arguments."""
    found = queries.stock.movements(
        session,
        scope,
        store_id=store_id,
        part_id=part_id,
        reference_id=reference_id,
        cursor=cursor,
        limit=limit,
    )
    return found.each(lambda row: LedgerLine(*row))


def _balances(session: Session, scope: Scope, **which: Any) -> paging.Page[Balance]:
    return queries.stock.balances(session, scope, **which).each(lambda row: Balance(*row))
