"""Commands that only ever go forward: what became of one that can no longer be given."""

from __future__ import annotations

from backend.workorders.rules import machine
from backend.workorders.rules.machine import OrderStatus, VisitStatus

WITHDRAWN = frozenset({OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.MERGED, OrderStatus.READY,
                       OrderStatus.SCHEDULED, OrderStatus.TRIAGED})  # fmt: skip
"""Where the office may have taken an order meanwhile: the work done is kept as evidence, a dispatcher decides."""

_WAY = (
    VisitStatus.PLANNED, VisitStatus.OFFERED, VisitStatus.ACCEPTED, VisitStatus.ENROUTE, VisitStatus.ON_SITE,
    VisitStatus.WORKING, VisitStatus.DONE,
)  # fmt: skip


def is_done(command: str, status: OrderStatus) -> bool:
    """Tell whether an order has been where a command wanted to bring it: nothing is left to do."""
    goals = {m.after for m in machine.MOVES if m.command == command}
    return any(machine.is_past(status, goal) for goal in goals) and status not in WITHDRAWN


def is_visit_done(command: str, status: VisitStatus) -> bool:
    """Tell the same of a visit."""
    goals = {m.after for m in machine.VISIT_MOVES if m.command == command}
    if status in goals:
        return True
    if status not in _WAY:
        return False
    return any(goal in _WAY and _WAY.index(status) >= _WAY.index(goal) for goal in goals)
