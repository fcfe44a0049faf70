"""A row as phones keep it, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.kernel import ids
from backend.workorders.models import Visit, WorkOrder


@dataclass(frozen=True)
class Row:
    """A row as phones keep it. about: ids whose change makes this row worth telling again"""

    entity: str
    id: str
    rev: int
    row: dict[str, Any]
    about: frozenset[UUID] = field(repr=False, default=frozenset())


@dataclass(frozen=True)
class Mine:
    """What is the asker's: visits of the fortnight and their orders, and where they are."""

    visits: Sequence[Visit]
    orders: Sequence[WorkOrder]

    @property
    def positions(self) -> frozenset[UUID]:
        """Where the orders are."""
        return frozenset(order.position_id for order in self.orders)


def iso(at: datetime | None) -> str | None:
    """Return an instant as the contract writes it."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show(identifier: UUID | None) -> str | None:
    """Return an id as people see it."""
    return None if identifier is None else ids.show(identifier)
