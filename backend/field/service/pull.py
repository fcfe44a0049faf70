"""What a phone is told: all of its snapshot at first, then what changed, in the order of commits.

The cursor is `epoch.sequence.row`; `row` is the last one of a snapshot under way, so that what goes meanwhile moves
nothing out of sight. The epoch stands for what the asker may see at all, and for the day: when that changes,
everything comes again (the outbox of the phone is its own and stays). For as days go by, visits come into the fortnight
and leave it though nobody changes them. The sequence is read before the rows, so nothing
that commits meanwhile is missed; a row may come twice, which changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.field.rules.operation import SCHEMA
from backend.field.service import places
from backend.field.service import rows as build
from backend.field.service.row import Mine, Row, iso
from backend.kernel import changes, clock, ids
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.workorders import service as work

PAGE = 500
FOLLOWED = frozenset({"work_order", "visit", "position", "device", "alarm", "checklist", "part", "stock", "permit",
                      "conflict", "tag", "store"})  # fmt: skip

LEAVING = frozenset({"work_order", "visit", "permit", "device", "position"})
"""What is told as no longer the asker's, once it changed and is not among their rows."""
FIRST = ("", "")


@dataclass(frozen=True)
class Pulled:
    """An answer: rows to keep, things that are gone, things that are no longer the asker's, and where to go on.

    wanted: photos this phone registered and never sent, told at the end of the feed
    """

    cursor: str
    scope_epoch: str
    server_time: datetime
    more: bool
    rows: list[Row]
    tombstones: list[tuple[str, str]] = field(default_factory=list)
    leaves: list[tuple[str, str]] = field(default_factory=list)
    schema: int = SCHEMA
    wanted: list[dict[str, Any]] = field(default_factory=list)


def pull(session: Session, scope: Scope, *, cursor: str | None, device_id: str | None = None) -> Pulled:
    """Return the next part of what a phone is to know, and at its end which photos are missed from it."""
    found = _pull(session, scope, cursor)
    return (
        found
        if found.more or device_id is None
        else replace(found, wanted=_wanted(session, scope, device_id))
    )


def _wanted(session: Session, scope: Scope, device_id: str) -> list[dict[str, Any]]:
    return [
        {"sha256": one.sha256, "work_order_id": ids.show(one.work_order_id), "role": one.role, "size": one.size,
         "mime": one.mime}
        for one in work.awaited_photos(session, scope, device_id=device_id)
    ]  # fmt: skip


def _pull(session: Session, scope: Scope, cursor: str | None) -> Pulled:
    epoch = epoch_of(scope)
    given, sequence, last = _read(cursor)
    if given != epoch:
        sequence, last = changes.head(session, scope), FIRST
    if last is not None:
        return _snapshot(session, scope, epoch, sequence, last)
    return _changes(session, scope, epoch, sequence)


def epoch_of(scope: Scope) -> str:
    """Return what tells one extent of sight from another: who, which roles where, which day, which contract.

    A day begins for everybody at another second, so that not all phones ask for everything at once.
    """
    begins_s = int.from_bytes(scope.actor_id.bytes[-4:]) % 86_400 if scope.actor_id else 0
    said = [
        str(scope.actor_id),
        str(SCHEMA),
        str(int(clock.now().timestamp() + begins_s) // 86_400),
        *(f"{role}:{sorted(map(str, held))}" for role, held in scope.roles),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _snapshot(session: Session, scope: Scope, epoch: str, sequence: int, last: tuple[str, str]) -> Pulled:
    found = [row for row in build.everything(session, scope) if (row.entity, row.id) > last]
    part, more = found[:PAGE], len(found) > PAGE
    at = f"{epoch}.{sequence}.{f'{part[-1].entity}:{part[-1].id}' if more else ''}"
    return Pulled(at, epoch, clock.now(), more, part)


def _changes(session: Session, scope: Scope, epoch: str, sequence: int) -> Pulled:
    """Return what changed since: the asker's rows, orders that became theirs as a whole, and what no longer is."""
    changed = changes.since(session, scope, sequence=sequence, limit=PAGE)
    if not changed:
        return Pulled(f"{epoch}.{sequence}.", epoch, clock.now(), False, [])
    last = max(one.sequence for one in changed)
    more = bool(changes.since(session, scope, sequence=last, limit=1))  # `changed` names nothing twice
    touched = {(one.entity, one.entity_id) for one in changed if one.entity in FOLLOWED}
    if not touched:
        return Pulled(f"{epoch}.{last}.", epoch, clock.now(), more, [])
    mine = build.of_asker(session, scope)
    rows = build.about(session, scope, mine, touched)
    leaves = _leaves(session, scope, mine, touched, {(row.entity, row.id) for row in rows})
    return Pulled(f"{epoch}.{last}.", epoch, clock.now(), more, rows, [], leaves)


def _leaves(
    session: Session, scope: Scope, mine: Mine, touched: Collection[tuple[str, UUID]],
    shown: Collection[tuple[str, str]],
) -> list[tuple[str, str]]:  # fmt: skip
    """Return what changed and is no longer the asker's, or no longer wrong at their places."""
    gone = {one for one in touched if one[0] in LEAVING}
    moved = [identifier for entity, identifier in touched if entity == "work_order"]
    visits = work.visits_of(session, scope, order_ids=moved)
    gone |= {("visit", one.id) for one in visits}
    over = {identifier for entity, identifier in touched if entity == "alarm"}
    if over:
        gone |= {("alarm", one) for one in places.alarms_of(session, scope, mine.positions, over)}
    once_mine = {one.work_order_id for one in visits if scope.actor_id == one.technician_id
                 or str(scope.actor_id) in one.companions}  # fmt: skip
    gone |= places.left(session, scope, mine, once_mine)
    return sorted({(entity, ids.show(one)) for entity, one in gone} - set(shown))


def _read(cursor: str | None) -> tuple[str | None, int, tuple[str, str] | None]:
    if not cursor:
        return None, 0, FIRST
    try:
        epoch, sequence, last = cursor.split(".", 2)
        entity, _, identifier = last.partition(":")
        return epoch, min(int(sequence), 2**62), (entity, identifier) if last else None
    except ValueError:
        raise Refused(
            "this is no cursor of ours", field="cursor", value=cursor[:80], remedy="begin without one"
        ) from None


def as_dict(pulled: Pulled) -> dict[str, Any]:
    """Return an answer as it is sent."""
    return {
        "server_time": iso(pulled.server_time), "cursor": pulled.cursor, "scope_epoch": pulled.scope_epoch,
        "schema": pulled.schema, "more": pulled.more,
        "rows": [{"entity": r.entity, "id": r.id, "rev": r.rev, "row": r.row} for r in pulled.rows],
        "tombstones": [{"entity": entity, "id": one} for entity, one in pulled.tombstones],
        "leaves": [{"entity": entity, "id": one} for entity, one in pulled.leaves], "wanted": pulled.wanted,
    }  # fmt: skip
