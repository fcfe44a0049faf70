"""The state machines and the classes of fault as plain values, for who cannot import them: the field app, docs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backend.workorders.rules import faults, machine


def as_table() -> dict[str, Any]:
    """Return moves, order of progress, ends, reasons and classes; statuses, commands and guards by their names."""
    return {
        "order": {
            "moves": [{"row": move.row, **_move(move)} for move in machine.MOVES],
            "progress": [status.value for status in machine.ORDER_OF_PROGRESS],
            "over": sorted(status.value for status in machine.OVER),
        },
        "visit": {
            "moves": [_move(move) for move in machine.VISIT_MOVES],
            "ended": sorted(status.value for status in machine.ENDED),
            "active": sorted(status.value for status in machine.ACTIVE),
        },
        "hold_reasons": list(machine.HOLD_REASONS),
        "fault_classes": [
            {"code": one.code, "name": one.name, "name_zh": one.name_zh, "is_danger": one.is_danger}
            for one in faults.CATALOGUE
        ],
    }


def _move(move: machine.Move | machine.VisitMove) -> dict[str, Any]:
    return {
        "command": move.command,
        "before": [before.value if before else None for before in move.before],
        "after": move.after.value,
        "actors": [actor.value for actor in move.actors],
        "guards": list(move.guards),
    }


def as_markdown() -> str:
    """Return both machines as tables for the area's README."""
    orders = ["| row | command | from | to | who | asked first |", "|---|---|---|---|---|---|"]
    for move in machine.MOVES:
        before = ", ".join(one.value if one else "∅" for one in move.before)
        cells = (
            str(move.row),
            move.command,
            before,
            move.after.value,
            _joined(move.actors),
            _joined(move.guards),
        )
        orders.append(f"| {' | '.join(cells)} |")
    visits = ["| command | from | to | who | asked first |", "|---|---|---|---|---|"]
    for visit in machine.VISIT_MOVES:
        before = ", ".join(one.value for one in visit.before)
        said = (visit.command, before, visit.after.value, _joined(visit.actors), _joined(visit.guards))
        visits.append(f"| {' | '.join(said)} |")
    return "\n".join(["### Work order", "", *orders, "", "### Visit", "", *visits, ""])


def _joined(names: Iterable[str]) -> str:
    return ", ".join(str(name).replace("_", " ") for name in names) or "–"
