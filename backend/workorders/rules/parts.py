"""Where the parts of a job are set aside: in the van of who goes, else in a store that has them all. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

Free = Mapping[UUID, Decimal]
"""Store -> what is there and set aside for nobody [unit of the part]."""


def chosen_store(quantity: Decimal, free: Free, *, van: UUID | None, stores: Sequence[UUID]) -> UUID | None:
    """Return where a quantity of a part is set aside; None where no store holds it all.

    van: of the technician, looked into first; stores: warehouses, in the order they are asked
    """
    for store in (van, *stores):
        if store is not None and free.get(store, Decimal(0)) >= quantity:
            return store
    return None


def free_in(lying: Free, set_aside: Free) -> dict[UUID, Decimal]:
    """Return what is left in each store when what others set aside is taken off; a store in arrears has nothing."""
    return {
        store: max(quantity - set_aside.get(store, Decimal(0)), Decimal(0))
        for store, quantity in lying.items()
    }
